package nn

import (
	"fmt"
	"math"
	"math/rand/v2"

	"attnlab/gpu"
	"attnlab/shaders"
)

// QKVEnd are the sizes of [QKVFinish]: N tokens, H query heads, K key/value heads, C features of a head (a multiple of 8). Token n's
// position is word n·Stride+First of pos; Stride 0 stands for 1. Bias, Norm and Turn are 1 for what is to be done. Eps is added to the
// mean square before the root.
type QKVEnd struct {
	N, H, K, C, Stride, First, Bias, Norm, Turn uint32
	Eps                                         float32
}

// QKVFinish does in place what some models do after the projection to queries, keys and values ([MatmulNT]): it adds biases (Qwen2),
// norms each query and key head by its root mean square (Qwen3; Henry et al. 2020) and rotates queries and keys by their positions.
// Models without biases and norms need [QKVRopeFwd] alone. Backward are [RopeBwd] and [QKNormBwd], which have no gradients of bias and gain.
//
//	pos [N], rope [T,2,C/2] (see [RopeTable]), bias [(H+2K)·C], gain [2,C], of queries then keys, qkv [N,(H+2K)·C] → qkv
var QKVFinish = gpu.New("qkv_finish", shaders.Load("nn/qkv_finish", nil),
	[]gpu.Binding{gpu.InU("pos"), gpu.In("rope"), gpu.In("bias"), gpu.In("gain"), gpu.Out("qkv")},
	func(p QKVEnd) gpu.Groups { return gpu.Groups1D(int(p.N*(p.H+2*p.K)), 64) },
	qkvFinish[float32], qkvFinish[float64])

func qkvFinish[X gpu.Float](p QKVEnd, a gpu.Args[X]) {
	pos, rope, bias, gain, qkv := a.U(0), a.F(1), a.F(2), a.F(3), a.F(4)
	C, H, K := int(p.C), int(p.H), int(p.K)
	heads := H + 2*K
	gpu.Parts(int(p.N), heads*C, func(from, to int) {
		for x := from * heads; x < to*heads; x++ {
			head, u := x%heads, qkv[x*C:][:C]
			if p.Bias == 1 {
				for c := range u {
					u[c] += bias[head*C+c]
				}
			}
			if p.Norm == 1 && head < H+K {
				var square X
				for _, v := range u {
					square += v * v
				}
				scale := X(1 / math.Sqrt(float64(square)/float64(C)+float64(p.Eps)))
				g := gain[head/H*C:] // of queries, or of keys
				for c := range u {
					u[c] *= scale * g[c]
				}
			}
		}
		if p.Turn == 1 {
			rows := QKV{N: uint32(to - from), H: p.H, K: p.K, C: p.C, Stride: p.Stride, First: p.First}
			turn(rows, pos[from*int(max(p.Stride, 1)):], rope, qkv[from*heads*C:], 1)
		}
	})
}

func qkvFinishCases(r *rand.Rand) (cases []gpu.Case) {
	for i, p := range []QKVEnd{
		{N: 1, H: 1, K: 1, C: 8, Bias: 1, Turn: 1}, {N: 21, H: 2, K: 1, C: 8, Norm: 1, Turn: 1},
		{N: 16, H: 2, K: 1, C: 16, Bias: 1, Norm: 1, Turn: 1}, {N: 33, H: 6, K: 2, C: 24, Norm: 1, Turn: 1, Stride: 4, First: 1},
		{N: 67, H: 1, K: 1, C: 128, Bias: 1, Norm: 1}, {N: 13, H: 3, K: 3, C: 256, Bias: 1, Norm: 1, Turn: 1}, {N: 7, H: 2, K: 2, C: 8, Turn: 1},
	} {
		p.Eps = []float32{1e-5, 1e-6}[i%2]
		heads := int(p.H + 2*p.K)
		cases = append(cases, gpu.Case{
			Name: fmt.Sprint(p), Kernel: QKVFinish, Params: p,
			Buffers: []any{positions(r, p.N*max(p.Stride, 1)), RopeTable(256, int(p.C), 10000), gpu.Normal(r, heads*int(p.C)), gpu.Normal(r, int(2*p.C)),
				gpu.Normal(r, int(p.N)*heads*int(p.C))},
			Shape: map[string][]int{"qkv": {int(p.N), heads, int(p.C)}},
		})
	}
	return cases
}
