package score

import (
	"fmt"
	"math"

	"attnlab/rl/stat"
)

// FCI is AttnRL's forward context influence, by paper and code: a sum over later steps, then the maximum over all heads.
var FCI = Score{
	Name: "fci", Symbol: "FCI", Title: "forward context influence",
	Meaning: "How much later steps look back at this one, in the head that does so most. A sum, so early steps have more terms. 0 for the first step and for steps that nothing is late enough to look at.",
	Formula: "FCI(k) = max over heads of Σ over j ≥ k+Δ of α(j, k)",
	Source:  "AttnRL, arXiv 2509.26628, FCI, by paper and code",
	PerHead: true,
	Of: func(in Input) Values {
		return in.vertical(func(j, k int) float64 { return 1 }, 0)
	},
	Sum: func(in Input, h Head, k int) []Term {
		return in.verticalTerms(h, k, func(j, k int) float64 { return 1 })
	},
}

// FCIMean takes the mean over later steps in place of the sum, as Thought Anchors does.
var FCIMean = Score{
	Name: "fci-mean", Symbol: "FCI, mean", Title: "forward context influence, mean over later steps",
	Meaning: "As FCI with the mean in place of the sum: a step gains nothing from having many steps after it. The first step has none, nor have steps that nothing is late enough to look at.",
	Formula: "max over heads of the mean over j ≥ k+Δ of α(j, k)",
	Source:  "AttnRL's maximum over heads of Thought Anchors' vertical score, arXiv 2506.19143",
	PerHead: true,
	Of: func(in Input) Values {
		return in.vertical(in.shareOfLater, math.NaN())
	},
	Sum: func(in Input, h Head, k int) []Term { return in.verticalTerms(h, k, in.shareOfLater) },
}

// FCIOverUniform divides attention by what uniform attention would pay before it takes the mean.
var FCIOverUniform = Score{
	Name: "fci-over-uniform", Symbol: "FCI ÷ uniform", Title: "forward context influence over uniform attention",
	Meaning: "As the mean, each weight divided by that of uniform attention: 1 is attention that does not choose. Late queries spread over more tokens, which the other readings of FCI count against a step.",
	Formula: "max over heads of the mean over j ≥ k+Δ of α(j, k) · (tokens that step j sees)",
	PerHead: true,
	Of: func(in Input) Values {
		return in.vertical(in.overUniform, math.NaN())
	},
	Sum: func(in Input, h Head, k int) []Term { return in.verticalTerms(h, k, in.overUniform) },
}

// later returns the ranges that count as later than step k: those from Δ steps later on, and the answer where there is one. It
// returns nothing for the first step, which has no score.
func (in Input) later(k int) (first, end int) {
	return laterThan(k, in.Attention.Ranges, in.AnswerTokens > 0, in.Delta)
}

func laterThan(k, ranges int, answer bool, delta int) (first, end int) {
	first, end = k+1+delta, ranges
	if !answer {
		end--
	}
	if k == 0 {
		first = end
	}
	return first, max(first, end)
}

// Scored reports whether step k of a trace has an FCI: it is not the first step, and a step at least delta steps later, or an
// answer, can look back at it.
func Scored(k, steps int, answer bool, delta int) bool {
	first, end := laterThan(k, steps+2, answer, delta)
	return first < end
}

// shareOfLater is the weight of a mean over the later ranges of step k.
func (in Input) shareOfLater(_, k int) float64 {
	first, end := in.later(k)
	return 1 / float64(end-first)
}

// overUniform is the mean's weight times the tokens that a token of range j sees, on average.
func (in Input) overUniform(j, k int) float64 {
	start, end := 0, 0
	switch {
	case j <= len(in.Steps):
		start, end = in.Steps[j-1][0], in.Steps[j-1][1]
	case in.AnswerStart > 0:
		start, end = in.AnswerStart, in.AnswerStart+in.AnswerTokens
	case len(in.Steps) > 0: // the answer begins after </think>, which follows the last step
		start = in.Steps[len(in.Steps)-1][1] + 1
		end = start + in.AnswerTokens
	}
	return in.shareOfLater(j, k) * float64(start+end+1) / 2
}

// vertical is the weighted sum of what later ranges pay to each step, in each head, and its maximum over heads. A step without
// later ranges has the value none.
func (in Input) vertical(weight func(j, k int) float64, none float64) Values {
	a := in.Attention
	v := Values{Steps: make([]float64, len(in.Steps)), Heads: make([][][]float64, a.Layers)}
	for k := range v.Steps {
		v.Steps[k] = none
	}
	for l := range v.Heads {
		v.Heads[l] = make([][]float64, a.Heads)
		for h := range v.Heads[l] {
			v.Heads[l][h] = make([]float64, len(in.Steps))
			for k := range in.Steps {
				first, end := in.later(k)
				if first == end {
					v.Heads[l][h][k] = none
					continue
				}
				y := 0.0
				for j := first; j < end; j++ {
					y += weight(j, k) * a.At(l, h, j, k+1)
				}
				v.Heads[l][h][k] = y
				if in.takes(l) && (l == in.Layers[0] && h == 0 || y > v.Steps[k]) {
					v.Steps[k] = y
				}
			}
		}
	}
	return v
}

// takes reports whether the maximum over heads takes a layer.
func (in Input) takes(l int) bool {
	return in.Layers == [2]int{} || in.Layers[0] <= l && l < in.Layers[1]
}

// verticalTerms are the terms of step k in one head.
func (in Input) verticalTerms(h Head, k int, weight func(j, k int) float64) (terms []Term) {
	first, end := in.later(k)
	for j := first; j < end; j++ {
		t := Term{Name: fmt.Sprintf("α(%d, %d)", j, k+1), Value: weight(j, k) * in.Attention.At(h.Layer, h.Head, j, k+1), From: j - 1, Token: -1}
		if j == len(in.Steps)+1 {
			t.Name, t.From = fmt.Sprintf("α(answer, %d)", k+1), -1
		}
		terms = append(terms, t)
	}
	return terms
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

// TopThreshold is the least score among the top share of scores, and never 0: then it is the
// smallest positive score, or infinite where no score is positive.
func TopThreshold(scores []float64, share float64) float64 {
	if t := stat.Quantile(scores, 1-share); t > 0 {
		return t
	}
	least := math.Inf(1)
	for _, y := range scores {
		if y > 0 {
			least = math.Min(least, y)
		}
	}
	return least
}
