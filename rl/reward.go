package rl

import (
	"math"
	"slices"

	"attnlab/rl/stat"
)

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

// ShortCorrectReward is TLMRE's reward (Arora & Zanette, arXiv 2502.04463),
// r = 1[c] (1 - α σ((L-μ)/(s+1e-8))), with the logistic σ and with mean μ and
// population standard deviation s of L over the correct responses.
func ShortCorrectReward(correct []bool, length []int, alpha float64) []float64 {
	right := lengthsOfCorrect(correct, length)
	mu, s := stat.Mean(right), stat.PopStdDev(right)
	r := accuracyReward(correct)
	for i := range r {
		if correct[i] {
			r[i] *= 1 - alpha/(1+math.Exp(-(float64(length[i])-mu)/(s+1e-8)))
		}
	}
	return r
}

// OverlongPenalty is DAPO's soft punishment (arXiv 2503.14476, eq. 13): 0 up
// to limit-buffer tokens, then falling to -factor at limit and below it beyond.
// A buffer of 0 switches it off.
func OverlongPenalty(length, limit, buffer int, factor float64) float64 {
	if buffer == 0 {
		return 0
	}
	return math.Min(0, -float64(length-(limit-buffer))/float64(buffer)*factor)
}

// RefinedLengthReward is REA-RL's length reward. In the paper's form a correct
// response gets 1 - (L-min)/(max-min) and a wrong one 0; in the code's form
// 0.5 - (L-min)/(max-min) and -0.5. Minimum and maximum are over the correct
// responses; where they are equal the paper's form gives 1, the code's 0.
func RefinedLengthReward(correct []bool, length []int, codeForm bool) []float64 {
	r := accuracyReward(correct)
	right := lengthsOfCorrect(correct, length)
	if len(right) > 0 {
		lo, hi := slices.Min(right), slices.Max(right)
		for i, c := range correct {
			switch {
			case c && hi > lo:
				r[i] -= (float64(length[i]) - lo) / (hi - lo)
			case c && codeForm:
				r[i] = 0.5
			}
		}
	}
	if codeForm {
		for i := range r {
			r[i] -= 0.5
		}
	}
	return r
}

// ReflectionReward is REA-RL's: min(0, D/D_q - 1) in the paper's form and
// min(D/D_q, 1) in the code's, which is the same plus one. D and D_q are
// reflections a think token.
func ReflectionReward(density, quantile float64, codeForm bool) float64 {
	if quantile == 0 { // a base that need not reflect: nothing is too little
		return stat.Indicator(codeForm)
	}
	if codeForm {
		return math.Min(density/quantile, 1)
	}
	return math.Min(0, density/quantile-1)
}

// ReflectionDensity is reflections over think tokens, and 0 where nothing was
// thought.
func ReflectionDensity(reflections, thinkTokens int) float64 {
	if thinkTokens == 0 {
		return 0
	}
	return float64(reflections) / float64(thinkTokens)
}
