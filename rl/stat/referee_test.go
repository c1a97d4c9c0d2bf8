package stat

import (
	"math"
	"math/rand/v2"
	"testing"

	"attnlab/rl/rltest/near"

	gonum "gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Every formula against gonum's.
func TestAgainstGonum(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 6))
	for range 500 {
		n := 3 + random.IntN(30)
		x, y, steps := make([]float64, n), make([]float64, n), make([]float64, n)
		offset, scale := 100*random.NormFloat64(), math.Exp(3*random.NormFloat64())
		for i := range x {
			x[i], y[i], steps[i] = offset+scale*random.NormFloat64(), float64(random.IntN(5)), float64(i) // y has ties
		}
		y[0], y[1] = 0, 1
		mean, se := MeanError(x)
		m, variance := gonum.PopMeanVariance(x, nil)
		near.Want(t, "means", []float64{mean, se, StdDev(x), PopStdDev(x)},
			[]float64{gonum.Mean(x, nil), gonum.StdErr(gonum.StdDev(x, nil), float64(n)), gonum.StdDev(x, nil), gonum.PopStdDev(x, nil)}, 1e-9*(1+math.Abs(offset)+scale))
		near.Want(t, "kurtosis", []float64{Kurtosis(x)}, []float64{gonum.MomentAbout(4, x, m, nil)/(variance*variance) - 3}, 1e-6)
		near.Want(t, "Spearman", []float64{Spearman(x, y)}, []float64{gonum.Correlation(Ranks(x), Ranks(y), nil)}, 1e-12)

		rise, se := Trend(x)
		intercept, slope := gonum.LinearRegression(steps, x, nil, false)
		rest := 0.0
		for i, v := range x {
			apart := v - intercept - slope*steps[i]
			rest += apart * apart
		}
		want := math.Sqrt(rest/float64(n-2)/(gonum.Variance(steps, nil)*float64(n-1))) * float64(n-1)
		near.Want(t, "trend", []float64{rise, se}, []float64{slope * float64(n-1), want}, 1e-8*(1+math.Abs(offset)+scale))

		student := distuv.StudentsT{Sigma: 1, Nu: float64(n)}
		at := 4 * random.NormFloat64()
		near.Want(t, "Student", []float64{Student(n), studentTail(at, n)}, []float64{student.Quantile(0.975), 2 * student.CDF(-math.Abs(at))}, 1e-8)
	}
}
