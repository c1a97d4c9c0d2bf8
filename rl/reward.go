package rl

// accuracyReward is r = 1[correct].
func accuracyReward(correct []bool) []float64 {
	r := make([]float64, len(correct))
	for i, c := range correct {
		if c {
			r[i] = 1
		}
	}
	return r
}

// lengthsOfCorrect returns the lengths (tokens) of the correct responses.
func lengthsOfCorrect(correct []bool, length []int) []float64 {
	var x []float64
	for i, c := range correct {
		if c {
			x = append(x, float64(length[i]))
		}
	}
	return x
}
