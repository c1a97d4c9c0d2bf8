package optim

import (
	"fmt"
	"math/rand/v2"

	"attnlab/gpu"
	"attnlab/shaders"
)

// FillParams are the number of words and their new value.
type FillParams struct {
	N     uint32
	Value float32
}

// Fill sets the first N words of a buffer, or of a part of one, to a value:
// gradients to 0 before they are accumulated.
//
//	x [N] = value
var Fill = gpu.New("fill", shaders.Load("optim/fill", nil),
	[]gpu.Binding{gpu.Out("x")},
	func(p FillParams) gpu.Groups { return gpu.Groups1D(int(p.N), 64) },
	fill[float32], fill[float64],
	func(p FillParams, _ func(int) []uint32) gpu.Work {
		return gpu.Does(0, int(p.N))
	})

func fill[X gpu.Float](p FillParams, a gpu.Args[X]) {
	x := a.F(0)[:p.N]
	if p.Value == 0 {
		clear(x)
		return
	}
	for i := range x {
		x[i] = X(p.Value)
	}
}

func fillCases(r *rand.Rand) (cases []gpu.Case) {
	for _, N := range []int{1, 63, 64, 65, 131} {
		cases = append(cases, gpu.Case{
			Name: fmt.Sprintf("N %d", N), Kernel: Fill,
			Params:  FillParams{N: uint32(N), Value: -2.5},
			Buffers: []any{append(gpu.NaNs(N), gpu.Normal(r, 70)...)}, // the last 70 must not change
		})
	}
	return cases
}
