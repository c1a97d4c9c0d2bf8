package attn

import (
	"math/rand/v2"

	"attnlab/gpu"
)

// StepPoolShape are the parameters of [StepPool]: Seqs sequences, H query heads, K
// key/value heads, and the part of pooled to compute: Pairs words from word First on.
type StepPoolShape struct{ Seqs, H, K, First, Pairs uint32 }

// StepPool is attention pooled by steps, in memory of steps × steps, for heads of C
// features. With w the weights after the softmax, recomputed from lse, and steps
// s_j, s_k of one sequence, j >= k:
//
//	pooled[h,j,k] = 1/|s_j| Σ_{m in s_j} Σ_{n in s_k, n <= m} w[h,m,n]
//
// the mean over query tokens of the sum over key tokens: how much of its attention a
// token of step j pays to step k. Divided by |s_k| it is the mean over both. Hidden
// keys count zero. Words with j < k and words of empty steps are set to 0.
//
// steps are ranges of packed tokens in order, one after another for every sequence;
// they need not cover it. seqs assigns them to sequences: (first step, n steps,
// offset of its [H,n,n] in pooled, unused), with offsets in ascending order. To stay
// below a driver's time limit, spread pooled over dispatches by First and Pairs.
//
//	qkv [N,(H+2K)C], span [N,4], lse [N,H], steps [S,2], seqs [Seqs,4] → pooled [Σ H·n²]
var StepPool = perHead(func(C int) *gpu.Kernel {
	name, source := named("step_pool", C, tile(1, C))
	return gpu.New(name, source,
		[]gpu.Binding{gpu.In("qkv"), gpu.InU("span"), gpu.In("lse"), gpu.InU("steps"), gpu.InU("seqs"), gpu.Out("pooled")},
		func(p StepPoolShape) gpu.Groups { return gpu.Groups1D(int(p.Pairs), 64) },
		func(p StepPoolShape, a gpu.Args[float32]) { stepPool(C, p, a) },
		func(p StepPoolShape, a gpu.Args[float64]) { stepPool(C, p, a) })
})

func stepPool[X gpu.Float](C int, p StepPoolShape, a gpu.Args[X]) {
	qkv, span, lse, steps, seqs, pooled := a.F(0), a.U(1), a.F(2), a.U(3), a.U(4), a.F(5)
	H, K, first, end := int(p.H), int(p.K), int(p.First), int(p.First+p.Pairs)
	W := (H + 2*K) * C
	scale := scaleOf[X](C)
	for s := range int(p.Seqs) {
		n, offset := int(seqs[4*s+1]), int(seqs[4*s+2])
		ranges := steps[2*seqs[4*s]:]
		gpu.Rows(H*n, func(i int) {
			h, j := i/n, i%n
			key, _ := column(h, H, K, C)
			queries := ranges[2*j:][:2]
			for k := range n {
				at := offset + i*n + k
				if at < first || at >= end {
					continue
				}
				var sum X
				if j >= k {
					for m := queries[0]; m < queries[1]; m++ {
						q, l := qkv[int(m)*W+h*C:][:C], lse[int(m)*H+h]
						for t := ranges[2*k]; t < min(ranges[2*k+1], m+1); t++ {
							if t < span[4*m+2] || t >= span[4*m+3] {
								sum += exp(scale*dot(q, qkv[int(t)*W+key:]) - l)
							}
						}
					}
				}
				pooled[at] = sum / max(1, X(queries[1])-X(queries[0]))
			}
		})
	}
}

func stepPoolCases(r *rand.Rand, packings []packing) (cases []gpu.Case) {
	for _, t := range packings {
		steps, seqs, words := t.cut(r)
		b := forward(r, t)
		span := t.span(r, true)
		p := StepPoolShape{uint32(len(seqs) / 4), uint32(t.H), uint32(t.K), 0, uint32(words)}
		name := t.String()
		if len(t.lengths) > 1 {
			p.First, p.Pairs = p.Pairs/3, p.Pairs/2
			name += ", a part"
		}
		cases = append(cases, gpu.Case{
			Name: name, Kernel: StepPool(t.C), Params: p,
			Buffers: []any{b.qkv, span, b.lse, steps, seqs, gpu.Normal(r, words)},
		})
	}
	return cases
}
