package runs

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"attnlab/rl/stat"
)

// Outcomes are what rows are contrasted in. All are of the evaluation at the end of a run.
var Outcomes = []string{"redundant_steps", "accuracy", "think_tokens"}

// WhileTraining is an outcome besides, of runs with a budget that were measured on held-out problems up to it: their accuracy there, the mean over generated tokens. It tells
// apart rows that end at one level.
const WhileTraining = "accuracy_while_training"

// AllOutcomes are the names of --outcome.
var AllOutcomes = append(slices.Clone(Outcomes), WhileTraining)

// Each is what an evaluation found at each problem, in their order; runs of before it was kept have none.
type Each struct {
	Correct        stat.Counts `json:"correct"`
	ThinkTokens    stat.Counts `json:"think_tokens"`
	RedundantSteps stat.Counts `json:"redundant_steps"`
}

// of is an outcome of an evaluation: its mean, and its values at each problem where they were kept.
func (e Evaluation) of(outcome string) (mean float64, each []float64) {
	values := Each{}
	if e.Each != nil {
		values = *e.Each
	}
	switch outcome {
	case "accuracy":
		return float64(e.Accuracy), values.Correct.Floats()
	case "think_tokens":
		return float64(e.ThinkTokens), values.ThinkTokens.Floats()
	case "redundant_steps":
		return float64(e.redundantSteps()), values.RedundantSteps.Floats()
	}
	panic("runs: there is no outcome " + outcome)
}

// Contrast is one row less another in one outcome. Two rows with two or more seeds in common are paired by seed, since runs of one seed
// have the same problems, order and random numbers; with one seed in common their problems are the pairs.
type Contrast struct {
	First   string `json:"first"`
	Second  string `json:"second"`
	Outcome string `json:"outcome"`
	Seeds   []Seed `json:"seeds"` // in common

	Estimate stat.Number   `json:"estimate"` // of first less second
	Low      stat.Number   `json:"low"`      // of the 95 % interval
	High     stat.Number   `json:"high"`
	N        int           `json:"n"`
	Pairs    string        `json:"pairs"` // "seeds" or "problems"
	Test     string        `json:"test"`  // "t" or "McNemar"
	P        stat.Number   `json:"p"`
	Holm     stat.Number   `json:"p_holm"` // adjusted for all contrasts of the table
	Nested   *NestedResult `json:"nested,omitempty"`
	Within   float64       `json:"within,omitempty"` // the bound of "shown to be absent"
	Verdict  stat.Verdict  `json:"verdict"`
}

// NestedResult is the interval of [stat.Nested], where runs kept each problem's outcome.
type NestedResult struct {
	Low  stat.Number `json:"low"`
	High stat.Number `json:"high"`
}

// nestedDraws is how many draws the nested intervals are from.
const nestedDraws = 2000

// PairWith contrasts the row of a label with every other row, in some outcomes. within, where above 0, is the difference that is too small to
// matter, in the unit of a single outcome. It returns an error where there is no such row, where a row is the log of another
// trainer, where two rows have no seed in common, or where they were measured otherwise.
func (c Comparison) PairWith(ctx context.Context, label string, outcomes []string, within float64) (list []Contrast, err error) {
	at := slices.IndexFunc(c.Rows, func(r Row) bool { return r.Method == label })
	if at < 0 {
		var labels []string
		for _, r := range c.Rows {
			labels = append(labels, fmt.Sprintf("%q", r.Method))
		}
		return nil, fmt.Errorf("there is no row %q to contrast with the others; choose one of %s", label, strings.Join(labels, ", "))
	}
	if len(c.Rows) < 2 {
		return nil, fmt.Errorf("there is only the row %q; give runs of two rows or more", label)
	}
	var pairs [][2]int
	for i := range c.Rows {
		if i != at {
			pairs = append(pairs, [2]int{at, i})
		}
	}
	return c.Pair(ctx, pairs, outcomes, within)
}

// Pair contrasts pairs of rows, by their indices, in some outcomes, with one adjustment by Holm over all of them. within and the errors are those of [Comparison.PairWith].
func (c Comparison) Pair(ctx context.Context, pairs [][2]int, outcomes []string, within float64) (list []Contrast, err error) {
	for _, pair := range pairs {
		for _, i := range pair {
			if r := c.Rows[i]; r.Runs[0].Run.Settings.IsForeign() {
				return nil, fmt.Errorf("%s is a log of another trainer, whose problems and random numbers no other row has, so nothing pairs them; leave it out", r.Runs[0].Name)
			}
		}
	}
	var p []float64
	for _, outcome := range outcomes {
		for _, pair := range pairs {
			if err := ctx.Err(); err != nil { // draws take a while
				return nil, err
			}
			one, d, err := contrast(c.Rows[pair[0]], c.Rows[pair[1]], outcome)
			if err != nil {
				return nil, err
			}
			one.Within = within
			list, p = append(list, one), append(p, d.P)
		}
	}
	for i, adjusted := range stat.Holm(p) {
		one := &list[i]
		one.Holm = stat.Number(adjusted)
		one.Verdict = stat.Judge(stat.Difference{Interval: stat.Interval{Low: float64(one.Low), High: float64(one.High)}}, adjusted, within)
	}
	return list, nil
}

// contrast pairs two rows.
func contrast(first, second Row, outcome string) (c Contrast, d stat.Difference, err error) {
	c = Contrast{First: first.Method, Second: second.Method, Outcome: outcome, Seeds: []Seed{}, Pairs: "seeds", Test: "t"}
	var a, b []float64
	var apart [][]float64 // differences at each problem of each seed
	var last [2][]float64
	for i, seed := range first.SeedList {
		j := slices.Index(second.SeedList, seed)
		if j < 0 {
			continue
		}
		if named := Differences(first.Measured[i], second.Measured[j], slices.Concat(likeSeeds, []string{"seed"})); len(named) > 0 {
			return c, d, fmt.Errorf("%s and %s of seed %s cannot be paired: they were measured with %s", first.Method, second.Method, seed, strings.Join(named, ", "))
		}
		mean, each, err := first.Runs[i].in(outcome)
		if err != nil {
			return c, d, err
		}
		otherMean, otherEach, err := second.Runs[j].in(outcome)
		if err != nil {
			return c, d, err
		}
		c.Seeds, a, b = append(c.Seeds, seed), append(a, mean), append(b, otherMean)
		if len(each) == len(otherEach) && len(each) > 0 {
			of := make([]float64, len(each))
			for k := range of {
				of[k] = each[k] - otherEach[k]
			}
			apart, last = append(apart, of), [2][]float64{each, otherEach}
		}
	}
	if len(c.Seeds) == 0 {
		return c, d, fmt.Errorf("%s and %s have no seed in common, so nothing pairs them", first.Method, second.Method)
	}
	switch d = stat.Paired(a, b); {
	case len(c.Seeds) == 1 && len(apart) == 1 && outcome == "accuracy":
		d, c.Pairs, c.Test = stat.McNemar(last[0], last[1]), "problems", "McNemar"
	case len(c.Seeds) == 1 && len(apart) == 1:
		d, c.Pairs = stat.Paired(last[0], last[1]), "problems"
	case len(apart) == len(c.Seeds):
		of := stat.Nested(apart, nestedDraws, 1)
		c.Nested = &NestedResult{stat.Number(of.Low), stat.Number(of.High)}
	}
	c.Estimate, c.Low, c.High, c.N, c.P = stat.Number(d.Mean), stat.Number(d.Low), stat.Number(d.High), d.N, stat.Number(d.P)
	return c, d, nil
}

// in is an outcome of a finished run: its mean, and its values at each problem where they were kept.
func (n Named) in(outcome string) (mean float64, each []float64, err error) {
	if outcome == WhileTraining {
		if mean = n.Run.whileTraining(); math.IsNaN(mean) {
			err = fmt.Errorf("%s was not measured on held-out problems up to a budget; train it with --budget and --held-out-every", n.Name)
		}
		return mean, nil, err
	}
	e, err := n.evaluation()
	if err == nil {
		mean, each = e.of(outcome)
	}
	return mean, each, err
}

// evaluation is that at the end of a finished run.
func (n Named) evaluation() (Evaluation, error) {
	o, missing, err := n.Run.outcome()
	if err == nil && missing != "" {
		err = fmt.Errorf("it %s", missing)
	}
	if err != nil {
		return Evaluation{}, fmt.Errorf("%s: %w", n.Name, err)
	}
	return o.Evaluation, nil
}

// checkEach returns an error where the outcomes of single problems do not add up to the evaluation.
func (e Evaluation) checkEach(key string) error {
	if e.Each == nil {
		return nil
	}
	for _, outcome := range Outcomes {
		mean, each := e.of(outcome)
		if len(each) != e.Problems {
			return fmt.Errorf("%s.each has %d values of %s for %d problems", key, len(each), outcome, e.Problems)
		}
		if of := stat.Mean(each); math.Abs(of-mean) > 1e-9*cmp.Or(math.Abs(mean), 1) {
			return fmt.Errorf("%s.each has the mean %g of %s, and %s says %g", key, of, outcome, key, mean)
		}
	}
	return nil
}
