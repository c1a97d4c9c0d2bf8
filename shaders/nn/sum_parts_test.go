package nn

import (
	"slices"
	"testing"

	"attnlab/gpu/gputest"
)

func TestSumPartsByHand(t *testing.T) {
	dw := []float64{100, 200, 300, 400}
	sumParts(Parts{M: 4, Z: 3}, args(count(1, 12), dw))
	near(t, "dw", dw, []float64{115, 218, 321, 424}, 0)
}

func TestSumPartsOneByOne(t *testing.T) {
	const M, Z = 8, 5
	r := gputest.Rand(90)
	part, dw := normal(r, Z*M), normal(r, M)
	want, back := slices.Clone(dw), slices.Clone(dw)
	for z := range Z {
		sumParts(Parts{M, 1}, args(part[z*M:(z+1)*M], want))
		sumParts(Parts{M, 1}, args(part[(Z-1-z)*M:(Z-z)*M], back))
	}
	sumParts(Parts{M, Z}, args(part, dw))
	near(t, "dw", dw, want, 0)
	near(t, "dw in reverse", dw, back, 1e-12)
}

func TestSumPartsDevice(t *testing.T) { gputest.Verify(t, sumPartsCases(gputest.Rand(91))...) }
