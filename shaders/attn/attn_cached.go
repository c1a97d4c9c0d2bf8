package attn

import (
	"fmt"
	"math"
	"math/rand/v2"

	"attnlab/gpu"
)

// CachedShape are the parameters of [Cached]: N new tokens, H query heads, K
// key/value heads, T positions a slot in the table.
type CachedShape struct{ N, H, K, T uint32 }

// Cached is the attention of new tokens to the cache, for prefill (many tokens of a
// slot) and decoding (one token of each), with heads of C features:
//
//	o[n,h] = Σ_t softmax_t(q[n,h]·k[t,g]/√C) v[t,g],  t = 0..pos
//
// Position t of a slot is the row table[slot,t] of kv, K key heads and K value heads
// of one token, so that slots share the rows of a common prefix. [KVStore] must have
// stored the new tokens' own rows, and the table must be valid up to pos. Positions in
// [hideLo,hideHi) have their weight set to zero after the softmax. At pos >= T a
// token attends to all T positions.
//
//	qkv [N,(H+2K)C], kv [R,2K·C], table [S,T], at [N,4] (slot, pos, hideLo, hideHi) → o [N,H·C]
var Cached = perHead(func(C int) *gpu.Kernel {
	name, source := named("attn_cached", C, Positions(C))
	return gpu.New(name, source,
		[]gpu.Binding{gpu.In("qkv"), gpu.In("kv"), gpu.InU("table"), gpu.InU("at"), gpu.Out("o")},
		func(p CachedShape) gpu.Groups { return gpu.Groups1D(int(p.N*p.H), 64) },
		func(p CachedShape, a gpu.Args[float32]) { cachedRows(C, p, a) },
		func(p CachedShape, a gpu.Args[float64]) { cached(C, p, a) },
		func(p CachedShape, words func(int) []uint32) gpu.Work {
			N, H, K := int(p.N), int(p.H), int(p.K)
			r := ReachOf(words(2), words(3)[:4*N], int(p.T))
			return gpu.Does(r.Pairs*H*(4*C+4), 2*N*H*C+r.Rows*2*K*C+r.Places+4*N)
		})
})

func cached[X gpu.Float](C int, p CachedShape, a gpu.Args[X]) {
	qkv, kv, table, at, o := a.F(0), a.F(1), a.U(2), a.U(3), a.F(4)
	H, K, T := int(p.H), int(p.K), int(p.T)
	scale := scaleOf[X](C)
	gpu.Rows(int(p.N)*H, func(i int) {
		n, h := i/H, i%H
		slot, pos, lo, hi := int(at[4*n]), int(at[4*n+1]), int(at[4*n+2]), int(at[4*n+3])
		rows := table[slot*T:][:min(pos+1, T)]
		key := h / (H / K) * C
		q, out := qkv[(n*(H+2*K)+h)*C:][:C], o[i*C:][:C]
		w := make([]X, len(rows))
		top := X(math.Inf(-1))
		for t, r := range rows {
			w[t] = scale * dot(q, kv[int(r)*2*K*C+key:])
			top = max(top, w[t])
		}
		var sum X
		for t := range w {
			w[t] = exp(w[t] - top)
			sum += w[t]
		}
		clear(out)
		for t, r := range rows {
			if t < lo || t >= hi {
				add(out, w[t]/sum, kv[int(r)*2*K*C+K*C+key:])
			}
		}
	})
}

func cachedCases(r *rand.Rand, C int) (cases []gpu.Case) {
	const S, T, R = 3, 37, 50
	for _, c := range []struct{ N, H, K int }{{1, 4, 4}, {63, 1, 1}, {32, 2, 1}, {13, 5, 5}, {31, 6, 2}} {
		var at []uint32
		for n := range c.N {
			pos := r.IntN(T)
			if n == 0 {
				pos = T // past the table
			}
			lo := r.IntN(pos + 1)
			at = append(at, uint32(r.IntN(S)), uint32(pos), uint32(lo), uint32(lo+r.IntN(3)*r.IntN(T)))
		}
		cases = append(cases, gpu.Case{
			Name: fmt.Sprintf("N %d H %d K %d C %d", c.N, c.H, c.K, C), Kernel: Cached(C),
			Params: CachedShape{uint32(c.N), uint32(c.H), uint32(c.K), T},
			Buffers: []any{gpu.Normal(r, c.N*(c.H+2*c.K)*C), gpu.Normal(r, R*2*c.K*C), rowsOf(r, S*T, R), at,
				gpu.NaNs(c.N * c.H * C)},
			Shape: map[string][]int{"o": {c.N, c.H, C}},
		})
	}
	return cases
}

// rowsOf returns n random rows of a pool of R, each at most once if n <= R.
func rowsOf(r *rand.Rand, n, R int) (rows []uint32) {
	for len(rows) < n {
		for _, v := range r.Perm(R) {
			rows = append(rows, uint32(v))
		}
	}
	return rows[:n]
}
