package loss

import (
	"math"
	"slices"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

func TestStatSumByHand(t *testing.T) {
	// Rows 0 and 2 of three have weight; row 1 holds NaN and is not touched.
	nan := math.NaN()
	stat := []float64{1, 10, nan, nan, 3, 30}
	ring := []float64{7, 7, 7, 7, 7, 7, 7, 7, 7, 7}
	p := StatSumParams{N: 3, S: 2, Stride: 2, At: 1, Slot: 1, M: 5, First: 1}
	statSum(p, gpu.NewArgs[float64](stat, []float64{0, 1, 1, 0, 0, -1}, ring))
	if want := []float64{7, 7, 7, 7, 7, 7, 4, 40, 2, 7}; !slices.Equal(ring, want) {
		t.Errorf("ring = %v, want %v", ring, want)
	}
}

func TestStatSumRing(t *testing.T) {
	// As in a training step: sums and count of the tokens' statistics, then the
	// gradient norm behind them.
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		const N, M = 100, 7
		stat, weight := make([]float32, 4*N), make([]float32, N)
		for n := range N {
			copy(stat[4*n:], []float32{1, 2, float32(n), float32(math.NaN())})
			if n%2 == 0 {
				weight[n] = 0.5
				stat[4*n+3] = -1
			}
		}
		p := d.NewProgram("step")
		defer p.Release()
		tokens, w, norm, ring := d.Floats("stat", 4*N), d.Floats("weight", N), d.Floats("norm", 4), d.Floats("ring", 2*M)
		tokens.Write(0, stat)
		w.Write(0, weight)
		norm.Write(0, []float32{0.25, 0, 0, 0})
		p.Add(StatSum, func() any { return StatSumParams{N: N, S: 4, Stride: 1, Slot: 1, M: M} }, tokens, w, ring)
		p.Add(StatSum, func() any { return StatSumParams{N: 1, S: 1, Slot: 1, M: M, First: 5} }, norm, norm, ring)
		if err := p.Run(1); err != nil {
			t.Fatal(err)
		}
		got := make([]float32, 2*M)
		if err := ring.Read(0, got); err != nil {
			t.Fatal(err)
		}
		if want := []float32{0, 0, 0, 0, 0, 0, 0, 50, 100, 2450, -50, 50, 0.25, 1}; !slices.Equal(got, want) {
			t.Errorf("ring = %v, want %v", got, want)
		}
		gputest.Count(d)
	})
}

func TestStatSumDevice(t *testing.T) { gputest.Verify(t, statSumCases(gputest.Rand(7))...) }
