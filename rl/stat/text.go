package stat

import (
	"math"
	"strconv"
	"strings"
)

// Decimals writes a number with n decimals for people: with a minus sign, not a hyphen, and no sign before zero. A number that is
// not finite is a dash; one of more than twelve digits has an exponent.
func Decimals(x float64, n int) string {
	switch {
	case !isFinite(x):
		return "–"
	case math.Abs(x) >= 1e12:
		return Minus(strconv.FormatFloat(x, 'e', 2, 64))
	}
	text := strconv.FormatFloat(x, 'f', n, 64)
	if strings.Trim(text, "-0.") == "" {
		text = strings.TrimPrefix(text, "-")
	}
	return Minus(text)
}

// Signed is [Decimals] with a plus sign before a number above zero.
func Signed(x float64, n int) string {
	text := Decimals(x, n)
	if x > 0 && strings.ContainsAny(text, "123456789") {
		return "+" + text
	}
	return text
}

// Coefficient writes a correlation: two decimals, without the zero before the point.
func Coefficient(rho float64) string {
	text := Decimals(rho, 2)
	if text == "0.00" {
		return "0"
	}
	return strings.Replace(text, "0.", ".", 1)
}

// Minus replaces the hyphens of a written number by minus signs.
func Minus(text string) string { return strings.ReplaceAll(text, "-", "−") }
