package nn

import (
	"math"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

func TestRMSNormFwdByHand(t *testing.T) {
	// mean of squares of (3, 4, 0, 0) is 25/4, so rstd = 2/5.
	y, rstd := make([]float64, 4), make([]float64, 1)
	rmsnormFwd(RMSNorm{N: 1, D: 4}, gpu.NewArgs[float64]([]float64{3, 4, 0, 0}, []float64{1, 2, 1, 1}, y, rstd))
	for i, want := range []float64{1.2, 3.2, 0, 0} {
		if math.Abs(y[i]-want) > 1e-12 {
			t.Errorf("y[%d] = %g, want %g", i, y[i], want)
		}
	}
}

func TestRMSNormFwdInvariants(t *testing.T) {
	// With w = 1 every row has mean square 1, whatever its scale.
	r := gputest.Rand(1)
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		const N, D = 5, 8
		x, w := gpu.Normal(r, N*D), []float32{1, 1, 1, 1, 1, 1, 1, 1}
		for i := range x {
			x[i] *= 100
		}
		in, gain, out, rstd := d.Floats("x", N*D), d.Floats("w", D), d.Floats("y", N*D), d.Floats("rstd", N)
		in.Write(0, x)
		gain.Write(0, w)
		if err := d.Do(RMSNormFwd, RMSNorm{N: N, D: D, Eps: 1e-6}, in, gain, out, rstd); err != nil {
			t.Fatal(err)
		}
		y := make([]float32, N*D)
		if err := out.Read(0, y); err != nil {
			t.Fatal(err)
		}
		for n := range N {
			var square float64
			for _, v := range y[n*D : (n+1)*D] {
				square += float64(v) * float64(v)
			}
			if math.Abs(square/D-1) > 1e-5 {
				t.Errorf("row %d has mean square %g", n, square/D)
			}
		}
		gputest.Count(d)
	})
}

func TestRMSNormFwdDevice(t *testing.T) { gputest.Verify(t, rmsnormFwdCases(gputest.Rand(2))...) }
