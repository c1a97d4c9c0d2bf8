package optim

import (
	"fmt"
	"math"
	"math/rand/v2"

	"attnlab/gpu"
	"attnlab/shaders"
)

// GradNorm is the second half of the gradient's norm: the root of the sum of
// [GradSquare]'s partial sums. It is NaN or infinite where the gradient is.
//
//	partial [P] → norm [4] = (norm, 0, 0, 0)
var GradNorm = gpu.New("grad_norm", shaders.Load("optim/grad_norm", nil),
	[]gpu.Binding{gpu.In("partial"), gpu.Out("norm")},
	func(Norm) gpu.Groups { return gpu.Groups{1, 1, 1} },
	gradNorm[float32], gradNorm[float64],
	func(p Norm, _ func(int) []uint32) gpu.Work {
		return gpu.Does(int(p.P), int(p.P)+4)
	})

func gradNorm[X gpu.Float](p Norm, a gpu.Args[X]) {
	partial, norm := a.F(0), a.F(1)
	var sum X
	for _, v := range partial[:p.P] {
		sum += v
	}
	clear(norm[:4])
	norm[0] = X(math.Sqrt(float64(sum)))
}

func gradNormCases(r *rand.Rand) (cases []gpu.Case) {
	for _, P := range []int{1, 63, 64, 65, 1021} {
		partial := gpu.Normal(r, P)
		for i, v := range partial {
			partial[i] = v * v
		}
		cases = append(cases, gpu.Case{
			Name: fmt.Sprintf("P %d", P), Kernel: GradNorm,
			Params:  Norm{P: uint32(P)},
			Buffers: []any{partial, gpu.NaNs(4)},
		})
	}
	return cases
}
