package stat

import "slices"

// Quantile is the q-quantile of x, 0 <= q <= 1, with linear interpolation between neighbours: type 7 of Hyndman and Fan
// (1996), NumPy's default. It panics on an empty x.
func Quantile(x []float64, q float64) float64 {
	if len(x) == 0 {
		panic("stat: Quantile of no values")
	}
	s := slices.Sorted(slices.Values(x))
	at := q * float64(len(s)-1)
	i := min(int(at), len(s)-1)
	j := min(i+1, len(s)-1)
	return s[i] + (at-float64(i))*(s[j]-s[i])
}
