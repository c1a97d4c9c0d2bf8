package nn

import (
	"math"
	"testing"

	"attnlab/gpu/gputest"
)

func TestGateUpFwdByHand(t *testing.T) {
	// x picks w's first column: gates, then ups. sigmoid(±ln 3) is 3/4 and 1/4; 200 is all on.
	ln3 := math.Log(3)
	w, gu, s := make([]float64, 8*4), nans(16), nans(8)
	want := []float64{0, ln3, -ln3, 200, 5, 1, 2, 3}
	for i, v := range want {
		w[4*i] = v
	}
	gateUpFwd(Wide, GateUp{N: 2, D: 4, F: 4}, args([]float64{1, 0, 0, 0, -1, 0, 0, 0}, w, gu, s))
	near(t, "gu", gu[:8], want, 0)
	near(t, "s", s, []float64{0, .75 * ln3, -.5 * ln3, 600, 0, .25 * ln3, -1.5 * ln3, 0}, 1e-12)
}

// silu(g) − silu(−g) = g, and the gate multiplies the other input.
func TestGateUpFwdOddPart(t *testing.T) {
	const F = 8
	r := gputest.Rand(120)
	gate, up, on, off, want := normal(r, F), normal(r, F), nans(F), nans(F), make([]float64, F)
	swiglu(on, gate, up)
	for f := range F {
		want[f] = gate[f] * up[f]
		gate[f] = -gate[f]
	}
	swiglu(off, gate, up)
	for f := range on {
		on[f] -= off[f]
	}
	near(t, "s(g) − s(−g)", on, want, 1e-12)
}

func TestGateUpFwdDevice(t *testing.T) {
	gputest.Verify(t, eachTile(gputest.Rand(121), gateUpFwdCases)...)
}
