package loss

import (
	"fmt"
	"math"
	"math/rand/v2"

	"attnlab/gpu"
	"attnlab/shaders"
)

// TopKParams are N rows of logits, V tokens of the vocabulary, K tokens wanted of
// each row, and the scale of the logits: 1/temperature.
type TopKParams struct {
	N, V, K uint32
	Scale   float32
}

// TopK is the K likeliest tokens of rows of logits, so that the rows need not be
// read back: largest logit first, of equals the smaller id first.
//
//	logps[n,i] = scale·logits[n,ids[n,i]] − lse[n]
//
//	logits [N,V4], stat [N,4] of [LogitStat] → ids [N,K], logps [N,K]
//
// Where K is more than V the rest has id V and log-probability 0. The cost is K
// passes over a row, shared by a workgroup: K is meant to be small.
var TopK = gpu.New("top_k", shaders.Load("loss/top_k", nil),
	[]gpu.Binding{gpu.In("logits"), gpu.In("stat"), gpu.OutU("ids"), gpu.Out("logps")},
	func(p TopKParams) gpu.Groups { return gpu.Groups1D(int(p.N), 1) },
	topK[float32], topK[float64])

func topK[X gpu.Float](p TopKParams, a gpu.Args[X]) {
	logits, stat, ids, logps := a.F(0), a.F(1), a.U(2), a.F(3)
	V, V4, K, scale := int(p.V), pad4(int(p.V)), int(p.K), X(p.Scale)
	gpu.Rows(int(p.N), func(n int) {
		l, best := logits[n*V4:][:V], make([]int, 0, K+1)
		for v := range l {
			at := len(best)
			for at > 0 && l[v] > l[best[at-1]] {
				at--
			}
			if at == K {
				continue
			}
			best = append(best, v)
			copy(best[at+1:], best[at:])
			best[at] = v
			best = best[:min(len(best), K)]
		}
		for i := range K {
			ids[n*K+i], logps[n*K+i] = uint32(V), 0
			if i < len(best) {
				ids[n*K+i], logps[n*K+i] = uint32(best[i]), scale*l[best[i]]-stat[4*n+2]
			}
		}
	})
}

func topKCases(r *rand.Rand) (cases []gpu.Case) {
	for i, c := range allSizes {
		K := []int{8, 1, 3}[i%3] // more than V tokens have where V is 1 or 7
		logits, targets := logitsOf(r, c.N, c.V)
		if i%2 == 1 { // many equal logits: the smaller id goes first
			for i := range logits {
				logits[i] = float32(math.Round(float64(logits[i])))
			}
		}
		stat := make([]float32, 4*c.N)
		logitStat(LogitStatParams{N: uint32(c.N), V: uint32(c.V), Scale: 0.8}, gpu.NewArgs[float32](logits, targets, stat))
		ids := make([]uint32, c.N*K+spare)
		for i := range ids {
			ids[i] = r.Uint32()
		}
		cases = append(cases, gpu.Case{
			Name: fmt.Sprintf("N %d V %d K %d", c.N, c.V, K), Kernel: TopK,
			Params:  TopKParams{N: uint32(c.N), V: uint32(c.V), K: uint32(K), Scale: 0.8},
			Buffers: []any{logits, stat, ids, output(r, c.N, K)},
			Shape:   map[string][]int{"ids": {c.N + spare, K}, "logps": {c.N + spare, K}},
		})
	}
	return cases
}
