package attn

import (
	"fmt"
	"math"
	"math/rand/v2"

	"attnlab/gpu"
)

// Fwd is attention forward for heads of C features, in one pass over the keys with a
// running maximum (Milakov & Gimelshein 2018; Dao et al. 2022):
//
//	s[j] = q[n,h]·k[j,g]/√C,  lse = log Σ_j exp s[j],  o = Σ_j exp(s[j]-lse) v[j,g]
//
// with j from the start of n's sequence to n, and hidden j left out of o only.
//
//	qkv [N,(H+2K)C], span [N,4] → o [N,H·C], lse [N,H]
var Fwd = perHead(func(C int) *gpu.Kernel {
	Q := tile(2, C)
	name, source := named("attn_fwd", C, Q)
	return gpu.New(name, source,
		[]gpu.Binding{gpu.In("qkv"), gpu.InU("span"), gpu.Out("o"), gpu.Out("lse")},
		func(p Shape) gpu.Groups { return gpu.Groups1D((int(p.N)+Q-1)/Q*int(p.H), 64) },
		func(p Shape, a gpu.Args[float32]) { fwd(C, p, a) },
		func(p Shape, a gpu.Args[float64]) { fwd(C, p, a) })
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

func fwdCases(r *rand.Rand) (cases []gpu.Case) {
	for _, t := range traces {
		N, W, O := t.N(), t.width(), t.H*t.C
		cases = append(cases, gpu.Case{
			Name: t.String(), Kernel: Fwd(t.C), Params: t.shape(),
			Buffers: []any{gpu.Normal(r, N*W), t.span(r, true), gpu.NaNs(N * O), gpu.NaNs(N * t.H)},
			Shape:   map[string][]int{"o": {N, t.H, t.C}, "lse": {N, t.H}},
		})
	}
	return cases
}

// trace is the shape of a test: sequences of the given lengths, packed.
type trace struct {
	H, K, C int
	lengths []int
}

// traces are what the cases run on: 1, 63, 64, 65 and 131 tokens.
var traces = []trace{
	{4, 4, 16, []int{1}},
	{1, 1, 16, []int{40, 1, 22}},
	{2, 1, 16, []int{64}},
	{6, 2, 16, []int{3, 17, 45}},
	{4, 4, 16, []int{50, 1, 2, 30, 48}},
}

func (t trace) String() string {
	return fmt.Sprintf("H %d K %d C %d sequences %v", t.H, t.K, t.C, t.lengths)
}

func (t trace) N() (n int) {
	for _, l := range t.lengths {
		n += l
	}
	return n
}

// width is the words of a row of qkv.
func (t trace) width() int { return (t.H + 2*t.K) * t.C }

func (t trace) shape() Shape { return Shape{uint32(t.N()), uint32(t.H), uint32(t.K)} }

// span is the trace's span; with hide, about half of the tokens have a hidden range
// somewhere before them.
func (t trace) span(r *rand.Rand, hide bool) (span []uint32) {
	start := 0
	for _, l := range t.lengths {
		for n := start; n < start+l; n++ {
			lo, hi := 0, 0
			if hide && r.IntN(2) == 0 {
				lo = start + r.IntN(n+1-start)
				hi = lo + r.IntN(n+2-lo)
			}
			span = append(span, uint32(start), uint32(start+l), uint32(lo), uint32(hi))
		}
		start += l
	}
	return span
}
