package stat

import (
	"fmt"
	"math"
)

// Cosine is that of the angle between two vectors, NaN where one has no length. It panics where their dimensions differ.
func Cosine(a, b []float32) float64 {
	if len(a) != len(b) {
		panic(fmt.Sprintf("stat: Cosine of %d and %d numbers", len(a), len(b)))
	}
	var ab, aa, bb float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
	}
	return ab / math.Sqrt(aa*bb)
}
