package attn

import (
	"math/rand/v2"

	"attnlab/gpu"
	"attnlab/shaders"
)

// RowsShape are the parameters of [Rows]: H query heads and K key/value heads of C
// features, the head to read, its M queries from packed token First on, and the
// T columns of the matrix.
type RowsShape struct{ H, K, C, Head, First, M, T uint32 }

// Rows is a part of the attention matrix of one head: the weights after the softmax
// of M queries, a row each, recomputed from lse. Column t is the key t tokens after
// the start of the query's own sequence; later keys than the query and hidden ones
// are 0.
//
//	qkv [N,(H+2K)C], span [N,4], lse [N,H] → rows [M,T]
var Rows = gpu.New("attn_rows", shaders.Load("attn/attn_rows", nil),
	[]gpu.Binding{gpu.In("qkv"), gpu.InU("span"), gpu.In("lse"), gpu.Out("rows")},
	func(p RowsShape) gpu.Groups { return gpu.Groups1D(int(p.M*p.T), 64) },
	rows[float32], rows[float64])

func rows[X gpu.Float](p RowsShape, a gpu.Args[X]) {
	qkv, span, lse, out := a.F(0), a.U(1), a.F(2), a.F(3)
	H, K, C, h, T := int(p.H), int(p.K), int(p.C), int(p.Head), int(p.T)
	W := (H + 2*K) * C
	key, _ := column(h, H, K, C)
	scale := scaleOf[X](C)
	gpu.Rows(int(p.M), func(i int) {
		m := int(p.First) + i
		start, lo, hi := int(span[4*m]), int(span[4*m+2]), int(span[4*m+3])
		q, row := qkv[m*W+h*C:][:C], out[i*T:][:T]
		clear(row)
		for n := start; n <= m && n-start < T; n++ {
			if n < lo || n >= hi {
				row[n-start] = exp(scale*dot(q, qkv[n*W+key:]) - lse[m*H+h])
			}
		}
	})
}

func rowsCases(r *rand.Rand, packings []packing) (cases []gpu.Case) {
	for _, t := range packings {
		N := t.N()
		b := forward(r, t)
		// All but the first token, if there is another, and fewer columns than the
		// longest sequence has keys.
		p := RowsShape{uint32(t.H), uint32(t.K), uint32(t.C), uint32(t.H - 1), uint32(min(1, N-1)), uint32(max(1, N-1)), 41}
		cases = append(cases, gpu.Case{
			Name: t.String(), Kernel: Rows, Params: p,
			Buffers: []any{b.qkv, t.span(r, true), b.lse, gpu.NaNs(int(p.M * p.T))},
			Shape:   map[string][]int{"rows": {int(p.M), int(p.T)}},
		})
	}
	return cases
}
