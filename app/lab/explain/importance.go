package explain

import (
	"fmt"
	"strconv"

	"attnlab/app/session"
)

// leastRanked is how many steps a trace must have to be ranked.
const leastRanked = 4

// ImportanceVerdict says in a few sentences what sampling every step again shows, empty before it ends.
func ImportanceVerdict(v *session.Importances) string {
	if len(v.Ranking) == 0 {
		return ""
	}
	measured, help, harm := 0, 0, 0
	for _, s := range v.Steps {
		if e := s.Importance; e != nil {
			measured++
			switch {
			case e.Low > 0:
				help++
			case e.High < 0:
				harm++
			}
		}
	}
	text := fmt.Sprintf("%s with another continuation: %d help and %d harm beyond their intervals. ", Plural(measured, "step"), help, harm)
	fci, _ := v.Rank("fci")
	focus, _ := v.Rank("focus")
	place, _ := v.Rank("position")
	switch {
	case max(fci.N, focus.N) < leastRanked:
		return text + "Fewer than 4 of them have an FCI and a focus: too few to rank."
	case fci.Rho == nil && focus.Rho == nil:
		return text + "Their importance or their scores do not differ, so there is nothing to rank."
	}
	text += fmt.Sprintf("ρ = %s for FCI, %s for focus, %s for position: ", Rho(fci.Rho), Rho(focus.Rho), Rho(place.Rho))
	better := func(r session.ImportanceRank) bool { return r.Over != nil && r.Over.Low > 0 }
	switch {
	case help+harm == 0:
		return text + fmt.Sprintf("but every interval holds 0, so %s from each place cannot rank these steps.", Plural(v.Samples, "continuation"))
	case better(fci) && better(focus):
		return text + "on this trace both rank the steps better than position does."
	case better(fci):
		return text + "on this trace FCI ranks the steps better than position does."
	case better(focus):
		return text + "on this trace focus ranks the steps better than position does."
	}
	return text + "this trace does not show that attention knows more than position."
}

// Effect writes an effect with its interval, a dash for none.
func Effect(e *session.Effect) string {
	if e == nil {
		return "–"
	}
	return WithSign(e.Value)
}

// EffectInterval writes the 95 % interval of an effect.
func EffectInterval(e *session.Effect) string {
	if e == nil {
		return ""
	}
	return WithSign(e.Low) + " to " + WithSign(e.High)
}

// explainImportance opens the importance of one step.
func explainImportance(v *session.Importances, k int) Explanation {
	s := v.Steps[k]
	of := func(s session.Share) string { return fmt.Sprintf("%d of %d succeed", s.Right, s.N) }
	e := Explanation{Title: "importance of step " + StepName(k), Value: Effect(s.Importance) + ", 95 % interval " + EffectInterval(s.Importance),
		Formula: "success of continuations that keep the step − success of those that write another step in its place",
		Source:  "Thought Anchors, arXiv 2506.19143, counterfactual importance; interval: Newcombe 1998, method 10",
		Terms: []Term{{Name: "with this step", Value: of(s.Kept)}, {Name: "with another step, or none", Value: of(s.Differs)},
			{Name: "all continuations from before it", Value: of(s.Before)}},
		Total: "resampled " + Effect(s.Resampled) + ", forced " + Effect(s.Forced),
		Note: "Those that keep it are the continuations from after the step and those from before it that wrote the same step. Another step has other words; in free text, another text but for case, white space and punctuation around it. " +
			"Resampled is the success after the step less that of all continuations from before it. Forced compares answers forced right after the step and right before it."}
	if v.Agree {
		e.Note += " Nobody knows the right answer, so a continuation succeeds where it gives the answer of this response."
	}
	return e
}

// rankerNames says what ranks the steps.
var rankerNames = map[string]string{
	"fci": "FCI", "focus": "focus (mean over all heads)", "position": "the place of a step (earlier is more)",
	"shuffled": "FCI dealt out at random among the steps", "repeat": "importance by one half of the continuations with that by the other half",
}

// explainImportanceRho opens a rank correlation with the importance.
func explainImportanceRho(v *session.Importances, by string) (Explanation, bool) {
	r, ok := v.Rank(by)
	if !ok {
		return Explanation{}, false
	}
	e := Explanation{Title: "rank correlation of " + rankerNames[by] + " with importance", Value: fmt.Sprintf("%s, 95 %% interval %s, %s", Rho(r.Rho), RhoInterval(r.Interval), N(r.N)),
		Formula: "ρ = correlation of the two rankings (Spearman); equal values share the mean of their ranks",
		Note:    "Only steps with an importance, an FCI and a focus are counted, the same for all scores. The interval comes from 1,000 samples of these steps, drawn with replacement; it holds for this trace, not for the model."}
	switch by {
	case "repeat":
		e.Note = "No score can be expected to rank importance better than importance itself, measured twice. " + e.Note
	case "shuffled":
		e.Note = "A control: it knows nothing, and one deal of few steps can still correlate. " + e.Note
	}
	for _, s := range v.Steps {
		if s.Importance == nil || s.FCI == nil || s.Focus == nil || by == "shuffled" || by == "repeat" {
			continue
		}
		value := map[string]string{"fci": Format(*s.FCI), "focus": Format(*s.Focus), "position": TermValue(s.Position)}[by]
		e.Terms = append(e.Terms, Term{Name: "step " + StepName(s.Step) + ": " + value, Value: "importance " + Effect(s.Importance), Do: "step:" + strconv.Itoa(s.Step)})
	}
	if r.Over != nil && by != "position" {
		e.Total = "less that of position " + RhoInterval(r.Over)
	}
	return e, true
}
