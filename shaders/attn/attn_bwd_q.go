package attn

import (
	"math/rand/v2"

	"attnlab/gpu"
)

// BwdQ is the backward pass of attention to the queries (after RoPE), for heads of C
// features. It recomputes the weights from lse (Dao et al. 2022):
//
//	w[j] = exp(q[n,h]·k[j,g]/√C - lse[n,h]),  delta[n,h] = do[n,h]·o[n,h]
//	dq[n,h] = Σ_j w[j] (do[n,h]·v[j,g] - delta[n,h]) k[j,g]/√C
//
// It writes the query columns of dqkv and the delta that [BwdKV] reads, and ignores
// hidden ranges: o must be of a forward pass without any.
//
//	qkv [N,(H+2K)C], span [N,4], o [N,H·C], lse [N,H], do [N,H·C] → dqkv [N,(H+2K)C], delta [N,H]
var BwdQ = perHead(func(C int) *gpu.Kernel {
	Q := tile(3, C)
	name, source := named("attn_bwd_q", C, Q)
	return gpu.New(name, source,
		[]gpu.Binding{gpu.In("qkv"), gpu.InU("span"), gpu.In("o"), gpu.In("lse"), gpu.In("dout"), gpu.Out("dqkv"), gpu.Out("delta")},
		func(p Shape) gpu.Groups { return gpu.Groups1D((int(p.N)+Q-1)/Q*int(p.H), 64) },
		func(p Shape, a gpu.Args[float32]) { bwdQBlocks(C, p, a) },
		func(p Shape, a gpu.Args[float64]) { bwdQ(C, p, a) },
		func(p Shape, words func(int) []uint32) gpu.Work {
			N, H, K := int(p.N), int(p.H), int(p.K)
			return gpu.Does(pairs(words(1), N)*H*(6*C+6)+2*N*H*C, N*((H+2*K)*C+4)+3*N*H*C+2*N*H)
		})
})

func bwdQ[X gpu.Float](C int, p Shape, a gpu.Args[X]) {
	qkv, span, o, lse, dout, dqkv, delta := a.F(0), a.U(1), a.F(2), a.F(3), a.F(4), a.F(5), a.F(6)
	H, K := int(p.H), int(p.K)
	W := (H + 2*K) * C
	scale := scaleOf[X](C)
	gpu.Rows(int(p.N)*H, func(i int) {
		n, h := i/H, i%H
		key, value := column(h, H, K, C)
		q, do, dq := qkv[n*W+h*C:][:C], dout[i*C:][:C], dqkv[n*W+h*C:][:C]
		delta[i] = dot(do, o[i*C:])
		clear(dq)
		for j := int(span[4*n]); j <= n; j++ {
			k := qkv[j*W+key:]
			w := exp(scale*dot(q, k) - lse[i])
			add(dq, scale*w*(dot(do, qkv[j*W+value:])-delta[i]), k)
		}
	})
}

func bwdQCases(r *rand.Rand, packings []packing) (cases []gpu.Case) {
	for _, t := range packings {
		N, W, O := t.N(), t.width(), t.H*t.C
		b := forward(r, t)
		cases = append(cases, gpu.Case{
			Name: t.String(), Kernel: BwdQ(t.C), Params: t.shape(),
			Buffers: []any{b.qkv, b.span, b.o, b.lse, gpu.Normal(r, N*O), gpu.Normal(r, N*W), gpu.NaNs(N * t.H)},
			Shape:   map[string][]int{"dqkv": {N, t.H + 2*t.K, t.C}, "delta": {N, t.H}},
		})
	}
	return cases
}
