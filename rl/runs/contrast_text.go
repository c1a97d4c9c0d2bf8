package runs

import (
	"fmt"
	"strings"

	"attnlab/rl/stat"
)

// ContrastHead are the columns of [Contrast.Texts].
var ContrastHead = []string{"difference", "interval", "with problems drawn", "n", "p, Holm", "verdict"}

// outcomeForm is the number of decimals of each outcome.
var outcomeForm = map[string]int{"redundant_steps": 2, "accuracy": 3, "think_tokens": 1, WhileTraining: 3}

// OutcomeName is an outcome as a table has it.
func OutcomeName(outcome string) string { return strings.ReplaceAll(outcome, "_", " ") }

// Texts are the numbers and the verdict of a contrast as command line and page show them, in the order of [ContrastHead]. What there is not is a dash.
func (c Contrast) Texts() []string {
	form, nested, verdict := outcomeForm[c.Outcome], "–", string(c.Verdict)
	if c.Nested != nil {
		nested = rangeText(c.Nested.Low, c.Nested.High, form)
	}
	if c.Verdict == stat.Absent {
		verdict += fmt.Sprintf(" within %g", c.Within)
	}
	pairs := c.Pairs
	if c.N == 1 {
		pairs = strings.TrimSuffix(pairs, "s")
	}
	holm := stat.Decimals(float64(c.Holm), 3)
	if c.Holm < 0.0005 { // none is 0
		holm = "< 0.001"
	}
	return []string{stat.Signed(float64(c.Estimate), form), rangeText(c.Low, c.High, form), nested, fmt.Sprintf("%d %s", c.N, pairs), holm, verdict}
}

// rangeText is an interval.
func rangeText(low, high stat.Number, decimals int) string {
	if low != low || high != high {
		return "–"
	}
	return stat.Signed(float64(low), decimals) + " to " + stat.Signed(float64(high), decimals)
}

// ContrastMethod says what pairs the rows of a table of contrasts, and by which tests its intervals and p values are.
func ContrastMethod(list []Contrast) string {
	const seeds, problems = "Student's t; of seeds and problems drawn with replacement, where runs kept each problem's outcome", "Newcombe's and McNemar's exact test for accuracy, else Student's t"
	by := map[string]bool{}
	for _, c := range list {
		by[c.Pairs] = true
	}
	of, tests := "seeds, or, for rows with one seed in common, of the same problems", "of seeds "+seeds+"; of problems "+problems
	switch {
	case !by["problems"]:
		of, tests = "seeds", seeds
	case !by["seeds"]:
		of, tests = "problems", problems
	}
	contrasts := "contrasts"
	if len(list) == 1 {
		contrasts = "contrast"
	}
	return fmt.Sprintf("of the same %s. 95 %% intervals: %s. p is adjusted by Holm over the %d %s of this table.", of, tests, len(list), contrasts)
}
