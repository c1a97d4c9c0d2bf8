package stat

import "math"

// Interval is a range that holds the true value with 95 % confidence.
type Interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// normal975 is the 97.5 % point of the standard normal distribution.
const normal975 = 1.959963984540054

// ShareError is the standard error of a share p of n observations, √(p(1-p)/(n-1)): what [MeanError] returns for n values
// of which p·n are 1 and the others 0. NaN where n is below 2.
func ShareError(p float64, n int) float64 {
	if n < 2 {
		return math.NaN()
	}
	return math.Sqrt(max(0, p*(1-p)) / float64(n-1))
}

// Wilson is the score interval of a share p of n observations (Wilson 1927). It stays within 0 and 1 and has a width where
// p is 0 or 1, which a standard error does not. Of no observations it is 0 to 1.
func Wilson(p float64, n int) Interval {
	if n < 1 {
		return Interval{0, 1}
	}
	N, z2 := float64(n), normal975*normal975
	middle := (p + z2/(2*N)) / (1 + z2/N)
	half := normal975 / (1 + z2/N) * math.Sqrt(p*(1-p)/N+z2/(4*N*N))
	return Interval{max(0, middle-half), min(1, middle+half)}
}

// ShareDifference is the interval of p-q for shares p of n and q of m independent observations, made of their Wilson
// intervals (Newcombe 1998, method 10). It has a width where both shares are 0 or 1.
func ShareDifference(p float64, n int, q float64, m int) Interval {
	return DifferenceInterval(p, Wilson(p, n), q, Wilson(q, m))
}

// SharesApart is about how far two shares, each of n independent observations, must lie apart for the interval of
// [ShareDifference] to leave out 0: half the width of that interval where both are 1/2, which is its widest.
func SharesApart(n int) float64 {
	d := ShareDifference(0.5, n, 0.5, n)
	return (d.High - d.Low) / 2
}

// DifferenceError is the standard error of the difference of two independent estimates with the standard errors a and b: √(a²+b²).
func DifferenceError(a, b float64) float64 { return math.Hypot(a, b) }

// DifferenceInterval is the interval of p-q for independent estimates p and q with the intervals a and b. It adds the squares of
// the distances from estimate to limit, as Newcombe's method 10 does for shares.
func DifferenceInterval(p float64, a Interval, q float64, b Interval) Interval {
	return Interval{p - q - math.Hypot(p-a.Low, b.High-q), p - q + math.Hypot(a.High-p, q-b.Low)}
}

// PairedShareDifference is the interval of p-q for shares p and q of the same n observations, whose paired differences have the
// standard error se. As [ShareDifference] it combines Wilson intervals, with the correlation of the pairs that se implies
// (Newcombe 1998, paired data: square-and-add with the observed correlation). Where p or q is 0 or 1 that correlation is 0.
func PairedShareDifference(p, q float64, n int, se float64) Interval {
	a, b, correlation := Wilson(p, n), Wilson(q, n), 0.0
	if x, y := ShareError(p, n), ShareError(q, n); x*y > 0 {
		correlation = max(-1, min(1, (x*x+y*y-se*se)/(2*x*y)))
	}
	width := func(x, y float64) float64 { return math.Sqrt(max(0, x*x-2*correlation*x*y+y*y)) }
	return Interval{p - q - width(p-a.Low, b.High-q), p - q + width(a.High-p, q-b.Low)}
}

// MeanInterval is the interval of the mean of values from 0 to 1, such as shares of several problems: Student's t, cut to 0 and 1.
// Where all values are equal their spread says nothing, so the interval is [Wilson]'s, of as many observations as there are values.
// Of fewer than two values it is 0 to 1.
func MeanInterval(x []float64) Interval {
	mean, standardError := MeanError(x)
	switch {
	case len(x) < 2:
		return Interval{0, 1}
	case standardError == 0:
		return Wilson(mean, len(x))
	}
	half := Student(len(x)-1) * standardError
	return Interval{max(0, mean-half), min(1, mean+half)}
}
