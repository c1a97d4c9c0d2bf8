package attn

import (
	"slices"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

func TestBwdQByHand(t *testing.T) {
	// Weights 1/2 and 1/2 on values 0 and e0: o = e0/2. With do = 4 e0, delta = 2,
	// ds = 1/2 (0-2), 1/2 (4-2), so dq = (k1 - k0)/√4.
	qkv := []float64{
		9, 9, 9, 9, 1, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 6, 0, 0, 1, 0, 0, 0,
	}
	span := []uint32{0, 2, 0, 0, 0, 2, 0, 0}
	o, lse, dqkv, delta := make([]float64, 8), make([]float64, 2), make([]float64, 24), make([]float64, 2)
	dout := []float64{3, 3, 3, 3, 4, 0, 0, 0}
	fwd(4, Shape{2, 1, 1}, gpu.NewArgs[float64](qkv, span, o, lse))
	bwdQ(4, Shape{2, 1, 1}, gpu.NewArgs[float64](qkv, span, o, lse, dout, dqkv, delta))
	if want := []float64{0, 2}; !slices.Equal(delta, want) {
		t.Errorf("delta = %v, want %v", delta, want)
	}
	// The first token has one key and nothing to choose.
	if got, want := slices.Concat(dqkv[:4], dqkv[12:16]), []float64{0, 0, 0, 0, -0.5, 3, 0, 0}; !slices.Equal(got, want) {
		t.Errorf("dq = %v, want %v", got, want)
	}
}

// gradients are dqkv of Σ dout·o by the twins, in float64.
func gradients(tr packing, qkv []float64, span []uint32, dout []float64) []float64 {
	o, lse, delta := make([]float64, len(dout)), make([]float64, tr.N()*tr.H), make([]float64, tr.N()*tr.H)
	dqkv := make([]float64, len(qkv))
	fwd(tr.C, tr.shape(), gpu.NewArgs[float64](qkv, span, o, lse))
	bwdQ(tr.C, tr.shape(), gpu.NewArgs[float64](qkv, span, o, lse, dout, dqkv, delta))
	bwdKV(tr.C, tr.shape(), gpu.NewArgs[float64](qkv, span, lse, delta, dout, dqkv))
	return dqkv
}

func TestGradient(t *testing.T) {
	r := gputest.Rand(6)
	for _, tr := range []packing{{6, 2, 8, []int{3, 1, 4}}, {2, 2, 4, []int{7}}, {3, 1, 4, []int{2, 5}}} {
		qkv, dout := make([]float64, tr.N()*tr.width()), make([]float64, tr.N()*tr.H*tr.C)
		for _, x := range [][]float64{qkv, dout} {
			for i := range x {
				x[i] = r.NormFloat64()
			}
		}
		span := tr.span(r, false)
		gputest.Gradient(t, "qkv of "+tr.String(), qkv, gradients(tr, qkv, span, dout), 1e-6, func() float64 {
			o, lse := make([]float64, len(dout)), make([]float64, tr.N()*tr.H)
			fwd(tr.C, tr.shape(), gpu.NewArgs[float64](qkv, span, o, lse))
			return dot(dout, o)
		})
	}
}

func TestBwdQDevice(t *testing.T) {
	gputest.Verify(t, bwdQCases(gputest.Rand(7), slices.Concat(packings, otherHeads))...)
}
