package simd

import (
	"math"
	"slices"
)

// lanes is how many words the vector loops take at once on any machine.
const lanes = 8

// ExpSum replaces each x[i] by e^(scale·x[i]-shift) and returns their sum: a softmax is ExpSum with the row's maximum, then a
// division. Below e^-87 the result is 0.
func ExpSum(x []float32, scale, shift float32) float32 {
	whole := len(x) / lanes * lanes
	if !vectors() {
		whole = 0
	}
	var sum float32
	if whole > 0 {
		sum = expSum(&x[0], whole, scale, shift)
	}
	for i, v := range x[whole:] {
		v = exp(scale*v - shift)
		x[whole+i] = v
		sum += v
	}
	return sum
}

// Softmax is the softmax of scores [rows, cols] before the division by its sums, where row r has n = min(seen+r, cols) keys:
// top[r] = scale·max s, s = e^(scale·s-top), sum[r] = Σ s. Words behind the keys become 0, up to the next row. Rows are apart by
// a multiple of 8 words, scale is positive and seen at least 1.
func Softmax(s View, seen int, scale float32, top, sum []float32) {
	if vectors() && s.Row%lanes == 0 {
		softmax(s, seen, scale, top, sum)
		return
	}
	for r := range s.Rows {
		row, n := s.Data[r*s.Row:][:s.Row], min(seen+r, s.Cols)
		top[r] = scale * slices.Max(row[:n])
		sum[r] = ExpSum(row[:n], scale, top[r])
		clear(row[n:])
	}
}

// SoftmaxGrad computes weights from scores, s = e^(scale·s-lse), and the gradient of the scores from that of the weights,
// d = scale·s·(d-delta), for s and d of one shape as in [Softmax]. Row r reads word r·stride of lse and delta. Words behind the
// keys become 0.
func SoftmaxGrad(s, d View, seen int, scale float32, lse, delta []float32, stride int) {
	if vectors() && s.Row%lanes == 0 && s.Row == d.Row {
		softmaxGrad(s, d, seen, scale, lse, delta, stride)
		return
	}
	for r := range s.Rows {
		row, grad, n := s.Data[r*s.Row:][:s.Row], d.Data[r*d.Row:][:d.Row], min(seen+r, s.Cols)
		ExpSum(row[:n], scale, lse[r*stride])
		for i, w := range row[:n] {
			grad[i] = scale * w * (grad[i] - delta[r*stride])
		}
		clear(row[n:])
		clear(grad[n:])
	}
}

// LogitStat returns top = scale·max x and, with z = scale·x - top, Σ e^z and Σ z·e^z: the parts of log-probabilities and entropy.
func LogitStat(x []float32, scale float32) (top, sum, moment float32) {
	if vectors() {
		return logitStat(x, scale)
	}
	top = scale * slices.Max(x)
	// The sums of blocks are added to each other, so that rounding errors do not grow with the vocabulary.
	for some := range slices.Chunk(x, 1024) {
		var partSum, partMoment float32
		for _, v := range some {
			z := scale*v - top
			e := exp(z)
			partSum += e
			partMoment += e * z
		}
		sum += partSum
		moment += partMoment
	}
	return top, sum, moment
}

// LogitGrad replaces each logit by p·(a + b·log p), with log p = scale·x - lse: the gradient of a loss of log-probabilities and
// entropy.
func LogitGrad(x []float32, scale, lse, a, b float32) {
	whole := len(x) / lanes * lanes
	if !vectors() {
		whole = 0
	}
	if whole > 0 {
		logitGrad(&x[0], whole, scale, lse, a, b)
	}
	for i, v := range x[whole:] {
		logp := scale*v - lse
		x[whole+i] = exp(logp) * (a + b*logp)
	}
}

// SwiGLU computes out = gate·σ(gate)·up for slices of one length, with the logistic function σ.
func SwiGLU(out, gate, up []float32) {
	whole := len(out) / lanes * lanes
	if !vectors() {
		whole = 0
	}
	if whole > 0 {
		swiglu(&gate[0], &up[0], &out[0], whole)
	}
	for i := whole; i < len(out); i++ {
		out[i] = gate[i] * sigmoid(gate[i]) * up[i]
	}
}

// SwiGLUGrad computes the gradient of [SwiGLU]: dup = ds·gate·σ and dgate = ds·up·σ·(1+gate·(1-σ)).
func SwiGLUGrad(dgate, dup, gate, up, ds []float32) {
	whole := len(ds) / lanes * lanes
	if !vectors() {
		whole = 0
	}
	if whole > 0 {
		swigluGrad(&gate[0], &up[0], &ds[0], &dgate[0], &dup[0], whole)
	}
	for i := whole; i < len(ds); i++ {
		s := sigmoid(gate[i])
		dgate[i] = ds[i] * up[i] * s * (1 + gate[i]*(1-s))
		dup[i] = ds[i] * gate[i] * s
	}
}

func vectors() bool { return impl != "go" }

func exp(x float32) float32 { return float32(math.Exp(float64(x))) }

func sigmoid(x float32) float32 { return float32(1 / (1 + math.Exp(-float64(x)))) }
