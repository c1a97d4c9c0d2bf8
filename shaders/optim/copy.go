package optim

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"attnlab/gpu"
	"attnlab/shaders"
)

// CopyParams are the number of words and the place of the first in y, multiples of 4.
type CopyParams struct{ N, At uint32 }

// Copy copies words. Nothing but memory limits it, so it measures a device's bandwidth.
//
//	x [N] → y [At:At+N]
var Copy = gpu.New("copy", shaders.Load("optim/copy", nil),
	[]gpu.Binding{gpu.In("x"), gpu.Out("y")},
	func(p CopyParams) gpu.Groups { return gpu.Groups1D(int(p.N)/4, 64) },
	copyWords[float32], copyWords[float64],
	func(p CopyParams, _ func(int) []uint32) gpu.Work { return gpu.Does(0, 2*int(p.N)) })

func copyWords[X gpu.Float](p CopyParams, a gpu.Args[X]) {
	x, y := a.F(0), a.F(1)
	y = y[p.At:]
	chunks(int(p.N), func(from, to int) { copy(y[from:to], x[from:to]) })
}

func copyCases(r *rand.Rand) (cases []gpu.Case) {
	for i, N := range []int{4, 252, 256, 260, 524} {
		at := 4 * i
		cases = append(cases, gpu.Case{
			Name: fmt.Sprintf("N %d at %d", N, at), Kernel: Copy, Params: CopyParams{N: uint32(N), At: uint32(at)},
			Buffers: []any{gpu.Normal(r, N), slices.Concat(gpu.Normal(r, at), gpu.NaNs(N), gpu.Normal(r, 70))}, // the first words and the last 70 must not change
		})
	}
	return cases
}
