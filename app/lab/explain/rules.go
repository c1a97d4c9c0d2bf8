package explain

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"attnlab/app/session"
	"attnlab/rl/score"
	"attnlab/rl/stat"
)

// Reading puts a comparison of rules into a sentence, and says whether it is settled: by two standard errors of the difference, with
// the two taken as independent, which is careful where they share their initial responses.
func Reading(r *session.Rules) string {
	if len(r.Rows) != 2 {
		return ""
	}
	a, b := r.Rows[0], r.Rows[1]
	if a.Problems < 2 || b.Problems < 2 {
		return "One problem is too few to compare rules."
	}
	if a.Branch == b.Branch {
		return "Both use the same rule, so any difference is chance."
	}
	phrase := func(r session.RuleOutcome) string { return score.FindBranch(r.Branch).Phrase }
	d, se := a.Valid-b.Valid, stat.DifferenceError(a.ValidSE, b.ValidSE)
	text := fmt.Sprintf("Branching %s gives both right and wrong rollouts in %s more of the problems than %s (± %s)", phrase(a), Format(d), phrase(b), Format(se))
	if d < 0 {
		text = fmt.Sprintf("Branching %s gives both right and wrong rollouts in %s fewer of the problems than %s (± %s)", phrase(a), Format(-d), phrase(b), Format(se))
	}
	if math.Abs(d) <= 2*se {
		text += ", which is within two standard errors: too close to call."
	} else {
		text += ", which is more than two standard errors."
	}
	rows := []session.RuleOutcome{a, b}
	slices.SortStableFunc(rows, func(a, b session.RuleOutcome) int { return cmp.Compare(b.Sampled, a.Sampled) })
	if few := rows[1].Sampled; few > 0 && rows[0].Sampled > few {
		text += fmt.Sprintf(" A problem's rollouts cost %.1f times the tokens %s, whose branch points lie at %s of the response against %s.",
			rows[0].Sampled/few, phrase(rows[0]), Format(rows[0].Position), Format(rows[1].Position))
	}
	return text
}
