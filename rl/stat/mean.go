package stat

import (
	"math"
	"slices"
)

// Kurtosis is Fisher's, the fourth standardised population moment less 3. It
// is high where few steps receive most of a head's attention. NaN for values
// that are all equal.
func Kurtosis(x []float64) float64 {
	mean, std := MeanStd(x, 0)
	if std == 0 {
		return math.NaN()
	}
	var m4 float64
	for _, v := range x {
		z := (v - mean) / std
		m4 += z * z * z * z
	}
	return m4/float64(len(x)) - 3
}

// meanStd returns mean and standard deviation of x over len(x) - less: less
// is 0 for the population's, 1 for the sample's.
func MeanStd(x []float64, less int) (mean, std float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		std += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(std / math.Max(1, float64(len(x)-less)))
}

// meanError is the mean and its standard error, σ/√n; for a share p that is √(p(1-p)/n).
func MeanError(x []float64) (mean, standardError float64) {
	n := float64(len(x))
	for _, v := range x {
		mean += v
	}
	mean /= n // last, so that n ones have the mean 1
	for _, v := range x {
		standardError += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(standardError) / n
}

// over is the ratio of two sums, 0 where the second is.
func Ratio(x, y []float64) float64 {
	above, _ := MeanError(x)
	below, _ := MeanError(y)
	if below == 0 {
		return 0
	}
	return above / below
}

func Indicator(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// constant keeps rounding in the mean from turning into advantages.
func Constant(x []float64) bool {
	return len(x) == 0 || slices.Min(x) == slices.Max(x)
}

// finite is nil, JSON's null, where there is no number.
func Finite(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}
