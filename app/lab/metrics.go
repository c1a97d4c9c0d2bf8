package lab

import (
	"fmt"
	"math"

	"attnlab/app/session"
	"attnlab/rl/runs"
	"attnlab/rl/stat"
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

// RecentOf is the mean of a column over the last steps of a run, with their standard deviation.
func RecentOf(metrics []session.Metric, name string) runs.Spread {
	return runs.Recent(runs.Columns(metrics).Of(name), runs.RecentSteps)
}

// EndOf is a metric at the end of a run: the mean of its last steps with their deviation, or the last value of one that adds up.
func EndOf(metrics []session.Metric, m runs.Metric) runs.Spread {
	if m.Show.Has(runs.AddsUp) {
		return runs.Recent(runs.Columns(metrics).Of(m.Name), 1)
	}
	return RecentOf(metrics, m.Name)
}

// Change sets the mean of a run's last steps beside the model that it began from. What is not known is NaN.
type Change struct {
	Steps             int     // in the mean
	Base, BaseError   float64 // of the base, over BaseN problems
	BaseN             int
	Difference, Error float64 // of the mean from the base; steps count as independent, for each draws new problems
	Shown             bool    // Difference is larger than two standard errors
}

// ChangeOf is the change of a metric of a run.
func ChangeOf(r *session.Run, name string) Change {
	now := RecentOf(r.Metrics, name)
	c := Change{Steps: now.N}
	c.Base, c.BaseError, c.BaseN = session.BaseValue(r.Base, name)
	c.Difference = float64(now.Mean) - c.Base
	values := stat.Known(runs.Columns(r.Metrics).Of(name))
	_, standardError := stat.MeanError(values[max(0, len(values)-runs.RecentSteps):])
	c.Error = stat.DifferenceError(standardError, c.BaseError)
	c.Shown = math.Abs(c.Difference) > 2*c.Error // false where either is NaN
	return c
}

// Over says what the mean was taken over.
func (c Change) Over() string {
	switch c.Steps {
	case 0:
		return ""
	case 1:
		return "1 step: no error yet"
	}
	return fmt.Sprintf("mean of the last %d steps", c.Steps)
}
