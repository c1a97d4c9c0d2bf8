package session

import (
	"maps"
	"math"
	"slices"
)

// MetricsOnly is the state of a run of which nothing is left but its metrics.
const MetricsOnly = "metrics only"

// Snapshots of a long run tell its newest steps one by one and of those before every
// second, fourth, ... so that they stay small however long the run is. Column "step" tells
// which steps they are; [ExportRun] and [ExportMetrics] give all.
const (
	NewestSteps = 64
	OlderSteps  = 128 // at most
)

// Repeats tells whether two runs differ in nothing but their seed and have come to the same step, so that a mean over
// them says something. Of two that are [MetricsOnly] it is enough that they ended at nearly the same step: a budget of
// tokens may have ended them. Runs of unknown settings repeat none.
func (r KeptRun) Repeats(o KeptRun) bool {
	a, b := r.Settings, o.Settings
	apart, far := r.Info.Step-o.Info.Step, max(r.Info.Step, o.Info.Step)
	if r.Info.State == MetricsOnly && o.Info.State == MetricsOnly {
		a.Steps, b.Steps = 0, 0
		if 10*max(apart, -apart) <= far {
			apart = 0
		}
	}
	return apart == 0 && r.Info.From == o.Info.From && a.Method != "" && a.Method == b.Method && a.Model == b.Model && a.Task == b.Task &&
		a.Teacher == b.Teacher && a.Difficulty == b.Difficulty && a.Steps == b.Steps && a.FocusHeads == b.FocusHeads && maps.Equal(a.Hyper, b.Hyper)
}

// GroupRepeats puts runs that repeat each other together, see [KeptRun.Repeats]. Groups, and
// the runs of a group, are in the order of runs.
func GroupRepeats(runs []KeptRun) (groups [][]KeptRun) {
	for _, r := range runs {
		i := slices.IndexFunc(groups, func(g []KeptRun) bool { return g[0].Repeats(r) })
		if i < 0 {
			groups = append(groups, nil)
			i = len(groups) - 1
		}
		groups[i] = append(groups[i], r)
	}
	return groups
}

// RecentSteps is how many steps at the end of a run it is judged by.
const RecentSteps = 5

// Recent are the last values of a metric that are numbers, at most [RecentSteps], the newest
// first.
func Recent(values []float64) (last []float64) {
	for _, v := range slices.Backward(values) {
		if !math.IsNaN(v) && len(last) < RecentSteps {
			last = append(last, v)
		}
	}
	return last
}
