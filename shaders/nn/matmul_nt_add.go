package nn

import (
	"fmt"
	"math/rand/v2"

	"attnlab/gpu"
)

// MatmulNTAdd is a linear layer added to the residual stream, y = x·wᵀ + res.
//
//	x [N,I], w [O,I], of any storage, res [N, O↑4] → y [N, O↑4]
var MatmulNTAdd = stored(func(t Tile) *gpu.Kernel {
	return gpu.New(t.name("matmul_nt_add"), t.forward("nn/matmul_nt_add"),
		[]gpu.Binding{gpu.In("x"), t.Storage.binding("w"), gpu.In("res"), gpu.Out("y")},
		func(p Matmul) gpu.Groups { return t.groups(int(p.N), up4(int(p.O))) },
		func(p Matmul, a gpu.Args[float32]) { matmulNTAdd(t.Storage, p, a) },
		func(p Matmul, a gpu.Args[float64]) { matmulNTAdd(t.Storage, p, a) },
		func(p Matmul, _ func(int) []uint32) gpu.Work {
			return countMatmul(t.Storage, p).Plus(gpu.Does(int(p.N*p.O), int(p.N)*up4(int(p.O))))
		})
})

func matmulNTAdd[X gpu.Float](s Storage, p Matmul, a gpu.Args[X]) {
	r, y := a.F(2), a.F(3)
	if a32, ok := any(a).(gpu.Args[float32]); ok {
		copy(y[:int(p.N)*up4(int(p.O))], r)
		linear(s, p, a32.F(0), a32, 1, a32.F(3), true)
		return
	}
	matmulNT(F32, p, gpu.NewArgs[X](a.F(0), weights(s, a, 1, 0, int(p.O), int(p.I)), y))
	for i := range int(p.N) * up4(int(p.O)) {
		y[i] += r[i]
	}
}

func matmulNTAddCases(r *rand.Rand, t Tile) (cases []gpu.Case) {
	for _, p := range matmulShapes {
		N, O, I := int(p.N), int(p.O), int(p.I)
		cases = append(cases, gpu.Case{
			Name: fmt.Sprint(p), Kernel: MatmulNTAdd(t), Params: p,
			Buffers: []any{gpu.Normal(r, N*I), gpu.Normal(r, O*I), gpu.Normal(r, N*up4(O)), gpu.NaNs(N * up4(O))},
			Shape:   map[string][]int{"y": {N, up4(O)}},
		})
	}
	return cases
}
