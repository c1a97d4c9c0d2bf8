package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"attnlab/rl/runs"
	"attnlab/rl/stat"
)

// pairing is what compare contrasts.
type pairing struct {
	row     string // its label in the table; empty is no contrast
	outcome string // empty is all
	within  float64
}

// allOutcomes are the names of --outcome.
var allOutcomes = append(slices.Clone(runs.Outcomes), runs.WhileTraining)

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
	if p.outcome == "" || slices.Contains(allOutcomes, p.outcome) {
		return nil
	}
	return wrongUsage("--outcome is %q; give one of %s", p.outcome, strings.Join(allOutcomes, ", "))
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
	of, tests := pairsText(d.Paired)
	what := "row " + first + " less each other row"
	if several {
		what = "a row less another"
	}
	fmt.Fprintf(w, "Task %s, %s, of the same %s. 95 %% intervals: %s. p is adjusted by Holm over the %s of this table.\n\n",
		d.Task, what, of, tests, count(len(d.Paired), "contrasts"))
	t := table{head: []string{"outcome", first + " less", "difference", "interval", "with problems drawn", "n", "p, Holm", "verdict"}}
	if several {
		t.head = slices.Concat(t.head[:1], []string{"row", "less"}, t.head[2:])
	}
	for _, c := range d.Paired {
		form := outcomeForm[c.Outcome]
		nested := "–"
		if c.Nested != nil {
			nested = rangeText(c.Nested.Low, c.Nested.High, form)
		}
		verdict := string(c.Verdict)
		if c.Verdict == stat.Absent {
			verdict += fmt.Sprintf(" within %g", c.Within)
		}
		rows := []string{c.Second}
		if several {
			rows = []string{c.First, c.Second}
		}
		t.add(slices.Concat([]string{strings.ReplaceAll(c.Outcome, "_", " ")}, rows, []string{stat.Signed(float64(c.Estimate), form), rangeText(c.Low, c.High, form), nested,
			count(c.N, c.Pairs), holm(c.Holm), verdict})...)
	}
	t.write(w, markdown)
	d.remarks(w)
}

// outcomeForm is the number of decimals of each outcome.
var outcomeForm = map[string]int{"redundant_steps": 2, "accuracy": 3, "think_tokens": 1, runs.WhileTraining: 3}

// rangeText is an interval.
func rangeText(low, high number, decimals int) string {
	if low != low || high != high {
		return "–"
	}
	return stat.Signed(float64(low), decimals) + " to " + stat.Signed(float64(high), decimals)
}

// pairsText says of what the pairs of contrasts are the same, and by which tests their intervals are.
func pairsText(list []runs.Contrast) (of, tests string) {
	const seeds, problems = "Student's t; of seeds and problems drawn with replacement, where runs kept each problem's outcome", "Newcombe's and McNemar's exact test for accuracy, else Student's t"
	by := map[string]bool{}
	for _, c := range list {
		by[c.Pairs] = true
	}
	switch {
	case !by["problems"]:
		return "seeds", seeds
	case !by["seeds"]:
		return "problems", problems
	}
	return "seeds, or, for rows with one seed in common, of the same problems", "of seeds " + seeds + "; of problems " + problems
}

// count is a number of things whose plural ends in s.
func count(n int, things string) string {
	if n == 1 {
		things = strings.TrimSuffix(things, "s")
	}
	return fmt.Sprintf("%d %s", n, things)
}

// holm prints an adjusted p value. None is 0.
func holm(p number) string {
	if p < 0.0005 {
		return "< 0.001"
	}
	return stat.Decimals(float64(p), 3)
}
