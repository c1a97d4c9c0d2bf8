package nn

import (
	"testing"

	"attnlab/gpu/gputest"
)

func TestMatmulNNByHand(t *testing.T) {
	dx := nans(8)
	matmulNN(Matmul{N: 2, O: 2, I: 4}, args([]float64{1, 2, 0, 0, 0, -1, 0, 0}, count(1, 8), dx))
	near(t, "dx", dx, []float64{11, 14, 17, 20, -5, -6, -7, -8}, 0)
}

// dy·w is the linear layer of the transposed weight.
func TestMatmulNNIsNTOfTheTranspose(t *testing.T) {
	const N, O, I = 5, 8, 12
	r := gputest.Rand(70)
	dy, w, turned := normal(r, N*O), normal(r, O*I), make([]float64, I*O)
	for o := range O {
		for i := range I {
			turned[i*O+o] = w[o*I+i]
		}
	}
	dx, want := nans(N*I), nans(N*I)
	matmulNN(Matmul{N, O, I}, args(dy, w, dx))
	matmulNT(Matmul{N, I, O}, args(dy, turned, want))
	near(t, "dx", dx, want, 1e-14)
}

func TestMatmulNNGradient(t *testing.T) {
	const N, O, I = 3, 5, 8
	r, p := gputest.Rand(71), Matmul{N, O, I}
	x, w, dy := normal(r, N*I), normal(r, O*I), wide(padded(r, N, O))
	y, dx := nans(N*8), make([]float64, N*I)
	matmulNN(p, args(dy, w, dx))
	gputest.Gradient(t, "x", x, dx, 1e-6, func() float64 {
		matmulNT(p, args(x, w, y))
		return dot(y, dy)
	})
}

func TestMatmulNNDevice(t *testing.T) {
	gputest.Verify(t, bothTiles(gputest.Rand(72), matmulNNCases)...)
}
