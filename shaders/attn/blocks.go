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
		s := mem.product(simd.Of(qkv[b.from*W+b.head*C:], rows, C, W), simd.Of(qkv[b.start*W+key:], keys, C, W).T())
		out := simd.Of(o[b.from*H*C+b.head*C:], rows, C, H*C)
		top, sums := mem.matrix(1, rows).Data[:rows], mem.matrix(1, rows).Data[:rows]
		simd.Softmax(s, b.from+1-b.start, scaleOf[float32](C), top, sums)
		for r := range rows {
			n := b.from + r
			lse[n*H+b.head] = top[r] + float32(math.Log(float64(sums[r])))
			if lo, hi := int(span[4*n+2]), int(span[4*n+3]); lo < hi {
				w, seen := s.Data[r*s.Row:], n+1-b.start
				clear(w[min(max(lo-b.start, 0), seen):min(max(hi-b.start, 0), seen)])
			}
		}
		into(out, s, simd.Of(qkv[b.start*W+value:], keys, C, W), false)
		for r, sum := range sums {
			row := out.Data[r*out.Row:][:C]
			for c := range row {
				row[c] *= 1 / sum
			}
		}
	})
}

// cachedRows is the float32 twin of [Cached].
func cachedRows(C int, p CachedShape, a gpu.Args[float32]) {
	qkv, kv, table, at, o := a.F(0), a.F(1), a.U(2), a.U(3), a.F(4)
	H, K, T := int(p.H), int(p.K), int(p.T)
	scale := scaleOf[float32](C)
	group := H / K
	gpu.Parts(int(p.N), T*H*C/4, func(from, to int) {
		mem := scratches.Get().(*scratch)
		defer mem.release()
		all, top, sum := mem.matrix(K, T).Data, mem.matrix(1, K).Data, mem.matrix(1, K).Data
		for n := from; n < to; n++ {
			slot, pos, lo, hi := int(at[4*n]), int(at[4*n+1]), int(at[4*n+2]), int(at[4*n+3])
			rows := table[slot*T:][:min(pos+1, T)]
			T := len(rows)
			keys, values := simd.Heads{Data: kv, Rows: rows, Stride: 2 * K * C, N: K, C: C}, simd.Heads{Data: kv[K*C:], Rows: rows, Stride: 2 * K * C, N: K, C: C}
			// Of each group of query heads that read one key head, the j-th.
			for j := range group {
				s := simd.Of(all, K, T, (T+7)/8*8)
				keys.Dot(s.Data, s.Row, qkv[n*(H+2*K)*C+j*C:], group*C)
				simd.Softmax(s, T, scale, top, sum)
				if lo < hi {
					for g := range K {
						clear(s.Data[g*s.Row:][:T][min(lo, T):min(hi, T)])
					}
				}
				out := o[(n*H+j)*C:]
				values.Sum(out, group*C, s.Data, s.Row)
				for g := range K {
					share := 1 / sum[g]
					for c := range out[g*group*C:][:C] {
						out[g*group*C+c] *= share
					}
				}
			}
		}
	})
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
		s := mem.product(simd.Of(qkv[b.from*W+b.head*C:], rows, C, W), k.T())
		ds := mem.product(do, simd.Of(qkv[b.start*W+value:], keys, C, W).T())
		for r := range rows {
			at := (b.from+r)*H + b.head
			delta[at] = dot(do.Data[r*do.Row:][:C], o[at*C:])
		}
		first := b.from*H + b.head
		simd.SoftmaxGrad(s, ds, b.from+1-b.start, scale, lse[first:], delta[first:], H)
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
		k, v := simd.Of(qkv[b.from*W+key:], keys, C, W), simd.Of(qkv[b.from*W+value:], keys, C, W)
		dk, dv := simd.Of(dqkv[b.from*W+key:], keys, C, W), simd.Of(dqkv[b.from*W+value:], keys, C, W)
		used := mem.used
		for h := b.head * group; h < (b.head+1)*group; h++ {
			mem.used = used
			q, do := simd.Of(qkv[b.from*W+h*C:], queries, C, W), simd.Of(dout[b.from*H*C+h*C:], queries, C, H*C)
			s, ds := mem.product(q, k.T()), mem.product(do, v.T())
			first := b.from*H + h
			simd.SoftmaxGrad(s, ds, 1, scale, lse[first:], delta[first:], H)
			add := h > b.head*group
			into(dv, s.T(), do, add)
			into(dk, ds.T(), q, add)
		}
	})
}
