package nn

import (
	"fmt"
	"math/rand/v2"

	"attnlab/gpu"
	"attnlab/gpu/simd"
	"attnlab/shaders"
)

// EmbedGrad are the sizes of [EmbedBwd]: N tokens, D features, V tokens of the vocabulary.
type EmbedGrad struct{ N, D, V uint32 }

// EmbedBwd is the gradient of the embedding, dembed[v] += Σ_{token[n]=v} dx[n].
//
//	order [N], first [V+1] (see [SortTokens]), dx [N,D] → dembed [V,D]
var EmbedBwd = gpu.New("embed_bwd", shaders.Load("nn/embed_bwd", nil),
	[]gpu.Binding{gpu.InU("order"), gpu.InU("first"), gpu.In("dx"), gpu.Out("dembed")},
	func(p EmbedGrad) gpu.Groups { return gpu.Groups1D(int(p.V*p.D)/4, 64) },
	embedBwd[float32], embedBwd[float64],
	func(p EmbedGrad, _ func(int) []uint32) gpu.Work {
		return gpu.Does(int(p.N*p.D), int(p.N+p.V+1+p.N*p.D+2*p.V*p.D))
	})

// SortTokens sorts the positions of tokens by token, in order, and lists where each
// token's run begins: order [N], first [V+1]. Tokens outside the vocabulary are
// skipped (first[V] < N).
func SortTokens(tokens []uint32, V int) (order, first []uint32) {
	order, first = make([]uint32, len(tokens)), make([]uint32, V+1)
	for _, v := range tokens {
		if int(v) < V {
			first[v+1]++
		}
	}
	for v := range V {
		first[v+1] += first[v]
	}
	next := append([]uint32(nil), first...)
	for n, v := range tokens {
		if int(v) < V {
			order[next[v]] = uint32(n)
			next[v]++
		}
	}
	return order, first
}

func embedBwd[X gpu.Float](p EmbedGrad, a gpu.Args[X]) {
	order, first, dx, dembed := a.U(0), a.U(1), a.F(2), a.F(3)
	D := int(p.D)
	gpu.Rows(int(p.V), func(v int) {
		sum := dembed[v*D : (v+1)*D]
		for k := first[v]; k < first[v+1]; k++ {
			if sum, ok := any(sum).([]float32); ok {
				simd.AddTo(sum, any(dx[int(order[k])*D:]).([]float32))
				continue
			}
			for d, g := range dx[int(order[k])*D : (int(order[k])+1)*D] {
				sum[d] += g
			}
		}
	})
}

func embedBwdCases(r *rand.Rand) (cases []gpu.Case) {
	for _, p := range []EmbedGrad{{1, 4, 1}, {63, 4, 15}, {64, 4, 16}, {65, 4, 17}, {131, 48, 61}} {
		token := make([]uint32, p.N)
		for i := range token {
			token[i] = r.Uint32N(p.V + 1)
		}
		order, first := SortTokens(token, int(p.V))
		cases = append(cases, gpu.Case{
			Name: fmt.Sprint(p), Kernel: EmbedBwd, Params: p,
			Buffers: []any{order, first, gpu.Normal(r, int(p.N*p.D)), gpu.Normal(r, int(p.V*p.D))},
			Shape:   map[string][]int{"dembed": {int(p.V), int(p.D)}},
		})
	}
	return cases
}
