package nn

import (
	"fmt"
	"math/rand/v2"

	"attnlab/gpu"
)

// DownDx is the backward pass of y = s·wᵀ with s = silu(gate)·up and a frozen weight: what [DownBwd] computes, without the weight's
// gradient.
//
//	dy [N,O], O a multiple of 4, w [O,I], of any storage, gu [N,2I], gate then up → dgu [N,2I]
var DownDx = stored(func(t Tile) *gpu.Kernel {
	return gpu.New(t.name("down_dx"), t.backward("nn/down_dx"),
		[]gpu.Binding{gpu.In("dy"), t.Storage.binding("w"), gpu.In("gu"), gpu.Out("dgu")},
		func(p Matmul) gpu.Groups { return t.groups(int(p.N), int(p.I)) },
		func(p Matmul, a gpu.Args[float32]) { downDx(t.Storage, p, a) },
		func(p Matmul, a gpu.Args[float64]) { downDx(t.Storage, p, a) },
		func(p Matmul, _ func(int) []uint32) gpu.Work {
			return countInputs(t.Storage, InputGrad{N: p.N, O: p.O, I: p.I}).Plus(gpu.Does(int(11*p.N*p.I), int(4*p.N*p.I)))
		})
})

func downDx[X gpu.Float](s Storage, p Matmul, a gpu.Args[X]) {
	dy, gu, dgu := a.F(0), a.F(2), a.F(3)
	N, O, I := int(p.N), int(p.O), int(p.I)
	// ds takes the place of dup: rows of I words, 2I apart.
	timesWeight(s, matrix[X]{dy, N, O, O, false}, a, O, matrix[X]{dgu[I:], N, I, 2 * I, false}, false)
	gateGrads(N, I, gu, dgu)
}

// gateGrads replaces ds, which lies in the second half of each row of dgu [N,2I], by the gradients of gate and up.
func gateGrads[X gpu.Float](N, I int, gu, dgu []X) {
	gpu.Rows(N, func(n int) {
		gate, up := gu[2*n*I:][:I], gu[(2*n+1)*I:][:I]
		dgate, dup := dgu[2*n*I:][:I], dgu[(2*n+1)*I:][:I]
		swigluBwd(dgate, dup, gate, up, dup)
	})
}

func downDxCases(r *rand.Rand, t Tile) (cases []gpu.Case) {
	for _, p := range []Matmul{{1, 4, 32}, {31, 60, 64}, {64, 32, 32}, {67, 36, 96}} {
		N, O, I := int(p.N), int(p.O), int(p.I)
		gu := gpu.Normal(r, 2*N*I)
		gu[0], gu[1] = 200, -200 // beyond e^±88
		cases = append(cases, gpu.Case{
			Name: fmt.Sprint(p), Kernel: DownDx(t), Params: p, Tol: gpu.Tolerance{Abs: 5e-5, Rel: 5e-5},
			Buffers: []any{gpu.Normal(r, N*O), t.Storage.packed(r, O*I, 1), gu, gpu.NaNs(2 * N * I)},
			Shape:   map[string][]int{"dgu": {N, 2 * I}},
		})
	}
	return cases
}
