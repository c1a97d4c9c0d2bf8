package lab

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"attnlab/app/session"
	"attnlab/rl/runs"
)

// standing is the result of runs that differ only in their seed.
type standing struct {
	Name     string              // the method with what sets it apart from the other standings
	Settings session.RunSettings // with the seed of the first
	From     string
	Runs     []session.KeptRun
}

// Standings puts runs that repeat each other together, see [session.GroupRepeats].
func Standings(runs []session.KeptRun) []standing {
	var all []standing
	groups := session.GroupRepeats(session.InSeries(runs))
	for i, name := range session.NamesOf(groups) {
		g := groups[i]
		all = append(all, standing{Name: name, Settings: g[0].Settings, From: g[0].Info.From, Runs: g})
	}
	return all
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

// Ends is the mean over runs of a metric at their ends, see [EndOf].
func (s standing) Ends(m runs.Metric) runs.Spread {
	var ends []float64
	for _, r := range s.Runs {
		ends = append(ends, float64(EndOf(r.Metrics, m).Mean))
	}
	return runs.SpreadOf(ends)
}
