package loss

import (
	"fmt"
	"math/rand/v2"

	"attnlab/gpu"
	"attnlab/shaders"
)

// StatSumParams are the N rows and S columns of the table, the place of a row's weight
// (word At of every Stride words; Stride 0 counts every row), and the place of the
// sums: row Slot of a ring with M columns, from column First on.
type StatSumParams struct {
	N, S           uint32
	Stride, At     uint32
	Slot, M, First uint32
}

// StatSum sums the columns of a table over the rows that have weight, into one row of
// a ring of metrics that the host reads back every few steps:
//
//	ring[slot, first+c] = Σ_n stat[n,c], ring[slot, first+S] = number of rows summed
//
//	stat [N,S], weight [N,Stride] → ring [R,M]
//
// The weights of [Xent] are a buffer of their own (Stride 1), those of [Policy]
// word 3 of its roll (Stride 4, At 3). A training step adds its gradient norm to
// the same row by a second dispatch with the norm [4] as a table of one row and
// one column: N 1, S 1, Stride 0, weight the norm itself. Rows without weight are
// not read, so they may hold anything. The order of summation is fixed.
var StatSum = gpu.New("stat_sum", shaders.Load("loss/stat_sum", nil),
	[]gpu.Binding{gpu.In("stat"), gpu.In("weight"), gpu.Out("ring")},
	func(p StatSumParams) gpu.Groups { return gpu.Groups{int(p.S) + 1, 1, 1} },
	statSum[float32], statSum[float64],
	func(p StatSumParams, _ func(int) []uint32) gpu.Work {
		return gpu.Does(int(p.N*(p.S+1)), int(p.N*p.S+p.N*min(1, p.Stride)+p.S+1))
	})

func statSum[X gpu.Float](p StatSumParams, a gpu.Args[X]) {
	stat, weight, ring := a.F(0), a.F(1), a.F(2)
	S, at := int(p.S), int(p.Slot*p.M+p.First)
	sums := make([]float64, S+1)
	for n := range int(p.N) {
		if p.Stride == 0 || weight[n*int(p.Stride)+int(p.At)] != 0 {
			for c, v := range stat[n*S : (n+1)*S] {
				sums[c] += float64(v)
			}
			sums[S]++
		}
	}
	for c, sum := range sums {
		ring[at+c] = X(sum)
	}
}

func statSumCases(r *rand.Rand) (cases []gpu.Case) {
	for _, N := range []int{1, 63, 64, 65, 131} {
		for _, p := range []StatSumParams{
			{S: 4, Stride: 1, Slot: 2, M: 7, First: 1},
			{S: 8, Stride: 4, At: 3, Slot: 0, M: 9},
			{S: 1, Stride: 0, Slot: 3, M: 2},
		} {
			p.N = uint32(N)
			weight := gpu.Normal(r, N*4)
			for i := range weight {
				if r.IntN(3) == 0 {
					weight[i] = 0
				}
			}
			cases = append(cases, gpu.Case{
				Name: fmt.Sprintf("N %d S %d stride %d", N, p.S, p.Stride), Kernel: StatSum, Params: p,
				Buffers: []any{gpu.Normal(r, N*int(p.S)), weight, gpu.Normal(r, 4*int(p.M))},
				Shape:   map[string][]int{"ring": {4, int(p.M)}},
			})
		}
	}
	return cases
}
