package model

import (
	"testing"

	"attnlab/gpu"
)

// Two layers of two heads of 8 with one of keys, width 16, gates of 24, a vocabulary of 20, worked by hand.
func TestOperations(t *testing.T) {
	c := Config{VocabSize: 20, HiddenSize: 16, IntermediateSize: 24, Layers: 2, Heads: 2, KVHeads: 1, HeadDim: 8, MaxContext: 32,
		RMSNormEps: 1e-5, Rope: Rope{Theta: 10000}, TieEmbeddings: true, PadID: 0, BosID: 1, EosID: 2}
	// q and o 16·16, k and v 16·8, gate, up and down 16·24: 2·(2·256 + 2·128 + 3·384) weights, and 20·16 of the output.
	const weights = 2*(2*256+2*128+3*384) + 320
	// A score and a sum of 8 features are 2·8 operations each, for 3 pairs of two tokens and 6 of three, in 4 heads.
	if got, want := c.Operations(2, 3), float64(2*5*weights+4*2*2*8*(3+6)); got != want {
		t.Errorf("%g operations, want %g", got, want)
	}
	m, err := New(gpu.OpenHost(), c, c.Init(1))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Release()
	tr, err := NewTrainer(m, 16, DefaultAdam)
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Release()
	part := MicroBatch{Batch: Pack([]int{1, 2}, []int{1, 2, 3})}
	if got, want := tr.Operations(part, part), 6*c.Operations(2, 3); got != want {
		t.Errorf("a step has %g operations, want %g", got, want)
	}
}
