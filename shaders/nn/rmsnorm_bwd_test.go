package nn

import (
	"math"
	"slices"
	"testing"

	"attnlab/gpu/gputest"
)

func TestRMSNormBwdByHand(t *testing.T) {
	// x = (3, 4, 0, 0) has rstd 2/5, so x̂ = (1.2, 1.6, 0, 0). With g = (1, 0, 0, 0)
	// mean(g·x̂) = 0.3 and rstd·(g − 0.3·x̂) = (0.256, −0.192, 0, 0), on top of 10. The gain's is dy·x̂.
	for _, keep := range []uint32{0, 1} {
		past := 10 * float64(keep)
		dx, part := []float64{10, 10, 10, 10}, count(1, 8)
		rmsnormBwd(RMSNormGrad{N: 1, D: 4, Keep: keep, Stride: 8, First: 4},
			args([]float64{.5, 0, 0, 0}, []float64{3, 4, 0, 0}, []float64{2, 1, 1, 1}, []float64{.4}, dx, part))
		near(t, "dx", dx, []float64{past + .256, past - .192, past, past}, 1e-12)
		near(t, "part", part, []float64{1, 2, 3, 4, .6, 0, 0, 0}, 1e-12)
	}
}

// Without ε the norm does not see the length of x: its gradient has no part along x.
func TestRMSNormBwdIsAcrossX(t *testing.T) {
	const N, D = 5, 8
	r := gputest.Rand(30)
	x, w, y, rstd, dx := normal(r, N*D), normal(r, D), nans(N*D), nans(N), nans(N*D)
	rmsnormFwd(RMSNorm{N: N, D: D}, args(x, w, y, rstd))
	rmsnormBwd(RMSNormGrad{N: N, D: D, Stride: D}, args(normal(r, N*D), x, w, rstd, dx, nans(D)))
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
	dx, dw := slices.Clone(past), nans(D)
	rmsnormBwd(RMSNormGrad{N: N, D: D, Keep: 1, Stride: D}, args(dy, x, w, rstd, dx, dw))
	gputest.Gradient(t, "x", x, dx, 1e-6, loss)
	gputest.Gradient(t, "w", w, dw, 1e-6, loss)
}

// The parts of the gain's gradient add up to Σ dy·x·rstd.
func TestRMSNormBwdPartsAddUp(t *testing.T) {
	const N, D = 150, 4
	r, p := gputest.Rand(33), RMSNormGrad{N: N, D: D, Stride: D}
	dy, x, rstd := normal(r, N*D), normal(r, N*D), normal(r, N)
	part, dw, want := nans(p.Parts()*D), make([]float64, D), make([]float64, D)
	rmsnormBwd(p, args(dy, x, normal(r, D), rstd, nans(N*D), part))
	sumParts(Parts{D, uint32(p.Parts())}, args(part, dw))
	for i := range dy {
		want[i%D] += dy[i] * x[i] * rstd[i/D]
	}
	near(t, "dw", dw, want, 1e-12)
}

func TestRMSNormBwdDevice(t *testing.T) { gputest.Verify(t, rmsnormBwdCases(gputest.Rand(32))...) }
