package loss

import (
	"fmt"
	"math/rand/v2"

	"attnlab/gpu"
	"attnlab/shaders"
)

// PolicyRowParams are N rows of logits and V tokens of the vocabulary. The rest is as in [PolicyParams].
type PolicyRowParams struct {
	N, V         uint32
	Scale        float32
	Lo, Hi, Dual float32
	Beta, Ent    float32
}

// OfRows are the parameters of [PolicyRow] for the same loss.
func (p PolicyParams) OfRows() PolicyRowParams {
	return PolicyRowParams{p.N, p.V, p.Scale, p.Lo, p.Hi, p.Dual, p.Beta, p.Ent}
}

// PolicyRow is [Policy] on logits that are already computed, for large vocabularies: one workgroup takes a row.
//
//	targets [N], roll [N,4] = (old, ref, A, weight), logits [N,V4] in dlogits →
//	dlogits [N,V4], stat [N,8] = (logp, entropy, ratio, k3, 1 where clipped, loss, 0, 0)
//
// The gradient of the loss that [Policy] describes replaces the logits.
var PolicyRow = policyRowKernel("policy_row", nil)

// PolicyRowSubgroups is PolicyRow by subgroups.
var PolicyRowSubgroups = policyRowKernel("policy_row_subgroups", shaders.RowSubgroups)

// PolicyRowFor is the one that was found faster on a device.
func PolicyRowFor(d *gpu.Device) *gpu.Kernel {
	if d.Subgroups {
		return PolicyRowSubgroups
	}
	return PolicyRow
}

func policyRowKernel(name string, swap shaders.Swap) *gpu.Kernel {
	return gpu.New(name, shaders.LoadSwapped("loss/policy_row", nil, swap),
		[]gpu.Binding{gpu.InU("targets"), gpu.In("roll"), gpu.Out("dlogits"), gpu.Out("stat")},
		func(p PolicyRowParams) gpu.Groups { return gpu.Groups1D(int(p.N), 1) },
		policyRow[float32], policyRow[float64],
		func(p PolicyRowParams, _ func(int) []uint32) gpu.Work { return countLogits(int(p.N), int(p.V), 5, 8) })
}

func policyRow[X gpu.Float](p PolicyRowParams, a gpu.Args[X]) {
	targets, roll, dlogits, stat := a.U(0), a.F(1), a.F(2), a.F(3)
	of := PolicyParams{N: p.N, V: p.V, Scale: p.Scale, Lo: p.Lo, Hi: p.Hi, Dual: p.Dual, Beta: p.Beta, Ent: p.Ent}
	logitRows(int(p.N), int(p.V), X(p.Scale), dlogits, func(n int, row []X, s softmax[X]) {
		s.policy(of, row, int(targets[n]), roll[4*n:], stat[8*n:])
	})
}

func policyRowCases(r *rand.Rand, k *gpu.Kernel) (cases []gpu.Case) {
	for i, c := range allSizes {
		logits, targets := logitsOf(r, c.N, c.V)
		p := PolicyParams{N: uint32(c.N), V: uint32(c.V), Scale: 1.25, Lo: 0.2, Hi: 0.28, Dual: float32(3 * (i % 2)), Beta: 0.04, Ent: 0.01}
		logp := make([]float32, c.N)
		for n, t := range targets {
			row := make([]float32, c.V)
			for v := range row {
				row[v] = p.Scale * logits[n*pad4(c.V)+v]
			}
			if int(t) < c.V {
				logp[n] = row[t] - softmaxOf(row).lse
			}
		}
		cases = append(cases, gpu.Case{
			Name: fmt.Sprintf("N %d V %d dual %g", c.N, c.V, p.Dual), Kernel: k,
			Params:  p.OfRows(),
			Buffers: []any{targets, rollsAround(r, p, logp), append(logits, behind(r, c.V)...), output(r, c.N, 8)},
			Tol:     gpu.Tolerance{Abs: 5e-5, Rel: 5e-5},
			Shape:   map[string][]int{"dlogits": {c.N, pad4(c.V)}, "stat": {c.N + spare, 8}},
		})
	}
	return cases
}
