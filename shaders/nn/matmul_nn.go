package nn

import (
	"fmt"
	"math/rand/v2"

	"attnlab/gpu"
)

// MatmulNN is the gradient of a linear layer's input, dx = dy·w.
//
//	dy [N, O↑4], w [O,I] → dx [N,I]
var MatmulNN = tiled(func(t Tile) *gpu.Kernel {
	return gpu.New(t.name("matmul_nn"), t.load("nn/matmul_nn", map[string]int{"r": t.Rows, "s": t.Cols / 4, "q": 4}),
		[]gpu.Binding{gpu.In("dy"), gpu.In("w"), gpu.Out("dx")},
		func(p Matmul) gpu.Groups { return t.groups(int(p.N), int(p.I)) },
		matmulNN[float32], matmulNN[float64])
})

func matmulNN[X gpu.Float](p Matmul, a gpu.Args[X]) {
	N, O, I := int(p.N), int(p.O), int(p.I)
	gemm(matrix[X]{a.F(0), N, O, up4(O), false}, matrix[X]{a.F(1), O, I, I, false}, matrix[X]{a.F(2), N, I, I, false})
}

func matmulNNCases(r *rand.Rand, t Tile) (cases []gpu.Case) {
	for _, p := range matmulShapes {
		N, O, I := int(p.N), int(p.O), int(p.I)
		cases = append(cases, gpu.Case{
			Name: fmt.Sprint(p), Kernel: MatmulNN(t), Params: p,
			Buffers: []any{padded(r, N, O), gpu.Normal(r, O*I), gpu.NaNs(N * I)},
			Shape:   map[string][]int{"dx": {N, I}},
		})
	}
	return cases
}

// padded returns a random [N, O↑4] whose padding columns are 0.
func padded(r *rand.Rand, N, O int) []float32 {
	y := gpu.Normal(r, N*up4(O))
	padZero(y, N, O)
	return y
}
