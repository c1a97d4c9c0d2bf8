package loss

import (
	"fmt"
	"math"
	"math/rand/v2"

	"attnlab/gpu"
	"attnlab/shaders"
)

// PolicyParams are N tokens, D features (a multiple of 4), V tokens of the
// vocabulary, the scale of the logits (1/temperature), the clip range of the
// ratio [1-Lo, 1+Hi], the dual clip (0 for none), and the coefficients of the KL
// divergence to the reference policy and of the entropy bonus.
type PolicyParams struct {
	N, D, V      uint32
	Scale        float32
	Lo, Hi, Dual float32
	Beta, Ent    float32
}

// Policy computes logits, the clipped policy loss of a token and its gradient in one
// kernel:
//
//	ratio = exp(logp − old)
//	s     = min(ratio·A, clamp(ratio, 1−lo, 1+hi)·A)      PPO, Schulman et al. 2017, eq. 7
//	s     = max(s, dual·A) where A < 0 and dual > 0       dual clip, Ye et al. 2020, eq. 5
//	k3    = exp(d) − d − 1 with d = ref − logp            KL estimate, Schulman 2020
//	loss  = weight·(−s + beta·k3 − ent·entropy)
//
//	h [N,D], head [V,D], targets [N], roll [N,4] = (old, ref, A, weight) →
//	dlogits [N,V4], stat [N,8] = (logp, entropy, ratio, k3, 1 where clipped, loss, 0, 0)
//
// The gradient is exact, 0 where the surrogate is clipped, and includes scale and the
// entropy and KL terms. Differences of log-probabilities are clamped to ±20, so that a
// ratio is always finite. A row of weight 0 or with a
// target of V or more has no gradient.
//
// The caller aggregates by weight. With |o| the number of trained tokens of a
// response and G responses in the batch: token mean 1/Σ|o| (DAPO), sequence mean
// 1/(G·|o|) (GRPO), constant 1/(G·L) with L the longest response allowed
// (Dr. GRPO).
//
// One invocation loops over the whole vocabulary, [Loops] times: larger ones take [PolicyRow].
var Policy = gpu.New("policy", shaders.Load("loss/policy", nil),
	[]gpu.Binding{gpu.In("h"), gpu.In("head"), gpu.InU("targets"), gpu.In("roll"), gpu.Out("dlogits"), gpu.Out("stat")},
	func(p PolicyParams) gpu.Groups { return gpu.Groups1D((int(p.N)+3)/4, 64) },
	policy[float32], policy[float64],
	func(p PolicyParams, _ func(int) []uint32) gpu.Work {
		return countRows(int(p.N), int(p.D), int(p.V), 5, 8)
	})

func policy[X gpu.Float](p PolicyParams, a gpu.Args[X]) {
	h, head, targets, roll, dlogits, stat := a.F(0), a.F(1), a.U(2), a.F(3), a.F(4), a.F(5)
	D, V, scale := int(p.D), int(p.V), X(p.Scale)
	lossRows(int(p.N), D, V, scale, h, head, dlogits, func(n int, row []X, s softmax[X]) {
		s.policy(p, row, int(targets[n]), roll[4*n:], stat[8*n:])
	})
}

// policy replaces a row of logits by the gradient of its policy loss and writes its statistics.
func (s softmax[X]) policy(p PolicyParams, row []X, target int, roll, stat []X) {
	old, ref, A := roll[0], roll[1], roll[2]
	var w, logp X
	if target < int(p.V) {
		w, logp = roll[3], row[target]-s.lse
	}
	t := p.token(float64(logp), float64(old), float64(ref), float64(A))
	s.backward(row, int(p.V), target, X(p.Scale), w*X(t.slope), -w*X(p.Ent))
	var clipped X
	if t.clipped {
		clipped = 1
	}
	copy(stat, []X{logp, s.entropy, X(t.ratio), X(t.k3), clipped, w * (X(t.loss) - X(p.Ent)*s.entropy), 0, 0})
}

// term is the loss of one token without its weight and entropy term.
type term struct {
	ratio, k3, loss float64
	slope           float64 // of the loss by logp
	clipped         bool
}

func (p PolicyParams) token(logp, old, ref, A float64) (t term) {
	const limit = 20
	moved := logp - old
	t.ratio = math.Exp(min(max(moved, -limit), limit))
	free := t.ratio * A
	s := min(free, min(max(t.ratio, 1-float64(p.Lo)), 1+float64(p.Hi))*A)
	t.clipped = s < free
	if floor := float64(p.Dual) * A; A < 0 && p.Dual > 0 && s < floor {
		s, t.clipped = floor, true
	}
	if !t.clipped && math.Abs(moved) <= limit {
		t.slope = -free
	}
	d := min(max(ref-logp, -limit), limit)
	t.k3 = math.Exp(d) - d - 1
	if d == ref-logp {
		t.slope += float64(p.Beta) * (1 - math.Exp(d))
	}
	t.loss = float64(p.Beta)*t.k3 - s
	return t
}

func policyCases(r *rand.Rand) (cases []gpu.Case) {
	for _, c := range []struct {
		N, D, V int
		dual    float32
	}{{1, 4, 1, 3}, {3, 4, 5, 0}, {4, 48, 58, 0}, {131, 64, 61, 3}, {252, 4, 7, 3}, {257, 4, 66, 3}} {
		h, head, targets := rowsOf(r, c.N, c.D, c.V)
		p := PolicyParams{N: uint32(c.N), D: uint32(c.D), V: uint32(c.V), Scale: 1.25, Lo: 0.2, Hi: 0.28, Dual: c.dual, Beta: 0.04, Ent: 0.01}
		cases = append(cases, gpu.Case{
			Name: fmt.Sprintf("N %d D %d V %d dual %g", c.N, c.D, c.V, c.dual), Kernel: Policy, Params: p,
			Buffers: []any{h, head, targets, rolls(r, p, h, head, targets), output(r, c.N, pad4(c.V)), output(r, c.N, 8)},
			Tol:     gpu.Tolerance{Abs: 5e-5, Rel: 5e-5},
			Shape:   map[string][]int{"dlogits": {c.N + spare, pad4(c.V)}, "stat": {c.N + spare, 8}},
		})
	}
	return cases
}

// rolls returns the words that the policy loss takes, around the log-probabilities of the targets.
func rolls(r *rand.Rand, p PolicyParams, h, head []float32, targets []uint32) []float32 {
	D := int(p.D)
	logp, row := make([]float32, p.N), make([]float32, pad4(int(p.V)))
	for n := range logp {
		s := forward(h[n*D:(n+1)*D], head, row, int(p.V), p.Scale)
		if t := int(targets[n]); t < int(p.V) {
			logp[n] = row[t] - s.lse
		}
	}
	return rollsAround(r, p, logp)
}

// rollsAround returns old and reference log-probabilities around the true ones, so that the
// loss takes all its branches but no token is at the edge of a clip, where rounding
// would decide. The first row has no weight; the second differs from both policies by
// more than a factor e^20.
func rollsAround(r *rand.Rand, p PolicyParams, logps []float32) []float32 {
	roll := make([]float32, 4*len(logps))
	edges := []float64{math.Log(1 - float64(p.Lo)), math.Log(1 + float64(p.Hi)), math.Log(float64(p.Dual))}
	for n, logp := range logps {
		moved := r.NormFloat64() * 0.7
		for _, edge := range edges {
			if math.Abs(moved-edge) < 1e-3 {
				moved += 3e-3
			}
		}
		a := roll[4*n : 4*n+4]
		copy(a, []float32{logp - float32(moved), logp + 0.3*float32(r.NormFloat64()), float32(r.NormFloat64()), r.Float32()})
		switch n {
		case 0:
			a[3] = 0
		case 1:
			copy(a, []float32{logp - 21, logp + 21, -1, 0.5})
		}
	}
	return roll
}
