package score

import (
	"testing"

	"attnlab/rl/rltest/near"
)

func TestFocus(t *testing.T) {
	// Ranges: prompt, two steps, an answer of 4 tokens; one layer, two heads.
	s := StepAttention{Layers: 1, Heads: 2, Ranges: 4, Mean: make([]float32, 2*4*4)}
	copy(s.Mean[12:], []float32{.5, .25, .125, .5})
	copy(s.Mean[28:], []float32{.5, .125, .5, .5})
	in := Input{Attention: s, Steps: [][2]int{{1, 2}, {2, 3}}, AnswerTokens: 4}
	v := Focus.Of(in)
	near.Want(t, "head 0: sum over the answer, mean over the step", v.Heads[0][0], []float64{1, .5}, 0)
	near.Want(t, "mean of all heads", v.Steps, []float64{.75, 1.25}, 0)
	in.Heads = []Head{{0, 1}}
	near.Want(t, "one head", Focus.Of(in).Steps, []float64{.5, 2}, 0)
	in.AnswerTokens = 0
	near.Want(t, "no answer", Focus.Of(in).Steps, []float64{nan, nan}, 0)
}

func TestStepRanking(t *testing.T) {
	// Head 0 ranks both responses correctly, head 1 the first wrongly and the
	// second half; the third response has no redundant step.
	focus := [][][][]float64{
		{{{3, 1, 2}, {1, 3, 2}}},
		{{{5, 1, 2}, {2, 1, 3}}},
		{{{1, 2, 3}, {1, 2, 3}}},
	}
	needed := [][]bool{{true, false, true}, {true, false, false}, {true, true, true}}
	redundant := [][]bool{{false, true, false}, {false, true, true}, {false, false, false}}
	sra := StepRanking(focus, needed, redundant)
	near.Want(t, "SRA", sra[0], []float64{1, .25}, 1e-12)
	if got := TopHeads(sra, 1); got[0] != (Head{0, 0}) {
		t.Errorf("key-focus head %v", got)
	}
	near.Want(t, "no pairs", StepRanking(focus[2:], needed[2:], redundant[2:])[0], []float64{nan, nan}, 0)
}
