package stat

import "math"

// Ranking compares two predictors by how well each ranks the same outcomes.
type Ranking struct {
	N             int         // outcomes
	First, Second Correlation // of each predictor with the outcomes
	Between       float64     // rank correlation of the predictors; NaN where one is constant
	Difference    Interval    // First less Second
}

// Correlation is a rank correlation and what it may be.
type Correlation struct {
	Rho float64 // [Spearman]; NaN where there is nothing to rank
	Interval
}

// rankDraws is how many samples the intervals of [CompareRanks] are taken from.
const rankDraws = 1000

// CompareRanks compares two predictors of the same outcomes. The intervals hold 95 of 100 samples of the outcomes, each drawn with
// its two predictions: two predictors of the same outcomes are not independent, so the difference has an interval of its own.
// Intervals are NaN below four outcomes, of which samples say nothing. It panics where the lengths differ.
func CompareRanks(first, second, outcomes []float64) Ranking {
	n := len(outcomes)
	if len(first) != n || len(second) != n {
		panic("stat: CompareRanks of different lengths")
	}
	none := Interval{math.NaN(), math.NaN()}
	r := Ranking{N: n, Between: Spearman(first, second), Difference: none,
		First: Correlation{Spearman(first, outcomes), none}, Second: Correlation{Spearman(second, outcomes), none}}
	if n < 4 {
		return r
	}
	index := make([]float64, n)
	for i := range index {
		index[i] = float64(i)
	}
	a, b, y := make([]float64, n), make([]float64, n), make([]float64, n)
	over := func(statistic func() float64) Interval {
		return Bootstrap(index, rankDraws, 1, func(sample []float64) float64 {
			for i, at := range sample {
				a[i], b[i], y[i] = first[int(at)], second[int(at)], outcomes[int(at)]
			}
			return statistic()
		})
	}
	r.First.Interval = over(func() float64 { return Spearman(a, y) })
	r.Second.Interval = over(func() float64 { return Spearman(b, y) })
	r.Difference = over(func() float64 { return Spearman(a, y) - Spearman(b, y) })
	return r
}
