package lab

import (
	"fmt"
	"math"
	"slices"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
	"attnlab/rl/stat"
)

// Verdict says what the chosen runs show about one group of repeats: how far their ends lie from their own bases.
type Verdict struct {
	Name   string
	Method string
	N      int             // runs whose base is known
	Length stat.Difference // think tokens, end less base, paired by run
	Base   float64         // mean think tokens of the bases
	Right  stat.Difference // accuracy, the same
}

// Contrast sets two groups beside each other, paired by the seeds that both have.
type Contrast struct {
	A, B   string
	N      int // shared seeds
	Length stat.Difference
	Right  stat.Difference
	// Adjusted are the p values of Length and Right, adjusted for all contrasts together (Holm).
	Adjusted [2]float64
	Other    string // why the groups cannot be compared, empty where they can
}

// Verdicts are those of each group, in order.
func Verdicts(groups []standing) (all []Verdict) {
	for _, g := range groups {
		v := Verdict{Name: g.Name, Method: g.Settings.Method}
		var length, lengthBase, right, rightBase []float64
		for _, r := range g.Runs {
			l, _, _ := session.BaseValue(r.Base, "think_tokens")
			a, _, _ := session.BaseValue(r.Base, "accuracy")
			endL, endA := float64(RecentOf(r.Metrics, "think_tokens").Mean), float64(RecentOf(r.Metrics, "accuracy").Mean)
			if math.IsNaN(l + a + endL + endA) {
				continue
			}
			length, lengthBase = append(length, endL), append(lengthBase, l)
			right, rightBase = append(right, endA), append(rightBase, a)
		}
		v.N, v.Length, v.Right, v.Base = len(length), stat.Paired(length, lengthBase), stat.Paired(right, rightBase), stat.Mean(lengthBase)
		all = append(all, v)
	}
	return all
}

// Contrasts are those of all pairs of groups.
func Contrasts(groups []standing) (all []Contrast) {
	for i, a := range groups {
		for _, b := range groups[i+1:] {
			all = append(all, contrast(a, b))
		}
	}
	var p []float64
	for _, c := range all {
		p = append(p, c.Length.P, c.Right.P)
	}
	for i, adjusted := range stat.Holm(p) {
		all[i/2].Adjusted[i%2] = adjusted
	}
	return all
}

func contrast(a, b standing) Contrast {
	c := Contrast{A: a.Name, B: b.Name}
	x, y := a.Settings.Series, b.Settings.Series
	switch {
	case x.Base != y.Base || x.Task != y.Task || x.Teacher != y.Teacher || x.Difficulty != y.Difficulty:
		c.Other = "other base or other problems"
	case x.Method == "" || y.Method == "":
		c.Other = "settings unknown"
	}
	var length, right [2][]float64
	for _, r := range a.Runs {
		j := slices.IndexFunc(b.Runs, func(s session.KeptRun) bool { return s.Settings.Seed == r.Settings.Seed })
		if j < 0 || c.Other != "" {
			continue
		}
		pair := [2]session.KeptRun{r, b.Runs[j]}
		ends := func(name string) (v [2]float64) {
			for k := range pair {
				v[k] = float64(RecentOf(pair[k].Metrics, name).Mean)
			}
			return v
		}
		l, acc := ends("think_tokens"), ends("accuracy")
		if math.IsNaN(l[0] + l[1] + acc[0] + acc[1]) {
			continue
		}
		for k := range pair {
			length[k], right[k] = append(length[k], l[k]), append(right[k], acc[k])
		}
	}
	c.N, c.Length, c.Right = len(length[0]), stat.Paired(length[0], length[1]), stat.Paired(right[0], right[1])
	return c
}

// shown reports whether an interval excludes 0.
func shown(d stat.Difference) bool { return d.Low > 0 || d.High < 0 }

// Says is the verdict in words: what the numbers show, and no more.
func (v Verdict) Says() string {
	switch v.N {
	case 0:
		return "The base is not known, so a change cannot be measured."
	case 1:
		return fmt.Sprintf("One run: %s think tokens and %s accuracy from its base. One seed does not show what the method does; run two more.",
			stat.Signed(v.Length.Mean, 1), stat.Signed(v.Right.Mean, 3))
	}
	length := fmt.Sprintf("A change of length is not shown (%s think tokens, 95 %%: %s to %s)", stat.Signed(v.Length.Mean, 1), stat.Signed(v.Length.Low, 1), stat.Signed(v.Length.High, 1))
	if shown(v.Length) {
		word := "Longer"
		if v.Length.Mean < 0 {
			word = "Shorter"
		}
		length = fmt.Sprintf("%s by %.1f think tokens, %.0f %% (95 %%: %s to %s)", word, math.Abs(v.Length.Mean), 100*math.Abs(v.Length.Mean)/v.Base, stat.Signed(v.Length.Low, 1), stat.Signed(v.Length.High, 1))
	}
	right := fmt.Sprintf("a change of accuracy is not shown (%s, 95 %%: %s to %s)", stat.Signed(v.Right.Mean, 3), stat.Signed(v.Right.Low, 3), stat.Signed(v.Right.High, 3))
	if shown(v.Right) {
		word := "more accurate"
		if v.Right.Mean < 0 {
			word = "less accurate"
		}
		right = fmt.Sprintf("%s by %.3f (95 %%: %s to %s)", word, math.Abs(v.Right.Mean), stat.Signed(v.Right.Low, 3), stat.Signed(v.Right.High, 3))
	}
	return fmt.Sprintf("%s; %s. %s seeds, each from its own base.", length, right, explain.N(v.N))
}

// SaysLength and SaysRight are the contrast in words: what is shown after the adjustment for all contrasts, else that it is not.
func (c Contrast) SaysLength() string {
	return c.says(c.Length, c.Adjusted[0], "shorter", "longer", 1)
}
func (c Contrast) SaysRight() string {
	return c.says(c.Right, c.Adjusted[1], "less accurate", "more accurate", 3)
}

func (c Contrast) says(d stat.Difference, p float64, less, more string, digits int) string {
	switch {
	case c.Other != "":
		return "not comparable: " + c.Other
	case c.N < 2:
		return fmt.Sprintf("not shown: %d shared seeds", c.N)
	}
	numbers := fmt.Sprintf("%s (%s to %s)", stat.Signed(d.Mean, digits), stat.Signed(d.Low, digits), stat.Signed(d.High, digits))
	if !(p < 0.05) {
		return "not shown: " + numbers
	}
	if d.Mean < 0 {
		return less + ": " + numbers
	}
	return more + ": " + numbers
}
