package explain

import (
	"cmp"
	"math"
	"slices"

	"attnlab/app/session"
	"attnlab/rl/stat"
)

// AnswerRanking is the steps of a trace by how much less likely the answer is without each, and how that agrees with two guesses.
type AnswerRanking struct {
	Steps    []int   // measured ones, the largest loss first
	FCI      float64 // rank correlation of the losses with FCI; NaN where too few steps have both
	Position float64 // and with the place of the step: 1 where earlier steps lose more
	N        int     // steps that both correlations are over
}

// RankAnswerLosses ranks the steps that are measured.
func RankAnswerLosses(t *session.Trace, a *session.AnswerLosses) (r AnswerRanking) {
	var losses, fci, place []float64
	for k, v := range a.Values {
		if v == nil || k >= len(t.Steps) {
			continue
		}
		r.Steps = append(r.Steps, k)
		if f := StepFCI(t, session.NoSelection, k); !math.IsNaN(f) {
			losses, fci, place = append(losses, *v), append(fci, f), append(place, -float64(k))
		}
	}
	slices.SortStableFunc(r.Steps, func(i, j int) int { return cmp.Compare(*a.Values[j], *a.Values[i]) })
	r.N, r.FCI, r.Position = len(losses), stat.Spearman(losses, fci), stat.Spearman(losses, place)
	return r
}
