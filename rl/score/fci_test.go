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
	in := func(delta, answer int) Input {
		return Input{Attention: s, Delta: delta, AnswerTokens: answer, Steps: [][2]int{{3, 5}, {5, 7}, {7, 9}, {9, 11}}}
	}
	near.Want(t, "Δ=2", FCI.Of(in(2, 3)).Steps, []float64{0, .75, .25, 0}, 0)
	near.Want(t, "Δ=1", FCI.Of(in(1, 3)).Steps, []float64{0, .75, .375, 7}, 0)
	near.Want(t, "no answer", FCI.Of(in(1, 0)).Steps, []float64{0, .25, .125, 0}, 0)
	near.Want(t, "Δ=4", FCI.Of(in(4, 3)).Steps, []float64{0, 0, 0, 0}, 0)
	near.Want(t, "max after the sum", FCI.Of(in(1, 3)).Heads[0][1], []float64{0, 0, .375, 7}, 0)
	near.Want(t, "mean over later steps", FCIMean.Of(in(2, 3)).Steps, []float64{nan, .375, .25, nan}, 0)
	// Step 4 (tokens 9, 10) sees 10.5 tokens on average, the answer (12 to 14, after </think>) 14.
	near.Want(t, "over uniform", FCIOverUniform.Of(in(2, 3)).Steps, []float64{nan, (.25*10.5 + .5*14) / 2, .25 * 14, nan}, 1e-12)
	near.Want(t, "mean", []float64{MeanFCI([][]float64{{0, 1, 2}, {0, 0}, nil})}, []float64{1. / 3}, 1e-15)
}
