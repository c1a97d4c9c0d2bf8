package nn

import (
	"fmt"
	"math"
	"math/rand/v2"

	"attnlab/gpu"
	"attnlab/gpu/simd"
)

// DownBwd is the backward pass of y = s·wᵀ with s = silu(gate)·up, through the product and
// the gated activation: with ds = dy·w and σ = sigmoid(gate), dup = ds·gate·σ and
// dgate = ds·up·σ·(1 + gate·(1−σ)). The weight's gradient is in parts as in [LinearBwd].
//
//	dy [N,O], O a multiple of 4, w [O,I], x [N,I], which is s, gu [N,2I], gate then up →
//	dgu [N,2I], part [Z,Stride], the first O·I words of each
//
// gu is in the storage that the tile saves it in.
var DownBwd = variants(func(t Tile) *gpu.Kernel {
	return gpu.New(t.name("down_bwd"), t.backward("nn/down_bwd"),
		[]gpu.Binding{gpu.In("dy"), gpu.In("w"), gpu.In("x"), t.saved(false), gpu.Out("dgu"), gpu.Out("part")},
		t.bwdGroups,
		func(p LinearGrad, a gpu.Args[float32]) { downBwd(t, p, a) },
		func(p LinearGrad, a gpu.Args[float64]) { downBwd(t, p, a) },
		func(p LinearGrad, _ func(int) []uint32) gpu.Work {
			return countLinear(p).Plus(gpu.Does(int(11*p.N*p.I), int(2*p.N*p.I)+t.savedWords(int(2*p.N*p.I))))
		})
}, func(t Tile) Tile { return t.Saving(F32) })

func downBwd[X gpu.Float](t Tile, p LinearGrad, a gpu.Args[X]) {
	dy, w, x, dgu, part := a.F(0), a.F(1), a.F(2), a.F(4), a.F(5)
	N, O, I := int(p.N), int(p.O), int(p.I)
	// ds takes the place of dup: rows of I words, 2I apart.
	gemm(matrix[X]{dy, N, O, O, false}, matrix[X]{w, O, I, I, false}, matrix[X]{dgu[I:], N, I, 2 * I, false})
	gateGrads(N, I, kept(t, a, 3, 2*N*I), dgu)
	weightParts(p, dy, x, part)
}

// swigluBwd is the gradient of the gated activation of one row. ds may be dup.
func swigluBwd[X gpu.Float](dgate, dup, gate, up, ds []X) {
	if ds32, ok := any(ds).([]float32); ok {
		simd.SwiGLUGrad(any(dgate).([]float32), any(dup).([]float32), any(gate).([]float32), any(up).([]float32), ds32)
		return
	}
	for f, ds := range ds {
		s := sigmoid(gate[f])
		dgate[f] = ds * up[f] * s * (1 + gate[f]*(1-s))
		dup[f] = ds * gate[f] * s
	}
}

func downBwdCases(r *rand.Rand, t Tile) (cases []gpu.Case) {
	for _, p := range linearGrads() {
		p.O = uint32(up4(int(p.O)))
		p.Stride = p.O*p.I + 4
		N, O, I := int(p.N), int(p.O), int(p.I)
		gu := gpu.Normal(r, 2*N*I)
		gu[0], gu[1] = 200, -200 // beyond e^±88
		dy, w := gpu.Normal(r, N*O), gpu.Normal(r, O*I)
		for o := range O { // what the large gates multiply is exact
			for _, v := range []*float32{&dy[o], &w[o*I], &w[o*I+1]} {
				*v = float32(math.Round(float64(4**v)) / 4)
			}
		}
		cases = append(cases, gpu.Case{
			Name: fmt.Sprint(p), Kernel: DownBwd(t), Params: p,
			Buffers: []any{dy, w, gpu.Normal(r, N*I), t.savedCase(gu), gpu.NaNs(2 * N * I), gaps(r, p)},
			Shape:   map[string][]int{"dgu": {N, 2 * I}},
		})
	}
	return cases
}
