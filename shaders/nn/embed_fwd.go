package nn

import (
	"fmt"
	"math/rand/v2"

	"attnlab/gpu"
	"attnlab/shaders"
)

// Embed are the sizes of the embedding: N tokens, D features, V tokens of the vocabulary.
type Embed struct{ N, D, V uint32 }

// EmbedFwd looks tokens up, x[n] = embed[token[n]]; outside the vocabulary it gives zeros.
//
//	token [N], embed [V,D] → x [N,D]
var EmbedFwd = gpu.New("embed_fwd", shaders.Load("nn/embed_fwd", nil),
	[]gpu.Binding{gpu.InU("token"), gpu.In("embed"), gpu.Out("x")},
	func(p Embed) gpu.Groups { return gpu.Groups1D(int(p.N*p.D)/4, 64) },
	embedFwd[float32], embedFwd[float64],
	func(p Embed, _ func(int) []uint32) gpu.Work {
		return gpu.Does(0, int(p.N+min(p.N, p.V)*p.D+p.N*p.D))
	})

func embedFwd[X gpu.Float](p Embed, a gpu.Args[X]) {
	token, embed, x := a.U(0), a.F(1), a.F(2)
	D := int(p.D)
	for n := range int(p.N) {
		row := x[n*D : (n+1)*D]
		if v := int(token[n]); v < int(p.V) {
			copy(row, embed[v*D:(v+1)*D])
		} else {
			clear(row)
		}
	}
}

func embedFwdCases(r *rand.Rand) (cases []gpu.Case) {
	for _, p := range []Embed{{1, 4, 1}, {15, 16, 58}, {16, 16, 58}, {17, 16, 58}, {131, 48, 61}} {
		token := make([]uint32, p.N)
		for i := range token {
			token[i] = r.Uint32N(p.V + 1) // V is outside
		}
		cases = append(cases, gpu.Case{
			Name: fmt.Sprint(p), Kernel: EmbedFwd, Params: p,
			Buffers: []any{token, gpu.Normal(r, int(p.V*p.D)), gpu.NaNs(int(p.N * p.D))},
			Shape:   map[string][]int{"x": {int(p.N), int(p.D)}},
		})
	}
	return cases
}
