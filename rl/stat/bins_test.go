package stat

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
)

func TestBins(t *testing.T) {
	for _, c := range []struct {
		x    []float64
		n    int
		want []Bin
	}{
		{nil, 5, nil},
		{[]float64{math.NaN(), math.Inf(1)}, 5, nil},
		{[]float64{7, 7}, 5, []Bin{{7, 8, 2}}},
		{[]float64{3, 12, 14, 20}, 4, []Bin{{0, 5, 1}, {5, 10, 0}, {10, 15, 2}, {15, 20, 0}, {20, 25, 1}}},
		{[]float64{-3, 3}, 3, []Bin{{-4, -2, 1}, {-2, 0, 0}, {0, 2, 0}, {2, 4, 1}}},
		{[]float64{0.1, 0.35, 0.3}, 3, []Bin{{0.1, 0.2, 1}, {0.2, 0.3, 0}, {0.3, 0.4, 2}}},
		{[]float64{0, 1, 1}, 2, []Bin{{0, 0.5, 1}, {0.5, 1, 0}, {1, 1.5, 2}}},
	} {
		if got := Bins(c.x, c.n); !reflect.DeepEqual(got, c.want) {
			t.Errorf("of %v: %v, want %v", c.x, got, c.want)
		}
	}
	random := rand.New(rand.NewPCG(1, 9))
	for range 2000 {
		x := make([]float64, 1+random.IntN(40))
		offset, scale := 100*random.NormFloat64(), math.Exp(4*random.NormFloat64())
		for i := range x {
			x[i] = offset + scale*random.NormFloat64()
		}
		most := 1 + random.IntN(20)
		bins, n := Bins(x, most), 0
		for i, b := range bins {
			n += b.N
			inside := 0
			for _, v := range x {
				if v >= b.Low-1e-9*(1+math.Abs(v)) && v <= b.High+1e-9*(1+math.Abs(v)) {
					inside++
				}
			}
			if inside < b.N || i > 0 && math.Abs(bins[i-1].High-b.Low) > 1e-9*(1+math.Abs(b.Low)) {
				t.Fatalf("bin %d of %v: %v", i, x, bins)
			}
		}
		if n != len(x) || len(bins) > most+2 {
			t.Fatalf("%d of %d values in %d bins of at most %d", n, len(x), len(bins), most)
		}
	}
}
