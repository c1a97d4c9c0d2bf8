package nn

import (
	"math"
	"slices"
	"testing"

	"attnlab/gpu/gputest"
)

func TestQKVRopeFwdByHand(t *testing.T) {
	// x picks w's first column, 1..24: q 1..8, k 9..16, v 17..24. Position 1 of
	// this table is a quarter turn of all pairs, (low, high) → (−high, low).
	w, qkv := make([]float64, 24*4), nans(2*24)
	for i := range 24 {
		w[i*4] = float64(i + 1)
	}
	rope := []float64{1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1}
	qkvRopeFwd(F32, QKV{N: 2, D: 4, H: 1, K: 1, C: 8},
		args([]float64{1, 0, 0, 0, 1, 0, 0, 0}, w, []uint32{1, 0}, rope, qkv))
	near(t, "turned q, k", qkv[:16], []float64{-5, -6, -7, -8, 1, 2, 3, 4, -13, -14, -15, -16, 9, 10, 11, 12}, 0)
	near(t, "v", qkv[16:24], count(17, 8), 0)
	near(t, "qkv at 0", qkv[24:], count(1, 24), 0)
}

// Positions may be one word of a wider record: word 1 of 4 here.
func TestQKVRopeFwdStride(t *testing.T) {
	r, p := gputest.Rand(103), QKV{N: 2, D: 4, H: 1, K: 1, C: 8}
	x, w, rope := normal(r, 2*4), normal(r, 24*4), wide(RopeTable(10, 8, 10000))
	want, qkv := nans(2*24), nans(2*24)
	qkvRopeFwd(F32, p, args(x, w, []uint32{3, 5}, rope, want))
	p.Stride, p.First = 4, 1
	qkvRopeFwd(F32, p, args(x, w, []uint32{9, 3, 9, 9, 9, 5, 9, 9}, rope, qkv))
	near(t, "qkv", qkv, want, 0)
}

func TestRopeTable(t *testing.T) {
	near(t, "table", wide(RopeTable(3, 4, 10000)), []float64{ // cos, cos, sin, sin
		1, 1, 0, 0,
		math.Cos(1), math.Cos(.01), math.Sin(1), math.Sin(.01),
		math.Cos(2), math.Cos(.02), math.Sin(2), math.Sin(.02)}, 1e-7)
}

func TestQKVRopeFwdKeepsNorms(t *testing.T) {
	p := QKV{N: 6, D: 8, H: 4, K: 2, C: 8}
	r, width := gputest.Rand(100), p.width()
	x, w := normal(r, 6*8), normal(r, width*8)
	plain, qkv := nans(6*width), nans(6*width)
	matmulNT(F32, Matmul{p.N, uint32(width), p.D}, args(x, w, plain))
	qkvRopeFwd(F32, p, args(x, w, positions(r, p.N), wide(RopeTable(256, 8, 10000)), qkv))
	for at := 0; at < len(qkv); at += 8 {
		head, turned := plain[at:at+8], qkv[at:at+8]
		near(t, "square of the norm", []float64{dot(turned, turned)}, []float64{dot(head, head)}, 1e-6)
		if isValue := at%width >= 6*8; isValue != slices.Equal(head, turned) {
			t.Errorf("word %d: value %t, yet %g becomes %g", at, isValue, head, turned)
		}
	}
}

// Scores depend on the distance between query and key, not on their positions.
func TestQKVRopeFwdIsRelative(t *testing.T) {
	p := QKV{N: 2, D: 8, H: 2, K: 1, C: 8} // a query's and a key's token
	r := gputest.Rand(101)
	x, w, rope, qkv := normal(r, 2*8), normal(r, p.width()*8), wide(RopeTable(256, 8, 10000)), nans(2*p.width())
	scores := func(m, n uint32) []float64 {
		qkvRopeFwd(F32, p, args(x, w, []uint32{m, n}, rope, qkv))
		key := qkv[p.width()+16:][:8]
		return []float64{dot(qkv[:8], key), dot(qkv[8:16], key)}
	}
	for _, apart := range []uint32{0, 1, 7, 100} {
		want := scores(apart, 0)
		for _, shift := range []uint32{1, 50, 155} {
			near(t, "q·k", scores(apart+shift, shift), want, 1e-5)
		}
		if next := scores(apart+1, 0); math.Abs(next[0]-want[0]) < 1e-3 || math.Abs(next[1]-want[1]) < 1e-3 {
			t.Errorf("scores %g at distance %d, %g at one more", want, apart, next)
		}
	}
}

func TestQKVRopeFwdDevice(t *testing.T) {
	gputest.Verify(t, eachTile(gputest.Rand(102), qkvRopeFwdCases)...)
}
