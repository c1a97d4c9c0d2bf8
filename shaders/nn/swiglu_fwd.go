package nn

import (
	"fmt"
	"math"
	"math/rand/v2"

	"attnlab/gpu"
	"attnlab/gpu/simd"
	"attnlab/shaders"
)

// SwiGLU are the sizes of the gated activation: N tokens, F hidden features.
type SwiGLU struct{ N, F uint32 }

// SwiGLUFwd is s = silu(gate)·up (Shazeer 2020).
//
//	gu [N,2F], gate then up → s [N,F]
var SwiGLUFwd = gpu.New("swiglu_fwd", shaders.Load("nn/swiglu_fwd", nil),
	[]gpu.Binding{gpu.In("gu"), gpu.Out("s")},
	func(p SwiGLU) gpu.Groups { return gpu.Groups1D(int(p.N*p.F)/4, 64) },
	swigluFwd[float32], swigluFwd[float64])

func sigmoid[X gpu.Float](x X) X { return X(1 / (1 + math.Exp(-float64(x)))) }

func swigluFwd[X gpu.Float](p SwiGLU, a gpu.Args[X]) {
	gu, s := a.F(0), a.F(1)
	F := int(p.F)
	gpu.Rows(int(p.N), func(n int) {
		gate, up, out := gu[2*n*F:][:F], gu[(2*n+1)*F:][:F], s[n*F:][:F]
		if out32, ok := any(out).([]float32); ok {
			simd.SwiGLU(out32, any(gate).([]float32), any(up).([]float32))
			return
		}
		for f := range out {
			out[f] = gate[f] * sigmoid(gate[f]) * up[f]
		}
	})
}

var swigluShapes = []SwiGLU{{1, 4}, {9, 28}, {8, 32}, {5, 52}, {13, 160}}

func swigluFwdCases(r *rand.Rand) (cases []gpu.Case) {
	for _, p := range swigluShapes {
		gu := gpu.Normal(r, int(2*p.N*p.F))
		gu[0], gu[1] = 200, -200 // beyond e^±88
		cases = append(cases, gpu.Case{
			Name: fmt.Sprint(p), Kernel: SwiGLUFwd, Params: p,
			Buffers: []any{gu, gpu.NaNs(int(p.N * p.F))},
			Shape:   map[string][]int{"s": {int(p.N), int(p.F)}},
		})
	}
	return cases
}
