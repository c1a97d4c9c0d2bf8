package stat

import (
	"math"
	"slices"
)

// Mean is the arithmetic mean of x, exact where all values are equal; NaN of no values.
func Mean(x []float64) float64 {
	if Constant(x) {
		if len(x) == 0 {
			return math.NaN()
		}
		return x[0]
	}
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// StdDev is the standard deviation of a sample, over n-1: 0 where all values are equal, NaN of fewer than two values.
func StdDev(x []float64) float64 {
	if len(x) < 2 {
		return math.NaN()
	}
	return math.Sqrt(squares(x) / float64(len(x)-1))
}

// PopStdDev is the standard deviation of a whole population, over n: 0 where all values are equal, NaN of no values.
func PopStdDev(x []float64) float64 {
	return math.Sqrt(squares(x) / float64(len(x)))
}

// squares is the sum of squared differences from the mean, in two passes: exactly 0 where all values are equal.
func squares(x []float64) float64 {
	mean, sum := Mean(x), 0.0
	for _, v := range x {
		sum += (v - mean) * (v - mean)
	}
	return sum
}

// MeanError returns the mean of x and its standard error, [StdDev]/√n. The error is NaN of fewer than two values.
func MeanError(x []float64) (mean, standardError float64) {
	return Mean(x), StdDev(x) / math.Sqrt(float64(len(x)))
}

// Known returns the values of x that are not NaN, in order.
func Known(x []float64) []float64 { return slices.DeleteFunc(slices.Clone(x), math.IsNaN) }

// Kurtosis is the fourth standardised moment of a population less 3, Fisher's excess kurtosis. It is high where few of many
// values are large. NaN for values that are all equal.
func Kurtosis(x []float64) float64 {
	if Constant(x) {
		return math.NaN()
	}
	n, mean, fourth := float64(len(x)), Mean(x), 0.0
	for _, v := range x {
		fourth += math.Pow(v-mean, 4) / n
	}
	variance := squares(x) / n
	return fourth/(variance*variance) - 3
}

// Ratio is the sum of x over the sum of y, 0 where the latter is 0. x and y have the same length.
func Ratio(x, y []float64) float64 {
	var above, below float64
	for i := range x {
		above, below = above+x[i], below+y[i]
	}
	if below == 0 {
		return 0
	}
	return above / below
}

// Indicator is 1 for true and 0 for false.
func Indicator(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// Constant reports whether all values of x are equal. No values are.
func Constant(x []float64) bool {
	return len(x) == 0 || slices.Min(x) == slices.Max(x)
}

// Finite points to x, or is nil where x is NaN or infinite: null in JSON.
func Finite(x float64) *float64 {
	if !isFinite(x) {
		return nil
	}
	return &x
}

func isFinite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
