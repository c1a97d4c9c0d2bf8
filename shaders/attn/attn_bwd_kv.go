package attn

import (
	"math/rand/v2"

	"attnlab/gpu"
)

// BwdKV is the backward pass of attention to the keys (after RoPE) and the values,
// for heads of C features. With w[m,h] the weight of n for token m of its sequence,
// m >= n, and h over the query heads that read key head g:
//
//	dv[n,g] = Σ_m,h w[m,h] do[m,h]
//	dk[n,g] = Σ_m,h w[m,h] (do[m,h]·v[n,g] - delta[m,h]) q[m,h]/√C
//
// It writes the key and value columns of dqkv; delta is from [BwdQ]. Hidden ranges
// are ignored.
//
//	qkv [N,(H+2K)C], span [N,4], lse [N,H], delta [N,H], do [N,H·C] → dqkv [N,(H+2K)C]
var BwdKV = perHead(func(C int) *gpu.Kernel {
	Q := tile(4, C)
	name, source := named("attn_bwd_kv", C, Q)
	return gpu.New(name, source,
		[]gpu.Binding{gpu.In("qkv"), gpu.InU("span"), gpu.In("lse"), gpu.In("delta"), gpu.In("dout"), gpu.Out("dqkv")},
		func(p Shape) gpu.Groups { return gpu.Groups1D((int(p.N)+Q-1)/Q*int(p.K), 64) },
		func(p Shape, a gpu.Args[float32]) { bwdKVBlocks(C, p, a) },
		func(p Shape, a gpu.Args[float64]) { bwdKV(C, p, a) },
		func(p Shape, words func(int) []uint32) gpu.Work {
			N, H, K := int(p.N), int(p.H), int(p.K)
			return gpu.Does(pairs(words(1), N)*H*(8*C+6), N*((H+2*K)*C+4)+N*H*C+2*N*H+2*N*K*C)
		})
})

func bwdKV[X gpu.Float](C int, p Shape, a gpu.Args[X]) {
	qkv, span, lse, delta, dout, dqkv := a.F(0), a.U(1), a.F(2), a.F(3), a.F(4), a.F(5)
	H, K := int(p.H), int(p.K)
	W, group := (H+2*K)*C, H/K
	scale := scaleOf[X](C)
	gpu.Rows(int(p.N)*K, func(i int) {
		n, g := i/K, i%K
		key, value := column(g*group, H, K, C)
		k, v := qkv[n*W+key:][:C], qkv[n*W+value:][:C]
		dk, dv := dqkv[n*W+key:][:C], dqkv[n*W+value:][:C]
		clear(dk)
		clear(dv)
		for h := g * group; h < (g+1)*group; h++ {
			for m := n; m < int(span[4*n+1]); m++ {
				at := m*H + h
				q, do := qkv[m*W+h*C:], dout[at*C:]
				w := exp(scale*dot(k, q) - lse[at])
				add(dv, w, do)
				add(dk, scale*w*(dot(v, do)-delta[at]), q)
			}
		}
	})
}

func bwdKVCases(r *rand.Rand, packings []packing) (cases []gpu.Case) {
	for _, t := range packings {
		N, W, O := t.N(), t.width(), t.H*t.C
		b := forward(r, t)
		dout, delta := gpu.Normal(r, N*O), make([]float32, N*t.H)
		for i := range delta {
			delta[i] = dot(dout[i*t.C:][:t.C], b.o[i*t.C:])
		}
		cases = append(cases, gpu.Case{
			Name: t.String(), Kernel: BwdKV(t.C), Params: t.shape(),
			Buffers: []any{b.qkv, b.span, b.lse, delta, dout, gpu.Normal(r, N*W)},
			Shape:   map[string][]int{"dqkv": {N, t.H + 2*t.K, t.C}},
		})
	}
	return cases
}
