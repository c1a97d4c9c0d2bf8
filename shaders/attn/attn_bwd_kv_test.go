package attn

import (
	"slices"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

func TestBwdKVByHand(t *testing.T) {
	// Two query heads read one key head. Token 1 gives each key half its weight in
	// both heads: dv0 = do(0) + do(1)/2 and dv1 = do(1)/2, summed over the heads, and
	// with q = (2,0,0,0) in head 0, 0 in head 1, dk is ds of head 0 times q/√4 = e0.
	qkv := []float64{
		9, 9, 9, 9, 9, 9, 9, 9, 0, 1, 0, 0, 0, 0, 0, 0,
		2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 1, 0, 0, 0,
	}
	span := []uint32{0, 2, 0, 0, 0, 2, 0, 0}
	dout := []float64{
		1, 0, 0, 0, 10, 0, 0, 0,
		4, 0, 0, 0, 0, 0, 0, 6,
	}
	got := gradients(packing{2, 1, 4, []int{2}}, qkv, span, dout)
	for _, c := range []struct {
		name      string
		got, want []float64
	}{
		{"dk0", got[8:12], []float64{-1, 0, 0, 0}}, // 1/2 (0-2)
		{"dv0", got[12:16], []float64{13, 0, 0, 3}},
		{"dk1", got[24:28], []float64{1, 0, 0, 0}}, // 1/2 (4-2)
		{"dv1", got[28:32], []float64{2, 0, 0, 3}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s = %v, want %v", c.name, c.got, c.want)
		}
	}
}

// The weights of a token sum to one, so the value gradients of a sequence sum to its
// output gradients; a shift of all keys changes no weight, so the key gradients of
// each token's queries cancel.
func TestBwdKVSums(t *testing.T) {
	tr := packing{4, 4, 16, []int{19, 1, 12}}
	r := gputest.Rand(8)
	b := forward(r, tr)
	dout := gpu.Normal(r, len(b.o))
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		dqkv, delta := gpu.NaNs(len(b.qkv)), gpu.NaNs(len(b.lse))
		do(t, d, BwdQ(tr.C), tr.shape(), b.qkv, b.span, b.o, b.lse, dout, dqkv, delta)
		dkv := gpu.NaNs(len(b.qkv))
		do(t, d, BwdKV(tr.C), tr.shape(), b.qkv, b.span, b.lse, delta, dout, dkv)
		start := 0
		for _, l := range tr.lengths {
			dk, dv, want := make([]float32, tr.H*tr.C), make([]float32, tr.H*tr.C), make([]float32, tr.H*tr.C)
			for n := start; n < start+l; n++ {
				add(dk, 1, dkv[n*tr.width()+tr.H*tr.C:])
				add(dv, 1, dkv[n*tr.width()+2*tr.H*tr.C:])
				add(want, 1, dout[n*tr.H*tr.C:])
			}
			near(t, "Σ dk", dk, make([]float32, len(dk)), 3e-5)
			near(t, "Σ dv", dv, want, 3e-5)
			start += l
		}
		for i := range delta { // one writes the columns that the other leaves alone
			n, c := i/tr.H, i%tr.H*tr.C
			if q, k := dqkv[n*tr.width()+tr.H*tr.C+c], dkv[n*tr.width()+c]; q == q || k == k {
				t.Fatalf("token %d: attn_bwd_q wrote key column %g or attn_bwd_kv wrote query column %g", n, q, k)
			}
		}
	})
}

func TestBwdKVDevice(t *testing.T) {
	gputest.Verify(t, bwdKVCases(gputest.Rand(9), slices.Concat(packings, otherHeads))...)
}
