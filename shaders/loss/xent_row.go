package loss

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"attnlab/gpu"
	"attnlab/shaders"
)

// XentRowParams are N rows of logits, V tokens of the vocabulary, and the scale of the logits: 1/temperature.
type XentRowParams struct {
	N, V  uint32
	Scale float32
}

// XentRow is [Xent] on logits that are already computed, for large vocabularies: one workgroup takes a row.
//
//	l = scale·logits, logp = l[target] − log Σ exp l
//	loss = −weight·logp, dlogits = scale·weight·(softmax(l) − onehot)
//
//	targets [N], weight [N], logits [N,V4] in dlogits →
//	dlogits [N,V4], stat [N,4] = (logp, entropy, loss, 1 where no token is likelier than the target)
//
// The gradient replaces the logits. Rows without weight or target are as in [Xent].
var XentRow = xentRowKernel("xent_row", nil)

// XentRowSubgroups is XentRow by subgroups.
var XentRowSubgroups = xentRowKernel("xent_row_subgroups", shaders.RowSubgroups)

// XentRowFor is the one that was found faster on a device.
func XentRowFor(d *gpu.Device) *gpu.Kernel {
	if d.Subgroups {
		return XentRowSubgroups
	}
	return XentRow
}

func xentRowKernel(name string, swap shaders.Swap) *gpu.Kernel {
	return gpu.New(name, shaders.LoadSwapped("loss/xent_row", nil, swap),
		[]gpu.Binding{gpu.InU("targets"), gpu.In("weight"), gpu.Out("dlogits"), gpu.Out("stat")},
		func(p XentRowParams) gpu.Groups { return gpu.Groups1D(int(p.N), 1) },
		xentRow[float32], xentRow[float64],
		func(p XentRowParams, _ func(int) []uint32) gpu.Work { return countLogits(int(p.N), int(p.V), 2, 4) })
}

func xentRow[X gpu.Float](p XentRowParams, a gpu.Args[X]) {
	targets, weight, dlogits, stat := a.U(0), a.F(1), a.F(2), a.F(3)
	V, scale := int(p.V), X(p.Scale)
	logitRows(int(p.N), V, scale, dlogits, func(n int, row []X, s softmax[X]) {
		s.xent(row, V, int(targets[n]), scale, weight[n], stat[4*n:])
	})
}

// largeVocabularies are rows and vocabularies as published models have them. An adapter that ends long loops fails them, where one
// invocation takes a row.
var largeVocabularies = []rowSize{{3, 5000}, {2, 50001}}

// allSizes are the sizes of the cases of kernels that take rows of logits.
var allSizes = slices.Concat(logitSizes, largeVocabularies)

// behind are words behind the rows of logits, which must not change.
func behind(r *rand.Rand, V int) []float32 { return gpu.Normal(r, min(spare*pad4(V), 1000)) }

func xentRowCases(r *rand.Rand, k *gpu.Kernel) (cases []gpu.Case) {
	for _, c := range allSizes {
		logits, targets := logitsOf(r, c.N, c.V)
		weight := gpu.Normal(r, c.N)
		weight[r.IntN(c.N)] = 0
		cases = append(cases, gpu.Case{
			Name: fmt.Sprintf("N %d V %d", c.N, c.V), Kernel: k,
			Params:  XentRowParams{N: uint32(c.N), V: uint32(c.V), Scale: 0.8},
			Buffers: []any{targets, weight, append(logits, behind(r, c.V)...), output(r, c.N, 4)},
			Tol:     gpu.Tolerance{Abs: 2e-5, Rel: 2e-5},
			Shape:   map[string][]int{"dlogits": {c.N, pad4(c.V)}, "stat": {c.N + spare, 4}},
		})
	}
	return cases
}
