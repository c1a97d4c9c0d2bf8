package stat

import (
	"math"
	"testing"

	"attnlab/rl/rltest/near"
)

// A share is the mean of ones and zeros: it has one standard error, by whichever function (fault A4).
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
