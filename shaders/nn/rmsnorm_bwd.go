package nn

import (
	"fmt"
	"math/rand/v2"

	"attnlab/gpu"
	"attnlab/shaders"
)

// RMSNormBwd adds the gradient of the norm's input to dx, which already holds the
// gradient of the residual stream: with x̂ = x·rstd and g = dy·w,
// dx += rstd·(g − x̂·mean(g·x̂)).
//
//	dy [N,D], x [N,D], w [D], rstd [N] → dx [N,D]
var RMSNormBwd = gpu.New("rmsnorm_bwd", shaders.Load("nn/rmsnorm_bwd", nil),
	[]gpu.Binding{gpu.In("dy"), gpu.In("x"), gpu.In("w"), gpu.In("rstd"), gpu.Out("dx")},
	func(p RMSNorm) gpu.Groups { return gpu.Groups1D(int(p.N), 64) },
	rmsnormBwd[float32], rmsnormBwd[float64])

func rmsnormBwd[X gpu.Float](p RMSNorm, a gpu.Args[X]) {
	dy, x, w, rstd, dx := a.F(0), a.F(1), a.F(2), a.F(3), a.F(4)
	D := int(p.D)
	gpu.Rows(int(p.N), func(n int) {
		dy, x, dx, r := dy[n*D:(n+1)*D], x[n*D:(n+1)*D], dx[n*D:(n+1)*D], rstd[n]
		var along X
		for d := range dy {
			along += dy[d] * w[d] * x[d] * r
		}
		along /= X(D)
		for d := range dy {
			dx[d] += r * (dy[d]*w[d] - x[d]*r*along)
		}
	})
}

func rmsnormBwdCases(r *rand.Rand) (cases []gpu.Case) {
	for _, N := range []int{1, 63, 64, 65, 131} {
		D := 48
		cases = append(cases, gpu.Case{
			Name: fmt.Sprintf("N %d D %d", N, D), Kernel: RMSNormBwd,
			Params:  RMSNorm{N: uint32(N), D: uint32(D), Eps: 1e-5},
			Buffers: []any{gpu.Normal(r, N*D), gpu.Normal(r, N*D), gpu.Normal(r, D), gpu.Normal(r, N), gpu.Normal(r, N*D)},
			Shape:   map[string][]int{"dx": {N, D}},
		})
	}
	return cases
}
