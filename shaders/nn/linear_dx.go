package nn

import (
	"fmt"
	"math/rand/v2"

	"attnlab/gpu"
	"attnlab/gpu/simd"
)

// InputGrad are the sizes of [LinearDx]: N tokens, O outputs, I inputs (a multiple of 4); in dy the Row words of a token and the first
// column of this weight's outputs, both multiples of 4. With Keep 1 the product is added to dx.
type InputGrad struct{ N, O, I, Row, First, Keep uint32 }

// LinearDx is the backward pass of a linear layer y = x·wᵀ with a frozen weight: the gradient of its input alone. A weight in several
// parts by rows takes a dispatch a part, of which those after the first keep what is there.
//
//	dy [N,Row], columns beyond O up to O↑4 zero, w [O,I], of any storage → dx [N,I]
var LinearDx = stored(func(t Tile) *gpu.Kernel {
	return gpu.New(t.name("linear_dx"), t.backward("nn/linear_dx"),
		[]gpu.Binding{gpu.In("dy"), t.Storage.binding("w"), gpu.Out("dx")},
		func(p InputGrad) gpu.Groups { return t.groups(int(p.N), int(p.I)) },
		func(p InputGrad, a gpu.Args[float32]) { linearDx(t.Storage, p, a) },
		func(p InputGrad, a gpu.Args[float64]) { linearDx(t.Storage, p, a) },
		func(p InputGrad, _ func(int) []uint32) gpu.Work {
			return countInputs(t.Storage, p).Plus(gpu.Does(int(p.Keep*p.N*p.I), int((1+p.Keep)*p.N*p.I)))
		})
})

// countInputs counts the product, without storing it.
func countInputs(s Storage, p InputGrad) gpu.Work {
	N, O, I := int(p.N), int(p.O), int(p.I)
	return gpu.Does(2*N*O*I, N*up4(O)+s.Words(O*I))
}

func linearDx[X gpu.Float](s Storage, p InputGrad, a gpu.Args[X]) {
	N, O, I := int(p.N), int(p.O), int(p.I)
	dy := matrix[X]{a.F(0)[p.First:], N, O, int(p.Row), false}
	timesWeight(s, dy, a, O, matrix[X]{a.F(2), N, I, I, false}, p.Keep == 1)
}

// timesWeight computes c = dy·w, or c += dy·w, for binding 1 of the arguments as the weight w [O,I].
func timesWeight[X gpu.Float](s Storage, dy matrix[X], a gpu.Args[X], O int, c matrix[X], add bool) {
	N, I := c.rows, c.cols
	if a32, ok := any(a).(gpu.Args[float32]); ok {
		someRows(s, a32, O, I, func(from int, w []float32) {
			p := simd.PackBy(simd.Of(w, len(w)/I, I, I), gpu.Rows)
			defer p.Release()
			product(c.view(), dy.view().Columns(from, from+len(w)/I), p, add || from > 0)
		})
		return
	}
	sum := make([]X, N*I)
	gemm(dy, matrix[X]{weights(s, a, 1, 0, O, I), O, I, I, false}, matrix[X]{sum, N, I, I, false})
	for n := range N {
		for i, v := range sum[n*I:][:I] {
			if add {
				v += c.data[n*c.ld+i]
			}
			c.data[n*c.ld+i] = v
		}
	}
}

// someRows calls f with all rows [O,I] of the weight at binding 1, up to 512 at a time, so that it is never unpacked or copied whole.
func someRows(s Storage, a gpu.Args[float32], O, I int, f func(from int, w []float32)) {
	const rows, each = 512, 32 // each is unpacked by one goroutine
	if s == F32 {
		for from := 0; from < O; from += rows {
			f(from, a.F(1)[from*I:min(from+rows, O)*I])
		}
		return
	}
	w := make([]float32, min(rows, O)*I)
	for from := 0; from < O; from += rows {
		n := min(rows, O-from)
		gpu.Rows((n+each-1)/each, func(i int) {
			some := min(each, n-i*each)
			at := (from + i*each) * I
			unpack(s, w[i*each*I:][:some*I], a.U(1)[s.Words(at):][:s.Words(some*I)])
		})
		f(from, w[:n*I])
	}
}

// inputGrads have sizes 1, tile-1, tile, tile+1 and primes, a part in the middle of wider rows, and parts that are added.
var inputGrads = []InputGrad{{1, 1, 32, 4, 0, 0}, {31, 58, 64, 60, 0, 0}, {64, 32, 32, 80, 40, 1}, {33, 5, 96, 8, 0, 1}, {67, 37, 64, 60, 20, 0}}

func linearDxCases(r *rand.Rand, t Tile) (cases []gpu.Case) {
	for _, p := range inputGrads {
		N, O, I, row := int(p.N), int(p.O), int(p.I), int(p.Row)
		dy, dx := gpu.Normal(r, N*row), gpu.NaNs(N*I)
		for n := range N {
			clear(dy[n*row+int(p.First)+O:][:up4(O)-O])
		}
		if p.Keep == 1 {
			dx = gpu.Normal(r, N*I)
		}
		cases = append(cases, gpu.Case{
			Name: fmt.Sprint(p), Kernel: LinearDx(t), Params: p, Tol: gpu.Tolerance{Abs: 5e-5, Rel: 5e-5},
			Buffers: []any{dy, t.Storage.packed(r, O*I, 1), dx},
			Shape:   map[string][]int{"dx": {N, I}},
		})
	}
	return cases
}
