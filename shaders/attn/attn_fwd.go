package attn

import (
	"math"
	"math/rand/v2"

	"attnlab/gpu"
)

// Fwd is attention forward for heads of C features, in one pass over the keys with a
// running maximum (Milakov & Gimelshein 2018; Dao et al. 2022):
//
//	s[j] = q[n,h]·k[j,g]/√C,  lse = log Σ_j exp s[j],  o = Σ_j exp(s[j]-lse) v[j,g]
//
// with j from the start of n's sequence to n. Hidden j are left out of o but not of lse.
//
//	qkv [N,(H+2K)C], span [N,4] → o [N,H·C], lse [N,H]
var Fwd = perHead(func(C int) *gpu.Kernel {
	Q := tile(2, C)
	name, source := named("attn_fwd", C, Q)
	return gpu.New(name, source,
		[]gpu.Binding{gpu.In("qkv"), gpu.InU("span"), gpu.Out("o"), gpu.Out("lse")},
		func(p Shape) gpu.Groups { return gpu.Groups1D((int(p.N)+Q-1)/Q*int(p.H), 64) },
		func(p Shape, a gpu.Args[float32]) { fwdBlocks(C, p, a) },
		func(p Shape, a gpu.Args[float64]) { fwd(C, p, a) },
		func(p Shape, words func(int) []uint32) gpu.Work {
			N, H, K := int(p.N), int(p.H), int(p.K)
			return gpu.Does(pairs(words(1), N)*H*(4*C+4), N*((H+2*K)*C+4)+N*H*C+N*H)
		})
})

func fwd[X gpu.Float](C int, p Shape, a gpu.Args[X]) {
	qkv, span, o, lse := a.F(0), a.U(1), a.F(2), a.F(3)
	H, K := int(p.H), int(p.K)
	W := (H + 2*K) * C
	scale := scaleOf[X](C)
	gpu.Rows(int(p.N)*H, func(i int) {
		n, h := i/H, i%H
		start, lo, hi := int(span[4*n]), int(span[4*n+2]), int(span[4*n+3])
		key, value := column(h, H, K, C)
		q, out := qkv[n*W+h*C:][:C], o[i*C:][:C]
		w := make([]X, n+1-start)
		top := X(math.Inf(-1))
		for j := range w {
			w[j] = scale * dot(q, qkv[(start+j)*W+key:])
			top = max(top, w[j])
		}
		var sum X
		for j := range w {
			w[j] = exp(w[j] - top)
			sum += w[j]
		}
		clear(out)
		for j := range w {
			if at := start + j; at < lo || at >= hi {
				add(out, w[j]/sum, qkv[at*W+value:])
			}
		}
		lse[i] = top + X(math.Log(float64(sum)))
	})
}

func fwdCases(r *rand.Rand, packings []packing) (cases []gpu.Case) {
	for _, t := range packings {
		N, W, O := t.N(), t.width(), t.H*t.C
		cases = append(cases, gpu.Case{
			Name: t.String(), Kernel: Fwd(t.C), Params: t.shape(),
			Buffers: []any{gpu.Normal(r, N*W), t.span(r, true), gpu.NaNs(N * O), gpu.NaNs(N * t.H)},
			Shape:   map[string][]int{"o": {N, t.H, t.C}, "lse": {N, t.H}},
		})
	}
	return cases
}
