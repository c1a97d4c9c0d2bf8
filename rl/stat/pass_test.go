package stat

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"attnlab/rl/rltest/near"
)

// The estimate is the closed form in exact fractions, for all small cases and for ones whose binomials overflow a float64.
func TestPassAtK(t *testing.T) {
	exact := func(n, c, k int64) float64 {
		all, wrong := new(big.Int).Binomial(n, k), new(big.Int)
		if n-c >= k {
			wrong.Binomial(n-c, k)
		}
		missed := new(big.Rat).SetFrac(wrong, all)
		v, _ := new(big.Rat).Sub(big.NewRat(1, 1), missed).Float64()
		return v
	}
	for n := 1; n <= 24; n++ {
		for c := 0; c <= n; c++ {
			for k := 1; k <= n; k++ {
				if got, want := PassAtK(n, c, k), exact(int64(n), int64(c), int64(k)); math.Abs(got-want) > 1e-13 {
					t.Fatalf("n %d, c %d, k %d: %v, want %v", n, c, k, got, want)
				}
			}
		}
	}
	for _, x := range [][3]int{{10000, 3, 5000}, {100000, 1, 1}, {4096, 2048, 64}, {1000000, 1, 7}} {
		got, want := PassAtK(x[0], x[1], x[2]), exact(int64(x[0]), int64(x[1]), int64(x[2]))
		if math.Abs(got-want) > 1e-12*want {
			t.Errorf("%v: %v, want %v", x, got, want)
		}
	}
	near.Want(t, "pass@1 is the share, pass@n whether any is right", []float64{PassAtK(7, 3, 1), PassAtK(7, 0, 7), PassAtK(7, 1, 7)}, []float64{3. / 7, 0, 1}, 1e-15)
	near.Want(t, "no such k or c", []float64{PassAtK(4, 2, 0), PassAtK(4, 2, 5), PassAtK(4, 5, 1), PassAtK(4, -1, 1)}, []float64{nan, nan, nan, nan}, 0)
}

// Over many draws the mean of the estimates is 1 − (1 − p)^k, and an interval of one problem holds it.
func TestPassAtKIsUnbiased(t *testing.T) {
	const n, p, k, trials = 12, 0.2, 5, 20000
	random, mean, held, want := rand.New(rand.NewPCG(5, 6)), 0.0, 0, 1-math.Pow(1-p, k)
	for range trials {
		c := 0
		for range n {
			if random.Float64() < p {
				c++
			}
		}
		mean += PassAtK(n, c, k) / trials
		if in := PassInterval(n, c, k); in.Low <= want && want <= in.High {
			held++
		}
	}
	if math.Abs(mean-want) > 0.01 {
		t.Errorf("the mean is %v, want %v", mean, want)
	}
	if share := float64(held) / trials; share < 0.92 {
		t.Errorf("intervals hold the truth in %v of the trials", share)
	}
	if in := PassInterval(12, 2, 12); in.High != 1 || in.Low > 0.5 {
		t.Errorf("of as many as were sampled %v", in)
	}
	if in := PassInterval(0, 0, 1); in != (Interval{0, 1}) {
		t.Errorf("of no samples %v", in)
	}
}
