package nn

import (
	"fmt"
	"math"
	"math/rand/v2"

	"attnlab/gpu"
	"attnlab/shaders"
)

// HeadNorm are the sizes of [QKNormBwd]: N tokens, H query heads, K key heads, C features of a head, a multiple of 4. With Bias 1 the
// bias is read.
type HeadNorm struct {
	N, H, K, C, Bias uint32
	Eps              float32
}

// QKNormBwd is the backward pass of the RMS norms of query and key heads that [QKVFinish] computes, with a frozen gain. It is in place:
// with u = qkv + bias, r = 1/√(mean u² + eps), û = u·r and g = dqkv·gain, the gradient of u is r·(g − û·mean_c(g·û)).
//
//	bias [(H+2K)·C], gain [2,C], of queries then keys, qkv [N,(H+2K)·C], the projection, dqkv [N,(H+2K)·C] → dqkv; value heads stay
var QKNormBwd = gpu.New("qk_norm_bwd", shaders.Load("nn/qk_norm_bwd", nil),
	[]gpu.Binding{gpu.In("bias"), gpu.In("gain"), gpu.In("qkv"), gpu.Out("dqkv")},
	func(p HeadNorm) gpu.Groups { return gpu.Groups1D(int(p.N*(p.H+p.K)), 64) },
	qkNormBwd[float32], qkNormBwd[float64],
	func(p HeadNorm, _ func(int) []uint32) gpu.Work {
		n := int(p.N * (p.H + p.K) * p.C)
		return gpu.Does(11*n, 3*n+int((2+p.Bias*(p.H+p.K))*p.C))
	})

func qkNormBwd[X gpu.Float](p HeadNorm, a gpu.Args[X]) {
	bias, gain, qkv, dqkv := a.F(0), a.F(1), a.F(2), a.F(3)
	C, H, K := int(p.C), int(p.H), int(p.K)
	heads := H + 2*K
	gpu.Parts(int(p.N), heads*C, func(from, to int) {
		u := make([]X, C)
		for n := from; n < to; n++ {
			for head := range H + K {
				at := (n*heads + head) * C
				copy(u, qkv[at:][:C])
				if p.Bias == 1 {
					for c := range u {
						u[c] += bias[head*C+c]
					}
				}
				d, g := dqkv[at:][:C], gain[head/H*C:][:C] // of queries, or of keys
				var square, along X
				for c, v := range u {
					square += v * v
					along += d[c] * g[c] * v
				}
				r := X(1 / math.Sqrt(float64(square)/float64(C)+float64(p.Eps)))
				share := r * r * along / X(C)
				for c, v := range u {
					d[c] = r * (d[c]*g[c] - v*share)
				}
			}
		}
	})
}

func qkNormBwdCases(r *rand.Rand) (cases []gpu.Case) {
	for i, p := range []HeadNorm{{N: 1, H: 1, K: 1, C: 8}, {N: 21, H: 2, K: 1, C: 8, Bias: 1}, {N: 16, H: 3, K: 1, C: 16},
		{N: 33, H: 6, K: 2, C: 24}, {N: 67, H: 1, K: 1, C: 128, Bias: 1}} {
		p.Eps = []float32{1e-5, 1e-6}[i%2]
		width := int((p.H + 2*p.K) * p.C)
		cases = append(cases, gpu.Case{
			Name: fmt.Sprint(p), Kernel: QKNormBwd, Params: p,
			Buffers: []any{gpu.Normal(r, width), gpu.Normal(r, int(2*p.C)), gpu.Normal(r, int(p.N)*width), gpu.Normal(r, int(p.N)*width)},
			Shape:   map[string][]int{"dqkv": {int(p.N), width}},
		})
	}
	return cases
}
