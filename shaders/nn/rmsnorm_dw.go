package nn

import (
	"fmt"
	"math/rand/v2"

	"attnlab/gpu"
	"attnlab/shaders"
)

// RMSNormParts are the sizes of the gain's gradient, computed in Z parts.
type RMSNormParts struct{ N, D, Z uint32 }

// RMSNormDW is the gradient of the norm's gain in Z parts over the tokens,
// part[z] = Σ_{n in part z} dy·x·rstd.
//
//	dy [N,D], x [N,D], rstd [N] → part [Z,D]
var RMSNormDW = gpu.New("rmsnorm_dw", shaders.Load("nn/rmsnorm_dw", nil),
	[]gpu.Binding{gpu.In("dy"), gpu.In("x"), gpu.In("rstd"), gpu.Out("part")},
	func(p RMSNormParts) gpu.Groups { return gpu.Groups2D(int(p.D)/4, int(p.Z), 16, 4) },
	rmsnormDW[float32], rmsnormDW[float64])

func rmsnormDW[X gpu.Float](p RMSNormParts, a gpu.Args[X]) {
	dy, x, rstd, part := a.F(0), a.F(1), a.F(2), a.F(3)
	N, D, Z := int(p.N), int(p.D), int(p.Z)
	rows := (N + Z - 1) / Z
	gpu.Rows(Z, func(z int) {
		sum := part[z*D : (z+1)*D]
		clear(sum)
		for n := z * rows; n < min((z+1)*rows, N); n++ {
			for d := range sum {
				sum[d] += dy[n*D+d] * x[n*D+d] * rstd[n]
			}
		}
	})
}

func rmsnormDWCases(r *rand.Rand) (cases []gpu.Case) {
	for _, p := range []RMSNormParts{{1, 4, 1}, {15, 60, 2}, {16, 64, 3}, {17, 68, 4}, {131, 48, 5}} {
		N, D := int(p.N), int(p.D)
		cases = append(cases, gpu.Case{
			Name: fmt.Sprint(p), Kernel: RMSNormDW, Params: p,
			Buffers: []any{gpu.Normal(r, N*D), gpu.Normal(r, N*D), gpu.Normal(r, N), gpu.NaNs(int(p.Z) * D)},
			Shape:   map[string][]int{"part": {int(p.Z), D}},
		})
	}
	return cases
}
