package loss

import (
	"fmt"
	"math/rand/v2"

	"attnlab/gpu"
	"attnlab/shaders"
)

// XentParams are N tokens, D features (a multiple of 4), V tokens of the
// vocabulary, and the scale of the logits: 1/temperature.
type XentParams struct {
	N, D, V uint32
	Scale   float32
}

// Xent computes logits, cross-entropy and its gradient in one kernel, so that
// probabilities are never stored:
//
//	l = scale·h·headᵀ, logp = l[target] − log Σ exp l
//	loss = −weight·logp, dlogits = scale·weight·(softmax(l) − onehot)
//
//	h [N,D], head [V,D], targets [N], weight [N] →
//	dlogits [N,V4], stat [N,4] = (logp, entropy, loss, 1 where no token is likelier than the target)
//
// dlogits is ∂Σloss/∂(h·headᵀ), scale included, 0 in the padding. A row of
// weight 0 has no gradient but all its statistics: scoring uses such rows. A target of V or more gives logp, loss and gradient 0.
//
// One invocation loops over the whole vocabulary, [Loops] times: larger ones take [XentRow].
var Xent = gpu.New("xent", shaders.Load("loss/xent", nil),
	[]gpu.Binding{gpu.In("h"), gpu.In("head"), gpu.InU("targets"), gpu.In("weight"), gpu.Out("dlogits"), gpu.Out("stat")},
	func(p XentParams) gpu.Groups { return gpu.Groups1D((int(p.N)+3)/4, 64) },
	xent[float32], xent[float64],
	func(p XentParams, _ func(int) []uint32) gpu.Work {
		return countRows(int(p.N), int(p.D), int(p.V), 2, 4)
	})

func xent[X gpu.Float](p XentParams, a gpu.Args[X]) {
	h, head, targets, weight, dlogits, stat := a.F(0), a.F(1), a.U(2), a.F(3), a.F(4), a.F(5)
	D, V, scale := int(p.D), int(p.V), X(p.Scale)
	lossRows(int(p.N), D, V, scale, h, head, dlogits, func(n int, row []X, s softmax[X]) {
		s.xent(row, V, int(targets[n]), scale, weight[n], stat[4*n:])
	})
}

// xent replaces a row of logits by the gradient of its cross-entropy and writes its statistics.
func (s softmax[X]) xent(row []X, V, target int, scale, weight X, stat []X) {
	var w, logp, right X
	if target < V {
		w, logp = weight, row[target]-s.lse
		if row[target] >= s.top {
			right = 1
		}
	}
	s.backward(row, V, target, scale, -w, 0)
	copy(stat, []X{logp, s.entropy, -w * logp, right})
}

func xentCases(r *rand.Rand) (cases []gpu.Case) {
	for _, c := range []struct{ N, D, V int }{{1, 4, 1}, {3, 4, 5}, {4, 48, 58}, {5, 8, 4}, {131, 64, 61}, {252, 4, 7}, {257, 4, 66}} {
		h, head, targets := rowsOf(r, c.N, c.D, c.V)
		weight := gpu.Normal(r, c.N)
		weight[r.IntN(c.N)] = 0
		cases = append(cases, gpu.Case{
			Name: fmt.Sprintf("N %d D %d V %d", c.N, c.D, c.V), Kernel: Xent,
			Params:  XentParams{N: uint32(c.N), D: uint32(c.D), V: uint32(c.V), Scale: 0.8},
			Buffers: []any{h, head, targets, weight, output(r, c.N, pad4(c.V)), output(r, c.N, 4)},
			Tol:     gpu.Tolerance{Abs: 2e-5, Rel: 2e-5},
			Shape:   map[string][]int{"dlogits": {c.N + spare, pad4(c.V)}, "stat": {c.N + spare, 4}},
		})
	}
	return cases
}
