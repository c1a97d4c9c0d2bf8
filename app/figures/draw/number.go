package draw

import (
	"fmt"
	"math"

	"attnlab/rl/stat"
)

// Number writes a number with three significant digits, and "–" for one that is not finite.
func Number(x float64) string {
	switch a := math.Abs(x); {
	case !finite(x):
		return stat.Decimals(x, 0)
	case a == 0:
		return "0"
	case a < 0.001:
		return stat.Minus(fmt.Sprintf("%.1e", x))
	case a < 0.1:
		return stat.Decimals(x, 4)
	}
	return stat.Decimals(x, 3)
}

// Fixed is [stat.Decimals], but a number too small for n decimals gets two significant digits.
func Fixed(x float64, n int) string {
	if a := math.Abs(x); a > 0 && a < math.Pow(10, -float64(n))/2 {
		if a >= 0.001 {
			return stat.Decimals(x, 1+int(math.Ceil(-math.Log10(a))))
		}
		return stat.Minus(fmt.Sprintf("%.1e", x))
	}
	return stat.Decimals(x, n)
}

// finite reports whether x is a number and not infinite.
func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
