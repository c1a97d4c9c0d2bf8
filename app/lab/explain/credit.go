package explain

import "attnlab/rl/stat"

// explainCredit opens the factor of a step to the arithmetic that the engine gives for it.
func explainCredit(s Subject, k int) (Explanation, bool) {
	c := &s.Credit
	if k < 0 || k >= len(c.Steps) {
		return Explanation{}, false
	}
	step := c.Steps[k]
	e := Explanation{Title: "Credit of step " + StepName(k), Value: "× " + Format(step.Scale),
		Note: "The true label of the step is " + step.Label + "; the method does not see it."}
	for _, t := range step.Terms {
		e.Terms = append(e.Terms, Term{Name: t.Name, Form: t.Form, Value: TermValue(t.Value)})
		if t.Source != "" {
			e.Source = t.Source
		}
	}
	if len(step.Terms) == 0 {
		e.Note += " The method has no term for steps: all tokens have the advantage of the response."
	}
	if step.Start < step.End && step.End <= min(len(c.Before), len(c.After)) {
		e.Total = WithSign(stat.Mean(c.Before[step.Start:step.End])) + " before, " + WithSign(stat.Mean(c.After[step.Start:step.End])) + " after"
	}
	return e, true
}

// explainOutcome opens a number on the way from reward to advantage.
func explainOutcome(s Subject, i int) (Explanation, bool) {
	if i < 0 || i >= len(s.Credit.Outcome) {
		return Explanation{}, false
	}
	t := s.Credit.Outcome[i]
	return Explanation{Title: t.Name, Value: TermValue(t.Value), Formula: t.Form, Source: t.Source}, true
}
