package stat

import (
	"testing"

	"attnlab/rl/rltest/near"
)

func TestQuantile(t *testing.T) {
	x := []float64{4, 1, 3, 2, 5}
	for q, want := range map[float64]float64{0: 1, 0.2: 1.8, 0.5: 3, 0.9: 4.6, 1: 5} {
		near.Want(t, "quantile", []float64{Quantile(x, q)}, []float64{want}, 1e-12)
	}
	if x[0] != 4 {
		t.Error("Quantile changed its input")
	}
}
