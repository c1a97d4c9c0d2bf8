package nn

import (
	"fmt"
	"math/rand/v2"

	"attnlab/gpu"
	"attnlab/shaders"
)

// Adapter are the sizes of a low-rank adapter of a weight [O,I], I a multiple of 4, with R rows in between, and what its product is
// multiplied by: alpha/rank.
type Adapter struct {
	O, I, R uint32
	Scale   float32
}

// AdapterMerge adds a low-rank adapter to a frozen weight (LoRA, Hu et al. 2021, eq. 3): w = base + scale·b·a. Where b is 0, w is base bit
// for bit.
//
//	base [O,I], a [R,I], b [O,R] → w [O,I]
var AdapterMerge = gpu.New("adapter_merge", shaders.Load("nn/adapter_merge", nil),
	[]gpu.Binding{gpu.In("base"), gpu.In("a"), gpu.In("b"), gpu.Out("w")},
	func(p Adapter) gpu.Groups { return gpu.Groups1D(int(p.O*p.I)/4, 64) },
	adapterMerge[float32], adapterMerge[float64],
	func(p Adapter, _ func(int) []uint32) gpu.Work {
		O, I, R := int(p.O), int(p.I), int(p.R)
		return gpu.Does(2*O*I*R+2*O*I, 2*O*I+R*I+O*R)
	})

func adapterMerge[X gpu.Float](p Adapter, args gpu.Args[X]) {
	base, a, b, w := args.F(0), args.F(1), args.F(2), args.F(3)
	I, R := int(p.I), int(p.R)
	gpu.Parts(int(p.O), I*(1+R), func(from, to int) {
		sum := make([]X, I)
		for o := from; o < to; o++ {
			clear(sum)
			for k, v := range b[o*R : (o+1)*R] {
				for i, u := range a[k*I : (k+1)*I] {
					sum[i] += v * u
				}
			}
			for i, v := range sum {
				w[o*I+i] = base[o*I+i] + X(p.Scale)*v
			}
		}
	})
}

func adapterMergeCases(r *rand.Rand) (cases []gpu.Case) {
	for _, p := range []Adapter{{1, 4, 4, 1}, {7, 36, 4, 2}, {63, 4, 8, 0.5}, {64, 8, 12, 2}, {67, 44, 24, -1}} {
		O, I, R := int(p.O), int(p.I), int(p.R)
		cases = append(cases, gpu.Case{
			Name: fmt.Sprint(p), Kernel: AdapterMerge, Params: p,
			Buffers: []any{gpu.Normal(r, O*I), gpu.Normal(r, R*I), gpu.Normal(r, O*R), gpu.NaNs(O * I)},
			Shape:   map[string][]int{"w": {O, I}},
		})
	}
	return cases
}
