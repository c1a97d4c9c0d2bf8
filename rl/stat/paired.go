package stat

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mathext"
)

// Verdict is what paired differences show. It is one of three, so that "not shown" is never read as "absent".
type Verdict string

// The verdicts. An effect that is shown may be smaller than the bound within which another is absent: the interval says it.
const (
	Shown    Verdict = "shown"
	NotShown Verdict = "not shown"
	Absent   Verdict = "shown to be absent"
)

// Judge is the verdict on a difference: shown where the p value, adjusted for all contrasts that are judged together (see [Holm]), is
// below .05; absent where the 95 % interval lies within ±bound; otherwise not shown. A bound of 0 is none. The bound must be chosen before the
// data are seen. NaN shows nothing.
func Judge(d Difference, adjusted, bound float64) Verdict {
	switch {
	case adjusted < 0.05:
		return Shown
	case bound > 0 && d.Low >= -bound && d.High <= bound:
		return Absent
	}
	return NotShown
}

// McNemar compares two classifiers, such as two checkpoints, on the same n observations: only those count that just one of them has right. The
// p value is exact (McNemar 1947, binomial form): 2 P(X ≤ min(b, c)) for X of b+c fair coins, at most 1. Mean is the difference of the two
// shares, N is n, and the interval is that of [PairedShareDifference]. Values are 0 or 1. It panics where the lengths differ.
func McNemar(a, b []float64) Difference {
	d := Paired(a, b)
	var only, other float64
	for i := range a {
		only += Indicator(a[i] > b[i])
		other += Indicator(a[i] < b[i])
	}
	if d.N > 1 {
		d.Interval = PairedShareDifference(Mean(a), Mean(b), d.N, d.Error)
	}
	d.P = 1
	if k, n := min(only, other), only+other; n > 0 {
		d.P = min(1, 2*mathext.RegIncBeta(n-k, k+1, 0.5)) // P(X ≤ k) = I_½(n-k, k+1)
	}
	return d
}

// Nested compares over two levels: x[s][i] is the difference at problem i of seed s, and both seeds and problems are a sample of many. Mean is
// the mean over seeds of each seed's mean. Error is the deviation of that mean over draws in which seeds are drawn with replacement, and for
// each its problems (Davison and Hinkley 1997, 3.8), times √(S/(S-1)) over S seeds, because drawing among S seeds misses that share of their
// variance. Interval and P are Student's with S-1 degrees of freedom: percentiles of draws from a few seeds are too narrow. The same seed
// of draws gives the same numbers. N is S; of fewer than two seeds all but Mean are NaN.
func Nested(x [][]float64, draws int, seed uint64) Difference {
	means := make([]float64, len(x))
	for s := range x {
		means[s] = Mean(x[s])
	}
	d := Difference{Mean: Mean(means), Error: math.NaN(), N: len(x), Interval: Interval{math.NaN(), math.NaN()}, P: math.NaN()}
	if d.N < 2 {
		return d
	}
	random := rand.New(rand.NewPCG(seed, 0x6e657374)) // "nest" in ASCII
	drawn := make([]float64, draws)
	for i := range drawn {
		sum := 0.0
		for range x {
			of, inner := x[random.IntN(len(x))], 0.0
			for range of {
				inner += of[random.IntN(len(of))]
			}
			sum += inner / float64(len(of))
		}
		drawn[i] = sum / float64(len(x))
	}
	S := float64(d.N)
	d.Error = StdDev(drawn) * math.Sqrt(S/(S-1))
	d.student()
	return d
}
