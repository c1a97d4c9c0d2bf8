package stat

import (
	"math"
	"testing"
)

// Numbers for people have a minus sign, zero has no sign, and what is not finite is a dash.
func TestNumbersAsText(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Decimals(-1.25, 1), "−1.2"}, {Decimals(-0.0004, 3), "0.000"}, {Decimals(-0.4, 0), "0"}, {Decimals(-100, 0), "−100"}, {Decimals(-2e13, 1), "−2.00e+13"}, {Decimals(math.NaN(), 2), "–"}, {Decimals(math.Inf(-1), 2), "–"},
		{Signed(0.5, 2), "+0.50"}, {Signed(-0.5, 2), "−0.50"}, {Signed(0.0004, 3), "0.000"}, {Signed(-0.0004, 3), "0.000"}, {Signed(10, 0), "+10"}, {Signed(1e300, 1), "+1.00e+300"}, {Signed(math.Inf(1), 2), "–"},
		{Coefficient(0.42), ".42"}, {Coefficient(-0.071), "−.07"}, {Coefficient(-0.001), "0"}, {Coefficient(1), "1.00"}, {Coefficient(-1), "−1.00"},
		{Minus("1e-05"), "1e−05"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}
