package session

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"attnlab/rl/runs"
)

// MetricsOnly is the state of a run that has only its metrics: it can be compared but not resumed.
const MetricsOnly = "metrics only"

// A snapshot of a long run has all of its newest steps, and of the older ones every second, fourth, ..., so that its size has
// a limit. Column "step" says which steps they are. [ExportRun] and [ExportMetrics] give all steps.
const (
	NewestSteps = runs.NewestSteps
	OlderSteps  = runs.OlderSteps // at most
)

// Repeats returns true if a mean over two runs is meaningful, by the rule of "attnlab compare": they differ only in their seed,
// are equally far, and were measured alike. Runs of other origins are shown apart too.
func (r KeptRun) Repeats(o KeptRun) bool {
	return r.Info.From == o.Info.From && runs.Repeats(r.standing(), o.standing()) && runs.Alike(r.Info.Measured, o.Info.Measured)
}

// standing is how far the run is, in what series.
func (r KeptRun) standing() runs.Standing {
	s := r.Settings
	of := runs.Series{Method: s.Method, Base: cmp.Or(s.Base, s.Model), Task: s.Task, Teacher: s.Teacher, Difficulty: s.Difficulty, FocusHeads: s.FocusHeads,
		Reflection: s.Reflection, Probe: s.Probe, Plan: s.Plan}
	for _, name := range slices.Sorted(maps.Keys(s.Hyper)) {
		of.Hyper += fmt.Sprintf("%s=%v ", name, s.Hyper[name])
	}
	if of.Plan == "" && r.Info.State != MetricsOnly {
		of.Plan = fmt.Sprintf("steps=%d", s.Steps)
	}
	return runs.Standing{Series: of, Step: r.Info.Step, Finished: r.Info.State == "done" || r.Info.Finished}
}

// GroupRepeats groups runs that repeat each other, see [KeptRun.Repeats]. Groups and the runs of a group are in the order of
// runs.
func GroupRepeats(list []KeptRun) (groups [][]KeptRun) {
	for _, r := range list {
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
