package nn

import (
	"fmt"
	"math/rand/v2"

	"attnlab/gpu"
)

// LinearGrad are the sizes of a linear layer's backward pass: N tokens, O outputs, I inputs
// (a multiple of 4), and the weight's gradient in Z parts over the tokens, Stride words from
// one to the next (a multiple of 4).
type LinearGrad struct{ N, O, I, Z, Stride uint32 }

// words returns the length of the parts.
func (p LinearGrad) words() int {
	return int((p.Z-1)*p.Stride + p.O*p.I)
}

// LinearBwd is the backward pass of a linear layer y = x·wᵀ: dx = dy·w, and dw = dyᵀ·x in Z
// parts, of which part z covers tokens [z·⌈N/Z⌉, (z+1)·⌈N/Z⌉). [LinearDx] computes dx alone.
//
//	dy [N, O↑4], w [O,I], x [N,I] → dx [N,I], part [Z,Stride], the first O·I words of each
var LinearBwd = tiled(func(t Tile) *gpu.Kernel {
	return gpu.New(t.name("linear_bwd"), t.backward("nn/linear_bwd"),
		[]gpu.Binding{gpu.In("dy"), gpu.In("w"), gpu.In("x"), gpu.Out("dx"), gpu.Out("part")},
		t.bwdGroups, linearBwd[float32], linearBwd[float64],
		func(p LinearGrad, _ func(int) []uint32) gpu.Work {
			return countLinear(p).Plus(gpu.Does(0, int(p.N*p.I)))
		})
})

// countLinear counts both products, without storing dx.
func countLinear(p LinearGrad) gpu.Work {
	N, O, I := int(p.N), int(p.O), int(p.I)
	return gpu.Does(4*N*O*I, N*up4(O)+O*I+N*I+int(p.Z)*O*I)
}

// bwdGroups returns the workgroups of shared/linear_bwd: those of dx, then those of each part.
func (t Tile) bwdGroups(p LinearGrad) gpu.Groups {
	g := t.groups(int(p.N), int(p.I))
	g[1] += int(p.Z) * t.groups(int(p.O), int(p.I))[1]
	return g
}

func linearBwd[X gpu.Float](p LinearGrad, a gpu.Args[X]) {
	dy, w, x, dx, part := a.F(0), a.F(1), a.F(2), a.F(3), a.F(4)
	N, O, I := int(p.N), int(p.O), int(p.I)
	gemm(matrix[X]{dy, N, O, up4(O), false}, matrix[X]{w, O, I, I, false}, matrix[X]{dx, N, I, I, false})
	weightParts(p, dy, x, part)
}

// weightParts computes the gradient of a weight in parts.
func weightParts[X gpu.Float](p LinearGrad, dy, x, part []X) {
	N, O, I, Z := int(p.N), int(p.O), int(p.I), int(p.Z)
	rows := (N + Z - 1) / Z
	for z := range Z {
		out := part[z*int(p.Stride):][:O*I]
		from, to := min(z*rows, N), min((z+1)*rows, N)
		if from == to {
			clear(out)
			continue
		}
		gemm(matrix[X]{dy[from*up4(O):], to - from, O, up4(O), true},
			matrix[X]{x[from*I:], to - from, I, I, false}, matrix[X]{out, O, I, I, false})
	}
}

// linearGrads are the shapes of matmulShapes in one part and in three, one without tokens.
func linearGrads() (all []LinearGrad) {
	for _, m := range matmulShapes {
		size := m.O * m.I
		all = append(all, LinearGrad{m.N, m.O, m.I, 1, size}, LinearGrad{m.N, m.O, m.I, 3, size + 4})
	}
	return all
}

func linearBwdCases(r *rand.Rand, t Tile) (cases []gpu.Case) {
	for _, p := range linearGrads() {
		N, O, I := int(p.N), int(p.O), int(p.I)
		cases = append(cases, gpu.Case{
			Name: fmt.Sprint(p), Kernel: LinearBwd(t), Params: p,
			Buffers: []any{padded(r, N, O), gpu.Normal(r, O*I), gpu.Normal(r, N*I), gpu.NaNs(N * I), gaps(r, p)},
			Shape:   map[string][]int{"dx": {N, I}},
		})
	}
	return cases
}

// padded returns a random [N, O↑4] whose padding columns are 0.
func padded(r *rand.Rand, N, O int) []float32 {
	y := gpu.Normal(r, N*up4(O))
	padZero(y, N, O)
	return y
}

// gaps returns parts filled with NaN, and between them random words that must not change.
func gaps(r *rand.Rand, p LinearGrad) []float32 {
	part := gpu.Normal(r, p.words())
	for z := range int(p.Z) {
		copy(part[z*int(p.Stride):], gpu.NaNs(int(p.O*p.I)))
	}
	return part
}
