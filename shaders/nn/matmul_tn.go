package nn

import (
	"fmt"
	"math/rand/v2"

	"attnlab/gpu"
)

// MatmulParts are the sizes of a weight's gradient, computed in Z parts.
type MatmulParts struct{ N, O, I, Z uint32 }

// MatmulTN is the gradient of a linear layer's weight, dw = dyᵀ·x, in Z parts over
// the tokens: part z covers tokens [z·⌈N/Z⌉, (z+1)·⌈N/Z⌉).
//
//	dy [N, O↑4], x [N,I] → part [Z,O,I]
var MatmulTN = tiled(func(t Tile) *gpu.Kernel {
	return gpu.New(t.name("matmul_tn"), t.load("nn/matmul_tn", map[string]int{"r": t.Rows / 4, "s": t.Cols / 4}),
		[]gpu.Binding{gpu.In("dy"), gpu.In("x"), gpu.Out("part")},
		func(p MatmulParts) gpu.Groups {
			g := t.groups(int(p.O), int(p.I))
			g[2] = int(p.Z)
			return g
		},
		matmulTN[float32], matmulTN[float64])
})

func matmulTN[X gpu.Float](p MatmulParts, a gpu.Args[X]) {
	N, O, I, Z := int(p.N), int(p.O), int(p.I), int(p.Z)
	rows := (N + Z - 1) / Z
	for z := range Z {
		part := a.F(2)[z*O*I : (z+1)*O*I]
		from, to := min(z*rows, N), min((z+1)*rows, N)
		if from == to {
			clear(part)
			continue
		}
		gemm(matrix[X]{a.F(0)[from*up4(O):], to - from, O, up4(O), true},
			matrix[X]{a.F(1)[from*I:], to - from, I, I, false}, matrix[X]{part, O, I, I, false})
	}
}

func matmulTNCases(r *rand.Rand, t Tile) (cases []gpu.Case) {
	for _, m := range matmulShapes {
		for _, Z := range []uint32{1, 3} {
			N, O, I := int(m.N), int(m.O), int(m.I)
			cases = append(cases, gpu.Case{
				Name: fmt.Sprint(m, " parts ", Z), Kernel: MatmulTN(t), Params: MatmulParts{m.N, m.O, m.I, Z},
				Buffers: []any{padded(r, N, O), gpu.Normal(r, N*I), gpu.NaNs(int(Z) * O * I)},
				Shape:   map[string][]int{"part": {int(Z), O, I}},
			})
		}
	}
	return cases
}
