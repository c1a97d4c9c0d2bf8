package nn

import (
	"math"
	"testing"

	"attnlab/gpu/gputest"
)

func TestSwiGLUFwdByHand(t *testing.T) {
	// sigmoid(±ln 3) is 3/4 and 1/4; ±200 are all on and all off.
	ln3 := math.Log(3)
	s := nans(8)
	swigluFwd(SwiGLU{N: 2, F: 4}, args([]float64{
		0, ln3, -ln3, 200, 5, 1, 2, 3,
		-200, 0, ln3, 0, 4, 5, -4, 7}, s))
	near(t, "s", s, []float64{0, .75 * ln3, -.5 * ln3, 600, 0, 0, -3 * ln3, 0}, 1e-12)
}

// silu(g) − silu(−g) = g, and the gate multiplies the other input.
func TestSwiGLUFwdOddPart(t *testing.T) {
	const N, F = 3, 8
	r := gputest.Rand(120)
	gu, want := normal(r, 2*N*F), make([]float64, N*F)
	on, off := nans(N*F), nans(N*F)
	swigluFwd(SwiGLU{N, F}, args(gu, on))
	for n := range N {
		for f := range F {
			gate, up := &gu[2*n*F+f], gu[(2*n+1)*F+f]
			want[n*F+f] = *gate * up
			*gate = -*gate
		}
	}
	swigluFwd(SwiGLU{N, F}, args(gu, off))
	for i := range on {
		on[i] -= off[i]
	}
	near(t, "s(g) − s(−g)", on, want, 1e-12)
}

func TestSwiGLUFwdDevice(t *testing.T) { gputest.Verify(t, swigluFwdCases(gputest.Rand(121))...) }
