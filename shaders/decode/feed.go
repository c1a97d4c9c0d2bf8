package decode

import (
	"math/rand/v2"

	"attnlab/gpu"
	"attnlab/shaders/nn"
)

// FeedParams are N rows, D features, F hidden features, the places of the output product, the norm, gate and up, and down in the arena in words of four, and the
// norm's eps.
type FeedParams struct {
	N, D, F, Wo, Norm, GateUp, Down uint32
	Eps                             float32
}

// Feed is the second half of a layer of a decoding step: [nn.MatmulNTAdd], [nn.RMSNormFwd], [nn.GateUpFwd] and
// [nn.MatmulNTAdd] in one dispatch.
//
//	weights [arena], o [N,D], x [N,D] → x
var Feed = bySizes(func(name string, source gpu.Source, z Sizes) *gpu.Kernel {
	return gpu.New(name, source,
		[]gpu.Binding{gpu.In("weights"), gpu.In("o"), gpu.Out("x")},
		func(p FeedParams) gpu.Groups { return z.groups(p.N) },
		func(p FeedParams, a gpu.Args[float32]) { feed(z, p, a) },
		func(p FeedParams, a gpu.Args[float64]) { feed(z, p, a) },
		z.countFeed)
}, "feed", "F4")

func feed[X gpu.Float](z Sizes, p FeedParams, a gpu.Args[X]) {
	weights, o, x := a.F(0), a.F(1), a.F(2)
	N, D, F := int(p.N), uint32(z.D), uint32(z.F)
	mid, h, rstd := make([]X, N*z.D), make([]X, N*z.D), make([]X, N)
	gu, s := make([]X, 2*N*z.F), make([]X, N*z.F)
	gpu.RunTwin(nn.MatmulNTAdd(nn.Narrow), nn.Matmul{N: p.N, O: D, I: D}, gpu.NewArgs[X](o, from(weights, p.Wo), x, mid))
	gpu.RunTwin(nn.RMSNormFwd, nn.RMSNorm{N: p.N, D: D, Eps: p.Eps}, gpu.NewArgs[X](mid, from(weights, p.Norm), h, rstd))
	gpu.RunTwin(nn.GateUpFwd(nn.Narrow), nn.GateUp{N: p.N, D: D, F: F}, gpu.NewArgs[X](h, from(weights, p.GateUp), gu, s))
	gpu.RunTwin(nn.MatmulNTAdd(nn.Narrow), nn.Matmul{N: p.N, O: D, I: F}, gpu.NewArgs[X](s, from(weights, p.Down), mid, x))
}

func feedCases(r *rand.Rand) (cases []gpu.Case) {
	for _, m := range tinyModels(r) {
		for i, N := range m.rows() {
			l := m.layer(i % m.layers)
			cases = append(cases, gpu.Case{
				Name: m.name(N), Kernel: Feed(m.Sizes),
				Params:  FeedParams{N: uint32(N), D: uint32(m.D), F: uint32(m.F), Wo: l.wo, Norm: l.norm2, GateUp: l.gateUp, Down: l.down, Eps: m.eps},
				Buffers: []any{m.weights, gpu.Normal(r, N*m.D), gpu.Normal(r, N*m.D)},
				Shape:   map[string][]int{"x": {N, m.D}},
				Tol:     gpu.Tolerance{Abs: 2e-5, Rel: 1e-4},
			})
		}
	}
	return cases
}
