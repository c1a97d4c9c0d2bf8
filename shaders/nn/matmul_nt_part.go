package nn

import (
	"fmt"
	"math/rand/v2"

	"attnlab/gpu"
)

// MatmulPart are the sizes of [MatmulNTPart]: N tokens, O outputs of the part, I inputs (a multiple of 4), and in y the Row words of a
// token and the first column of the part, a multiple of 4.
type MatmulPart struct{ N, O, I, Row, First uint32 }

// MatmulNTPart is a part of a linear layer whose weight is larger than a binding may be, as an output matrix over a large vocabulary is.
//
//	x [N,I], w [O,I], of any storage → y [N,Row], columns First to First + O↑4, of which those of padding are 0
var MatmulNTPart = stored(func(t Tile) *gpu.Kernel {
	return gpu.New(t.name("matmul_nt_part"), t.forward("nn/matmul_nt_part"),
		[]gpu.Binding{gpu.In("x"), t.Storage.binding("w"), gpu.Out("y")},
		func(p MatmulPart) gpu.Groups { return t.groups(int(p.N), up4(int(p.O))) },
		func(p MatmulPart, a gpu.Args[float32]) { matmulNTPart(t.Storage, p, a) },
		func(p MatmulPart, a gpu.Args[float64]) { matmulNTPart(t.Storage, p, a) },
		func(p MatmulPart, _ func(int) []uint32) gpu.Work {
			return countMatmul(t.Storage, Matmul{p.N, p.O, p.I})
		})
})

func matmulNTPart[X gpu.Float](s Storage, p MatmulPart, a gpu.Args[X]) {
	width, y := up4(int(p.O)), a.F(2)
	part := make([]X, int(p.N)*width)
	matmulNT(F32, Matmul{p.N, p.O, p.I}, gpu.NewArgs[X](a.F(0), weights(s, a, 1, 0, int(p.O), int(p.I)), part))
	for n := range int(p.N) {
		copy(y[n*int(p.Row)+int(p.First):][:width], part[n*width:])
	}
}

func matmulNTPartCases(r *rand.Rand, t Tile) (cases []gpu.Case) {
	for _, p := range []MatmulPart{{1, 4, 32, 4, 0}, {33, 36, 64, 80, 40}, {67, 37, 32, 100, 12}, {8, 9, 32, 12, 0}} {
		cases = append(cases, gpu.Case{
			Name: fmt.Sprint(p), Kernel: MatmulNTPart(t), Params: p, Tol: gpu.Tolerance{Abs: 5e-5, Rel: 5e-5},
			Buffers: []any{gpu.Normal(r, int(p.N*p.I)), t.Storage.packed(r, int(p.O*p.I), 1), gpu.Normal(r, int(p.N*p.Row))}, // other columns stay
			Shape:   map[string][]int{"y": {int(p.N), int(p.Row)}},
		})
	}
	return cases
}
