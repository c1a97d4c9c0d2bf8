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

// A rise further from 0 than RiseApart is settled, and a smaller one is not.
func TestRiseApart(t *testing.T) {
	for _, n := range []int{4, 12, 40} {
		var noise []float64 // strays from its line by a fixed pattern
		for i := range n {
			noise = append(noise, []float64{1, -1, -1, 1}[i%4])
		}
		tilt, _ := Trend(noise)
		apart := RiseApart(Straying(noise), n, 1)
		for _, k := range []struct {
			times   float64
			settled bool
		}{{0.9, false}, {1.1, true}} {
			var y []float64
			for i, v := range noise {
				y = append(y, v+(k.times*apart-tilt)*float64(i)/float64(n-1))
			}
			rise, se := Trend(y)
			near.Want(t, "the rise", []float64{rise}, []float64{k.times * apart}, 1e-9)
			if got := rise > Student(n-2)*se; got != k.settled {
				t.Errorf("n = %d, rise %.3f of %.3f: settled %v", n, rise, apart, got)
			}
		}
	}
	near.Want(t, "four times as many observations", []float64{RiseApart(3, 9, 4)}, []float64{RiseApart(3, 9, 1) / 2}, 1e-12)
	if got := Straying([]float64{1, 2}); !math.IsNaN(got) {
		t.Errorf("two values stray by %v", got)
	}
}
