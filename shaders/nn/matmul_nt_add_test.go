package nn

import (
	"testing"

	"attnlab/gpu/gputest"
)

func TestMatmulNTAddByHand(t *testing.T) {
	y := nans(8)
	matmulNTAdd(F32, Matmul{N: 2, O: 3, I: 4}, args(count(1, 8),
		[]float64{1, 0, 0, 0, 0, 0, 0, 2, 1, 1, 1, 1}, []float64{10, 20, 30, 0, 40, 50, 60, 0}, y))
	near(t, "y", y, []float64{11, 28, 40, 0, 45, 66, 86, 0}, 0)
}

func TestMatmulNTAddParts(t *testing.T) {
	p := Matmul{N: 5, O: 6, I: 8}
	r := gputest.Rand(60)
	x, w, y := normal(r, 5*8), normal(r, 6*8), nans(5*8)
	residual := wide(padded(r, 5, 6))

	matmulNTAdd(F32, p, args(x, make([]float64, 6*8), residual, y))
	near(t, "y without weights", y, residual, 0)

	product := nans(5 * 8)
	matmulNT(F32, p, args(x, w, product))
	matmulNTAdd(F32, p, args(x, w, make([]float64, 5*8), y))
	near(t, "y without residual", y, product, 0)
}

func TestMatmulNTAddDevice(t *testing.T) {
	gputest.Verify(t, eachTile(gputest.Rand(61), matmulNTAddCases)...)
}
