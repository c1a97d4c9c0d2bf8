package stat

import (
	"math"
	"testing"
)

func TestCosine(t *testing.T) {
	for _, c := range []struct {
		a, b []float32
		want float64
	}{{[]float32{3, 4}, []float32{6, 8}, 1}, {[]float32{1, 0}, []float32{0, -2}, 0}, {[]float32{1, 1}, []float32{-1, 0}, -math.Sqrt(0.5)}, {[]float32{0, 0}, []float32{1, 0}, math.NaN()}} {
		if got := Cosine(c.a, c.b); math.Abs(got-c.want) > 1e-12 || math.IsNaN(got) != math.IsNaN(c.want) {
			t.Errorf("%v and %v: %v, want %v", c.a, c.b, got, c.want)
		}
	}
}
