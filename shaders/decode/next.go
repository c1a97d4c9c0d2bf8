package decode

import (
	"math/rand/v2"

	"attnlab/gpu"
	"attnlab/shaders/nn"
)

// NextParams are those of [SampleParams], D features, the places of the final norm and of the head in the arena in words of four, and the norm's
// eps.
type NextParams struct {
	N, M, V, D        uint32
	Norm, Head        uint32
	Eos               uint32
	Seed, Step        uint32
	TopK              uint32
	TopP, Temperature float32
	Eps               float32
}

// Next is the end of a decoding step: [nn.RMSNormFwd], [nn.MatmulNT] and [Sample] in one dispatch. The drawn token becomes the fourth
// word of its row.
//
//	weights [arena], x [N,D], at [N,4] = (slot, position, –, –), row [N,4] = (tokens left, tokens drawn, sequence, token) →
//	at, row, out [N,M], stat [N,M,2] = (logp, entropy)
var Next = bySizes(func(name string, source gpu.Source, z Sizes) *gpu.Kernel {
	return gpu.New(name, source,
		[]gpu.Binding{gpu.In("weights"), gpu.In("x"), gpu.OutU("at"), gpu.OutU("row"), gpu.OutU("out"), gpu.Out("stat")},
		func(p NextParams) gpu.Groups { return z.groups(p.N) },
		func(p NextParams, a gpu.Args[float32]) { next(z, p, a) },
		func(p NextParams, a gpu.Args[float64]) { next(z, p, a) },
		z.countNext)
}, "next")

func next[X gpu.Float](z Sizes, p NextParams, a gpu.Args[X]) {
	weights, x, at, row, out, stat := a.F(0), a.F(1), a.U(2), a.U(3), a.U(4), a.F(5)
	N := int(p.N)
	h, rstd, logits, token := make([]X, N*z.D), make([]X, N), make([]X, N*((z.V+3)/4*4)), make([]uint32, N)
	for n := range token {
		token[n] = row[4*n+3]
	}
	gpu.RunTwin(nn.RMSNormFwd, nn.RMSNorm{N: p.N, D: uint32(z.D), Eps: p.Eps}, gpu.NewArgs[X](x, from(weights, p.Norm), h, rstd))
	gpu.RunTwin(nn.MatmulNT(nn.Narrow), nn.Matmul{N: p.N, O: p.V, I: uint32(z.D)}, gpu.NewArgs[X](h, from(weights, p.Head), logits))
	gpu.RunTwin(Sample, SampleParams{N: p.N, V: p.V, M: p.M, Eos: p.Eos, Seed: p.Seed, Step: p.Step,
		TopK: p.TopK, TopP: p.TopP, Temperature: p.Temperature}, gpu.NewArgs[X](logits, at, token, row, out, stat))
	for n := range token {
		row[4*n+3] = token[n]
	}
}

func nextCases(r *rand.Rand) (cases []gpu.Case) {
	for _, m := range tinyModels(r) {
		for i, N := range m.rows() {
			how := m.how(r, i)
			s := m.state(r, N)
			cases = append(cases, m.steady(r, []int{N, int(how.M)}, gpu.Case{
				Name: m.name(N), Kernel: Next(m.Sizes),
				Params: NextParams{N: uint32(N), M: how.M, V: uint32(m.V), D: uint32(m.D), Norm: m.norm, Head: m.head, Eos: how.Eos,
					Seed: how.Seed, Step: how.Step, TopK: how.TopK, TopP: how.TopP, Temperature: how.Temperature, Eps: m.eps},
				Buffers: []any{m.weights, gpu.Normal(r, N*m.D), s.at, s.row, make([]uint32, N*int(how.M)), gpu.Normal(r, 2*N*int(how.M))},
			}, 1))
		}
	}
	return cases
}
