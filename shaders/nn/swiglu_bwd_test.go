package nn

import (
	"math"
	"testing"

	"attnlab/gpu/gputest"
)

func TestSwiGLUBwdByHand(t *testing.T) {
	// At gate 0 half passes; at ln 3, σ = 3/4; at ±200 the gate is all on, all off.
	ln3 := math.Log(3)
	dgu := nans(8)
	swigluBwd(SwiGLU{N: 1, F: 4}, args([]float64{0, ln3, 200, -200, 4, 2, 3, 5}, []float64{3, 1, 2, 7}, dgu))
	near(t, "dgate", dgu[:4], []float64{6, 1.5 * (1 + ln3/4), 6, 0}, 1e-12)
	near(t, "dup", dgu[4:], []float64{0, .75 * ln3, 400, 0}, 1e-12)
}

// s is proportional to up, so up·dup = s·ds (Euler).
func TestSwiGLUBwdIsLinearInUp(t *testing.T) {
	const N, F = 3, 8
	r, p := gputest.Rand(130), SwiGLU{N, F}
	gu, ds, s, dgu := normal(r, 2*N*F), normal(r, N*F), nans(N*F), nans(2*N*F)
	swigluFwd(p, args(gu, s))
	swigluBwd(p, args(gu, ds, dgu))
	for n := range N {
		up, dup := gu[(2*n+1)*F:][:F], dgu[(2*n+1)*F:][:F]
		near(t, "up·dup", []float64{dot(up, dup)}, []float64{dot(s[n*F:][:F], ds[n*F:][:F])}, 1e-12)
	}
}

func TestSwiGLUBwdGradient(t *testing.T) {
	const N, F = 3, 4
	r, p := gputest.Rand(131), SwiGLU{N, F}
	gu, ds, s, dgu := normal(r, 2*N*F), normal(r, N*F), nans(N*F), make([]float64, 2*N*F)
	swigluBwd(p, args(gu, ds, dgu))
	gputest.Gradient(t, "gu", gu, dgu, 1e-6, func() float64 {
		swigluFwd(p, args(gu, s))
		return dot(s, ds)
	})
}

func TestSwiGLUBwdDevice(t *testing.T) { gputest.Verify(t, swigluBwdCases(gputest.Rand(132))...) }
