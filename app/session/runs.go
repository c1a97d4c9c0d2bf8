package session

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"attnlab/rl/runs"
	"attnlab/rl/stat"
)

// MetricsOnly is the state of a run that has only its metrics: it can be compared but not resumed.
const MetricsOnly = "metrics only"

// Elsewhere is the state of a run that another tab or program has open: only there it can be resumed, renamed and deleted.
const Elsewhere = "open elsewhere"

// Damaged is the state of a run whose files cannot all be read, for the reason in [RunInfo.Note]: it has the steps before the
// damage, and can be compared, exported and deleted.
const Damaged = "damaged"

// HasModel reports whether the newest model of a run with steps is here: to use, to resume, or to answer.
func (i RunInfo) HasModel() bool { return i.State != MetricsOnly && i.State != Damaged }

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

// InSeries orders runs by method, then those with the method's usual settings first, then by seed. Runs of no known method are last.
func InSeries(list []KeptRun) []KeptRun {
	own := func(r KeptRun) string {
		return strings.TrimSpace(r.Settings.Series.FocusHeads + " " + r.Settings.Series.Hyper)
	}
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b KeptRun) int {
		if (a.Settings.Method == "") != (b.Settings.Method == "") {
			return strings.Compare(b.Settings.Method, a.Settings.Method)
		}
		return cmp.Or(strings.Compare(a.Settings.Method, b.Settings.Method), strings.Compare(own(a), own(b)), cmp.Compare(a.Settings.Seed, b.Settings.Seed))
	})
	return list
}

// GroupRepeats groups runs that repeat each other, see [KeptRun.Repeats], each seed once. A further run with the same seed is no
// independent repeat and would narrow every interval: it gets a group of its own, after the others.
func GroupRepeats(list []KeptRun) [][]KeptRun {
	groups := runs.Group(list, KeptRun.Repeats)
	var again [][]KeptRun
	for i, g := range groups {
		seen := map[runs.Seed]bool{}
		groups[i] = slices.DeleteFunc(g, func(r KeptRun) bool {
			before := seen[r.Settings.Seed]
			if seen[r.Settings.Seed] = true; before {
				again = append(again, []KeptRun{r})
			}
			return before
		})
	}
	return append(groups, again...)
}

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

// BaseValue is a number of the model that a run began from, with its standard error over n problems. base is [Run.Base] or
// [KeptRun.Base]. The value is NaN where it is not known, and so is an error that was not recorded; that of an accuracy follows
// from n.
func BaseValue(base []Metric, name string) (value, standardError float64, n int) {
	first := func(name string) float64 {
		if v := runs.Columns(base).Of(name); len(v) > 0 {
			return v[0]
		}
		return math.NaN()
	}
	value, standardError = first(name), first("standard_error."+name)
	if problems := first("problems"); problems >= 1 && problems <= MaxProblems {
		n = int(problems)
	}
	if name == "accuracy" && math.IsNaN(standardError) && value >= 0 && value <= 1 {
		standardError = stat.ShareError(value, n)
	}
	return value, standardError, n
}

// Origins of runs that are not of others.
const (
	Browser = "this browser"
	Machine = "this machine"
)

// Where is an origin of runs in a sentence.
func Where(origin string) string {
	if origin == Browser {
		return "in " + origin
	}
	return "on " + origin
}
