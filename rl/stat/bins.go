package stat

import (
	"math"
	"slices"
)

// Bin is a half-open range [Low, High) of a histogram with how many values it has.
type Bin struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	N    int     `json:"n"`
}

// Bins divides values into about n bins, n+2 at most, of equal width: a round number (1, 2 or 5 times a power of ten). They begin at a multiple of it
// and hold all values. NaN and infinite values are left out; of no values there are no bins.
func Bins(x []float64, n int) []Bin {
	x = slices.DeleteFunc(slices.Clone(x), func(v float64) bool { return !isFinite(v) })
	if len(x) == 0 || n < 1 {
		return nil
	}
	low, high := slices.Min(x), slices.Max(x)
	width := roundUp((high - low) / float64(n))
	first := math.Floor(low / width.value())
	bins := make([]Bin, int(math.Floor(high/width.value())-first)+1)
	for i := range bins {
		bins[i].Low, bins[i].High = width.times(first+float64(i)), width.times(first+float64(i)+1)
	}
	for _, v := range x {
		i := slices.IndexFunc(bins, func(b Bin) bool { return v < b.High })
		if i < 0 { // rounding
			i = len(bins) - 1
		}
		bins[i].N++
	}
	return bins
}

// rounded is a number times a power of ten, so that its multiples are as exact as they are written.
type rounded struct{ factor, exponent float64 }

func (r rounded) times(x float64) float64 {
	if r.exponent < 0 {
		return x * r.factor / math.Pow(10, -r.exponent)
	}
	return x * r.factor * math.Pow(10, r.exponent)
}

func (r rounded) value() float64 { return r.times(1) }

// roundUp is the least of 1, 2 and 5 times a power of ten that is not below x; 1 for 0.
func roundUp(x float64) rounded {
	if x <= 0 {
		return rounded{1, 0}
	}
	r := rounded{1, math.Floor(math.Log10(x))}
	for _, r.factor = range []float64{1, 2, 5} {
		if r.value() >= x*(1-1e-12) {
			return r
		}
	}
	return rounded{1, r.exponent + 1}
}
