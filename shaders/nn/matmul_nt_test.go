package nn

import (
	"fmt"
	"testing"

	"attnlab/gpu/gputest"
)

func TestMatmulNTByHand(t *testing.T) {
	y := nans(8)
	matmulNT(F32, Matmul{N: 2, O: 3, I: 4}, args(count(1, 8),
		[]float64{1, 0, 0, 0, 0, 0, 0, 2, 1, 1, 1, 1}, y))
	near(t, "y", y, []float64{1, 8, 10, 0, 5, 16, 26, 0}, 0)
}

func TestMatmulNTByIdentity(t *testing.T) {
	x, one, y := normal(gputest.Rand(50), 5*8), make([]float64, 64), nans(5*8)
	for i := range 8 {
		one[i*9] = 1
	}
	matmulNT(F32, Matmul{N: 5, O: 8, I: 8}, args(x, one, y))
	near(t, "y", y, x, 0)
}

// More outputs change neither the first ones nor that the padding is 0.
func TestMatmulNTPadding(t *testing.T) {
	const N, I = 3, 4
	r := gputest.Rand(51)
	x, w := normal(r, N*I), normal(r, 8*I)
	full := nans(N * 8)
	matmulNT(F32, Matmul{N, 8, I}, args(x, w, full))
	for O := 1; O <= 8; O++ {
		y, want := nans(N*up4(O)), make([]float64, N*up4(O))
		for n := range N {
			copy(want[n*up4(O):], full[n*8:][:O])
		}
		matmulNT(F32, Matmul{N, uint32(O), I}, args(x, w[:O*I], y))
		near(t, fmt.Sprintf("O %d: y", O), y, want, 0)
	}
}

func TestMatmulNTDevice(t *testing.T) {
	gputest.Verify(t, eachTile(gputest.Rand(52), matmulNTCases)...)
}
