package model

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

// With gates and ups saved in half precision a step has the same loss, bit for bit, and nearly the same gradient; only one buffer a layer is
// smaller, by half. A step by F32 is as without the setting.
func TestSavingInHalfPrecision(t *testing.T) {
	c := randomConfig()
	r := rand.New(rand.NewPCG(51, 1))
	part := lesson(r, c, randomSequences(r, c, 3, 5, 20)...)
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		type step struct {
			gradient []float32
			Metrics
			bytes int64
		}
		take := func(saved Storage) (s step) {
			m, before := newModel(t, d, c, lively(c, 3)), d.Counters.Bytes
			tr, err := NewTrainerSaving(m, part.N(), testAdam, saved)
			if err != nil {
				t.Fatal(err)
			}
			defer tr.Release()
			s.bytes = d.Counters.Bytes - before
			s.gradient, s.Metrics = gradientsOf(t, tr, part)
			timings, err := tr.Profile(part)
			if err != nil {
				t.Fatal(err)
			}
			for _, kernel := range []string{"gate_up_fwd_", "down_bwd_"} {
				named := func(k gpu.Timing) bool {
					return strings.HasPrefix(k.Kernel, kernel) && strings.HasSuffix(k.Kernel, "_half")
				}
				if slices.ContainsFunc(timings, named) != (saved == F16) {
					t.Errorf("saving in %s the kernels are %v", saved, timings)
				}
			}
			gputest.Count(d)
			return s
		}
		whole, half := take(F32), take(F16)
		if whole.Loss != half.Loss || whole.LogProb != half.LogProb {
			t.Errorf("loss %g and log-probability %g, want %g and %g", half.Loss, half.LogProb, whole.Loss, whole.LogProb)
		}
		const rounding = 256 // of a buffer's bytes
		if got, want := whole.bytes-half.bytes, int64(4*c.Layers*part.N()*c.IntermediateSize); got < want-int64(c.Layers)*rounding || got > want+int64(c.Layers)*rounding {
			t.Errorf("%d bytes less, want about %d", got, want)
		}
		var off, norm float64
		for i, g := range whole.gradient {
			off += math.Pow(float64(half.gradient[i]-g), 2)
			norm += float64(g) * float64(g)
		}
		if share := math.Sqrt(off / norm); !(share > 0 && share < 1e-3) {
			t.Errorf("the gradient is off by %g of its length", share)
		} else {
			t.Logf("the gradient is off by %.1e of its length", share)
		}
	})
	_, err := NewTrainerSaving(newModel(t, gpu.OpenHost(), c, c.Init(1)), 64, testAdam, Q8)
	if err == nil || !strings.Contains(err.Error(), "q8") {
		t.Errorf("saving in q8: error %v", err)
	}
}
