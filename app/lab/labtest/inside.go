package labtest

import "attnlab/app/session"

// Inside is the model of [Trace] opened at its last token but one: two layers of two heads, whose parts add up.
func Inside() session.InsideView {
	v := session.InsideView{Number: 3, Token: 12, Targets: [2]session.Choice{{Token: 5, Text: "b", Prob: 0.75}, {Token: 9, Text: "z", Prob: 0.125}},
		Embed: [2]float64{0.5, 0.25}, Feed: [][2]float64{{1, 0.5}, {-0.5, 0.25}}, Heads: [][2]float64{{0.25, 0}, {0, 0.125}, {2, -1}, {0.75, 0.875}}, Logits: [2]float64{4, 1},
		Layer: 1, Head: 0, Root: 2}
	for range 3 {
		v.Lens = append(v.Lens, session.LensRow{LogProbs: [2]float64{-0.25, -2}, Best: v.Targets[0]})
	}
	weights, left := []float64{0.5, 0.25}, 0.25/10
	for j := range v.Token {
		w := left
		if j >= 10 {
			w = weights[11-j]
		}
		v.Reads = append(v.Reads, session.HeadRead{Key: j, Dot: 2 * w, Scaled: w, Weight: w, Value: 1, Added: w, Logits: [2]float64{2 * w, -w}})
	}
	v.Reads[11].Products = []float64{0.75, 0.5, -0.25, 0}
	for i := range Trace().Tokens {
		v.Strongest = append(v.Strongest, []session.TokenRead{{Key: i, Weight: 0.75}, {Key: i / 2, Weight: 0.25}})
	}
	return v
}
