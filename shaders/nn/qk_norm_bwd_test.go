package nn

import (
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

func TestQKNormBwdByHand(t *testing.T) {
	// One query, key and value head of 4. The query (1,1,1,1) has r = 1 and û = (1,1,1,1); with g = 2·(1,0,0,3) the mean of g·û is 2.
	// The key is twice that, so r = 1/2, with a gain of 1 and the gradient (4,0,0,0), whose mean along û is 1.
	gain := []float64{2, 2, 2, 2, 1, 1, 1, 1}
	qkv := []float64{1, 1, 1, 1, 2, 2, 2, 2, 5, 5, 5, 5}
	dqkv := []float64{1, 0, 0, 3, 4, 0, 0, 0, 7, 8, 9, 10}
	qkNormBwd(HeadNorm{N: 1, H: 1, K: 1, C: 4}, args(nans(12), gain, qkv, dqkv))
	near(t, "dqkv", dqkv, []float64{0, -2, -2, 4, 1.5, -.5, -.5, -.5, 7, 8, 9, 10}, 1e-12)
}

// The norm does not see a head's length, so its gradient is orthogonal to the head.
func TestQKNormBwdIsOrthogonal(t *testing.T) {
	p := HeadNorm{N: 4, H: 3, K: 2, C: 8}
	r := gputest.Rand(164)
	qkv, dqkv := normal(r, 4*7*8), normal(r, 4*7*8)
	qkNormBwd(p, args(nans(1), normal(r, 16), qkv, dqkv))
	for at := 0; at < len(qkv); at += 8 {
		if at/8%7 < 5 {
			near(t, "dq·q", []float64{dot(qkv[at:][:8], dqkv[at:][:8])}, []float64{0}, 1e-12)
		}
	}
}

// The gradient of QKVFinish with biases and norms.
func TestQKNormBwdGradient(t *testing.T) {
	p := HeadNorm{N: 3, H: 2, K: 1, C: 8, Bias: 1, Eps: 1e-5}
	const width = 4 * 8
	r := gputest.Rand(165)
	bias, gain, qkv, dy := normal(r, width), normal(r, 16), normal(r, 3*width), normal(r, 3*width)
	dqkv := append([]float64{}, dy...)
	qkNormBwd(p, args(bias, gain, qkv, dqkv))
	gputest.Gradient(t, "qkv", qkv, dqkv, 1e-6, func() float64 {
		y := append([]float64{}, qkv...)
		qkvFinish(QKVEnd{N: p.N, H: p.H, K: p.K, C: p.C, Bias: 1, Norm: 1, Eps: p.Eps}, args([]uint32{0, 0, 0}, nans(1), bias, gain, y))
		return dot(y, dy)
	})
}

func TestQKNormBwdDevice(t *testing.T) {
	gputest.Verify(t, qkNormBwdCases(gputest.Rand(166))...)
	c := qkNormBwdCases(gputest.Rand(167))[0]
	c.Name, c.Buffers[0] = "no bias", gpu.NaNs(24)
	gputest.Verify(t, c)
}
