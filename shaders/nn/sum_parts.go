package nn

import (
	"fmt"
	"math/rand/v2"

	"attnlab/gpu"
	"attnlab/gpu/simd"
	"attnlab/shaders"
)

// Parts are the sizes of a sum over parts: M words (a multiple of 4), Z parts.
type Parts struct{ M, Z uint32 }

// SumParts adds the parts of a gradient to it, dw += Σ_z part[z].
//
//	part [Z,M] → dw [M]
var SumParts = gpu.New("sum_parts", shaders.Load("nn/sum_parts", nil),
	[]gpu.Binding{gpu.In("part"), gpu.Out("dw")},
	func(p Parts) gpu.Groups { return gpu.Groups1D(int(p.M)/4, 64) },
	sumParts[float32], sumParts[float64],
	func(p Parts, _ func(int) []uint32) gpu.Work {
		return gpu.Does(int(p.Z*p.M), int(p.Z*p.M+2*p.M))
	})

func sumParts[X gpu.Float](p Parts, a gpu.Args[X]) {
	M, part, dw := int(p.M), a.F(0), a.F(1)
	gpu.Parts(M, int(p.Z), func(from, to int) {
		for z := range int(p.Z) {
			if a, ok := any(a).(gpu.Args[float32]); ok {
				simd.AddTo(a.F(1)[from:to], a.F(0)[z*M+from:])
				continue
			}
			for i, v := range part[z*M+from : z*M+to] {
				dw[from+i] += v
			}
		}
	})
}

func sumPartsCases(r *rand.Rand) (cases []gpu.Case) {
	for _, p := range []Parts{{4, 1}, {252, 2}, {256, 3}, {260, 16}, {524, 1}} {
		cases = append(cases, gpu.Case{
			Name: fmt.Sprint(p), Kernel: SumParts, Params: p,
			Buffers: []any{gpu.Normal(r, int(p.M*p.Z)), gpu.Normal(r, int(p.M))},
		})
	}
	return cases
}
