package score

import (
	"math"

	"attnlab/rl/stat"
)

// Receiver is Thought Anchors' vertical score in receiver heads.
var Receiver = Score{
	Name: "receiver", Symbol: "V", Title: "vertical score of receiver heads",
	Meaning: "What steps from Δ later on pay to a token of this step on average: the mean over the quarter of heads that concentrate most on few steps of this trace (by kurtosis). Steps that nothing is late enough to look at have none.",
	Formula: "V(k) = mean over receiver heads of the mean over j ≥ k+Δ of α(j, k)",
	Source:  "Thought Anchors, arXiv 2506.19143, receiver heads; there the heads are chosen over many traces",
	PerHead: true,
	Of: func(in Input) Values {
		v := in.vertical(in.shareOfLater, math.NaN())
		var kurtosis [][]float64
		heads := 0
		for _, layer := range v.Heads {
			row := make([]float64, len(layer))
			for h := range layer {
				row[h] = stat.Kurtosis(stat.Known(layer[h]))
			}
			kurtosis, heads = append(kurtosis, row), heads+len(layer)
		}
		v.Steps = MeanOverHeads(v.Heads, TopHeads(kurtosis, max(1, heads/4)))
		return v
	},
	Sum: func(in Input, h Head, k int) []Term { return in.verticalTerms(h, k, in.shareOfLater) },
}

// ReceiverScores returns for each head the mean over traces of the kurtosis of its vertical scores, vertical[trace][l][h][k]:
// Thought Anchors' measure of a receiver head, of which [TopHeads] takes the best. The vertical scores are the Heads of
// [Receiver]; steps without a score, NaN, are left out. Traces in which a head's scores are all equal do not count; a head
// without any other is NaN. (Thought Anchors leaves layer 0 out.)
func ReceiverScores(vertical [][][][]float64) [][]float64 {
	return meanOverTraces(vertical, func(_ int, y []float64) float64 { return stat.Kurtosis(stat.Known(y)) })
}
