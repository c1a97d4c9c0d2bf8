package explain

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// TaskLine says in a line how problems of a task are written, for the place where they are first met; empty for a task without
// such a line.
func TaskLine(task string) string {
	switch task {
	case "chain":
		return "Letters are variables, &n means look n up, results keep their last digit: 7 × 8 = 56 → 6."
	case "countdown":
		return "Reach the number after ? from the others with +, − and ×, each used at most once. back starts again."
	}
	return ""
}

// LineWords says in words what a line of a trace states; empty for a line that the task's grammar does not know.
func LineWords(task, line string) string {
	f := strings.Fields(line)
	switch {
	case task == "countdown" && line == "back":
		return "Starts again with the given numbers."
	case task == "countdown" && len(f) == 5 && f[3] == "=":
		return countdownWords(f)
	case task == "chain" && len(f) == 3 && f[0] == "so":
		return fmt.Sprintf("Says again that %s is %s.", f[1], f[2])
	case task == "chain" && len(f) > 0 && f[0] == "wait":
		if len(f) == 8 && f[7] == "ok" {
			return prefixed("Checks that "+f[1]+" is ", chainSum(f[2:7], ""), ". It agrees.")
		}
		if len(f) == 10 && f[7] == "=" {
			return prefixed("Computes "+f[1]+" again: ", chainSum(f[2:7], f[9]), ".")
		}
	case task == "chain" && len(f) == 9 && f[6] == "=":
		return prefixed(f[0]+" is ", chainSum(f[1:6], f[8]), ".")
	}
	return ""
}

// ProblemWords says a problem in words; empty for a text that is no problem of the task.
func ProblemWords(task, problem string) string {
	given, asked, ok := strings.Cut(problem, "?")
	if asked = strings.TrimSpace(asked); !ok || asked == "" {
		return ""
	}
	switch task {
	case "countdown":
		return "Reach " + asked + " from " + list(strings.Fields(given)) + "."
	case "chain":
		var parts []string
		for definition := range strings.SplitSeq(given, ";") {
			switch f := strings.Fields(definition); {
			case len(f) == 2:
				parts = append(parts, f[0]+" is "+f[1])
			case len(f) == 4 && operations[f[2]].verb != "":
				parts = append(parts, fmt.Sprintf("%s is %s %s %s", f[0], name(f[1]), operations[f[2]].verb, name(f[3])))
			}
		}
		return UpperFirst(strings.Join(append(parts, "what is "+asked+"?"), "; "))
	}
	return ""
}

// operations are the signs of both tasks, as one says and writes them.
var operations = map[string]struct {
	verb, sign string
	of         func(a, b int) int
}{
	"+": {"plus", "+", func(a, b int) int { return a + b }},
	"-": {"minus", "−", func(a, b int) int { return a - b }},
	"*": {"times", "×", func(a, b int) int { return a * b }},
}

// countdownWords says a move such as "8 + 3 = 11". A wrong result is named.
func countdownWords(f []string) string {
	a, err1 := strconv.Atoi(f[0])
	b, err2 := strconv.Atoi(f[2])
	o, known := operations[f[1]]
	if err1 != nil || err2 != nil || !known {
		return ""
	}
	says := fmt.Sprintf("%d %s %d is %s", a, o.verb, b, f[4])
	if right := strconv.Itoa(o.of(a, b)); right != f[4] {
		return says + "; it should be " + strings.Replace(right, "-", "−", 1) + "."
	}
	return says + "."
}

// chainSum says five words such as "&k 7 * &f 8" with the result that the line states: "k times f: 7 × 8 = 56, last digit 6".
func chainSum(f []string, stated string) string {
	a, err1 := strconv.Atoi(f[1])
	b, err2 := strconv.Atoi(f[4])
	o, known := operations[f[2]]
	if err1 != nil || err2 != nil || !known {
		return ""
	}
	whole := o.of(a, b)
	digit := (whole%10 + 10) % 10
	says := fmt.Sprintf("%s %s %s: %d %s %d = %s", name(f[0]), o.verb, name(f[3]), a, o.sign, b, strings.Replace(strconv.Itoa(whole), "-", "−", 1))
	switch {
	case whole < 0:
		says += fmt.Sprintf(", which is %d modulo 10", digit)
	case whole != digit:
		says += fmt.Sprintf(", last digit %d", digit)
	}
	if stated != "" && stated != strconv.Itoa(digit) {
		says += "; the line says " + stated
	}
	return says
}

// name is a variable without the sign that looks it up.
func name(reference string) string { return strings.TrimPrefix(reference, "&") }

// prefixed puts a sentence together; it is empty if its middle is.
func prefixed(before, middle, after string) string {
	if middle == "" {
		return ""
	}
	return UpperFirst(before + middle + after)
}

// list writes "a, b and c".
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	words = slices.Clone(words)
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
