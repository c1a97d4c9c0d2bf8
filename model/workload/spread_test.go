//go:build !js

package workload

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/simd"
	"attnlab/model"
)

// TestVectorsStayWithinSpread trains preset tiny for 200 steps on fresh noisy sequences, with vector instructions and in plain Go,
// from the same seeds: rounding may move the last losses by less than another seed does.
func TestVectorsStayWithinSpread(t *testing.T) {
	w := named(t, "tiny")
	w.batch, w.length = 4, 32
	// Each token follows from the last one, but one in eight is random.
	batches := func(seed uint64) func(int) model.MicroBatch {
		r := rand.New(rand.NewPCG(seed, 2))
		return func(int) model.MicroBatch {
			sequences := w.sequences(w.batch, w.length)
			for _, s := range sequences {
				s[0] = r.IntN(vocabulary)
				for i := 1; i < len(s); i++ {
					s[i] = (7*s[i-1] + 3) % vocabulary
					if r.IntN(8) == 0 {
						s[i] = r.IntN(vocabulary)
					}
				}
			}
			b := model.Pack(sequences...)
			p := model.MicroBatch{Batch: b, Targets: b.Next(vocabulary), Weight: make([]float32, b.N())}
			for i := range p.Weight {
				p.Weight[i] = 1 / float32(b.N())
			}
			return p
		}
	}
	const steps, last = 200, 20
	end := func(seed uint64, vectors bool) (float64, []float32) {
		defer simd.Use(simd.Use(vectors))
		losses, weights := train(t, gpu.OpenHost(), w, w.config.Init(seed), steps, batches(seed))
		sum := 0.0
		for _, x := range losses[steps-last:] {
			sum += x / last
		}
		return sum, weights
	}
	var plain []float64
	worst := 0.0
	for _, seed := range []uint64{1, 2, 3} {
		slow, weights := end(seed, false)
		fast, others := end(seed, true)
		if simd.Name() != "go" && slices.Equal(weights, others) {
			t.Error("both ways computed the same bits: one of them did not run")
		}
		t.Logf("seed %d: mean loss of steps %d to %d is %.5f in plain Go, %.1e more in %s", seed, steps-last, steps, slow, fast-slow, simd.Name())
		plain = append(plain, slow)
		worst = max(worst, math.Abs(slow-fast))
	}
	mean, spread := (plain[0]+plain[1]+plain[2])/3, 0.0
	for _, x := range plain {
		spread += (x - mean) * (x - mean) / float64(len(plain)-1)
	}
	if spread = math.Sqrt(spread); !(worst < spread) {
		t.Errorf("vector instructions move the loss by %.5f, seeds by %.5f (standard deviation)", worst, spread)
	}
	if first := math.Log(vocabulary); !(mean < .8*first) {
		t.Errorf("a loss of %.3f after %d steps: nothing was learnt from %.3f", mean, steps, first)
	}
}
