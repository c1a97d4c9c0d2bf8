package main

import (
	"math"
	"testing"
)

// A number that rounds to 0 has no sign, and a small count of tokens is not 0 k.
func TestNumbersOfCompareAreReadable(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{percent(-0.001), "0"}, {percent(-0.13), "-13"}, {percent(0.004), "0"}, {two(-0.004), "0.00"}, {two(-0.006), "-0.01"}, {three(-0.0001), "0.000"},
		{one(-0.04), "0.0"}, {whole(-0.4), "0"}, {thousands(445), "0.4 k"}, {thousands(0), "0.0 k"}, {thousands(9949), "9.9 k"}, {thousands(9950), "10 k"},
		{thousands(300000), "300 k"}, {thousands(-10), "0.0 k"}, {percent(number(math.NaN())), "–"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}
