package nn

import (
	"fmt"
	"math/rand/v2"

	"attnlab/gpu"
)

// Matmul are the sizes of a linear layer: N tokens, O outputs, I inputs (a
// multiple of 4). Outputs are stored in rows of O rounded up to 4.
type Matmul struct{ N, O, I uint32 }

// MatmulNT is a linear layer, y = x·wᵀ.
//
//	x [N,I], w [O,I], of any storage → y [N, O↑4], padding columns 0
var MatmulNT = stored(func(t Tile) *gpu.Kernel {
	return gpu.New(t.name("matmul_nt"), t.forward("nn/matmul_nt"),
		[]gpu.Binding{gpu.In("x"), t.Storage.binding("w"), gpu.Out("y")},
		func(p Matmul) gpu.Groups { return t.groups(int(p.N), up4(int(p.O))) },
		func(p Matmul, a gpu.Args[float32]) { matmulNT(t.Storage, p, a) },
		func(p Matmul, a gpu.Args[float64]) { matmulNT(t.Storage, p, a) },
		func(p Matmul, _ func(int) []uint32) gpu.Work { return countMatmul(t.Storage, p) })
})

// countMatmul counts a product of [N,I] and [O,I], the latter stored as s: 2·N·O·I operations on both and [N, O↑4].
func countMatmul(s Storage, p Matmul) gpu.Work {
	N, O, I := int(p.N), int(p.O), int(p.I)
	return gpu.Does(2*N*O*I, N*I+s.Words(O*I)+N*up4(O))
}

func matmulNT[X gpu.Float](s Storage, p Matmul, a gpu.Args[X]) {
	N, O, I := int(p.N), int(p.O), int(p.I)
	y := a.F(2)
	padZero(y, N, O)
	if a32, ok := any(a).(gpu.Args[float32]); ok {
		linear(s, p, a32.F(0), a32, 1, a32.F(2), false)
		return
	}
	gemm(matrix[X]{a.F(0), N, I, I, false}, matrix[X]{weights(s, a, 1, 0, O, I), O, I, I, true}, matrix[X]{y, N, O, up4(O), false})
}

// matmulShapes has sizes 1, tile-1, tile, tile+1 and primes, of tiles of 4 and 8 in
// workgroups of 32 and 64, and a row that 32 invocations read in several rounds.
var matmulShapes = []Matmul{{1, 1, 4}, {7, 9, 8}, {31, 58, 64}, {64, 32, 16}, {33, 5, 48}, {67, 37, 12}, {5, 6, 300}}

func matmulNTCases(r *rand.Rand, t Tile) (cases []gpu.Case) {
	for _, p := range matmulShapes {
		N, O, I := int(p.N), int(p.O), int(p.I)
		cases = append(cases, gpu.Case{
			Name: fmt.Sprint(p), Kernel: MatmulNT(t), Params: p,
			Buffers: []any{gpu.Normal(r, N*I), gpu.Normal(r, O*I), gpu.NaNs(N * up4(O))},
			Shape:   map[string][]int{"y": {N, up4(O)}},
		})
	}
	return cases
}
