package decode

import (
	"math/rand/v2"

	"attnlab/gpu"
)

// TokensParams are N rows, T positions a slot in the table, the M tokens that a row of out can hold, V tokens of the vocabulary, D and F
// features, the decoding steps of the dispatch, the layers, and base, the words of four of kv a layer. Then come places in the arena, in words of
// four: those of the first layer, with the words to the next layer's matrices (Stride) and norms (NormStride). The rest is as in
// [SampleParams].
type TokensParams struct {
	N, T, M, V, D, F                     uint32
	Times, Layers, Base                  uint32
	Embed, Qkv, Wo, GateUp, Down, Stride uint32
	Norm1, Norm2, NormStride, Norm, Head uint32
	Eos, Seed, Step, TopK                uint32
	TopP, Temperature, Eps               float32
}

// Tokens draws up to Times tokens for every row in one dispatch: [Attend] and [Feed] for every layer, then [Next], again and again.
// Rows do not depend on each other, so each workgroup goes through all tokens of its own.
//
//	weights [arena], rope [T,2,C/2], table [S,T], at [N,4] = (slot, position, hidden positions),
//	row [N,4] = (tokens left, tokens drawn, sequence, token), kv [layers,rows,2K·C] →
//	at, row, kv, out [N,M], stat [N,M,2] = (logp, entropy)
var Tokens = bySizes(func(name string, source gpu.Source, z Sizes) *gpu.Kernel {
	return gpu.New(name, source,
		[]gpu.Binding{gpu.In("weights"), gpu.In("rope"), gpu.InU("table"), gpu.OutU("at"), gpu.OutU("row"), gpu.Out("kv"),
			gpu.OutU("out"), gpu.Out("stat")},
		func(p TokensParams) gpu.Groups { return z.groups(p.N) },
		func(p TokensParams, a gpu.Args[float32]) { tokens(z, p, a) },
		func(p TokensParams, a gpu.Args[float64]) { tokens(z, p, a) },
		z.countTokens)
}, "tokens", "H", "K", "C4", "Q", "F4")

func tokens[X gpu.Float](z Sizes, p TokensParams, a gpu.Args[X]) {
	weights, rope, table, at, row, kv, out, stat := a.F(0), a.F(1), a.U(2), a.U(3), a.U(4), a.F(5), a.U(6), a.F(7)
	M := int(p.M)
	for from := 0; from < int(p.N); from += z.R { // a workgroup
		to := min(from+z.R, int(p.N))
		group := p
		group.N = uint32(to - from)
		decodeRows(z, group, weights, rope, kv, table, at[4*from:4*to], row[4*from:4*to], out[from*M:to*M], stat[2*from*M:2*to*M])
	}
}

// decodeRows decodes the rows of one workgroup until all are finished.
func decodeRows[X gpu.Float](z Sizes, p TokensParams, weights, rope, kv []X, table, at, row, out []uint32, stat []X) {
	x, o := make([]X, int(p.N)*z.D), make([]X, int(p.N)*z.D)
	for range p.Times {
		if active(row, p.N, p.M) == 0 {
			return
		}
		for l := range p.Layers {
			matrices, norms := l*p.Stride, l*p.NormStride
			attend(z, AttendParams{N: p.N, T: p.T, First: first(l), Embed: p.Embed, Norm: p.Norm1 + norms, Qkv: p.Qkv + matrices, Eps: p.Eps},
				gpu.NewArgs[X](weights, rope, table, at, row, x, from(kv, l*p.Base), o))
			feed(z, FeedParams{N: p.N, Wo: p.Wo + matrices, Norm: p.Norm2 + norms, GateUp: p.GateUp + matrices, Down: p.Down + matrices,
				Eps: p.Eps}, gpu.NewArgs[X](weights, o, x))
		}
		next(z, NextParams{N: p.N, M: p.M, V: p.V, Norm: p.Norm, Head: p.Head, Eos: p.Eos, Seed: p.Seed, Step: p.Step,
			TopK: p.TopK, TopP: p.TopP, Temperature: p.Temperature, Eps: p.Eps}, gpu.NewArgs[X](weights, x, at, row, out, stat))
	}
}

func first(layer uint32) uint32 {
	if layer == 0 {
		return 1
	}
	return 0
}

func tokensCases(r *rand.Rand) (cases []gpu.Case) {
	for _, m := range tinyModels(r) {
		for i, N := range m.rows() {
			how := m.how(r, i)
			s := m.state(r, N)
			l, last := m.layer(0), m.layer(1)
			cases = append(cases, m.steady(r, []int{N, int(how.M)}, gpu.Case{
				Name: m.name(N), Kernel: Tokens(m.Sizes),
				Params: TokensParams{N: uint32(N), T: uint32(m.T), M: how.M, V: uint32(m.V), D: uint32(m.D), F: uint32(m.F),
					Times: uint32(1 + i%3), Layers: uint32(m.layers), Base: uint32(m.base() / 4),
					Embed: m.embed, Qkv: l.qkv, Wo: l.wo, GateUp: l.gateUp, Down: l.down, Stride: last.qkv - l.qkv,
					Norm1: l.norm1, Norm2: l.norm2, NormStride: last.norm1 - l.norm1, Norm: m.norm, Head: m.head,
					Eos: how.Eos, Seed: how.Seed, Step: how.Step, TopK: how.TopK, TopP: how.TopP, Temperature: how.Temperature, Eps: m.eps},
				Buffers: []any{m.weights, m.rope, s.table, s.at, s.row, s.kv, make([]uint32, N*int(how.M)), gpu.Normal(r, 2*N*int(how.M))},
				Shape:   map[string][]int{"kv": {m.layers, m.cached, 2, m.K, m.C}},
			}, 0))
		}
	}
	return cases
}
