package attn

import (
	"math/rand/v2"

	"attnlab/gpu"
)

// Received is the attention that each token receives from the later tokens of its
// sequence, for heads of C features. With w the weights after the softmax,
// recomputed from lse:
//
//	received[n,h] = Σ_{m > n} w[h,m,n]
//
// Every query spreads a weight of 1, so the sum over the tokens of a sequence and
// what they pay to themselves is its length. Where a query hides n it pays 0.
//
//	qkv [N,(H+2K)C], span [N,4], lse [N,H] → received [N,H]
var Received = perHead(func(C int) *gpu.Kernel {
	Q := tile(1, C)
	name, source := named("received", C, Q)
	return gpu.New(name, source,
		[]gpu.Binding{gpu.In("qkv"), gpu.InU("span"), gpu.In("lse"), gpu.Out("received")},
		func(p Shape) gpu.Groups { return gpu.Groups1D((int(p.N)+Q-1)/Q*int(p.H), 64) },
		func(p Shape, a gpu.Args[float32]) { received(C, p, a) },
		func(p Shape, a gpu.Args[float64]) { received(C, p, a) })
})

func received[X gpu.Float](C int, p Shape, a gpu.Args[X]) {
	qkv, span, lse, out := a.F(0), a.U(1), a.F(2), a.F(3)
	H, K := int(p.H), int(p.K)
	W := (H + 2*K) * C
	scale := scaleOf[X](C)
	gpu.Rows(int(p.N)*H, func(i int) {
		n, h := i/H, i%H
		key, _ := column(h, H, K, C)
		k := qkv[n*W+key:][:C]
		var sum X
		for m := n + 1; m < int(span[4*n+1]); m++ {
			if n < int(span[4*m+2]) || n >= int(span[4*m+3]) {
				sum += exp(scale*dot(k, qkv[m*W+h*C:]) - lse[m*H+h])
			}
		}
		out[i] = sum
	})
}

func receivedCases(r *rand.Rand, packings []packing) (cases []gpu.Case) {
	for _, t := range packings {
		b := forward(r, t)
		cases = append(cases, gpu.Case{
			Name: t.String(), Kernel: Received(t.C), Params: t.shape(),
			Buffers: []any{b.qkv, t.span(r, true), b.lse, gpu.NaNs(t.N() * t.H)},
			Shape:   map[string][]int{"received": {t.N(), t.H}},
		})
	}
	return cases
}
