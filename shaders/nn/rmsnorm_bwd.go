package nn

import (
	"fmt"
	"math/rand/v2"

	"attnlab/gpu"
	"attnlab/gpu/simd"
	"attnlab/shaders"
)

// RMSNormGrad are the parameters of the norm's backward pass: N rows of D features (a
// multiple of 4), Keep 1 to add to dx and 0 to replace it, and the place of the gain's
// parts: word First of every Stride words, multiples of 4.
type RMSNormGrad struct{ N, D, Keep, Stride, First uint32 }

// NormRows is how many tokens are summed in one part of a gain's gradient.
const NormRows = 64

// Parts returns the number of parts of the gain's gradient.
func (p RMSNormGrad) Parts() int { return (int(p.N) + NormRows - 1) / NormRows }

// RMSNormBwd computes both gradients of a norm. That of its input is added to dx, which
// already holds the gradient of the residual stream: with x̂ = x·rstd and g = dy·w,
// dx += rstd·(g − x̂·mean(g·x̂)). That of its gain, Σ_n dy·x̂, is in parts of [NormRows]
// tokens.
//
//	dy [N,D], x [N,D], w [D], rstd [N] → dx [N,D], part [Parts,Stride] from word First
var RMSNormBwd = gpu.New("rmsnorm_bwd", shaders.Load("nn/rmsnorm_bwd", nil),
	[]gpu.Binding{gpu.In("dy"), gpu.In("x"), gpu.In("w"), gpu.In("rstd"), gpu.Out("dx"), gpu.Out("part")},
	func(p RMSNormGrad) gpu.Groups { return gpu.Groups1D(int(p.N), NormRows) },
	rmsnormBwd[float32], rmsnormBwd[float64],
	func(p RMSNormGrad, _ func(int) []uint32) gpu.Work {
		N, D := int(p.N), int(p.D)
		return gpu.Does(int(9+p.Keep)*N*D, int(3+p.Keep)*N*D+D+N+p.Parts()*D)
	})

func rmsnormBwd[X gpu.Float](p RMSNormGrad, a gpu.Args[X]) {
	dy, x, w, rstd, dx, part := a.F(0), a.F(1), a.F(2), a.F(3), a.F(4), a.F(5)
	N, D := int(p.N), int(p.D)
	gpu.Rows(p.Parts(), func(z int) {
		gain := part[z*int(p.Stride)+int(p.First):][:D]
		from, to := z*NormRows, min((z+1)*NormRows, N)
		if p.Keep == 0 {
			clear(dx[from*D : to*D])
		}
		if a, ok := any(a).(gpu.Args[float32]); ok && simd.NormGrad(a.F(4)[from*D:], a.F(0)[from*D:], a.F(1)[from*D:], a.F(2)[:D], a.F(3)[from:to]) &&
			simd.NormGain(any(gain).([]float32), a.F(0)[from*D:], a.F(1)[from*D:], a.F(3)[from:to]) {
			return
		}
		clear(gain)
		for n := from; n < to; n++ {
			dy, x, dx, r := dy[n*D:(n+1)*D], x[n*D:(n+1)*D], dx[n*D:(n+1)*D], rstd[n]
			var along X
			for d := range dy {
				along += dy[d] * w[d] * x[d] * r
			}
			along /= X(D)
			for d := range dy {
				dx[d] += r * (dy[d]*w[d] - x[d]*r*along)
				gain[d] += dy[d] * x[d] * r
			}
		}
	})
}

func rmsnormBwdCases(r *rand.Rand) (cases []gpu.Case) {
	for _, N := range []int{1, 63, 64, 65, 131} {
		for _, D := range []int{4, 48, 268} {
			p := RMSNormGrad{N: uint32(N), D: uint32(D), Keep: uint32(D / 4 % 2), Stride: uint32(D + 12), First: 8}
			dx := gpu.Normal(r, N*D)
			if p.Keep == 0 {
				dx = gpu.NaNs(N * D)
			}
			cases = append(cases, gpu.Case{
				Name: fmt.Sprint(p), Kernel: RMSNormBwd, Params: p,
				Buffers: []any{gpu.Normal(r, N*D), gpu.Normal(r, N*D), gpu.Normal(r, D), gpu.Normal(r, N), dx, gpu.Normal(r, p.Parts()*int(p.Stride))},
				Shape:   map[string][]int{"dx": {N, D}, "part": {p.Parts(), int(p.Stride)}},
			})
		}
	}
	return cases
}
