package model

import (
	"math"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

// TestPolicyGradient compares the gradient of the whole model under the policy
// loss, with clips, KL and entropy, with central differences, all in float64.
func TestPolicyGradient(t *testing.T) {
	c := randomConfig()
	c.VocabSize, c.IntermediateSize, c.Heads, c.HiddenSize, c.KVHeads = 23, 20, 4, 32, 2
	r := gputest.Rand(31)
	host := newModel(t, gpu.OpenHost(), c, lively(c, 3))
	part := experience(t, r, host, randomSequences(r, c, 2, 8, 12)...)

	m := newModel(t, gpu.OpenReferee(), c, lively(c, 3))
	tr := newTrainer(t, m, part.N(), testAdam)
	tr.Policy = testPolicy
	loss := func() float64 {
		if err := tr.Step(0, part); err != nil {
			t.Fatal(err)
		}
		stat := make([]float64, tr.stat.Len())
		tr.stat.Read64(stat)
		var sum float64
		for n := range part.N() {
			if part.PolicyTerms[4*n+3] != 0 && int(part.Targets[n]) < c.VocabSize {
				sum += stat[8*n+5]
			}
		}
		return sum
	}
	loss()
	gradients, weights := make([]float64, c.ArenaSize()), make([]float64, c.ArenaSize())
	tr.g.weights.Read64(gradients)
	m.weights.Read64(weights)
	nonzero := 0
	for _, p := range c.Params() {
		scale := 0.0
		for _, g := range gradients[p.Offset : p.Offset+p.Size()] {
			scale = max(scale, math.Abs(g))
		}
		for range 3 {
			const h = 1e-5
			i := p.Offset + r.IntN(p.Size())
			keep := weights[i]
			side := func(at float64) float64 {
				weights[i] = at
				m.weights.Write64(weights)
				return loss()
			}
			want := (side(keep+h) - side(keep-h)) / (2 * h)
			side(keep)
			if diff := math.Abs(gradients[i] - want); !(diff <= 1e-4*math.Abs(want)+1e-6*scale) {
				t.Errorf("gradient of word %d of %s is %g, central difference %g", i-p.Offset, p.Name, gradients[i], want)
			}
			if gradients[i] != 0 {
				nonzero++
			}
		}
	}
	if nonzero < 35 {
		t.Errorf("only %d of the gradients that were checked are not zero", nonzero)
	}
	metrics, err := tr.Metrics()
	if err != nil || metrics[0].ClipFraction < 0.1 || metrics[0].ClipFraction > 0.9 || metrics[0].KL <= 0 {
		t.Errorf("the loss shows too little: %+v, %v", metrics[0], err)
	}

	// The other backends agree.
	want := make([]float32, len(gradients))
	for i, g := range gradients {
		want[i] = float32(g)
	}
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		m := newModel(t, d, c, lively(c, 3))
		tr := newTrainer(t, m, part.N(), testAdam)
		tr.Policy = testPolicy
		got, sums := gradientsOf(t, tr, part)
		for _, p := range c.Params() {
			near(t, "gradient of "+p.Name, got[p.Offset:][:p.Size()], want[p.Offset:][:p.Size()], 1e-4)
		}
		sums.Step = metrics[0].Step
		near(t, "metrics", sums.words(), metrics[0].words(), 1e-4)
		gputest.Count(d)
	})
}
