package lab

import (
	"fmt"
	"math"

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
