package nn

import (
	"testing"

	"attnlab/gpu/gputest"
)

func TestRMSNormDWByHand(t *testing.T) {
	// 3 tokens in 2 parts: tokens 0 and 1, then token 2.
	part := nans(8)
	rmsnormDW(RMSNormParts{N: 3, D: 4, Z: 2}, args(
		[]float64{1, 2, 3, 4, 1, 1, 1, 1, 0, 1, 0, 1}, count(1, 12), []float64{1, 10, .5}, part))
	near(t, "part", part, []float64{51, 64, 79, 96, 0, 5, 0, 6}, 1e-12)
}

func TestRMSNormDWPartsAddUp(t *testing.T) {
	const N, D = 7, 4
	r := gputest.Rand(40)
	dy, x, rstd := normal(r, N*D), normal(r, N*D), normal(r, N)
	var want []float64
	for _, Z := range []uint32{1, 2, 3, 7, 9} { // 9 leaves parts without tokens
		part, dw := nans(int(Z)*D), make([]float64, D)
		rmsnormDW(RMSNormParts{N, D, Z}, args(dy, x, rstd, part))
		sumParts(Parts{D, Z}, args(part, dw))
		if Z == 1 {
			want = dw
		}
		near(t, "dw", dw, want, 1e-12)
	}
}

func TestRMSNormDWGradient(t *testing.T) {
	const N, D, Z = 5, 8, 2
	r, p := gputest.Rand(41), RMSNorm{N: N, D: D, Eps: .25}
	x, w, dy, y, rstd := normal(r, N*D), normal(r, D), normal(r, N*D), nans(N*D), nans(N)
	loss := func() float64 {
		rmsnormFwd(p, args(x, w, y, rstd))
		return dot(y, dy)
	}
	loss()
	part, dw := make([]float64, Z*D), make([]float64, D)
	rmsnormDW(RMSNormParts{N, D, Z}, args(dy, x, rstd, part))
	sumParts(Parts{D, Z}, args(part, dw))
	gputest.Gradient(t, "w", w, dw, 1e-6, loss)
}

func TestRMSNormDWDevice(t *testing.T) { gputest.Verify(t, rmsnormDWCases(gputest.Rand(42))...) }
