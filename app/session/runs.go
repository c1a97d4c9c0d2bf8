package session

import (
	"maps"
	"math"
	"slices"
)

// MetricsOnly is the state of a run that has only its metrics: it can be compared but not resumed.
const MetricsOnly = "metrics only"

// A snapshot of a long run has all of its newest steps, and of the older ones every second, fourth, ..., so that its size has
// a limit. Column "step" says which steps they are. [ExportRun] and [ExportMetrics] give all steps.
const (
	NewestSteps = 64
	OlderSteps  = 128 // at most
)

// Repeats returns true if two runs differ only in their seed and are at the same step, so that a mean over them is
// meaningful. Two runs that are [MetricsOnly] may differ by a tenth in their last step, because a token budget may have ended
// them. A run with unknown settings repeats no other.
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

// GroupRepeats groups runs that repeat each other, see [KeptRun.Repeats]. Groups and the runs of a group are in the order of
// runs.
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

// RecentSteps is the number of steps at the end of a run over which its result is averaged.
const RecentSteps = 5

// Recent returns the last values of a metric that are numbers, at most [RecentSteps], the newest first.
func Recent(values []float64) (last []float64) {
	for _, v := range slices.Backward(values) {
		if !math.IsNaN(v) && len(last) < RecentSteps {
			last = append(last, v)
		}
	}
	return last
}
