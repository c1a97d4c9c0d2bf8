package attn

import (
	"math"
	"slices"
	"sync"

	"attnlab/gpu"
	"attnlab/gpu/simd"
)

// The float32 twins of attention for the host backend. They compute what the generic twins say, a block of rows at a time, as
// products of small matrices:
//
//	forward    S = QKᵀ/√C,  P = e^(S-lse),  O = PV
//	backward   dS = P ∘ (dO·Vᵀ - delta),  dQ = dS·K/√C,  dK = dSᵀ·Q/√C,  dV = Pᵀ·dO
//
// Blocks begin at the start of a sequence, so that a sequence's numbers do not depend on what it is packed with.

// blockRows is how many rows a block has at most, a multiple of a product's tile.
const blockRows = 48

// block is rows [from, to) of the sequence [start, end), for one head.
type block struct{ from, to, start, end, head int }

// blocks cuts all sequences into blocks, each for the given number of heads.
func blocks(N int, span []uint32, heads int) (all []block) {
	for from := 0; from < N; {
		start, end := int(span[4*from]), int(span[4*from+1])
		to := min(from+blockRows, end, N)
		for h := range heads {
			all = append(all, block{from, to, start, end, h})
		}
		from = to
	}
	// The longest first: what is left at the end is short.
	slices.SortStableFunc(all, func(a, b block) int { return (b.to - b.start) - (a.to - a.start) })
	return all
}

// scratch hands out float32 slices that last until it is released.
type scratch struct {
	memory []float32
	used   int
}

var scratches = sync.Pool{New: func() any { return &scratch{} }}

// matrix returns a rows by cols matrix of undefined words whose rows are padded to a multiple of 8.
func (s *scratch) matrix(rows, cols int) simd.View {
	ld := (cols + 7) / 8 * 8
	n := rows * ld
	if s.used+n > len(s.memory) {
		s.memory, s.used = make([]float32, 2*len(s.memory)+n), 0 // views of the old memory keep it
	}
	v := simd.Of(s.memory[s.used:s.used+n:s.used+n], rows, cols, ld)
	s.used += n
	return v
}

func (s *scratch) release() {
	s.used = 0
	scratches.Put(s)
}

// scaled returns a copy of v times factor.
func (s *scratch) scaled(v simd.View, factor float32) simd.View {
	c := s.matrix(v.Rows, v.Cols)
	for i := range v.Rows {
		to := c.Data[i*c.Row:][:v.Cols]
		for j, x := range v.Data[i*v.Row:][:v.Cols] {
			to[j] = factor * x
		}
	}
	return c
}

// product returns a·b.
func (s *scratch) product(a, b simd.View) simd.View {
	c := s.matrix(a.Rows, b.Cols)
	into(c, a, b, false)
	return c
}

// into computes c = a·b, or c += a·b.
func into(c, a, b simd.View, add bool) {
	p := simd.Pack(b)
	p.Mul(c, a, add)
	p.Release()
}

// fwdBlocks is the float32 twin of [Fwd].
func fwdBlocks(C int, p Shape, a gpu.Args[float32]) {
	qkv, span, o, lse := a.F(0), a.U(1), a.F(2), a.F(3)
	H, K := int(p.H), int(p.K)
	W := (H + 2*K) * C
	all := blocks(int(p.N), span, H)
	gpu.Rows(len(all), func(i int) {
		b := all[i]
		mem := scratches.Get().(*scratch)
		defer mem.release()
		key, value := column(b.head, H, K, C)
		rows, keys := b.to-b.from, b.to-b.start
		q := mem.scaled(simd.Of(qkv[b.from*W+b.head*C:], rows, C, W), scaleOf[float32](C))
		s := mem.product(q, simd.Of(qkv[b.start*W+key:], keys, C, W).T())
		out := simd.Of(o[b.from*H*C+b.head*C:], rows, C, H*C)
		sums := make([]float32, rows)
		for r := range rows {
			n := b.from + r
			w := s.Data[r*s.Row:][:s.Row]
			seen := n + 1 - b.start
			top := simd.Max(w[:seen])
			sums[r] = softmaxRow(w, seen, top)
			lse[n*H+b.head] = top + float32(math.Log(float64(sums[r])))
			if lo, hi := int(span[4*n+2]), int(span[4*n+3]); lo < hi {
				clear(w[min(max(lo-b.start, 0), seen):min(max(hi-b.start, 0), seen)])
			}
		}
		into(out, s, simd.Of(qkv[b.start*W+value:], keys, C, W), false)
		for r, sum := range sums {
			row := out.Data[r*out.Row:][:C]
			for c := range row {
				row[c] /= sum
			}
		}
	})
}

// cachedRows is the float32 twin of [Cached].
func cachedRows(C int, p CachedShape, a gpu.Args[float32]) {
	qkv, kv, table, at, o := a.F(0), a.F(1), a.U(2), a.U(3), a.F(4)
	H, K, T := int(p.H), int(p.K), int(p.T)
	scale := scaleOf[float32](C)
	gpu.Rows(int(p.N)*H, func(i int) {
		n, h := i/H, i%H
		slot, pos, lo, hi := int(at[4*n]), int(at[4*n+1]), int(at[4*n+2]), int(at[4*n+3])
		rows := table[slot*T:][:min(pos+1, T)]
		mem := scratches.Get().(*scratch)
		defer mem.release()
		w, out := mem.matrix(1, len(rows)).Data, o[i*C:][:C]
		key := h / (H / K) * C
		q := mem.scaled(simd.Of(qkv[(n*(H+2*K)+h)*C:], 1, C, C), scale).Data[:C]
		simd.DotRows(w, q, kv[key:], rows, 2*K*C)
		sum := softmaxRow(w, len(rows), simd.Max(w[:len(rows)]))
		if lo < hi {
			clear(w[min(lo, len(rows)):min(hi, len(rows))])
		}
		simd.SumRows(out, w, kv[K*C+key:], rows, 2*K*C)
		for c := range out {
			out[c] /= sum
		}
	})
}

// softmaxRow replaces the first n scores of a row by e^(score-shift), the others by 0, and returns the sum.
func softmaxRow(w []float32, n int, shift float32) float32 {
	whole := min((n+7)/8*8, len(w))
	for i := n; i < whole; i++ {
		w[i] = float32(math.Inf(-1))
	}
	clear(w[whole:])
	return simd.ExpSum(w[:whole], shift)
}

// bwdQBlocks is the float32 twin of [BwdQ].
func bwdQBlocks(C int, p Shape, a gpu.Args[float32]) {
	qkv, span, o, lse, dout, dqkv, delta := a.F(0), a.U(1), a.F(2), a.F(3), a.F(4), a.F(5), a.F(6)
	H, K := int(p.H), int(p.K)
	W := (H + 2*K) * C
	scale := scaleOf[float32](C)
	all := blocks(int(p.N), span, H)
	gpu.Rows(len(all), func(i int) {
		b := all[i]
		mem := scratches.Get().(*scratch)
		defer mem.release()
		key, value := column(b.head, H, K, C)
		rows, keys := b.to-b.from, b.to-b.start
		k := simd.Of(qkv[b.start*W+key:], keys, C, W)
		do := simd.Of(dout[b.from*H*C+b.head*C:], rows, C, H*C)
		s := mem.product(mem.scaled(simd.Of(qkv[b.from*W+b.head*C:], rows, C, W), scale), k.T())
		ds := mem.product(do, simd.Of(qkv[b.start*W+value:], keys, C, W).T())
		for r := range rows {
			at := (b.from+r)*H + b.head
			delta[at] = dot(do.Data[r*do.Row:][:C], o[at*C:])
			w, d := s.Data[r*s.Row:][:s.Row], ds.Data[r*ds.Row:][:keys]
			softmaxRow(w, b.from+r+1-b.start, lse[at])
			simd.Weigh(d, w, scale, delta[at])
		}
		into(simd.Of(dqkv[b.from*W+b.head*C:], rows, C, W), ds, k, false)
	})
}

// bwdKVBlocks is the float32 twin of [BwdKV]: a block is of keys, and the rows of its products are the queries from its first
// key on.
func bwdKVBlocks(C int, p Shape, a gpu.Args[float32]) {
	qkv, span, lse, delta, dout, dqkv := a.F(0), a.U(1), a.F(2), a.F(3), a.F(4), a.F(5)
	H, K := int(p.H), int(p.K)
	W, group := (H+2*K)*C, H/K
	scale := scaleOf[float32](C)
	all := blocks(int(p.N), span, K)
	gpu.Rows(len(all), func(i int) {
		b := all[i]
		mem := scratches.Get().(*scratch)
		defer mem.release()
		key, value := column(b.head*group, H, K, C)
		keys, queries := b.to-b.from, b.end-b.from
		k, v := mem.scaled(simd.Of(qkv[b.from*W+key:], keys, C, W), scale), simd.Of(qkv[b.from*W+value:], keys, C, W)
		dk, dv := simd.Of(dqkv[b.from*W+key:], keys, C, W), simd.Of(dqkv[b.from*W+value:], keys, C, W)
		used := mem.used
		for h := b.head * group; h < (b.head+1)*group; h++ {
			mem.used = used
			q, do := simd.Of(qkv[b.from*W+h*C:], queries, C, W), simd.Of(dout[b.from*H*C+h*C:], queries, C, H*C)
			s, ds := mem.product(q, k.T()), mem.product(do, v.T())
			for m := range queries {
				at := (b.from+m)*H + h
				w := s.Data[m*s.Row:][:s.Row]
				softmaxRow(w, min(m+1, keys), lse[at])
				simd.Weigh(ds.Data[m*ds.Row:][:ds.Row], w, scale, delta[at])
			}
			add := h > b.head*group
			into(dv, s.T(), do, add)
			into(dk, ds.T(), q, add)
		}
	})
}
