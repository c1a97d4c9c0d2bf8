package nn

import (
	"math"
	"testing"

	"attnlab/gpu/gputest"
)

func TestDownBwdByHand(t *testing.T) {
	// w is the identity, so ds = dy. At gate 0 half passes; at ln 3, σ = 3/4; at ±200 the gate is all on, all off.
	ln3 := math.Log(3)
	w, dgu, part := make([]float64, 16), nans(8), nans(16)
	for i := range 4 {
		w[5*i] = 1
	}
	downBwd(Wide, LinearGrad{N: 1, O: 4, I: 4, Z: 1}, args([]float64{3, 1, 2, 7}, w, count(1, 4),
		[]float64{0, ln3, 200, -200, 4, 2, 3, 5}, dgu, part))
	near(t, "dgate", dgu[:4], []float64{6, 1.5 * (1 + ln3/4), 6, 0}, 1e-12)
	near(t, "dup", dgu[4:], []float64{0, .75 * ln3, 400, 0}, 1e-12)
	near(t, "part", part, []float64{3, 6, 9, 12, 1, 2, 3, 4, 2, 4, 6, 8, 7, 14, 21, 28}, 1e-12)
}

// s is proportional to up, so up·dup = s·ds (Euler).
func TestDownBwdIsLinearInUp(t *testing.T) {
	const N, O, I = 3, 4, 8
	r, p := gputest.Rand(130), LinearGrad{N: N, O: O, I: I, Z: 1}
	dy, w, gu, s := normal(r, N*O), normal(r, O*I), normal(r, 2*N*I), nans(N*I)
	ds, dgu, part, other := nans(N*I), nans(2*N*I), nans(O*I), nans(O*I)
	for n := range N {
		swiglu(s[n*I:][:I], gu[2*n*I:][:I], gu[(2*n+1)*I:][:I])
	}
	linearBwd(p, args(dy, w, s, ds, other))
	downBwd(Wide, p, args(dy, w, s, gu, dgu, part))
	for n := range N {
		up, dup := gu[(2*n+1)*I:][:I], dgu[(2*n+1)*I:][:I]
		near(t, "up·dup", []float64{dot(up, dup)}, []float64{dot(s[n*I:][:I], ds[n*I:][:I])}, 1e-12)
	}
	near(t, "part", part, other, 0)
}

// The whole feed-forward part: y = silu(gate)·up·wᵀ by gate, up and w.
func TestDownBwdGradient(t *testing.T) {
	const N, O, I = 3, 4, 4
	r, p := gputest.Rand(131), LinearGrad{N: N, O: O, I: I, Z: 1}
	dy, w, gu, s, y := normal(r, N*O), normal(r, O*I), normal(r, 2*N*I), nans(N*I), nans(N*O)
	loss := func() float64 {
		for n := range N {
			swiglu(s[n*I:][:I], gu[2*n*I:][:I], gu[(2*n+1)*I:][:I])
		}
		matmulNT(F32, Matmul{N, O, I}, args(s, w, y))
		return dot(y, dy)
	}
	loss()
	dgu, dw := nans(2*N*I), nans(O*I)
	downBwd(Wide, p, args(dy, w, s, gu, dgu, dw))
	gputest.Gradient(t, "gu", gu, dgu, 1e-6, loss)
	gputest.Gradient(t, "w", w, dw, 1e-6, loss)
}

func TestDownBwdDevice(t *testing.T) {
	gputest.Verify(t, eachTile(gputest.Rand(132), downBwdCases)...)
}
