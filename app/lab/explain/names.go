package explain

// This file is the one place that names branching rules and ways to pick steps.

func PickName(pick string) string {
	switch pick {
	case "fci":
		return "FCI, top 20 %"
	case "other":
		return "the other 80 %"
	case "entropy":
		return "entropy, top 20 %"
	case "random":
		return "random"
	case "step":
		return "you"
	}
	return pick
}

// RuleName is a branching rule in a sentence: branch points chosen ... .
func RuleName(rule string) string {
	switch rule {
	case "fci":
		return "by FCI"
	case "entropy":
		return "by entropy"
	case "random":
		return "at random"
	case "earliest":
		return "earliest"
	}
	return rule
}
