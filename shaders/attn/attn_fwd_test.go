package attn

import (
	"math"
	"slices"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

func TestFwdByHand(t *testing.T) {
	// Token 1 scores ln 3 at token 0 (2 ln 3 · 1 / √4) and 0 at itself: weights 3/4 and 1/4.
	ln3 := math.Log(3)
	qkv := []float64{
		5, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0,
		2 * ln3, 0, 0, 0, 0, 7, 0, 0, 0, 8, 0, 0,
	}
	for _, c := range []struct {
		name   string
		lo, hi uint32
		want   []float64
	}{
		{"all", 0, 0, []float64{4, 0, 0, 0, 3, 2, 0, 0}},
		{"token 0 hidden", 0, 1, []float64{4, 0, 0, 0, 0, 2, 0, 0}},
		{"token 1 hidden", 1, 2, []float64{4, 0, 0, 0, 3, 0, 0, 0}},
		{"range upside down", 2, 0, []float64{4, 0, 0, 0, 3, 2, 0, 0}},
	} {
		o, lse := make([]float64, 8), make([]float64, 2)
		fwd(4, Shape{2, 1, 1}, gpu.NewArgs[float64](qkv, []uint32{0, 2, 0, 0, 0, 2, c.lo, c.hi}, o, lse))
		for i, want := range c.want {
			if math.Abs(o[i]-want) > 1e-12 {
				t.Errorf("%s: o[%d] = %g, want %g", c.name, i, o[i], want)
			}
		}
		if math.Abs(lse[0]-2.5) > 1e-12 || math.Abs(lse[1]-math.Log(4)) > 1e-12 {
			t.Errorf("%s: lse = %v, want 5/2 and ln 4", c.name, lse)
		}
	}
}

func TestFwdDevice(t *testing.T) {
	gputest.Verify(t, fwdCases(gputest.Rand(2), slices.Concat(packings, otherHeads, []packing{widest}))...)
}

// Hiding keys removes their terms, computed here from the definition, from o and
// does not change lse, bit for bit.
func TestFwdHidden(t *testing.T) {
	tr := packing{6, 2, 16, []int{7, 30, 3}}
	r := gputest.Rand(3)
	qkv, open, hidden := gpu.Normal(r, tr.N()*tr.width()), tr.span(r, false), tr.span(r, true)
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		o, lse := run(t, d, tr, qkv, open)
		got, lseHidden := run(t, d, tr, qkv, hidden)
		if !slices.Equal(lse, lseHidden) {
			t.Error("hiding changed lse")
		}
		want := slices.Clone(o)
		removed := 0
		for i := range lse {
			n, h := i/tr.H, i%tr.H
			key, value := column(h, tr.H, tr.K, tr.C)
			for j := int(hidden[4*n+2]); j < min(int(hidden[4*n+3]), n+1); j++ {
				var s float64
				for c := range tr.C {
					s += float64(qkv[n*tr.width()+h*tr.C+c]) * float64(qkv[j*tr.width()+key+c])
				}
				w := math.Exp(s/math.Sqrt(float64(tr.C)) - float64(lse[i]))
				for c := range tr.C {
					want[i*tr.C+c] -= float32(w * float64(qkv[j*tr.width()+value+c]))
				}
				removed++
			}
		}
		if removed == 0 {
			t.Fatal("nothing was hidden")
		}
		near(t, "o", got, want, 2e-6)
	})
}

// The output of a sequence has the same bits wherever it is packed and whatever follows it.
func TestFwdPacking(t *testing.T) {
	tr := packing{4, 2, 16, []int{9, 1, 22, 6}}
	r := gputest.Rand(4)
	qkv := gpu.Normal(r, tr.N()*tr.width())
	starts := []int{0, 9, 10, 32}
	order := []int{2, 0, 3, 1}
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		o, lse := run(t, d, tr, qkv, tr.span(r, false))
		var mixed, wantO, wantLSE []float32
		other := tr
		other.lengths = nil
		for _, s := range order {
			from, to := starts[s], starts[s]+tr.lengths[s]
			other.lengths = append(other.lengths, tr.lengths[s])
			mixed = append(mixed, qkv[from*tr.width():to*tr.width()]...)
			wantO = append(wantO, o[from*tr.H*tr.C:to*tr.H*tr.C]...)
			wantLSE = append(wantLSE, lse[from*tr.H:to*tr.H]...)
		}
		gotO, gotLSE := run(t, d, other, mixed, other.span(r, false))
		near(t, "permuted o", gotO, wantO, 0)
		near(t, "permuted lse", gotLSE, wantLSE, 0)

		later := slices.Clone(qkv)
		const cut = 20 // within the third sequence
		for i := range later[cut*tr.width():] {
			later[cut*tr.width()+i] += 1000
		}
		gotO, gotLSE = run(t, d, tr, later, tr.span(r, false))
		near(t, "earlier o", gotO[:cut*tr.H*tr.C], o, 0)
		near(t, "earlier lse", gotLSE[:cut*tr.H], lse, 0)
	})
}

// Scores of tens of thousands neither overflow nor lose the value they select.
func TestFwdLargeScores(t *testing.T) {
	tr := packing{1, 1, 8, []int{12}}
	r := gputest.Rand(5)
	qkv := gpu.Normal(r, tr.N()*tr.width())
	for n := range tr.N() {
		for c := range 2 * tr.C {
			qkv[n*tr.width()+c] *= 100
		}
	}
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		o, lse := run(t, d, tr, qkv, tr.span(r, false))
		for n := range tr.N() {
			best, top := 0, math.Inf(-1)
			for j := range n + 1 {
				var s float64
				for c := range tr.C {
					s += float64(qkv[n*tr.width()+c]) * float64(qkv[j*tr.width()+tr.C+c])
				}
				if s > top {
					best, top = j, s
				}
			}
			near(t, "o", o[n*tr.C:(n+1)*tr.C], qkv[best*tr.width()+2*tr.C:], 1e-5)
			near(t, "lse", lse[n:n+1], []float32{float32(top / math.Sqrt(8))}, 1e-6*math.Abs(top))
		}
	})
}
