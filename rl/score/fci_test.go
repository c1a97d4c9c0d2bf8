package score

import (
	"testing"

	"attnlab/rl/rltest/near"
)

func TestFCI(t *testing.T) {
	// One layer, two heads, 6 ranges: prompt, steps 1-4, answer. Head 0 looks at
	// step 2 from the answer, head 1 at step 3 from everywhere.
	s := StepAttention{Layers: 1, Heads: 2, Ranges: 6, Mean: make([]float32, 2*6*6)}
	set := func(h, j, k int, v float32) { s.Mean[(h*6+j)*6+k] = v }
	for j := 1; j < 6; j++ {
		set(0, j, 0, 9) // the prompt
		set(0, j, 1, 8) // the first step
	}
	set(0, 4, 2, 0.25)
	set(0, 5, 2, 0.5)
	set(1, 4, 3, 0.125)
	set(1, 5, 3, 0.25)
	set(1, 5, 4, 7)
	near.Want(t, "Δ=2", FCI(s, 2, 5), []float64{0, 0, .75, .25, 0, 0}, 0)
	near.Want(t, "Δ=1", FCI(s, 1, 5), []float64{0, 0, .75, .375, 7, 0}, 0)
	near.Want(t, "</think> in step 4", FCI(s, 1, 4), []float64{0, 0, .75, .375, 0, 0}, 0) // still a query row
	near.Want(t, "Δ=4", FCI(s, 4, 5), []float64{0, 0, 0, 0, 0, 0}, 0)
	near.Want(t, "max after the sum", FCIHeads(s, 1, 5)[0][1], []float64{0, 0, 0, .375, 7, 0}, 0)
	near.Want(t, "mean", []float64{MeanFCI([][]float64{{0, 1, 2}, {0, 0}, nil})}, []float64{1. / 3}, 1e-15)
}
