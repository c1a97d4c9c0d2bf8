package nn

import (
	"testing"

	"attnlab/gpu/gputest"
)

func TestLinearBwdByHand(t *testing.T) {
	// 3 tokens in 2 parts: tokens 0 and 1, then token 2. Columns 2 and 3 of dy are padding.
	dx, part := nans(12), nans(2*10)
	linearBwd(LinearGrad{N: 3, O: 2, I: 4, Z: 2, Stride: 12}, args(
		[]float64{1, 2, 0, 0, 10, 0, 0, 0, -1, 1, 0, 0}, count(1, 8), count(1, 12), dx, part))
	near(t, "dx", dx, []float64{11, 14, 17, 20, 10, 20, 30, 40, 4, 4, 4, 4}, 0)
	near(t, "part 0", part[:8], []float64{51, 62, 73, 84, 2, 4, 6, 8}, 0)
	near(t, "part 1", part[12:], []float64{-9, -10, -11, -12, 9, 10, 11, 12}, 0)
}

// dy·w is the linear layer of the transposed weight.
func TestLinearBwdIsNTOfTheTranspose(t *testing.T) {
	const N, O, I = 5, 8, 12
	r := gputest.Rand(70)
	dy, w, turned := normal(r, N*O), normal(r, O*I), make([]float64, I*O)
	for o := range O {
		for i := range I {
			turned[i*O+o] = w[o*I+i]
		}
	}
	dx, want := nans(N*I), nans(N*I)
	linearBwd(LinearGrad{N, O, I, 1, 0}, args(dy, w, normal(r, N*I), dx, nans(O*I)))
	matmulNT(F32, Matmul{N, I, O}, args(dy, turned, want))
	near(t, "dx", dx, want, 1e-14)
}

func TestLinearBwdPartsAddUp(t *testing.T) {
	const N, O, I = 7, 5, 8
	r := gputest.Rand(80)
	dy, w, x := wide(padded(r, N, O)), normal(r, O*I), normal(r, N*I)
	var want []float64
	for _, Z := range []uint32{1, 2, 3, 7, 9} { // 9 leaves parts without tokens
		part, dw := nans(int(Z)*O*I), make([]float64, O*I)
		linearBwd(LinearGrad{N, O, I, Z, O * I}, args(dy, w, x, nans(N*I), part))
		sumParts(Parts{O * I, Z}, args(part, dw))
		if Z == 1 {
			want = dw
		}
		near(t, "dw", dw, want, 1e-12)
	}
}

// Parts without tokens are 0 on the device, too.
func TestLinearBwdMorePartsThanTokens(t *testing.T) {
	r := gputest.Rand(81)
	for _, tile := range Tiles {
		c := linearBwdCases(r, tile)[0]
		p := c.Params.(LinearGrad)
		p.Z = 5
		c.Name, c.Params, c.Buffers[4] = "5 parts of 1 token", p, gaps(r, p)
		gputest.Verify(t, c)
	}
}

func TestLinearBwdGradient(t *testing.T) {
	const N, O, I, Z = 5, 3, 4, 2
	r := gputest.Rand(82)
	x, w, dy := normal(r, N*I), normal(r, O*I), wide(padded(r, N, O))
	y, dx, part, dw := nans(N*4), nans(N*I), nans(Z*O*I), make([]float64, O*I)
	linearBwd(LinearGrad{N, O, I, Z, O * I}, args(dy, w, x, dx, part))
	sumParts(Parts{O * I, Z}, args(part, dw))
	loss := func() float64 {
		matmulNT(F32, Matmul{N, O, I}, args(x, w, y))
		return dot(y, dy)
	}
	gputest.Gradient(t, "x", x, dx, 1e-6, loss)
	gputest.Gradient(t, "w", w, dw, 1e-6, loss)
}

func TestLinearBwdDevice(t *testing.T) {
	gputest.Verify(t, eachTile(gputest.Rand(83), linearBwdCases)...)
}
