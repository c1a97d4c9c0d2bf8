package nn

import (
	"fmt"
	"math"
	"math/rand/v2"

	"attnlab/gpu"
	"attnlab/gpu/simd"
	"attnlab/shaders"
)

// RMSNorm are the parameters of the norm's kernels: N rows of D features
// (a multiple of 4).
type RMSNorm struct {
	N, D uint32
	Eps  float32
}

// RMSNormFwd is y = x · rstd · w with rstd = 1/√(mean x² + ε), a row at a time
// (Zhang & Sennrich 2019, as Llama uses it).
//
//	x [N,D], w [D] → y [N,D], rstd [N]
var RMSNormFwd = gpu.New("rmsnorm_fwd", shaders.Load("nn/rmsnorm_fwd", nil),
	[]gpu.Binding{gpu.In("x"), gpu.In("w"), gpu.Out("y"), gpu.Out("rstd")},
	func(p RMSNorm) gpu.Groups { return gpu.Groups1D(int(p.N), 64) },
	rmsnormFwd[float32], rmsnormFwd[float64],
	func(p RMSNorm, _ func(int) []uint32) gpu.Work {
		return gpu.Does(int(4*p.N*p.D), int(2*p.N*p.D+p.D+p.N))
	})

func rmsnormFwd[X gpu.Float](p RMSNorm, a gpu.Args[X]) {
	x, w, y, rstd := a.F(0), a.F(1), a.F(2), a.F(3)
	D := int(p.D)
	gpu.Parts(int(p.N), D, func(from, to int) {
		if a, ok := any(a).(gpu.Args[float32]); ok && simd.Norm(a.F(2)[from*D:], a.F(3)[from:to], a.F(0)[from*D:], a.F(1)[:D], p.Eps) {
			return
		}
		for n := from; n < to; n++ {
			row, out := x[n*D:(n+1)*D], y[n*D:(n+1)*D]
			var square X
			for _, v := range row {
				square += v * v
			}
			r := X(1 / math.Sqrt(float64(square/X(D)+X(p.Eps))))
			rstd[n] = r
			for d, v := range row {
				out[d] = v * r * w[d]
			}
		}
	})
}

func rmsnormFwdCases(r *rand.Rand) (cases []gpu.Case) {
	for _, N := range []int{1, 63, 64, 65, 131} {
		for _, D := range []int{4, 48, 64} {
			cases = append(cases, gpu.Case{
				Name: fmt.Sprintf("N %d D %d", N, D), Kernel: RMSNormFwd,
				Params:  RMSNorm{N: uint32(N), D: uint32(D), Eps: 1e-5},
				Buffers: []any{gpu.Normal(r, N*D), gpu.Normal(r, D), gpu.NaNs(N * D), gpu.NaNs(N)},
				Shape:   map[string][]int{"y": {N, D}},
			})
		}
	}
	return cases
}
