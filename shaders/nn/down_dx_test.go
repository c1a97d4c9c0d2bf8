package nn

import (
	"math"
	"testing"

	"attnlab/gpu/gputest"
)

func TestDownDxByHand(t *testing.T) {
	// As TestDownBwdByHand: w is the identity, so ds = dy.
	ln3 := math.Log(3)
	w, dgu := make([]float64, 16), nans(8)
	for i := range 4 {
		w[5*i] = 1
	}
	downDx(F32, Matmul{1, 4, 4}, args([]float64{3, 1, 2, 7}, w, []float64{0, ln3, 200, -200, 4, 2, 3, 5}, dgu))
	near(t, "dgate", dgu[:4], []float64{6, 1.5 * (1 + ln3/4), 6, 0}, 1e-12)
	near(t, "dup", dgu[4:], []float64{0, .75 * ln3, 400, 0}, 1e-12)
}

// It is what DownBwd gives for gate and up.
func TestDownDxIsDownBwd(t *testing.T) {
	const N, O, I = 3, 4, 8
	r := gputest.Rand(133)
	dy, w, gu := normal(r, N*O), normal(r, O*I), normal(r, 2*N*I)
	want, got := nans(2*N*I), nans(2*N*I)
	downBwd(Wide, LinearGrad{N: N, O: O, I: I, Z: 1}, args(dy, w, normal(r, N*I), gu, want, nans(O*I)))
	downDx(F32, Matmul{N, O, I}, args(dy, w, gu, got))
	near(t, "dgu", got, want, 0)
}

// The whole feed-forward part, y = silu(gate)·up·wᵀ, by gate and up, for the values which a storage holds.
func TestDownDxGradient(t *testing.T) {
	const N, O, I = 3, 4, 32
	r := gputest.Rand(134)
	for _, s := range Storages {
		w := s.packed(r, O*I, 1)
		if s == F32 {
			w = wide(w.([]float32))
		}
		dy, gu, x, y, dgu := normal(r, N*O), normal(r, 2*N*I), nans(N*I), nans(N*O), nans(2*N*I)
		downDx(s, Matmul{N, O, I}, args(dy, w, gu, dgu))
		gputest.Gradient(t, s.String(), gu, dgu, 1e-6, func() float64 {
			for n := range N {
				swiglu(x[n*I:][:I], gu[2*n*I:][:I], gu[(2*n+1)*I:][:I])
			}
			matmulNT(s, Matmul{N, O, I}, args(x, w, y))
			return dot(y, dy)
		})
	}
}

func TestDownDxDevice(t *testing.T) {
	for _, s := range Storages {
		for _, tile := range Tiles {
			gputest.Verify(t, downDxCases(gputest.Rand(135), tile.Of(s))...)
		}
	}
}
