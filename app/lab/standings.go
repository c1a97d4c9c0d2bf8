package lab

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"attnlab/app/session"
	"attnlab/rl/runs"
	"attnlab/rl/stat"
)

// Tail is how many steps at the end of a run it is judged by.
const Tail = session.RecentSteps

// standing is the result of runs that differ only in their seed.
type standing struct {
	Settings session.RunSettings // with the seed of the first
	From     string
	Runs     []session.KeptRun
}

// Average is a mean over runs, and the standard deviation between them, NaN for one run.
type Average struct {
	Mean, Sd float64
	N        int
}

// Standings puts runs that repeat each other together, see [session.GroupRepeats].
func Standings(runs []session.KeptRun) []standing {
	var all []standing
	for _, group := range session.GroupRepeats(runs) {
		all = append(all, standing{Settings: group[0].Settings, From: group[0].Info.From, Runs: group})
	}
	return all
}

// Name is the method with the settings that are not defaults.
func (s standing) Name() string {
	if s.Settings.Method == "" {
		return s.Runs[0].Info.Name
	}
	parts := []string{s.Settings.Method}
	for _, name := range slices.Sorted(maps.Keys(s.Settings.Hyper)) {
		parts = append(parts, name+" "+s.Settings.Hyper[name].String())
	}
	if heads := s.Settings.FocusHeads; heads != "" {
		parts = append(parts, "heads "+heads)
	}
	return strings.Join(parts, ", ")
}

// Seeds are those of its runs.
func (s standing) Seeds() string {
	var seeds []runs.Seed
	for _, r := range s.Runs {
		seeds = append(seeds, r.Settings.Seed)
	}
	slices.Sort(seeds)
	return strings.Trim(fmt.Sprint(seeds), "[]")
}

// Steps is how far its runs have come.
func (s standing) Steps() string {
	var steps []int
	for _, r := range s.Runs {
		steps = append(steps, r.Info.Step)
	}
	if lo, hi := slices.Min(steps), slices.Max(steps); lo < hi {
		return fmt.Sprintf("%d to %d", lo, hi)
	}
	return strconv.Itoa(steps[0])
}

// Ends is the mean over runs of a metric at their ends: of its last steps, or of the last alone for one that adds up.
func (s standing) Ends(metric string, last int) Average {
	var values []float64
	for _, r := range s.Runs {
		if v := endOf(r, metric, last); !math.IsNaN(v) {
			values = append(values, v)
		}
	}
	return Average{stat.Mean(values), stat.StdDev(values), len(values)}
}

// endOf is the mean of a metric over the last steps of a run, NaN if it has none.
func endOf(r session.KeptRun, metric string, last int) float64 {
	var known []float64
	values := Column(r.Metrics, metric)
	for _, v := range values[max(0, len(values)-last):] {
		if v != nil {
			known = append(known, *v)
		}
	}
	return stat.Mean(known)
}
