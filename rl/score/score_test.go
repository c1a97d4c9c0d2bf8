package score

import (
	"math"
	"testing"

	"attnlab/rl/rltest/near"
	"attnlab/rl/stat"
)

func TestPoolAttention(t *testing.T) {
	// Two heads of 4 tokens; ranges of 1, 2 and 1 tokens.
	a := []float32{
		1, 0, 0, 0,
		.5, .5, 0, 0,
		.2, .2, .6, 0,
		.1, .2, .3, .4,

		1, 0, 0, 0,
		0, 1, 0, 0,
		0, 0, 1, 0,
		0, 0, 0, 1,
	}
	s := PoolAttention(a, 1, 2, 4, [][2]int{{0, 1}, {1, 3}, {3, 4}})
	got := []float64{s.At(0, 0, 1, 0), s.At(0, 0, 1, 1), s.At(0, 0, 2, 1), s.At(0, 1, 1, 1), s.At(0, 1, 0, 2)}
	near.Want(t, "pooled", got, []float64{.35, 1.3 / 4, .25, .5, 0}, 1e-7)
}

func TestReceiverHeads(t *testing.T) {
	peak, flat := []float64{0, 0, 0, 0, 1}, []float64{0, 1, 0, 1, 0}
	still := []float64{1, 1, 1, 1, 1}
	scores := ReceiverScores([][][][]float64{{{flat, peak}, {peak, still}}, {{flat, still}, {flat, still}}})
	near.Want(t, "layer 0", scores[0], []float64{stat.Kurtosis(flat), 0.25}, 1e-12)
	near.Want(t, "layer 1", scores[1], []float64{(0.25 + stat.Kurtosis(flat)) / 2, math.NaN()}, 1e-12)
	without := []float64{math.NaN(), 0, 0, 0, 0, 1, math.NaN()}
	near.Want(t, "steps without a score", ReceiverScores([][][][]float64{{{without}}})[0], []float64{0.25}, 1e-12)
	if got := TopHeads(scores, 9); len(got) != 3 || got[0] != (Head{0, 1}) || got[1] != (Head{1, 0}) {
		t.Errorf("TopHeads = %v", got)
	}
}

func TestAUC(t *testing.T) {
	near.Want(t, "separated, reversed, chance, tied, none", []float64{
		stat.AUC([]float64{3, 4}, []float64{1, 2}),
		stat.AUC([]float64{1}, []float64{2}),
		stat.AUC([]float64{1, 4}, []float64{2, 3}),
		stat.AUC([]float64{1, 1}, []float64{1}),
		stat.AUC(nil, []float64{1}),
	}, []float64{1, 0, 0.5, 0.5, math.NaN()}, 0)
	got := StepAUC([]float64{.9, .1, .5, .2}, []bool{true, false, true, false}, []bool{false, true, false, false})
	near.Want(t, "wrong steps left out", []float64{got}, []float64{1}, 0)
}
