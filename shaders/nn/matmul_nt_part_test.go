package nn

import (
	"testing"

	"attnlab/gpu/gputest"
)

func TestMatmulNTPartByHand(t *testing.T) {
	y := count(1, 2*8)
	matmulNTPart(F32, MatmulPart{N: 2, O: 3, I: 4, Row: 8, First: 4}, args(count(1, 8),
		[]float64{1, 0, 0, 0, 0, 0, 0, 2, 1, 1, 1, 1}, y))
	near(t, "y", y, []float64{1, 2, 3, 4, 1, 8, 10, 0, 9, 10, 11, 12, 5, 16, 26, 0}, 0)
}

// The parts of a weight give together what the whole gives.
func TestMatmulNTPartsMakeTheWhole(t *testing.T) {
	const N, O, I = 5, 22, 8
	r := gputest.Rand(170)
	x, w, whole, y := normal(r, N*I), normal(r, O*I), nans(N*up4(O)), nans(N*up4(O))
	matmulNT(F32, Matmul{N, O, I}, args(x, w, whole))
	for first := 0; first < O; first += 8 {
		n := min(8, O-first)
		matmulNTPart(F32, MatmulPart{N, uint32(n), I, uint32(up4(O)), uint32(first)}, args(x, w[first*I:][:n*I], y))
	}
	near(t, "y", y, whole, 0)
}

func TestMatmulNTPartDevice(t *testing.T) {
	gputest.Verify(t, eachTile(gputest.Rand(171), matmulNTPartCases)...)
	gputest.Verify(t, matmulNTPartCases(gputest.Rand(172), Narrow.Of(Q8))...)
}
