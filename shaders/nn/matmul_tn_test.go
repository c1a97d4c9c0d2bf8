package nn

import (
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

func TestMatmulTNByHand(t *testing.T) {
	// 3 tokens in 2 parts: tokens 0 and 1, then token 2. Columns 2 and 3 of dy are padding.
	part := nans(2 * 2 * 4)
	matmulTN(MatmulParts{N: 3, O: 2, I: 4, Z: 2}, args(
		[]float64{1, 2, 0, 0, 10, 0, 0, 0, -1, 1, 0, 0}, count(1, 12), part))
	near(t, "part", part, []float64{
		51, 62, 73, 84, 2, 4, 6, 8,
		-9, -10, -11, -12, 9, 10, 11, 12}, 0)
}

func TestMatmulTNPartsAddUp(t *testing.T) {
	const N, O, I = 7, 5, 8
	r := gputest.Rand(80)
	dy, x := wide(padded(r, N, O)), normal(r, N*I)
	var want []float64
	for _, Z := range []uint32{1, 2, 3, 7, 9} { // 9 leaves parts without tokens
		part, dw := nans(int(Z)*O*I), make([]float64, O*I)
		matmulTN(MatmulParts{N, O, I, Z}, args(dy, x, part))
		sumParts(Parts{O * I, Z}, args(part, dw))
		if Z == 1 {
			want = dw
		}
		near(t, "dw", dw, want, 1e-12)
	}
}

// Parts without tokens are 0 on the device, too.
func TestMatmulTNMorePartsThanTokens(t *testing.T) {
	c := matmulTNCases(gputest.Rand(81), Wide)[0]
	p := c.Params.(MatmulParts)
	p.Z = 5
	c.Name, c.Params, c.Buffers[2] = "5 parts of 1 token", p, gpu.NaNs(int(5*p.O*p.I))
	gputest.Verify(t, c)
}

func TestMatmulTNGradient(t *testing.T) {
	const N, O, I, Z = 5, 3, 4, 2
	r := gputest.Rand(82)
	x, w, dy := normal(r, N*I), normal(r, O*I), wide(padded(r, N, O))
	y, part, dw := nans(N*4), make([]float64, Z*O*I), make([]float64, O*I)
	matmulTN(MatmulParts{N, O, I, Z}, args(dy, x, part))
	sumParts(Parts{O * I, Z}, args(part, dw))
	gputest.Gradient(t, "w", w, dw, 1e-6, func() float64 {
		matmulNT(Matmul{N, O, I}, args(x, w, y))
		return dot(y, dy)
	})
}

func TestMatmulTNDevice(t *testing.T) {
	gputest.Verify(t, bothTiles(gputest.Rand(83), matmulTNCases)...)
}
