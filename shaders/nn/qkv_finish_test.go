package nn

import (
	"math"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

func TestQKVFinishByHand(t *testing.T) {
	// One token of a query, a key and a value head of 8. Biases make the query 1, …, 1 and the key 3, …, 3; their norms make both 1,
	// the gains 2 and 5. Position 1 of this table is a quarter turn, (low, high) → (−high, low).
	rope := []float64{1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1}
	bias, gain, qkv := make([]float64, 24), make([]float64, 16), make([]float64, 24)
	for c := range 8 {
		bias[c], bias[8+c], bias[16+c], qkv[8+c], qkv[16+c], gain[c], gain[8+c] = 1, 1, 4, 2, 3, 2, 5
	}
	qkvFinish(QKVEnd{N: 1, H: 1, K: 1, C: 8, Bias: 1, Norm: 1, Turn: 1}, args([]uint32{1}, rope, bias, gain, qkv))
	near(t, "qkv", qkv, []float64{-2, -2, -2, -2, 2, 2, 2, 2, -5, -5, -5, -5, 5, 5, 5, 5, 7, 7, 7, 7, 7, 7, 7, 7}, 1e-12)
}

// Without biases and norms it does after the product what QKVRopeFwd does with it, and nothing where nothing is asked for.
func TestQKVFinishTurnsAsQKVRopeFwd(t *testing.T) {
	p := QKV{N: 6, D: 8, H: 4, K: 2, C: 8, Stride: 4, First: 1}
	r, width := gputest.Rand(160), p.width()
	x, w, pos, rope := normal(r, 6*8), normal(r, width*8), positions(r, 24), wide(RopeTable(256, 8, 10000))
	want, qkv, none := nans(6*width), nans(6*width), nans(1)
	qkvRopeFwd(F32, p, args(x, w, pos, rope, want))
	matmulNT(F32, Matmul{p.N, uint32(width), p.D}, args(x, w, qkv))
	product := append([]float64{}, qkv...)
	end := QKVEnd{N: 6, H: 4, K: 2, C: 8, Stride: 4, First: 1}
	qkvFinish(end, args(pos, none, none, none, qkv))
	near(t, "untouched", qkv, product, 0)
	end.Turn = 1
	qkvFinish(end, args(pos, rope, none, none, qkv))
	near(t, "qkv", qkv, want, 0)
}

// A normed head with gains of 1 has a mean square of 1, however large it was, and values are never normed.
func TestQKVFinishNorms(t *testing.T) {
	p := QKVEnd{N: 5, H: 2, K: 2, C: 16, Norm: 1, Turn: 1, Eps: 1e-9}
	r := gputest.Rand(161)
	gain, qkv := make([]float64, 32), normal(r, 5*6*16)
	for i := range gain {
		gain[i] = 1
	}
	for i := range qkv {
		qkv[i] *= math.Exp(float64(i % 7))
	}
	before := append([]float64{}, qkv...)
	qkvFinish(p, args(positions(r, 5), wide(RopeTable(256, 16, 10000)), nans(1), gain, qkv))
	for at := 0; at < len(qkv); at += 16 {
		if head := qkv[at:][:16]; at/16%6 < 4 {
			near(t, "mean square", []float64{dot(head, head) / 16}, []float64{1}, 1e-6)
		} else {
			near(t, "value", head, before[at:][:16], 0)
		}
	}
}

func TestQKVFinishDevice(t *testing.T) {
	gputest.Verify(t, qkvFinishCases(gputest.Rand(162))...)
	// What is not asked for is not read.
	p := QKVEnd{N: 3, H: 1, K: 1, C: 8, Turn: 1}
	gputest.Verify(t, gpu.Case{Name: "no bias, no norm", Kernel: QKVFinish, Params: p,
		Buffers: []any{[]uint32{5, 0, 7}, RopeTable(8, 8, 10000), gpu.NaNs(24), gpu.NaNs(16), gpu.Normal(gputest.Rand(163), 3*24)}})
}
