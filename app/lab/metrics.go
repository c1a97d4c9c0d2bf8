package lab

import (
	"math"

	"attnlab/app/session"
)

// column is a column of metrics by its name.
func Column(metrics []session.Metric, name string) []*float64 {
	for _, m := range metrics {
		if m.Name == name {
			return m.Values
		}
	}
	return nil
}

// latest is the newest value of a column, NaN without one.
func Latest(metrics []session.Metric, name string) float64 {
	values := Column(metrics, name)
	for i := len(values) - 1; i >= 0; i-- {
		if values[i] != nil {
			return *values[i]
		}
	}
	return math.NaN()
}

// thinned is how far apart the older steps of the drawn runs are, at most.
func (l *Lab) Thinned() (apart float64) {
	runs := []session.KeptRun{{Metrics: l.Run.Metrics}}
	if l.Page == PageCompare {
		runs = l.ChosenRuns()
	}
	for _, r := range runs {
		if steps := Column(r.Metrics, "step"); len(steps) > session.NewestSteps {
			apart = max(apart, (*steps[1]-*steps[0])/(*steps[len(steps)-1]-*steps[len(steps)-2]))
		}
	}
	return apart
}
