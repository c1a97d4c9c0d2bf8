package nn

import (
	"slices"
	"testing"

	"attnlab/gpu/gputest"
)

func TestRopeBwdByHand(t *testing.T) {
	// A quarter turn back, (low, high) → (high, −low), of q and k.
	dqkv := count(1, 24)
	ropeBwd(QKV{N: 1, D: 4, H: 1, K: 1, C: 8}, args([]uint32{0}, []float64{0, 0, 0, 0, 1, 1, 1, 1}, dqkv))
	near(t, "dqkv", dqkv, []float64{5, 6, 7, 8, -1, -2, -3, -4, 13, 14, 15, 16, -9, -10, -11, -12,
		17, 18, 19, 20, 21, 22, 23, 24}, 0)
}

func TestRopeBwdUndoesRope(t *testing.T) {
	p := QKV{N: 7, D: 8, H: 4, K: 2, C: 16}
	r, width := gputest.Rand(110), p.width()
	x, w, pos, rope := normal(r, 7*8), normal(r, width*8), positions(r, p.N), wide(RopeTable(256, 16, 10000))
	plain, qkv := nans(7*width), nans(7*width)
	matmulNT(F32, Matmul{p.N, uint32(width), p.D}, args(x, w, plain))
	qkvRopeFwd(F32, p, args(x, w, pos, rope, qkv))
	ropeBwd(p, args(pos, rope, qkv))
	near(t, "qkv", qkv, plain, 1e-6)
}

// The whole backward pass of the projection: rotate back, then both products.
func TestRopeBwdGradient(t *testing.T) {
	p := QKV{N: 3, D: 4, H: 2, K: 1, C: 8}
	r, width := gputest.Rand(111), p.width()
	x, w, dqkv, qkv := normal(r, 3*4), normal(r, width*4), normal(r, 3*width), nans(3*width)
	pos, rope := []uint32{0, 3, 200}, wide(RopeTable(256, 8, 10000))
	du, dx, dw := slices.Clone(dqkv), make([]float64, 3*4), make([]float64, width*4)
	ropeBwd(p, args(pos, rope, du))
	linearBwd(LinearGrad{N: p.N, O: uint32(width), I: p.D, Z: 1}, args(du, w, x, dx, dw))
	loss := func() float64 {
		qkvRopeFwd(F32, p, args(x, w, pos, rope, qkv))
		return dot(qkv, dqkv)
	}
	gputest.Gradient(t, "x", x, dx, 1e-6, loss)
	gputest.Gradient(t, "w", w, dw, 1e-6, loss)
}

func TestRopeBwdDevice(t *testing.T) { gputest.Verify(t, ropeBwdCases(gputest.Rand(112))...) }
