package attn

import (
	"math"
	"slices"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

func TestReceivedByHand(t *testing.T) {
	// With q = 0 token m pays 1/(m+1) to each of 0..m. Token 3 hides token 1, and the
	// fifth token is a sequence of its own.
	qkv, lse := make([]float64, 5*12), []float64{0, math.Log(2), math.Log(3), math.Log(4), 0}
	span := []uint32{0, 4, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 4, 1, 2, 4, 5, 0, 0}
	out := slices.Repeat([]float64{math.NaN()}, 5)
	received(4, Shape{5, 1, 1}, gpu.NewArgs[float64](qkv, span, lse, out))
	for n, want := range []float64{1./2 + 1./3 + 1./4, 1. / 3, 1. / 4, 0, 0} {
		if math.Abs(out[n]-want) > 1e-12 {
			t.Errorf("token %d receives %g, want %g", n, out[n], want)
		}
	}
}

// What the tokens of a sequence receive and what they pay to themselves is the
// number of its tokens. The last token of a sequence receives nothing. The columns
// of the full matrices of attn_rows, without the diagonal, have the same sums.
func TestReceivedIsSummedColumns(t *testing.T) {
	r := gputest.Rand(51)
	for _, tr := range []packing{{4, 4, 16, []int{50, 1, 33}}, {6, 2, 16, []int{20, 47}}, {2, 1, 8, []int{64}}} {
		b := forward(r, tr)
		hidden := tr.span(r, true)
		gputest.Each(t, func(t *testing.T, d *gpu.Device) {
			H, K := uint32(tr.H), uint32(tr.K)
			for _, span := range [][]uint32{b.span, hidden} {
				got, want := gpu.NaNs(tr.N()*tr.H), make([]float32, tr.N()*tr.H)
				do(t, d, Received(tr.C), tr.shape(), b.qkv, span, b.lse, got)
				start := 0
				for _, l := range tr.lengths {
					for h := range tr.H {
						rows, paid, self := gpu.NaNs(l*l), 0.0, 0.0
						do(t, d, Rows, RowsShape{H, K, uint32(tr.C), uint32(h), uint32(start), uint32(l), uint32(l)}, b.qkv, span, b.lse, rows)
						for n := range l {
							for m := n + 1; m < l; m++ {
								want[(start+n)*tr.H+h] += rows[m*l+n]
							}
							self += float64(rows[n*l+n])
							paid += float64(got[(start+n)*tr.H+h])
						}
						if &span[0] == &b.span[0] && math.Abs(paid+self-float64(l)) > 1e-3 {
							t.Errorf("%s: head %d pays %g to %d tokens", tr, h, paid+self, l)
						}
						if last := got[(start+l-1)*tr.H+h]; last != 0 {
							t.Errorf("%s: the last of %d tokens receives %g", tr, l, last)
						}
					}
					start += l
				}
				near(t, "received", got, want, 2e-5)
			}
		})
	}
}

func TestReceivedDevice(t *testing.T) {
	gputest.Verify(t, receivedCases(gputest.Rand(52), slices.Concat(packings, otherHeads))...)
}
