package model

import (
	"math"
	"slices"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
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

// The gradients of two halves add up to that of the whole, and asking for them changes neither the step that follows nor its metrics.
func TestGradientOfParts(t *testing.T) {
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		c := preset(t, "tiny", 20)
		half := func(tokens ...int) MicroBatch {
			b := Pack(tokens)
			part := MicroBatch{Batch: b, Targets: b.Next(20), Weight: make([]float32, b.N())}
			for i := range b.N() - 1 {
				part.Weight[i] = 0.25
			}
			return part
		}
		x, y := half(1, 5, 7, 9), half(1, 6, 3, 8, 4)
		step := func(ask bool) (weights, sum, whole []float32, m []Metrics) {
			model, err := New(d, c, c.Init(4))
			if err != nil {
				t.Fatal(err)
			}
			defer model.Release()
			tr, err := NewTrainer(model, 16, DefaultAdam)
			if err != nil {
				t.Fatal(err)
			}
			defer tr.Release()
			if ask {
				for _, part := range []MicroBatch{x, y} {
					g, err := tr.Gradient(part)
					if err != nil {
						t.Fatal(err)
					}
					if sum == nil {
						sum = make([]float32, len(g))
					}
					for i := range g {
						sum[i] += g[i]
					}
				}
			}
			if err := tr.Step(0.01, x, y); err != nil {
				t.Fatal(err)
			}
			if whole, err = tr.Gradients(); err != nil {
				t.Fatal(err)
			}
			if m, err = tr.Metrics(); err != nil {
				t.Fatal(err)
			}
			if weights, err = model.Weights(); err != nil {
				t.Fatal(err)
			}
			return weights, sum, whole, m
		}
		asked, sum, whole, m := step(true)
		plain, _, _, n := step(false)
		largest := 0.0
		for i := range sum {
			largest = max(largest, math.Abs(float64(sum[i]-whole[i])))
		}
		if largest > 1e-5 || slices.Max(whole) == 0 {
			t.Errorf("the halves add up to the whole within %g", largest)
		}
		if !slices.Equal(asked, plain) || !slices.Equal(m, n) {
			t.Errorf("asking changes the step: %+v and %+v", m, n)
		}
	})
}
