package stat

import (
	"math"
	"math/rand/v2"
	"testing"

	"attnlab/rl/rltest/near"
)

func TestRanks(t *testing.T) {
	near.Want(t, "ranks", Ranks([]float64{3, 1, 3, 2}), []float64{3.5, 1, 3.5, 2}, 0)
	near.Want(t, "Spearman", []float64{
		Spearman([]float64{1, 2, 3}, []float64{10, 100, 1000}), Spearman([]float64{1, 2, 3}, []float64{3, 2, 1}),
		Spearman([]float64{1, 2, 3, 4, 5}, []float64{5, 6, 7, 8, 7}), // Pearson of ranks 1-5 and 1, 2, 3.5, 5, 3.5
		Spearman([]float64{1, 1}, []float64{1, 2}), Spearman(nil, nil),
	}, []float64{1, -1, 8 / math.Sqrt(10*9.5), nan, nan}, 1e-12)
}

// AUC by ranks is the count over all pairs.
func TestAUCCountsPairs(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 2))
	for range 300 {
		draw := func() []float64 {
			x := make([]float64, 1+random.IntN(12))
			for i := range x {
				x[i] = float64(random.IntN(6)) // ties
			}
			return x
		}
		p, n := draw(), draw()
		won := 0.0
		for _, a := range p {
			for _, b := range n {
				won += Indicator(a > b) + Indicator(a == b)/2
			}
		}
		if want := won / float64(len(p)*len(n)); AUC(p, n) != want {
			t.Fatalf("AUC(%v, %v) is %v, want %v", p, n, AUC(p, n), want)
		}
	}
	near.Want(t, "without pairs", []float64{AUC(nil, []float64{1}), AUC([]float64{1}, nil)}, []float64{nan, nan}, 0)
}
