package nn

import (
	"fmt"
	"math/rand/v2"

	"attnlab/gpu"
	"attnlab/shaders"
)

// RopeBwd rotates the gradients of queries and keys back, in place.
//
//	pos [N], rope [T,2,C/2] → dqkv [N,(H+2K)·C]
var RopeBwd = gpu.New("rope_bwd", shaders.Load("nn/rope_bwd", nil),
	[]gpu.Binding{gpu.InU("pos"), gpu.In("rope"), gpu.Out("dqkv")},
	func(p QKV) gpu.Groups { return gpu.Groups1D(int(p.N*(p.H+p.K)*p.C)/8, 64) },
	ropeBwd[float32], ropeBwd[float64],
	func(p QKV, words func(int) []uint32) gpu.Work {
		rotated := int(p.N * (p.H + p.K) * p.C)
		return gpu.Does(3*rotated, int(p.N)+p.angles(words(0))+2*rotated)
	})

func ropeBwd[X gpu.Float](p QKV, a gpu.Args[X]) { turn(p, a.U(0), a.F(1), a.F(2), -1) }

func ropeBwdCases(r *rand.Rand) (cases []gpu.Case) {
	for _, p := range qkvShapes {
		cases = append(cases, gpu.Case{
			Name: fmt.Sprint(p), Kernel: RopeBwd, Params: p,
			Buffers: []any{positions(r, p.N*max(p.Stride, 1)), RopeTable(256, int(p.C), 10000), gpu.Normal(r, int(p.N)*p.width())},
			Shape:   map[string][]int{"dqkv": {int(p.N), p.width()}},
		})
	}
	return cases
}
