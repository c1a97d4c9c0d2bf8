package score

import (
	"math"

	"attnlab/rl/stat"
)

// FCIHeads returns the forward context influence of each range in each head,
// [l][h][k]. Range 0 is the prompt, range 1 the first step; ranges from end on
// (the one with </think>, and the answer) look back but are not scored, as
// are the prompt and the first step.
func FCIHeads(s StepAttention, delta, end int) [][][]float64 {
	y := s.VerticalSum(delta)
	for l := range y {
		for h := range y[l] {
			for k := range y[l][h] {
				if k <= 1 || k >= end {
					y[l][h][k] = 0
				}
			}
		}
	}
	return y
}

// FCI is the maximum of FCIHeads over layers and heads, [k].
func FCI(s StepAttention, delta, end int) []float64 {
	top := make([]float64, s.Ranges)
	for _, layer := range FCIHeads(s, delta, end) {
		for _, head := range layer {
			for k, y := range head {
				top[k] = math.Max(top[k], y)
			}
		}
	}
	return top
}

// MeanFCI is ȳ of a problem: the mean over its responses, at least one, of the mean over a
// response's steps. Steps that are not scored count as 0, and so does a response without steps.
func MeanFCI(fci [][]float64) float64 {
	means := make([]float64, len(fci))
	for i := range fci {
		if len(fci[i]) > 0 {
			means[i] = stat.Mean(fci[i])
		}
	}
	return stat.Mean(means)
}

// TopThreshold is the least score among the top ρ, and never 0: then it is the
// smallest positive score, or infinite where no score is positive.
func TopThreshold(fci []float64, share float64) float64 {
	if t := stat.Quantile(fci, 1-share); t > 0 {
		return t
	}
	least := math.Inf(1)
	for _, y := range fci {
		if y > 0 {
			least = math.Min(least, y)
		}
	}
	return least
}
