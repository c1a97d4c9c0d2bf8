package stat

import "math"

// Trend fits a straight line to y, one value a step. It returns the line's rise from the first step to the last and the
// standard error of the rise, which has len(y)-2 degrees of freedom and is NaN of fewer than three values.
func Trend(y []float64) (rise, standardError float64) {
	if len(y) < 2 {
		return math.NaN(), math.NaN()
	}
	span, mean := float64(len(y)-1), Mean(y)
	var xx, xy float64
	for i, v := range y {
		x := float64(i) - span/2
		xx, xy = xx+x*x, xy+x*(v-mean)
	}
	slope, rest := xy/xx, 0.0
	for i, v := range y {
		d := v - mean - slope*(float64(i)-span/2)
		rest += d * d
	}
	return slope * span, math.Sqrt(rest/(span-1)/xx) * span // 0/0 of two values
}

// Straying is the standard deviation of y around its straight line, over len(y)-2; NaN of fewer than three values.
func Straying(y []float64) float64 {
	_, standardError := Trend(y)
	return standardError / riseError(len(y))
}

// RiseApart is about how far the rise of n values must lie from 0 for its 95 % interval, by Student's t, to leave out 0. straying is
// what [Straying] gives for such values; each of the n is a mean over times as many observations. It needs n of 3 or more.
func RiseApart(straying float64, n int, times float64) float64 {
	return Student(n-2) * straying / math.Sqrt(times) * riseError(n)
}

// riseError is the standard error of the rise of n values that stray by 1: their span n-1 over √(Σ (i - mean)²), which is
// √(n(n²-1)/12).
func riseError(n int) float64 {
	m := float64(n)
	return (m - 1) / math.Sqrt(m*(m*m-1)/12)
}
