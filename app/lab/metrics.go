package lab

import (
	"math"

	"attnlab/app/session"
)

// Column is a column of metrics by its name.
func Column(metrics []session.Metric, name string) []*float64 {
	for _, m := range metrics {
		if m.Name == name {
			return m.Values
		}
	}
	return nil
}

// Latest is the newest value of a column, NaN without one.
func Latest(metrics []session.Metric, name string) float64 {
	values := Column(metrics, name)
	for i := len(values) - 1; i >= 0; i-- {
		if values[i] != nil {
			return *values[i]
		}
	}
	return math.NaN()
}

// Steps are the steps of the rows of metrics. A row whose step is not known has the number of the row.
func Steps(metrics []session.Metric) []float64 {
	column := Column(metrics, "step")
	steps := make([]float64, len(column))
	for i, v := range column {
		if steps[i] = float64(i + 1); v != nil {
			steps[i] = *v
		}
	}
	return steps
}

// Thinned is how far apart the older steps of the drawn runs are, at most.
func (l *Lab) Thinned() (apart float64) {
	runs := []session.KeptRun{{Metrics: l.Run.Metrics}}
	if l.Page == PageCompare {
		runs = l.ChosenRuns()
	}
	for _, r := range runs {
		steps := Steps(r.Metrics)
		if n := len(steps); n > session.NewestSteps && steps[n-1] > steps[n-2] {
			apart = max(apart, (steps[1]-steps[0])/(steps[n-1]-steps[n-2]))
		}
	}
	return apart
}
