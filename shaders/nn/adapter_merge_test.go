package nn

import (
	"slices"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

func TestAdapterMergeByHand(t *testing.T) {
	// Two rows of four columns and an adapter of two rows: b·a is (1·1 + 2·10, …) and (3·1, …), twice that is added.
	base := []float64{1, 1, 1, 1, 0, 0, 0, 5}
	a := []float64{1, 2, 3, 4, 10, 20, 30, 40}
	b := []float64{1, 2, 3, 0}
	w := make([]float64, 8)
	adapterMerge(F32, Adapter{O: 2, I: 4, R: 2, Scale: 2}, gpu.NewArgs[float64](a, base, b, w))
	if want := []float64{43, 85, 127, 169, 6, 12, 18, 29}; !slices.Equal(w, want) {
		t.Errorf("w = %v, want %v", w, want)
	}
}

// An adapter whose second matrix is zero changes no bit of the weight, in any storage.
func TestAdapterMergeOfNothing(t *testing.T) {
	r := gputest.Rand(71)
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		const O, I, R = 33, 64, 8
		a, b, w := d.Floats("a", R*I), d.Floats("b", O*R), d.Floats("w", O*I)
		a.Write(0, gpu.Normal(r, R*I))
		for _, s := range Storages {
			words, base, got := make([]uint32, s.Words(O*I)), make([]float32, O*I), make([]float32, O*I)
			if err := s.Pack(words, gpu.Normal(r, O*I)); err != nil {
				t.Fatal(err)
			}
			s.Unpack(base, words)
			from := d.Uints("base", len(words))
			if s == F32 {
				from = d.Floats("base", len(words))
				from.Write(0, base)
			} else {
				from.WriteUints(0, words)
			}
			if err := d.Do(AdapterMerge(s), Adapter{O: O, I: I, R: R, Scale: 2}, a, from, b, w); err != nil {
				t.Fatal(err)
			}
			if err := w.Read(0, got); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, base) {
				t.Errorf("the weight in %s changed", s)
			}
		}
		gputest.Count(d)
	})
}

func TestAdapterMergeDevice(t *testing.T) { gputest.Verify(t, adapterMergeCases(gputest.Rand(72))...) }
