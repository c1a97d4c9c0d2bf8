package optim

import (
	"math"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

func TestGradNormOfGradient(t *testing.T) {
	// 4,000 words of 3 have norm 3·√4000, whatever the partition, and so do the
	// same bits twice.
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		const N = 4000
		g, norm := d.Floats("g", N), d.Floats("norm", 4)
		if err := d.Do(Fill, FillParams{N: N, Value: 3}, g); err != nil {
			t.Fatal(err)
		}
		for _, P := range []uint32{1, 100, 1024} {
			partial := d.Floats("partial", int(P))
			var seen [2][4]float32
			for i := range seen {
				p := d.NewProgram("norm")
				p.Add(GradSquare, func() any { return Norm{N, P} }, g, partial)
				p.Add(GradNorm, func() any { return Norm{N, P} }, partial, norm)
				if err := p.Run(1); err != nil {
					t.Fatal(err)
				}
				if err := norm.Read(0, seen[i][:]); err != nil {
					t.Fatal(err)
				}
				p.Release()
			}
			if want := 3 * math.Sqrt(N); math.Abs(float64(seen[0][0])-want) > 1e-4 || seen[0] != seen[1] {
				t.Errorf("P %d: norms %v, want %g twice", P, seen, want)
			}
			gputest.Count(d)
		}
	})
}

func TestGradNormDevice(t *testing.T) { gputest.Verify(t, gradNormCases(gputest.Rand(2))...) }
