package stat

import (
	"math"
	"testing"

	"attnlab/rl/rltest/near"
)

func TestKurtosis(t *testing.T) {
	// Of n equal values and one other the fourth moment over the squared second is n - 1 + 1/n.
	near.Want(t, "one of five", []float64{Kurtosis([]float64{0, 0, 0, 0, 1})}, []float64{4 - 1 + 0.25 - 3}, 1e-12)
	near.Want(t, "two points", []float64{Kurtosis([]float64{-1, 1})}, []float64{-2}, 1e-12)
	near.Want(t, "constant", []float64{Kurtosis([]float64{3, 3, 3})}, []float64{math.NaN()}, 0)
}
