package stat

import (
	"testing"

	"attnlab/rl/rltest/near"
)

func TestEfficiency(t *testing.T) {
	near.Want(t, "removed", []float64{ShareRemoved(3.19, 1.45)}, []float64{0.5454545}, 1e-6)
	near.Want(t, "AES up and down", []float64{AES(.6, 50, .5, 100), AES(.4, 50, .5, 100)}, []float64{0.5 + 3*.2, 0.5 - 5*.2}, 1e-12)
}
