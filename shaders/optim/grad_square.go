package optim

import (
	"fmt"
	"math/rand/v2"

	"attnlab/gpu"
	"attnlab/shaders"
)

// Norm are the parameters of the norm's kernels: words of the gradient (a
// multiple of 4) and partial sums.
type Norm struct{ N, P uint32 }

// Partials returns how many partial sums a gradient of n words has. 1024 occupy a GPU and are added up quickly. Large gradients have
// more, so that no invocation adds up more than 16,384 words of four: llvmpipe ends it silently after 65,535 loops.
func Partials(n int) int { return max(1024, (n+1<<16-1)>>16) }

// GradSquare is the first half of the gradient's norm: sums of squares of a
// fixed partition into P parts, every P-th word of four.
//
//	g [N] → partial [P]
var GradSquare = gpu.New("grad_square", shaders.Load("optim/grad_square", nil),
	[]gpu.Binding{gpu.In("g"), gpu.Out("partial")},
	func(p Norm) gpu.Groups { return gpu.Groups1D(int(p.P), 64) },
	gradSquare[float32], gradSquare[float64],
	func(p Norm, _ func(int) []uint32) gpu.Work {
		return gpu.Does(2*int(p.N), int(p.N+p.P))
	})

func gradSquare[X gpu.Float](p Norm, a gpu.Args[X]) {
	g, partial := a.F(0), a.F(1)
	gpu.Rows(int(p.P), func(i int) {
		var sum X
		for j := 4 * i; j < int(p.N); j += 4 * int(p.P) {
			v := g[j : j+4]
			sum += v[0]*v[0] + v[1]*v[1] + v[2]*v[2] + v[3]*v[3]
		}
		partial[i] = sum
	})
}

func gradSquareCases(r *rand.Rand) (cases []gpu.Case) {
	for _, P := range []int{1, 63, 64, 65, 131} {
		for _, N := range []int{4, 252, 256, 260, 2052} {
			cases = append(cases, gpu.Case{
				Name: fmt.Sprintf("N %d P %d", N, P), Kernel: GradSquare,
				Params:  Norm{N: uint32(N), P: uint32(P)},
				Buffers: []any{gpu.Normal(r, N), gpu.NaNs(P)},
			})
		}
	}
	return cases
}
