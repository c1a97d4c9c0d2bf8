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
	adapterMerge(Adapter{O: 2, I: 4, R: 2, Scale: 2}, gpu.NewArgs[float64](base, a, b, w))
	if want := []float64{43, 85, 127, 169, 6, 12, 18, 29}; !slices.Equal(w, want) {
		t.Errorf("w = %v, want %v", w, want)
	}
}

// An adapter whose second matrix is zero changes no bit of the weight.
func TestAdapterMergeOfNothing(t *testing.T) {
	r := gputest.Rand(71)
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		const O, I, R = 33, 36, 8
		base, got := gpu.Normal(r, O*I), make([]float32, O*I)
		from, a, b, w := d.Floats("base", O*I), d.Floats("a", R*I), d.Floats("b", O*R), d.Floats("w", O*I)
		from.Write(0, base)
		a.Write(0, gpu.Normal(r, R*I))
		if err := d.Do(AdapterMerge, Adapter{O: O, I: I, R: R, Scale: 2}, from, a, b, w); err != nil {
			t.Fatal(err)
		}
		if err := w.Read(0, got); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, base) {
			t.Error("the weight changed")
		}
		gputest.Count(d)
	})
}

func TestAdapterMergeDevice(t *testing.T) { gputest.Verify(t, adapterMergeCases(gputest.Rand(72))...) }
