package nn

import (
	"fmt"
	"math/rand/v2"

	"attnlab/gpu"
	"attnlab/shaders"
)

// Embed are the sizes of the embedding: N tokens, D features, V tokens of the vocabulary from token First on. Keep is 1 in a
// dispatch that leaves the rows of other tokens as they are.
type Embed struct{ N, D, V, First, Keep uint32 }

// EmbedFwd looks tokens up, x[n] = w[token[n]-First]; outside the vocabulary it gives zeros. It is EmbedFwdOf of F32.
//
//	token [N], w [V,D] → x [N,D]
var EmbedFwd = newEmbedFwd(F32)

var embeds = map[Storage]*gpu.Kernel{
	F32: EmbedFwd, BF16: newEmbedFwd(BF16), F16: newEmbedFwd(F16), Q8: newEmbedFwd(Q8), Q4: newEmbedFwd(Q4),
}

// EmbedFwdOf is the embedding whose table is stored as s.
func EmbedFwdOf(s Storage) *gpu.Kernel { return embeds[s] }

func newEmbedFwd(s Storage) *gpu.Kernel {
	return gpu.New(s.name("embed_fwd"), shaders.LoadSwapped("nn/embed_fwd", nil, s.swap()),
		[]gpu.Binding{gpu.InU("token"), s.binding("w"), gpu.Out("x")},
		func(p Embed) gpu.Groups { return gpu.Groups1D(int(p.N*p.D)/4, 64) },
		func(p Embed, a gpu.Args[float32]) { embedFwd(s, p, a) },
		func(p Embed, a gpu.Args[float64]) { embedFwd(s, p, a) },
		func(p Embed, _ func(int) []uint32) gpu.Work {
			return gpu.Does(0, int(p.N)+s.Words(int(min(p.N, p.V)*p.D))+int(p.N*p.D))
		})
}

func embedFwd[X gpu.Float](s Storage, p Embed, a gpu.Args[X]) {
	token, x := a.U(0), a.F(2)
	D := int(p.D)
	for n := range int(p.N) {
		row := x[n*D : (n+1)*D]
		if v := int(token[n]) - int(p.First); v >= 0 && v < int(p.V) {
			copy(row, weights(s, a, 1, v, 1, D))
		} else if p.Keep == 0 {
			clear(row)
		}
	}
}

func embedFwdCases(r *rand.Rand) (cases []gpu.Case) {
	for _, p := range []Embed{{N: 1, D: 4, V: 1}, {N: 15, D: 16, V: 58}, {N: 16, D: 16, V: 58}, {N: 17, D: 16, V: 58, First: 3}, {N: 131, D: 48, V: 61}} {
		token := make([]uint32, p.N)
		for i := range token {
			token[i] = r.Uint32N(p.First + p.V + 1) // the last is outside, as are those before First
		}
		cases = append(cases, gpu.Case{
			Name: fmt.Sprint(p), Kernel: EmbedFwd, Params: p,
			Buffers: []any{token, gpu.Normal(r, int(p.V*p.D)), gpu.NaNs(int(p.N * p.D))},
			Shape:   map[string][]int{"x": {int(p.N), int(p.D)}},
		})
	}
	return cases
}
