package attn

import (
	"math"
	"slices"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

func TestRowsByHand(t *testing.T) {
	// Scores ln 3 and 0 of the second token, as in TestFwdByHand; the third, with q = 0,
	// attends to all keys equally, and the first of another sequence to itself.
	qkv := make([]float64, 4*12)
	qkv[4], qkv[12] = 1, 2*math.Log(3)
	lse := []float64{0, math.Log(4), math.Log(3), 0}
	span := []uint32{0, 3, 0, 0, 0, 3, 0, 1, 0, 3, 1, 2, 3, 4, 0, 0}
	rowsOut := make([]float64, 12)
	rows(RowsShape{H: 1, K: 1, C: 4, First: 0, M: 4, T: 3}, gpu.NewArgs[float64](qkv, span, lse, rowsOut))
	for i, want := range []float64{1, 0, 0, 0, 1. / 4, 0, 1. / 3, 0, 1. / 3, 1, 0, 0} {
		if math.Abs(rowsOut[i]-want) > 1e-12 {
			t.Errorf("rows[%d] = %g, want %g", i, rowsOut[i], want)
		}
	}
}

// Rows sum to one, later keys have no weight, and hiding keys zeroes their weight and
// changes no other weight, bit for bit.
func TestRowsInvariants(t *testing.T) {
	tr := packing{6, 2, 16, []int{13, 40, 1}}
	r := gputest.Rand(16)
	b := forward(r, tr)
	hidden := tr.span(r, true)
	const T = 40
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		for h := range tr.H {
			p := RowsShape{uint32(tr.H), uint32(tr.K), uint32(tr.C), uint32(h), 0, uint32(tr.N()), T}
			all, some := gpu.NaNs(tr.N()*T), gpu.NaNs(tr.N()*T)
			do(t, d, Rows, p, b.qkv, b.span, b.lse, all)
			do(t, d, Rows, p, b.qkv, hidden, b.lse, some)
			for m := range tr.N() {
				start, lo, hi := int(b.span[4*m]), int(hidden[4*m+2]), int(hidden[4*m+3])
				var sum float64
				for i, w := range all[m*T : (m+1)*T] {
					n := start + i
					sum += float64(w)
					if n > m && w != 0 {
						t.Fatalf("head %d: token %d gives %g to later token %d", h, m, w, n)
					}
					want := w
					if n >= lo && n < hi {
						want = 0
					}
					if got := some[m*T+i]; got != want {
						t.Fatalf("head %d, tokens %d-%d hidden: token %d gives %g to %d, want %g", h, lo, hi, m, got, n, want)
					}
				}
				if math.Abs(sum-1) > 1e-5 {
					t.Errorf("head %d: the weights of token %d sum to %g", h, m, sum)
				}
			}
		}
	})
}

func TestRowsDevice(t *testing.T) {
	gputest.Verify(t, rowsCases(gputest.Rand(17), slices.Concat(packings, otherHeads))...)
}
