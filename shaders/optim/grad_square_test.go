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

func TestGradSquareDevice(t *testing.T) { gputest.Verify(t, gradSquareCases(gputest.Rand(1))...) }
