package loss

import (
	"math"
	"math/rand/v2"

	"attnlab/gpu"
	"attnlab/gpu/simd"
)

// softmax holds the statistics of a row of logits: the twin of shared/logits.wgsl.
type softmax[X gpu.Float] struct{ top, lse, entropy X }

// forward writes scale · h·headᵀ of one row h [D] into row [V4] and sums its softmax
// over the V tokens of head [V, D].
func forward[X gpu.Float](h, head, row []X, V int, scale X) softmax[X] {
	D := len(h)
	for v := range V {
		row[v] = scale * dot(h, head[v*D:(v+1)*D])
	}
	clear(row[V:])
	return softmaxOf(row[:V])
}

// softmaxOf sums the softmax of a row of logits.
func softmaxOf[X gpu.Float](l []X) softmax[X] {
	if l, ok := any(l).([]float32); ok {
		top, sum, moment := simd.LogitStat(l, 1)
		log := float32(math.Log(float64(sum)))
		return softmax[X]{X(top), X(top + log), X(log - moment/sum)}
	}
	s := softmax[X]{top: l[0]}
	for _, v := range l {
		s.top = max(s.top, v)
	}
	var sum, moment X
	for _, v := range l {
		e := exp(v - s.top)
		sum += e
		moment += e * (v - s.top)
	}
	log := X(math.Log(float64(sum)))
	s.lse, s.entropy = s.top+log, log-moment/sum
	return s
}

// lossRows computes logits of N rows, scale·h·headᵀ [N,V4], and calls f with each row and its softmax. In float32 the logits are
// a product of matrices.
func lossRows[X gpu.Float](N, D, V int, scale X, h, head, logits []X, f func(n int, row []X, s softmax[X])) {
	V4 := pad4(V)
	x, vectors := any(h).([]float32)
	var panels *simd.Panels
	if vectors {
		panels = simd.Pack(simd.Of(any(head).([]float32), V, D, D).T())
		defer panels.Release()
	}
	gpu.Parts(N, D*V/8+8*V, func(from, to int) {
		if vectors {
			y := any(logits).([]float32)[from*V4 : to*V4]
			clear(y)
			panels.Mul(simd.Of(y, to-from, V, V4), simd.Of(x[from*D:], to-from, D, D), false)
			if scale != 1 {
				for i := range y {
					y[i] *= float32(scale)
				}
			}
		}
		for n := from; n < to; n++ {
			row := logits[n*V4 : (n+1)*V4]
			if vectors {
				f(n, row, softmaxOf(row[:V]))
			} else {
				f(n, row, forward(h[n*D:(n+1)*D], head, row, V, scale))
			}
		}
	})
}

// logitRows calls f with each of N rows of logits [N,V4], scaled, and its softmax.
func logitRows[X gpu.Float](N, V int, scale X, logits []X, f func(n int, row []X, s softmax[X])) {
	V4 := pad4(V)
	gpu.Parts(N, 8*V, func(from, to int) {
		for n := from; n < to; n++ {
			row := logits[n*V4 : (n+1)*V4]
			for v := range row[:V] {
				row[v] *= scale
			}
			clear(row[V:])
			f(n, row, softmaxOf(row[:V]))
		}
	})
}

// backward replaces the V logits of row by the gradient of a loss whose derivatives
// are dlogp and dentropy.
func (s softmax[X]) backward(row []X, V, target int, scale, dlogp, dentropy X) {
	if l, ok := any(row[:V]).([]float32); ok {
		simd.LogitGrad(l, 1, float32(s.lse), float32(-scale*(dlogp+dentropy*s.entropy)), float32(-scale*dentropy))
	} else {
		for v, l := range row[:V] {
			logp := l - s.lse
			prob := exp(logp)
			row[v] = -scale * prob * (dlogp + dentropy*(logp+s.entropy))
		}
	}
	if target < V {
		row[target] += scale * dlogp
	}
}

// countRows counts N rows of a loss from h [N,D] and head [V,D] that reads so many words a row besides, target included, and
// writes the gradient of its logits and stat words: the product, six operations a logit for the softmax and its entropy, seven for
// the gradient.
func countRows(N, D, V, read, stat int) gpu.Work {
	return gpu.Does(2*N*D*V+13*N*V, N*D+V*D+N*read+N*pad4(V)+N*stat)
}

// countLogits counts N rows of a loss from logits, which it reads and replaces by their gradient: the softmax and the gradient of
// [countRows].
func countLogits(N, V, read, stat int) gpu.Work {
	return gpu.Does(13*N*V, N*read+2*N*pad4(V)+N*stat)
}

// Loops is how often an invocation of [Xent] or [Policy] loops. llvmpipe ends it silently after 65,535 loops in all.
func Loops(V, D int) int { return (V + 3) / 4 * (D/4 + 3) }

func exp[X gpu.Float](x X) X { return X(math.Exp(float64(x))) }

// dot uses four partial sums: each addition to a single one would wait for the last.
func dot[X gpu.Float](a, b []X) X {
	var s0, s1, s2, s3 X
	for len(a) >= 4 && len(b) >= 4 {
		s0 += a[0] * b[0]
		s1 += a[1] * b[1]
		s2 += a[2] * b[2]
		s3 += a[3] * b[3]
		a, b = a[4:], b[4:]
	}
	return s0 + s1 + s2 + s3
}

func pad4(n int) int { return (n + 3) / 4 * 4 }

// spare is the number of rows behind the N in the outputs of cases.
const spare = 5

// output returns N rows that a kernel must overwrite and spare rows that must not change.
func output(r *rand.Rand, N, width int) []float32 {
	return append(gpu.NaNs(N*width), gpu.Normal(r, spare*width)...)
}

// rowsOf returns h [N,D], head [V,D] and targets [N], one of them missing, for cases
// and tests: peaked enough that logits matter, flat enough to compare.
func rowsOf(r *rand.Rand, N, D, V int) (h, head []float32, targets []uint32) {
	h, head, targets = gpu.Normal(r, N*D), gpu.Normal(r, V*D), make([]uint32, N)
	for i := range head {
		head[i] *= float32(2 / math.Sqrt(float64(D)))
	}
	for n := range targets {
		targets[n] = r.Uint32N(uint32(V))
	}
	targets[r.IntN(N)] = uint32(V)
	return h, head, targets
}
