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
