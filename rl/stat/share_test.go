package stat

import (
	"math"
	"math/rand/v2"
	"testing"

	"attnlab/rl/rltest/near"
)

// A share is the mean of ones and zeros: it has one standard error, by whichever function.
func TestShareErrorIsThatOfAMean(t *testing.T) {
	for n := 2; n < 60; n++ {
		for ones := 0; ones <= n; ones++ {
			x := make([]float64, n)
			for i := range ones {
				x[i] = 1
			}
			p, se := MeanError(x)
			if got := ShareError(p, n); math.Abs(got-se) > 1e-14 {
				t.Fatalf("%d of %d: %v, the mean's error is %v", ones, n, got, se)
			}
		}
	}
	near.Want(t, "of one and of none", []float64{ShareError(1, 1), ShareError(0, 0)}, []float64{nan, nan}, 0)
}

// Expected values from the closed form: for 0 of n the upper end is z²/(n+z²).
func TestWilson(t *testing.T) {
	z2 := normal975 * normal975
	none, all, half := Wilson(0, 10), Wilson(1, 10), Wilson(0.5, 100)
	near.Want(t, "Wilson", []float64{none.Low, none.High, all.Low, all.High, half.Low, half.High},
		[]float64{0, z2 / (10 + z2), 10 / (10 + z2), 1, 0.4038315, 0.5961685}, 1e-7)
	if got := Wilson(0, 0); got != (Interval{0, 1}) {
		t.Errorf("of no observations: %v", got)
	}
}

// Newcombe's example (1998, table II, column a): 56/70 and 48/80 differ by 0.2, from 0.0524 to 0.3339.
func TestShareDifference(t *testing.T) {
	d := ShareDifference(56./70, 70, 48./80, 80)
	near.Want(t, "Newcombe", []float64{d.Low, d.High}, []float64{0.0524, 0.3339}, 5e-5)
	if d := ShareDifference(1, 20, 1, 20); d.Low >= 0 || d.High <= 0 {
		t.Errorf("20 of 20 twice: %v has no width", d)
	}
}

// Without correlation it is the interval of independent shares; correlated pairs give a narrower one, which still holds the true
// difference as often as it claims.
func TestPairedShareDifference(t *testing.T) {
	d, p := ShareDifference(0.8, 50, 0.6, 50), PairedShareDifference(0.8, 0.6, 50, math.Hypot(ShareError(0.8, 50), ShareError(0.6, 50)))
	near.Want(t, "independent", []float64{p.Low, p.High}, []float64{d.Low, d.High}, 1e-12)
	if d := PairedShareDifference(1, 0, 20, 0); !(d.Low < 1 && d.High >= 1) {
		t.Errorf("20 of 20 and none of 20: %v", d)
	}
	random, held, narrower := rand.New(rand.NewPCG(3, 4)), 0, 0
	const trials, n = 4000, 40
	for range trials {
		var a, b, loss []float64
		for range n {
			x := random.Float64() < 0.7
			y := x && random.Float64() < 0.6 // the true difference is 0.7 · 0.4
			a, b = append(a, Indicator(x)), append(b, Indicator(y))
			loss = append(loss, Indicator(x)-Indicator(y))
		}
		_, se := MeanError(loss)
		d := PairedShareDifference(Mean(a), Mean(b), n, se)
		held += int(Indicator(d.Low <= 0.28 && 0.28 <= d.High))
		i := ShareDifference(Mean(a), n, Mean(b), n)
		narrower += int(Indicator(d.High-d.Low < i.High-i.Low))
	}
	if share := float64(held) / trials; share < 0.93 || share > 0.985 || narrower < trials*95/100 {
		t.Errorf("the interval holds the difference in %v of trials and is narrower in %d of %d", share, narrower, trials)
	}
}

// TestDifferenceOfTwoEstimates checks the combination of errors and intervals by a 3-4-5 triangle.
func TestDifferenceOfTwoEstimates(t *testing.T) {
	if got := DifferenceError(3, 4); got != 5 {
		t.Errorf("errors 3 and 4 give %g, want 5", got)
	}
	if got, want := DifferenceInterval(10, Interval{7, 22}, 2, Interval{-3, 6}), (Interval{8 - 5, 8 + 13}); got != want {
		t.Errorf("the interval is %v, want %v", got, want)
	}
}

// The interval of a mean has a width where all values are equal, stays within 0 and 1, and is Student's elsewhere.
func TestMeanInterval(t *testing.T) {
	if got, want := MeanInterval([]float64{1, 1, 1, 1}), Wilson(1, 4); got != want {
		t.Errorf("of equal values %v, want %v", got, want)
	}
	if got := MeanInterval([]float64{0.4, 0.5, 0.6}); math.Abs(got.Low-(0.5-4.302652729911275*0.1/math.Sqrt(3))) > 1e-9 || math.Abs(got.High+got.Low-1) > 1e-12 {
		t.Errorf("of .4, .5, .6 %v", got)
	}
	if got := MeanInterval([]float64{0, 1}); got != (Interval{0, 1}) {
		t.Errorf("of 0 and 1 %v", got)
	}
	if got := MeanInterval([]float64{0.3}); got != (Interval{0, 1}) {
		t.Errorf("of one value %v", got)
	}
}

// Shares that lie further apart than SharesApart says are told apart, and those less far are not, around 1/2.
func TestSharesApart(t *testing.T) {
	near.Want(t, "of 64", []float64{SharesApart(64)}, []float64{0.17}, 5e-3)
	for _, n := range []int{48, 64, 256} {
		for _, k := range []struct {
			times float64
			apart bool
		}{{0.9, false}, {1.1, true}} {
			d := k.times * SharesApart(n)
			if got := ShareDifference(0.5+d/2, n, 0.5-d/2, n); (got.Low > 0) != k.apart {
				t.Errorf("n = %d, shares %.3f apart: the interval is %v", n, d, got)
			}
		}
	}
}
