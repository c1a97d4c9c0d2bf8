package optim

import (
	"slices"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

func TestMain(m *testing.M) { gputest.Main(m) }

func TestFillPart(t *testing.T) {
	// A part of a buffer is filled, and no word before or behind it.
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		x, got := d.Floats("x", 200), make([]float32, 200)
		if err := d.Do(Fill, FillParams{N: 65, Value: 3}, x.Part(64, 65)); err != nil {
			t.Fatal(err)
		}
		if err := x.Read(0, got); err != nil {
			t.Fatal(err)
		}
		want := slices.Concat(make([]float32, 64), slices.Repeat([]float32{3}, 65), make([]float32, 71))
		if !slices.Equal(got, want) {
			t.Errorf("x = %v", got)
		}
		gputest.Count(d)
	})
}

func TestFillDevice(t *testing.T) { gputest.Verify(t, fillCases(gputest.Rand(6))...) }
