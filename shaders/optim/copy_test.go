package optim

import (
	"slices"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

// TestCopy copies four words by hand.
func TestCopy(t *testing.T) {
	y := []float64{7, 7, 7, 7, 0, 0, 0, 0, 9}
	copyWords(CopyParams{N: 4, At: 4}, gpu.NewArgs[float64]([]float64{1, 2, 3, 4}, y))
	if want := []float64{7, 7, 7, 7, 1, 2, 3, 4, 9}; !slices.Equal(y, want) {
		t.Errorf("y = %v, want %v", y, want)
	}
}

func TestCopyDevice(t *testing.T) { gputest.Verify(t, copyCases(gputest.Rand(8))...) }
