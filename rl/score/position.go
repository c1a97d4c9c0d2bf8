package score

import (
	"math"
	"slices"

	"attnlab/rl/stat"
)

// Position uses the place of a step alone. A score that does not beat it shows nothing about attention.
var Position = Score{
	Name: "position", Symbol: "−k", Title: "place of the step, the control",
	Meaning: "Earlier steps score higher. It uses neither the model nor the text: what another score finds must be more than this.",
	Formula: "−k",
	Control: true,
	Of: func(in Input) Values {
		v := Values{Steps: make([]float64, len(in.Steps))}
		for k := range v.Steps {
			v.Steps[k] = -float64(k + 1)
		}
		return v
	},
	Sum: func(_ Input, _ Head, k int) []Term {
		return []Term{{Name: "place", Value: -float64(k + 1), From: k, Token: -1}}
	},
}

// WithPosition is the rank correlation of a score with [Position], over the steps that have a score: 1 where it ranks earlier steps
// first. A step without terms has no score, even where its value is 0. NaN where fewer than two steps have one, or all are equal.
func WithPosition(s Score, in Input) float64 { return s.Of(in).WithPosition(s, in) }

// WithPosition is [WithPosition] of values that are computed already.
func (v Values) WithPosition(s Score, in Input) float64 {
	values := slices.Clone(v.Steps)
	for k := range values {
		if len(s.Sum(in, Head{}, k)) == 0 {
			values[k] = math.NaN()
		}
	}
	return WithPlace(values)
}

// WithPlace is the rank correlation of the scores of steps, in order, with [Position]. A step without a score is NaN and takes no part.
// NaN where fewer than two steps have one, or all are equal.
func WithPlace(scores []float64) float64 {
	var place, values []float64
	for k, v := range scores {
		if !math.IsNaN(v) {
			place, values = append(place, -float64(k+1)), append(values, v)
		}
	}
	return stat.Spearman(values, place)
}
