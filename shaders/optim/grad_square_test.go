package optim

import (
	"slices"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

func TestGradSquareByHand(t *testing.T) {
	// Two parts of three words of four: the first takes words 0 and 2.
	g := []float64{1, 2, 3, 4, 5, 0, 0, 0, 0, 0, 0, 6}
	partial := make([]float64, 2)
	gradSquare(Norm{N: 12, P: 2}, gpu.NewArgs[float64](g, partial))
	if want := []float64{1 + 4 + 9 + 16 + 36, 25}; !slices.Equal(partial, want) {
		t.Errorf("partial = %v, want %v", partial, want)
	}
}

// Small gradients have the partial sums they always had; large ones so many that no invocation loops too long.
func TestPartials(t *testing.T) {
	for _, c := range []struct{ n, want int }{{64, 1024}, {810_000, 1024}, {134_515_008, 2053}, {1_777_088_000, 27117}} {
		P := Partials(c.n)
		if loops := (c.n/4 + P - 1) / P; P != c.want || loops > 1<<14 {
			t.Errorf("a gradient of %d words has %d partial sums of %d words of four, want %d partial sums", c.n, P, loops, c.want)
		}
	}
}

func TestGradSquareDevice(t *testing.T) { gputest.Verify(t, gradSquareCases(gputest.Rand(1))...) }
