package optim

import (
	"fmt"
	"math"
	"math/rand/v2"

	"attnlab/gpu"
	"attnlab/gpu/simd"
	"attnlab/shaders"
)

// AdamWParams are the words of the arena and the end of those that decay (both
// multiples of 4), the learning rate, decay rates of the moments, ε, weight
// decay, the bias corrections of step t = 1, 2, … (C1 = 1-Beta1^t,
// C2 = 1-Beta2^t) and the largest norm of the gradient (0 does not clip).
type AdamWParams struct {
	N, DecayEnd      uint32
	Lr, Beta1, Beta2 float32
	Eps, Decay       float32
	C1, C2, MaxNorm  float32
}

// AdamW is one step of decoupled weight decay (Loshchilov & Hutter 2019,
// algorithm 2, as PyTorch computes it) over the whole arena, with the gradient
// clipped by its global norm:
//
//	g ← g·min(1, maxNorm/(norm + 1e-6))
//	w ← w·(1 − lr·decay) before word DecayEnd
//	m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g²
//	w ← w − lr·(m/c₁)/(√(v/c₂) + ε)
//
//	g [N], norm [4] → w, m, v [N]
//
// Where the norm is NaN or infinite nothing changes: a bad step is skipped, and the
// metrics show it.
var AdamW = gpu.New("adamw", shaders.Load("optim/adamw", nil),
	[]gpu.Binding{gpu.In("g"), gpu.In("norm"), gpu.Out("w"), gpu.Out("m"), gpu.Out("v")},
	func(p AdamWParams) gpu.Groups { return gpu.Groups1D(int(p.N)/4, 64) },
	adamW[float32], adamW[float64],
	func(p AdamWParams, _ func(int) []uint32) gpu.Work {
		return gpu.Does(15*int(p.N)+int(p.DecayEnd), 7*int(p.N)+1) // w, m and v are read and written
	})

func adamW[X gpu.Float](p AdamWParams, a gpu.Args[X]) {
	g, norm, w, m, v := a.F(0), float64(a.F(1)[0]), a.F(2), a.F(3), a.F(4)
	if math.IsNaN(norm) || math.IsInf(norm, 0) {
		return
	}
	clip := X(1)
	if p.MaxNorm > 0 {
		clip = X(min(1, float64(p.MaxNorm)/(norm+1e-6)))
	}
	beta1, beta2, lr, eps, c1, c2 := X(p.Beta1), X(p.Beta2), X(p.Lr), X(p.Eps), X(p.C1), X(p.C2)
	chunks(int(p.N), func(from, to int) {
		for from < to { // up to the end of what decays, then the rest
			end, keep := to, X(1)
			if from < int(p.DecayEnd) {
				end, keep = min(to, int(p.DecayEnd)), 1-lr*X(p.Decay)
			}
			g, w, m, v := g[from:end], w[from:end], m[from:end], v[from:end]
			from = end
			if g, ok := any(g).([]float32); ok {
				step := simd.AdamW{Clip: float32(clip), Beta1: p.Beta1, Beta2: p.Beta2, Rate: p.Lr / p.C1, Share: 1 / p.C2, Eps: p.Eps, Keep: float32(keep)}
				if step.Step(g, any(w).([]float32), any(m).([]float32), any(v).([]float32)) {
					continue
				}
			}
			for i := range g {
				grad := g[i] * clip
				m[i] = beta1*m[i] + (1-beta1)*grad
				v[i] = beta2*v[i] + (1-beta2)*grad*grad
				w[i] = keep*w[i] - lr*(m[i]/c1)/(X(math.Sqrt(float64(v[i]/c2)))+eps)
			}
		}
	})
}

func adamWCases(r *rand.Rand) (cases []gpu.Case) {
	for _, N := range []int{4, 252, 256, 260, 524} {
		for _, maxNorm := range []float32{0, 1} {
			v := gpu.Normal(r, N)
			for i := range v {
				v[i] *= v[i]
			}
			cases = append(cases, gpu.Case{
				Name: fmt.Sprintf("N %d clip %g", N, maxNorm), Kernel: AdamW,
				Params: AdamWParams{N: uint32(N), DecayEnd: uint32(N / 8 * 4), Lr: 0.01, Beta1: 0.9, Beta2: 0.98,
					Eps: 1e-8, Decay: 0.1, C1: 0.19, C2: 0.0396, MaxNorm: maxNorm},
				Buffers: []any{gpu.Normal(r, N), []float32{3, 0, 0, 0}, gpu.Normal(r, N), gpu.Normal(r, N), v},
			})
		}
	}
	return cases
}
