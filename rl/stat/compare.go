package stat

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

// Student is the 97.5 % point of Student's t distribution: how many standard errors to each side of a mean hold the true
// value in 95 of 100 samples. freedom is the number of values less the number of estimated parameters, at least 1.
func Student(freedom int) float64 {
	n := float64(freedom)
	x := mathext.InvRegIncBeta(n/2, 0.5, 0.05) // n/(n+t²), see studentTail
	return math.Sqrt(n * (1 - x) / x)
}

// studentTail is the probability that Student's t is at least as far from 0 as t: I_x(n/2, 1/2) with x = n/(n+t²) and the
// regularised incomplete beta function I (Abramowitz and Stegun, 26.7.1).
func studentTail(t float64, freedom int) float64 {
	n := float64(freedom)
	return mathext.RegIncBeta(n/2, 0.5, n/(n+t*t))
}

// Difference is the mean of paired differences.
type Difference struct {
	Mean  float64 // of a[i] - b[i]
	Error float64 // standard error of Mean
	Interval
	N int     // pairs
	P float64 // two-sided p value of "no difference", by a t test
}

// Paired compares a[i] with b[i], such as two methods with the same seed. The interval is Student's t with N-1 degrees of
// freedom; error, interval and P are NaN of fewer than two pairs. It panics where the lengths differ.
func Paired(a, b []float64) Difference {
	if len(a) != len(b) {
		panic("stat: Paired of two lengths")
	}
	x := make([]float64, len(a))
	for i := range a {
		x[i] = a[i] - b[i]
	}
	d := Difference{N: len(x), Interval: Interval{math.NaN(), math.NaN()}, P: math.NaN()}
	if d.Mean, d.Error = MeanError(x); d.N < 2 {
		return d
	}
	d.student()
	return d
}

// student sets interval and P from mean, error and N.
func (d *Difference) student() {
	half := Student(d.N-1) * d.Error
	d.Interval = Interval{d.Mean - half, d.Mean + half}
	switch {
	case d.Error > 0:
		d.P = studentTail(d.Mean/d.Error, d.N-1)
	case d.Mean == 0:
		d.P = 1
	default:
		d.P = 0
	}
}

// Holm adjusts the p values of several tests so that one wrong rejection among all of them stays as unlikely as in one test
// (Holm 1979). NaN stays NaN and counts as no test.
func Holm(p []float64) []float64 {
	adjusted := slices.Clone(p)
	var order []int
	for i, v := range p {
		if !math.IsNaN(v) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		if p[a] < p[b] {
			return -1
		}
		return int(Indicator(p[a] > p[b]))
	})
	least := 0.0
	for i, at := range order {
		least = max(least, min(1, float64(len(order)-i)*p[at]))
		adjusted[at] = least
	}
	return adjusted
}

// Bootstrap is the percentile interval of a statistic of x: the statistic of samples drawn from x with replacement, draws
// times. The same seed gives the same interval. Samples whose statistic is NaN are left out; the interval is NaN where none is
// left.
func Bootstrap(x []float64, draws int, seed uint64, statistic func(sample []float64) float64) Interval {
	random := rand.New(rand.NewPCG(seed, 0x626f6f74)) // "boot" in ASCII
	sample := make([]float64, len(x))
	var values []float64
	for range draws {
		for i := range sample {
			sample[i] = x[random.IntN(len(x))]
		}
		if v := statistic(sample); !math.IsNaN(v) {
			values = append(values, v)
		}
	}
	if len(values) == 0 {
		return Interval{math.NaN(), math.NaN()}
	}
	return Interval{Quantile(values, 0.025), Quantile(values, 0.975)}
}
