package stat

import (
	"math"
	"testing"

	"attnlab/rl/rltest/near"
)

func TestTrend(t *testing.T) {
	rise, se := Trend([]float64{0, 1, 2, 3})
	near.Want(t, "a straight line", []float64{rise, se}, []float64{3, 0}, 1e-12)
	rise, se = Trend([]float64{0, 2, 1, 3}) // slope 0.8, residual squares 1.8
	near.Want(t, "a bent one", []float64{rise, se}, []float64{2.4, 3 * math.Sqrt(0.9/5)}, 1e-12)
	_, se = Trend([]float64{0, 2})
	rise, _ = Trend([]float64{1})
	near.Want(t, "too few", []float64{se, rise}, []float64{nan, nan}, 0)
}
