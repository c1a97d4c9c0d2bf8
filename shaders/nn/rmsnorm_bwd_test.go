package nn

import (
	"math"
	"slices"
	"testing"

	"attnlab/gpu/gputest"
)

func TestRMSNormBwdByHand(t *testing.T) {
	// x = (3, 4, 0, 0) has rstd 2/5, so x̂ = (1.2, 1.6, 0, 0). With g = (1, 0, 0, 0)
	// mean(g·x̂) = 0.3 and rstd·(g − 0.3·x̂) = (0.256, −0.192, 0, 0), on top of 10.
	dx := []float64{10, 10, 10, 10}
	rmsnormBwd(RMSNorm{N: 1, D: 4},
		args([]float64{.5, 0, 0, 0}, []float64{3, 4, 0, 0}, []float64{2, 1, 1, 1}, []float64{.4}, dx))
	near(t, "dx", dx, []float64{10.256, 9.808, 10, 10}, 1e-12)
}

// Without ε the norm does not see the length of x: its gradient has no part along x.
func TestRMSNormBwdIsAcrossX(t *testing.T) {
	const N, D = 5, 8
	r, p := gputest.Rand(30), RMSNorm{N: N, D: D}
	x, w, y, rstd, dx := normal(r, N*D), normal(r, D), nans(N*D), nans(N), make([]float64, N*D)
	rmsnormFwd(p, args(x, w, y, rstd))
	rmsnormBwd(p, args(normal(r, N*D), x, w, rstd, dx))
	for n := range N {
		row, grad := x[n*D:(n+1)*D], dx[n*D:(n+1)*D]
		if along := dot(row, grad); math.Abs(along) > 1e-12 || dot(grad, grad) < 1e-3 {
			t.Errorf("row %d: x·dx = %g of a gradient %g", n, along, grad)
		}
	}
}

func TestRMSNormBwdGradient(t *testing.T) {
	const N, D = 3, 8
	r, p := gputest.Rand(31), RMSNorm{N: N, D: D, Eps: .25} // large enough to be seen
	x, w, dy, past, y, rstd := normal(r, N*D), normal(r, D), normal(r, N*D), normal(r, N*D), nans(N*D), nans(N)
	loss := func() float64 {
		rmsnormFwd(p, args(x, w, y, rstd))
		return dot(y, dy) + dot(x, past)
	}
	loss()
	dx := slices.Clone(past)
	rmsnormBwd(p, args(dy, x, w, rstd, dx))
	gputest.Gradient(t, "x", x, dx, 1e-6, loss)
}

func TestRMSNormBwdDevice(t *testing.T) { gputest.Verify(t, rmsnormBwdCases(gputest.Rand(32))...) }
