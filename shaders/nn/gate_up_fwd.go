package nn

import (
	"fmt"
	"math"
	"math/rand/v2"

	"attnlab/gpu"
	"attnlab/gpu/simd"
)

// GateUp are the sizes of the feed-forward part's first half: N tokens, D features, F hidden
// features, multiples of 4.
type GateUp struct{ N, D, F uint32 }

// GateUpFwd projects to gate and up and joins them, s = silu(gate)·up (Shazeer 2020).
//
//	x [N,D], w [2F,D], of any storage → gu [N,2F], gate then up, s [N,F]
//
// gu is in the storage that the tile saves it in.
var GateUpFwd = stored(func(t Tile) *gpu.Kernel {
	t.Cols = 8 // four gates, four ups
	return gpu.New(t.name("gate_up_fwd"), t.forward("nn/gate_up_fwd"),
		[]gpu.Binding{gpu.In("x"), t.Storage.binding("w"), t.saved(true), gpu.Out("s")},
		func(p GateUp) gpu.Groups { return t.groups(int(p.N), 2*int(p.F)) },
		func(p GateUp, a gpu.Args[float32]) { gateUpFwd(t, p, a) },
		func(p GateUp, a gpu.Args[float64]) { gateUpFwd(t, p, a) },
		func(p GateUp, _ func(int) []uint32) gpu.Work {
			N, D, F := int(p.N), int(p.D), int(p.F)
			return gpu.Does(4*N*D*F+5*N*F, N*D+t.Storage.Words(2*F*D)+t.savedWords(2*N*F)+N*F)
		})
})

func gateUpFwd[X gpu.Float](t Tile, p GateUp, a gpu.Args[X]) {
	F := int(p.F)
	x, s, gu := a.F(0), a.F(3), toSave(t, a, 2, 2*int(p.N)*F)
	if a32, ok := any(a).(gpu.Args[float32]); ok {
		linear(t.Storage, Matmul{p.N, 2 * p.F, p.D}, a32.F(0), a32, 1, any(gu).([]float32), false)
	} else {
		matmulNT(F32, Matmul{p.N, 2 * p.F, p.D}, gpu.NewArgs[X](x, weights(t.Storage, a, 1, 0, 2*F, int(p.D)), gu))
	}
	gpu.Parts(int(p.N), 4*F, func(from, to int) {
		for n := from; n < to; n++ {
			swiglu(s[n*F:][:F], gu[2*n*F:][:F], gu[(2*n+1)*F:][:F])
		}
	})
	keep(t, a, 2, gu)
}

func sigmoid[X gpu.Float](x X) X { return X(1 / (1 + math.Exp(-float64(x)))) }

// swiglu is the gated activation of one row, s = silu(gate)·up.
func swiglu[X gpu.Float](s, gate, up []X) {
	if s32, ok := any(s).([]float32); ok {
		simd.SwiGLU(s32, any(gate).([]float32), any(up).([]float32))
		return
	}
	for f := range s {
		s[f] = gate[f] * sigmoid(gate[f]) * up[f]
	}
}

func gateUpFwdCases(r *rand.Rand, t Tile) (cases []gpu.Case) {
	for _, p := range []GateUp{{1, 4, 4}, {9, 8, 28}, {31, 48, 32}, {64, 16, 36}, {33, 64, 160}, {67, 12, 52}} {
		N, D, F := int(p.N), int(p.D), int(p.F)
		x, w := gpu.Normal(r, N*D), gpu.Normal(r, 2*F*D)
		for i := range w {
			w[i] /= 8 // rounding of gates and ups multiplies
		}
		x[0], w[0], w[D] = 200, 1, -1 // gates far beyond e^±88
		cases = append(cases, gpu.Case{
			Name: fmt.Sprint(p), Kernel: GateUpFwd(t), Params: p,
			Buffers: []any{x, w, t.savedCase(gpu.NaNs(2 * N * F)), gpu.NaNs(N * F)},
			Shape:   map[string][]int{"gu": {N, 2 * F}, "s": {N, F}},
		})
	}
	return cases
}
