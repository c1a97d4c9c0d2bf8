package stat

import (
	"math"
	"math/rand/v2"
	"testing"

	"attnlab/rl/rltest/near"
)

func TestStudent(t *testing.T) {
	near.Want(t, "table", []float64{Student(1), Student(2), Student(10), Student(30)}, []float64{12.7062, 4.3027, 2.2281, 2.0423}, 1e-4)
}

// The README's seeds: .709 against .664, the differences have the mean .045.
func TestPaired(t *testing.T) {
	d := Paired([]float64{0.70, 0.72, 0.71}, []float64{0.66, 0.66, 0.68}) // .04, .06, .03: sd .0152753
	se := 0.015275252 / math.Sqrt(3)
	near.Want(t, "paired", []float64{d.Mean, d.Error, d.Low, d.High}, []float64{0.13 / 3, se, 0.13/3 - 4.302653*se, 0.13/3 + 4.302653*se}, 1e-6)
	near.Want(t, "p", []float64{d.P}, []float64{0.0390}, 1e-4) // t = 4.9135, 2 degrees of freedom: 1 - t/√(t²+2)
	if d := Paired([]float64{1}, []float64{0}); d.Mean != 1 || !math.IsNaN(d.Low) || !math.IsNaN(d.P) {
		t.Errorf("one pair: %+v", d)
	}
	if d := Paired([]float64{1, 2}, []float64{1, 2}); d.P != 1 || d.Low != 0 || d.High != 0 {
		t.Errorf("the same twice: %+v", d)
	}
}

// The interval must hold the truth in about 95 of 100 repetitions.
func TestPairedCovers(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	held, repetitions := 0, 2000
	for range repetitions {
		a, b := make([]float64, 5), make([]float64, 5)
		for i := range a {
			shared := random.NormFloat64()
			a[i], b[i] = 0.3+shared+0.2*random.NormFloat64(), shared
		}
		d := Paired(a, b)
		held += int(Indicator(d.Low <= 0.3 && 0.3 <= d.High))
	}
	if share := float64(held) / float64(repetitions); math.Abs(share-0.95) > 0.02 {
		t.Errorf("the interval holds the truth in %.3f of samples", share)
	}
}

func TestHolm(t *testing.T) {
	near.Want(t, "Holm", Holm([]float64{0.01, 0.04, nan, 0.03}), []float64{0.03, 0.06, nan, 0.06}, 1e-12)
	near.Want(t, "at most 1", Holm([]float64{0.7, 0.8}), []float64{1, 1}, 0)
}

func TestBootstrap(t *testing.T) {
	x := make([]float64, 400)
	random := rand.New(rand.NewPCG(4, 4))
	for i := range x {
		x[i] = random.NormFloat64()
	}
	mean, se := MeanError(x)
	a, b := Bootstrap(x, 2000, 1, Mean), Bootstrap(x, 2000, 1, Mean)
	if a != b {
		t.Errorf("the same seed gives %v and %v", a, b)
	}
	if Bootstrap(x, 2000, 2, Mean) == a {
		t.Error("another seed gives the same interval")
	}
	near.Want(t, "as the normal theory", []float64{a.Low, a.High}, []float64{mean - normal975*se, mean + normal975*se}, 0.012)
	if got := Bootstrap(nil, 10, 1, Mean); !math.IsNaN(got.Low) {
		t.Errorf("of no values: %v", got)
	}
}
