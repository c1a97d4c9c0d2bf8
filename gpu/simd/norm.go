package simd

// The functions of this file report whether they computed: without vector instructions, or where a row is not a multiple of 8
// words, they leave the work to the twin in plain Go.

// Norm computes rstd = 1/√(mean x²+eps) and y = x·rstd·w for len(rstd) rows of len(w) words.
func Norm(y, rstd, x, w []float32, eps float32) bool {
	if !vectors() || len(w)%lanes != 0 || len(rstd) == 0 {
		return false
	}
	norm(y, rstd, x, w, eps)
	return true
}

// NormGrad adds the gradient of [Norm]'s input to dx, rstd·dy·w - x·rstd³·mean(dy·w·x).
func NormGrad(dx, dy, x, w, rstd []float32) bool {
	if !vectors() || len(w)%lanes != 0 || len(rstd) == 0 {
		return false
	}
	normGrad(dx, dy, x, w, rstd)
	return true
}

// NormGain computes the gradient of [Norm]'s gain, sum = Σ_row rstd·dy·x.
func NormGain(sum, dy, x, rstd []float32) bool {
	if !vectors() || len(sum)%lanes != 0 || len(rstd) == 0 {
		return false
	}
	normGain(sum, dy, x, rstd)
	return true
}

// AddTo computes y += x.
func AddTo(y, x []float32) {
	whole := len(y) / lanes * lanes
	if !vectors() {
		whole = 0
	}
	if whole > 0 {
		addTo(&y[0], &x[0], whole)
	}
	for i := whole; i < len(y); i++ {
		y[i] += x[i]
	}
}

// Rotate turns the first heads of a row, each of two halves of len(cosine) words:
// (low, high) = (low·cos - sign·high·sin, high·cos + sign·low·sin).
func Rotate(row []float32, heads int, cosine, sine []float32, sign float32) bool {
	if !vectors() || len(cosine)%lanes != 0 || heads == 0 {
		return false
	}
	rotate(row, heads, cosine, sine, sign)
	return true
}

// AdamW are the constants of a step of [AdamW.Step].
type AdamW struct {
	Clip, Beta1, Beta2 float32
	Rate               float32 // over the first moment's correction
	Share              float32 // one over the second moment's correction
	Eps                float32
	Keep               float32 // of a weight, after its decay
}

// Step updates weights and moments by the gradient: with G = Clip·g, m = Beta1·m + (1-Beta1)·G, v = Beta2·v + (1-Beta2)·G²,
// w = Keep·w - Rate·m/(√(Share·v)+Eps).
func (a AdamW) Step(g, w, m, v []float32) bool {
	if !vectors() || len(g)%lanes != 0 || len(g) == 0 {
		return false
	}
	adam(g, w, m, v, a)
	return true
}
