package session

import (
	"cmp"

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
	return runs.Standing{Series: r.Settings.Series, Step: r.Info.Step, Finished: r.Info.State == "done" || r.Info.Finished}
}

// GroupRepeats groups runs that repeat each other, see [KeptRun.Repeats].
func GroupRepeats(list []KeptRun) [][]KeptRun { return runs.Group(list, KeptRun.Repeats) }

// NamesOf are the names of groups of runs, by the rule of "attnlab compare": see [runs.Names]. A run of unknown settings has its own.
func NamesOf(groups [][]KeptRun) []string {
	var titles []runs.Title
	for _, g := range groups {
		titles = append(titles, runs.Title{Series: g[0].Settings.Series, Model: g[0].Settings.Model, From: g[0].Info.From, Step: g[0].Info.Step, Measured: g[0].Info.Measured})
	}
	names := runs.Names(titles)
	for i, g := range groups {
		names[i] = cmp.Or(names[i], g[0].Info.Name)
	}
	return names
}
