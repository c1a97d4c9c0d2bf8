package draw

import (
	"fmt"
	"math"
	"strconv"
)

// missing is shown in place of a missing number.
const missing = "–"

// Number writes a number with three significant digits, and "–" for one that is not finite.
func Number(x float64) string {
	switch a := math.Abs(x); {
	case !finite(x):
		return missing
	case a == 0:
		return "0"
	case a < 0.001:
		return fmt.Sprintf("%.1e", x)
	case a < 0.1:
		return fmt.Sprintf("%.4f", x)
	}
	return Decimals(x, 3)
}

// Decimals writes a number with n decimals, and "–" for one that is not finite. A number of
// more than twelve digits gets an exponent.
func Decimals(x float64, n int) string {
	switch {
	case !finite(x):
		return missing
	case math.Abs(x) >= 1e12:
		return fmt.Sprintf("%.2e", x)
	}
	return strconv.FormatFloat(x, 'f', n, 64)
}

// Fixed is [Decimals], but a number too small for n decimals gets two significant digits.
func Fixed(x float64, n int) string {
	if a := math.Abs(x); a > 0 && a < math.Pow(10, -float64(n))/2 {
		return fmt.Sprintf("%.1e", x)
	}
	return Decimals(x, n)
}

// Signed is [Decimals] with a sign.
func Signed(x float64, n int) string {
	if x >= 0 {
		return "+" + Decimals(x, n)
	}
	return Decimals(x, n)
}

// finite reports whether x is a number and not infinite.
func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
