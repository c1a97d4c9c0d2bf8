package explain

import (
	"fmt"
	"strconv"

	"attnlab/app/session"
	"attnlab/rl/stat"
)

// LossVerdict says in one or two sentences what the losses of all steps show, empty before the last cut.
func LossVerdict(l *session.StepLosses) string {
	r := l.Ranking
	if r == nil {
		return ""
	}
	needed := 0
	for _, s := range l.Steps {
		if s.Cut.N > 0 && s.Cut.Loss > 2*s.Cut.LossSE && s.Cut.Loss > 0 {
			needed++
		}
	}
	steps := Plural(r.N, "step")
	switch {
	case r.N < 4:
		return steps + " with an FCI: too few to correlate anything."
	case r.FCI.Rho == nil && r.Position.Rho == nil:
		return steps + ": no step's loss differs from another's, so there is nothing to rank."
	case r.FCI.Rho == nil:
		return steps + ": the FCI of all is the same, so it ranks nothing."
	}
	text := fmt.Sprintf("%s: ρ = %s for FCI, %s for position: ", steps, Rho(r.FCI.Rho), Rho(r.Position.Rho))
	d := r.Difference
	switch {
	case needed == 0:
		return text + fmt.Sprintf("but no loss exceeds two standard errors, so %s of each kind cannot rank these steps.", Plural(l.Samples, "continuation"))
	case r.FCIPosition != nil && *r.FCIPosition == 1:
		return text + "FCI falls from each step to the next, so this trace cannot tell it from position."
	case d != nil && d.Low > 0:
		return text + "on this trace FCI ranks the losses better than position does."
	case d != nil && d.High < 0:
		return text + "on this trace position ranks the losses better than FCI does."
	}
	return text + "this trace does not show that FCI knows more than position."
}

// Rho writes a correlation, a dash for one that is not known.
func Rho(v *float64) string {
	if v == nil {
		return "–"
	}
	return stat.Coefficient(*v)
}

// RhoInterval writes a 95 % interval of a correlation.
func RhoInterval(i *stat.Interval) string {
	if i == nil {
		return "–"
	}
	return Rho(&i.Low) + " to " + Rho(&i.High)
}

// explainLoss opens the measured loss of one step.
func explainLoss(l *session.StepLosses, k int) Explanation {
	e := explainGroup(l.Steps[k].Cut)
	e.Title = "accuracy lost without step " + StepName(k)
	return e
}

// explainRho opens a rank correlation of the losses.
func explainRho(l *session.StepLosses, of string) (Explanation, bool) {
	r := l.Ranking
	if r == nil || of != "fci" && of != "position" {
		return Explanation{}, false
	}
	c, what := r.FCI, "FCI"
	if of == "position" {
		c, what = r.Position, "the place of a step (earlier is more)"
	}
	e := Explanation{Title: "rank correlation of " + what + " with the measured loss", Value: fmt.Sprintf("%s, 95 %% interval %s, %s", Rho(c.Rho), RhoInterval(c.Interval), N(r.N)),
		Formula: "ρ = correlation of the two rankings (Spearman); equal values share the mean of their ranks",
		Note:    "1: the higher the score, the more is lost without the step. 0: the score does not rank the losses. Only steps that have an FCI and were cut are counted, the same for both scores. The interval comes from 1,000 samples of these steps, drawn with replacement; it holds for this trace, not for the model."}
	for _, s := range l.Steps {
		if s.FCI == nil || s.Cut.N == 0 {
			continue
		}
		value := Format(*s.FCI)
		if of == "position" {
			value = TermValue(s.Position)
		}
		e.Terms = append(e.Terms, Term{Name: "step " + StepName(s.Step) + ": " + value, Value: "lost " + Format(s.Cut.Loss), Do: "step:" + strconv.Itoa(s.Step)})
	}
	if r.Difference != nil {
		e.Total = "FCI less position " + RhoInterval(r.Difference)
	}
	return e, true
}
