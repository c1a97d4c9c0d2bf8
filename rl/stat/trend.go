package stat

import (
	"math"

	gonum "gonum.org/v1/gonum/stat"
)

// Trend fits a straight line to y, one value a step. It returns the line's rise from the first step to the last and the
// standard error of the rise, which has len(y)-2 degrees of freedom and is NaN of fewer than three values.
func Trend(y []float64) (rise, standardError float64) {
	if len(y) < 2 {
		return math.NaN(), math.NaN()
	}
	x := make([]float64, len(y))
	for i := range x {
		x[i] = float64(i)
	}
	intercept, slope := gonum.LinearRegression(x, y, nil, false)
	span := float64(len(y) - 1)
	if len(y) < 3 {
		return slope * span, math.NaN()
	}
	rest := 0.0
	for i, v := range y {
		d := v - intercept - slope*x[i]
		rest += d * d
	}
	n := float64(len(y))
	return slope * span, math.Sqrt(rest/(n-2)/(gonum.Variance(x, nil)*(n-1))) * span
}
