package nn

import (
	"fmt"
	"math/rand/v2"

	"attnlab/gpu"
	"attnlab/shaders"
)

// AdapterParts are the sizes of a matrix [O,R] of an adapter and of its gradient's Z parts, Stride words from one to the next. Columns come
// in blocks of Rank, rows in blocks that end at First and at Second: a fused weight has an adapter for each of its parts. R, Rank and
// Stride are multiples of 4.
type AdapterParts struct {
	O, R, Z, Stride     uint32
	Rank, First, Second uint32
	Scale               float32
}

// AdapterGrad adds the parts of the gradient of one matrix of an adapter, g += scale·Σ_z part[z], where row and column belong to the same
// block. A fused weight's adapters are one product with zeros outside their blocks, which stay zeros because their gradient is not added.
//
//	part [Z,Stride], the first O·R words of each → g [O,R]
var AdapterGrad = gpu.New("adapter_grad", shaders.Load("nn/adapter_grad", nil),
	[]gpu.Binding{gpu.In("part"), gpu.Out("g")},
	func(p AdapterParts) gpu.Groups {
		if p.Z == 0 {
			return gpu.Groups{}
		}
		return gpu.Groups1D(int(p.O*p.R)/4, 64)
	},
	adapterGrad[float32], adapterGrad[float64],
	func(p AdapterParts, _ func(int) []uint32) gpu.Work {
		n := int(p.O * p.R)
		return gpu.Does(n*(int(p.Z)+1), n*(int(p.Z)+2))
	})

func adapterGrad[X gpu.Float](p AdapterParts, a gpu.Args[X]) {
	part, g := a.F(0), a.F(1)
	for o := range p.O {
		block := uint32(0)
		if o >= p.First {
			block++
		}
		if o >= p.Second {
			block++
		}
		for k := block * p.Rank; k < min((block+1)*p.Rank, p.R); k++ {
			var sum X
			for z := range p.Z {
				sum += part[z*p.Stride+o*p.R+k]
			}
			g[o*p.R+k] += X(p.Scale) * sum
		}
	}
}

func adapterGradCases(r *rand.Rand) (cases []gpu.Case) {
	for _, p := range []AdapterParts{
		{1, 4, 1, 4, 4, 1, 1, 2}, {7, 12, 3, 88, 4, 2, 5, 0.5}, {64, 8, 2, 512, 8, 64, 64, 1}, {65, 16, 1, 1040, 8, 40, 65, 2}, {31, 24, 5, 744, 8, 11, 20, -1},
	} {
		cases = append(cases, gpu.Case{
			Name: fmt.Sprint(p), Kernel: AdapterGrad, Params: p,
			Buffers: []any{gpu.Normal(r, int(p.Z*p.Stride)), gpu.Normal(r, int(p.O*p.R))},
			Shape:   map[string][]int{"g": {int(p.O), int(p.R)}},
		})
	}
	return cases
}
