package decode

import (
	"math/rand/v2"

	"attnlab/gpu"
	"attnlab/shaders/attn"
	"attnlab/shaders/nn"
)

// AttendParams are N rows, T positions a slot in the table, D features, 1 for the layer that begins with the embedding, the places of embedding,
// norm and qkv in the arena in words of four, and the norm's eps.
type AttendParams struct {
	N, T, D, First   uint32
	Embed, Norm, Qkv uint32
	Eps              float32
}

// Attend is the first half of a layer of a decoding step: [nn.RMSNormFwd], [nn.QKVRopeFwd], [attn.KVStore] and [attn.Cached] in one
// dispatch. Where First is 1, x is the embedding of each row's token, else the residual stream.
//
//	weights [arena], rope [T,2,C/2], table [S,T], at [N,4] = (slot, position, hidden positions),
//	row [N,4] = (–, –, –, token), x [N,D] → x, kv [rows,2K·C], o [N,D]
var Attend = bySizes(func(name string, source gpu.Source, z Sizes) *gpu.Kernel {
	return gpu.New(name, source,
		[]gpu.Binding{gpu.In("weights"), gpu.In("rope"), gpu.InU("table"), gpu.InU("at"), gpu.InU("row"),
			gpu.Out("x"), gpu.Out("kv"), gpu.Out("o")},
		func(p AttendParams) gpu.Groups { return z.groups(p.N) },
		func(p AttendParams, a gpu.Args[float32]) { attend(z, p, a) },
		func(p AttendParams, a gpu.Args[float64]) { attend(z, p, a) },
		z.countAttend)
}, "attend", "H", "K", "C4", "Q")

func attend[X gpu.Float](z Sizes, p AttendParams, a gpu.Args[X]) {
	weights, rope, table, at, row, x, kv, o := a.F(0), a.F(1), a.U(2), a.U(3), a.U(4), a.F(5), a.F(6), a.F(7)
	N := int(p.N)
	if p.First == 1 {
		token := make([]uint32, N)
		for n := range token {
			token[n] = row[4*n+3]
		}
		gpu.RunTwin(nn.EmbedFwd, nn.Embed{N: p.N, D: uint32(z.D), V: uint32(z.V)}, gpu.NewArgs[X](token, from(weights, p.Embed), x))
	}
	h, rstd, qkv := make([]X, N*z.D), make([]X, N), make([]X, N*(z.H+2*z.K)*z.C)
	H, K, C := uint32(z.H), uint32(z.K), uint32(z.C)
	gpu.RunTwin(nn.RMSNormFwd, nn.RMSNorm{N: p.N, D: uint32(z.D), Eps: p.Eps}, gpu.NewArgs[X](x, from(weights, p.Norm), h, rstd))
	gpu.RunTwin(nn.QKVRopeFwd(nn.Narrow), nn.QKV{N: p.N, D: uint32(z.D), H: H, K: K, C: C, Stride: 4, First: 1},
		gpu.NewArgs[X](h, from(weights, p.Qkv), at, rope, qkv))
	gpu.RunTwin(attn.KVStore, attn.KVStoreShape{N: p.N, H: H, K: K, C: C, T: p.T}, gpu.NewArgs[X](qkv, table, at, kv))
	gpu.RunTwin(attn.Cached(z.C), attn.CachedShape{N: p.N, H: H, K: K, T: p.T}, gpu.NewArgs[X](qkv, kv, table, at, o))
}

// from is the arena from a place on, which counts words of four.
func from[X gpu.Float](weights []X, place uint32) []X { return weights[4*place:] }

func attendCases(r *rand.Rand) (cases []gpu.Case) {
	for _, m := range tinyModels(r) {
		for i, N := range m.rows() {
			s := m.state(r, N)
			l := m.layer(i % m.layers)
			cases = append(cases, gpu.Case{
				Name: m.name(N), Kernel: Attend(m.Sizes),
				Params: AttendParams{N: uint32(N), T: uint32(m.T), D: uint32(m.D), First: uint32(1 - i%2),
					Embed: m.embed, Norm: l.norm1, Qkv: l.qkv, Eps: m.eps},
				Buffers: []any{m.weights, m.rope, s.table, s.at, s.row, gpu.Normal(r, N*m.D), s.kv[:m.base()], gpu.NaNs(N * m.D)},
				Shape:   map[string][]int{"x": {N, m.D}, "kv": {m.cached, 2, m.K, m.C}, "o": {N, m.D}},
				Tol:     gpu.Tolerance{Abs: 2e-5, Rel: 1e-4},
			})
		}
	}
	return cases
}
