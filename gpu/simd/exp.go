package simd

import "math"

// lanes is how many words the vector loops take at once on any machine.
const lanes = 8

// ExpSum replaces each x[i] by e^(x[i]-shift) and returns their sum: a softmax is ExpSum with the row's maximum, then a division.
// Below e^-87 the result is 0.
func ExpSum(x []float32, shift float32) float32 {
	whole := len(x) / lanes * lanes
	if !vectors() {
		whole = 0
	}
	var sum float32
	if whole > 0 {
		sum = expSum(&x[0], whole, shift)
	}
	for i, v := range x[whole:] {
		v = exp(v - shift)
		x[whole+i] = v
		sum += v
	}
	return sum
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

// Max returns the largest word of x, which is not empty and has no NaN.
func Max(x []float32) float32 {
	whole := len(x) / lanes * lanes
	if !vectors() {
		whole = 0
	}
	top := x[0]
	if whole > 0 {
		top = maxOf(&x[0], whole)
	}
	for _, v := range x[whole:] {
		if v > top {
			top = v
		}
	}
	return top
}

// Weigh computes d[i] = scale·w[i]·(d[i]-shift): the gradient of a softmax's scores from that of its weights w.
func Weigh(d, w []float32, scale, shift float32) {
	whole := len(d) / lanes * lanes
	if !vectors() {
		whole = 0
	}
	if whole > 0 {
		weigh(&d[0], &w[0], whole, scale, shift)
	}
	for i := whole; i < len(d); i++ {
		d[i] = scale * w[i] * (d[i] - shift)
	}
}
