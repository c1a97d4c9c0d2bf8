package nn

import (
	"fmt"
	"math/rand/v2"

	"attnlab/gpu"
	"attnlab/gpu/simd"
	"attnlab/shaders"
)

// SwiGLUBwd is the gradient of the gated activation, with σ = sigmoid(gate):
// dup = ds·gate·σ and dgate = ds·up·σ·(1 + gate·(1−σ)).
//
//	gu [N,2F], ds [N,F] → dgu [N,2F]
var SwiGLUBwd = gpu.New("swiglu_bwd", shaders.Load("nn/swiglu_bwd", nil),
	[]gpu.Binding{gpu.In("gu"), gpu.In("ds"), gpu.Out("dgu")},
	func(p SwiGLU) gpu.Groups { return gpu.Groups1D(int(p.N*p.F)/4, 64) },
	swigluBwd[float32], swigluBwd[float64])

func swigluBwd[X gpu.Float](p SwiGLU, a gpu.Args[X]) {
	gu, ds, dgu := a.F(0), a.F(1), a.F(2)
	F := int(p.F)
	gpu.Rows(int(p.N), func(n int) {
		gate, up, ds := gu[2*n*F:][:F], gu[(2*n+1)*F:][:F], ds[n*F:][:F]
		dgate, dup := dgu[2*n*F:][:F], dgu[(2*n+1)*F:][:F]
		if ds32, ok := any(ds).([]float32); ok {
			simd.SwiGLUGrad(any(dgate).([]float32), any(dup).([]float32), any(gate).([]float32), any(up).([]float32), ds32)
			return
		}
		for f := range ds {
			s := sigmoid(gate[f])
			dgate[f] = ds[f] * up[f] * s * (1 + gate[f]*(1-s))
			dup[f] = ds[f] * gate[f] * s
		}
	})
}

func swigluBwdCases(r *rand.Rand) (cases []gpu.Case) {
	for _, p := range swigluShapes {
		gu := gpu.Normal(r, int(2*p.N*p.F))
		gu[0], gu[1] = 200, -200
		cases = append(cases, gpu.Case{
			Name: fmt.Sprint(p), Kernel: SwiGLUBwd, Params: p,
			Buffers: []any{gu, gpu.Normal(r, int(p.N*p.F)), gpu.NaNs(int(2 * p.N * p.F))},
			Shape:   map[string][]int{"dgu": {int(p.N), 2 * int(p.F)}},
		})
	}
	return cases
}
