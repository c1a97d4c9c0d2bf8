package loss

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"attnlab/gpu"
	"attnlab/shaders"
)

// LogitStatParams are N rows of logits, V tokens of the vocabulary, and the scale
// of the logits: 1/temperature.
type LogitStatParams struct {
	N, V  uint32
	Scale float32
}

// LogitStat is what rows of logits say about their targets, for scoring: the same
// statistics as [Xent], without a gradient.
//
//	l = scale·logits, lse = log Σ exp l
//	logp = l[target] − lse, entropy = −Σ p log p with p = exp(l − lse)
//
//	logits [N,V4], targets [N] → stat [N,4] = (logp, entropy, lse, 1 where no token beats the target)
//
// A target of V or more has logp 0 and is never the best token. One workgroup
// takes a row, so that no invocation loops over a large vocabulary alone.
var LogitStat = gpu.New("logit_stat", shaders.Load("loss/logit_stat", nil),
	[]gpu.Binding{gpu.In("logits"), gpu.InU("targets"), gpu.Out("stat")},
	func(p LogitStatParams) gpu.Groups { return gpu.Groups1D(int(p.N), 1) },
	logitStat[float32], logitStat[float64])

func logitStat[X gpu.Float](p LogitStatParams, a gpu.Args[X]) {
	logits, targets, stat := a.F(0), a.U(1), a.F(2)
	V, V4, scale := int(p.V), pad4(int(p.V)), X(p.Scale)
	gpu.Rows(int(p.N), func(n int) {
		l := logits[n*V4:][:V]
		top := scale * l[0]
		for _, v := range l {
			top = max(top, scale*v)
		}
		var sum, moment X
		for some := range slices.Chunk(l, 1024) { // so that rounding errors do not grow with the vocabulary
			var partSum, partMoment X
			for _, v := range some {
				z := scale*v - top
				e := exp(z)
				partSum += e
				partMoment += e * z
			}
			sum += partSum
			moment += partMoment
		}
		log := X(math.Log(float64(sum)))
		var logp, right X
		if t := int(targets[n]); t < V {
			logp = scale*l[t] - (top + log)
			if scale*l[t] >= top {
				right = 1
			}
		}
		copy(stat[4*n:], []X{logp, log - moment/sum, top + log, right})
	})
}

// rowSize is a number of rows of logits and a vocabulary.
type rowSize struct{ N, V int }

// logitSizes are rows and vocabularies around a workgroup's 64 invocations, and
// a vocabulary in which each takes several tokens.
var logitSizes = []rowSize{{1, 1}, {3, 63}, {5, 64}, {64, 65}, {131, 7}, {67, 211}, {9, 1031}}

// logitsOf are N rows of logits [N,V4] and their targets, one of which is missing.
// The padding is large, so that a kernel that reads it is found out.
func logitsOf(r *rand.Rand, N, V int) (logits []float32, targets []uint32) {
	logits, targets = gpu.Normal(r, N*pad4(V)), make([]uint32, N)
	for n := range N {
		for i := range pad4(V) {
			if at := n*pad4(V) + i; i < V {
				logits[at] *= 3
			} else {
				logits[at] = 1e6
			}
		}
		targets[n] = r.Uint32N(uint32(V))
	}
	targets[r.IntN(N)] = uint32(V)
	return logits, targets
}

func logitStatCases(r *rand.Rand) (cases []gpu.Case) {
	for _, c := range allSizes {
		logits, targets := logitsOf(r, c.N, c.V)
		cases = append(cases, gpu.Case{
			Name: fmt.Sprintf("N %d V %d", c.N, c.V), Kernel: LogitStat,
			Params:  LogitStatParams{N: uint32(c.N), V: uint32(c.V), Scale: 0.8},
			Buffers: []any{logits, targets, output(r, c.N, 4)},
			Tol:     gpu.Tolerance{Abs: 2e-5, Rel: 2e-5},
			Shape:   map[string][]int{"stat": {c.N + spare, 4}},
		})
	}
	return cases
}
