package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"attnlab/rl/runs"
)

// pairing is what compare contrasts.
type pairing struct {
	row     string // its label in the table; empty is no contrast
	outcome string // empty is all
	within  float64
}

// check refuses options that do not fit together.
func (p pairing) check() error {
	switch {
	case p.row == "" && (p.outcome != "" || p.within != 0):
		return wrongUsage("compare: --outcome and --within belong to --paired; give it the name of a row")
	case p.outcome == "" && p.within != 0:
		return wrongUsage("compare: --within is in the unit of one outcome; give --outcome too")
	case !(p.within >= 0) || math.IsInf(p.within, 0):
		return wrongUsage("--within is %g, it must be 0 or more, and finite", p.within)
	}
	if p.outcome == "" || slices.Contains(runs.AllOutcomes, p.outcome) {
		return nil
	}
	return wrongUsage("--outcome is %q; give one of %s", p.outcome, strings.Join(runs.AllOutcomes, ", "))
}

// outcomes are those that are contrasted.
func (p pairing) outcomes() []string {
	if p.outcome != "" {
		return []string{p.outcome}
	}
	return runs.Outcomes
}

// paired prints the contrasts, one a row. Where they are of several first rows, each row names its own.
func (d comparison) paired(w io.Writer, markdown bool) {
	first := d.Paired[0].First
	several := slices.ContainsFunc(d.Paired, func(c runs.Contrast) bool { return c.First != first })
	what := "row " + first + " less each other row"
	if several {
		what = "a row less another"
	}
	fmt.Fprintf(w, "Task %s, %s, %s\n\n", d.Task, what, runs.ContrastMethod(d.Paired))
	t := table{head: slices.Concat([]string{"outcome", first + " less"}, runs.ContrastHead)}
	if several {
		t.head = slices.Concat([]string{"outcome", "row", "less"}, runs.ContrastHead)
	}
	for _, c := range d.Paired {
		rows := []string{c.Second}
		if several {
			rows = []string{c.First, c.Second}
		}
		t.add(slices.Concat([]string{runs.OutcomeName(c.Outcome)}, rows, c.Texts())...)
	}
	t.write(w, markdown)
	d.remarks(w)
}

// count is a number of things whose plural ends in s.
func count(n int, things string) string {
	if n == 1 {
		things = strings.TrimSuffix(things, "s")
	}
	return fmt.Sprintf("%d %s", n, things)
}
