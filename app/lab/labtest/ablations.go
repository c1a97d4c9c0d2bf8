package labtest

import (
	"attnlab/app/session"
	"attnlab/rl/stat"
)

// Ablations are what answers lose without each head of [Trace]'s model: the second matters, the last one's interval holds 0.
func Ablations() session.Ablations {
	of := func(x float64) *float64 { return &x }
	change := func(value, se float64) session.Change {
		return session.Change{Mean: session.Mean{Value: value, SE: of(se)}, Interval: &stat.Interval{Low: value - 2*se, High: value + 2*se}}
	}
	v := session.Ablations{Number: 5, Asked: session.Ablate{By: "mean", Problems: 30}, Traces: 28, LogProb: session.Mean{Value: -0.25, SE: of(0.125)}, Right: session.Mean{Value: 0.75, SE: of(0.0625)}, Of: 4}
	for i, lost := range []float64{-0.5, -2, 0.5, -0.125} {
		v.Rows = append(v.Rows, session.Ablation{Heads: [][2]int{{i / 2, i % 2}}, LogProb: change(lost, 0.125), Right: change(lost/4, 0.0625)})
	}
	return v
}

// Patched are states of [Trace] put into a response with another second step and another answer: its two layers, four steps of which the last has
// another number of tokens.
func Patched() session.Patched {
	of := func(x float64) *float64 { return &x }
	v := session.Patched{Number: 6, Into: session.PatchAnother, Seed: 4, Response: "b 1\nc 3\n", Found: [2]string{"4", "3"},
		Targets: [2]session.Choice{{Token: 5, Text: "4", Prob: 0.75}, {Token: 9, Text: "3", Prob: 0.125}}, Odds: [2]float64{2, -2}, LogProbs: [2]float64{-0.25, -3},
		Ranges: []session.PatchRange{{Text: "?", Same: true}, {Text: "b 1\n", Label: "essential", Same: true}, {Text: "c 3\n", Label: "wrong"}, {Text: "b 1\n", Label: "redundant", Same: true}, {Text: "b 1 1\n", Label: "redundant"}, {Text: "#", Same: true}}}
	v.Back = [][]*float64{{of(0), of(0), of(0.875), of(0), nil, of(0.0625)}, {of(0.125), of(0), of(0.25), of(0), nil, of(0.75)}}
	for _, row := range v.Back {
		var gained []*float64
		for _, back := range row {
			if back == nil {
				gained = append(gained, nil)
				continue
			}
			gained = append(gained, of(2*(*back)))
		}
		v.Gained = append(v.Gained, gained)
	}
	return v
}
