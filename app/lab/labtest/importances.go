package labtest

import (
	"attnlab/app/session"
	"attnlab/rl/stat"
)

// Importances are the importances of the steps of [Trace]: the first has no FCI, the third is always written, the last is not sampled.
func Importances() session.Importances {
	of := func(x float64) *float64 { return &x }
	effect := func(value, low, high float64) *session.Effect {
		return &session.Effect{Value: value, SE: 0.1, Interval: stat.Interval{Low: low, High: high}}
	}
	t := Trace()
	v := session.Importances{Number: 9, Samples: 24, Steps: []session.StepImportance{
		{Focus: of(0.05), Kept: session.Share{Right: 36, N: 40}, Differs: session.Share{Right: 1, N: 8}, Before: session.Share{Right: 18, N: 24},
			Importance: effect(0.775, 0.4, 0.9), Resampled: effect(0.125, -0.1, 0.3), Forced: effect(0, -0.2, 0.2)},
		{FCI: of(0.3), Focus: of(0.02), Kept: session.Share{Right: 28, N: 30}, Differs: session.Share{Right: 18, N: 18}, Before: session.Share{Right: 23, N: 24},
			Importance: effect(-0.07, -0.2, 0.1), Resampled: effect(-0.04, -0.2, 0.1), Forced: effect(0.5, 0.3, 0.7)},
		{FCI: of(0.2), Focus: of(0.03), Kept: session.Share{Right: 48, N: 48}, Before: session.Share{Right: 24, N: 24},
			Resampled: effect(0, -0.1, 0.1), Forced: effect(0, -0.1, 0.1)},
		{Focus: of(0.01)},
	}}
	for k := range v.Steps {
		s := &v.Steps[k]
		s.Step, s.Label, s.Text, s.Position = k, t.Steps[k].Label, t.Steps[k].Text, -float64(k+1)
	}
	for _, by := range []string{"fci", "focus", "position", "shuffled", "repeat"} {
		v.Ranking = append(v.Ranking, session.ImportanceRank{By: by, N: 9, Correlation: session.Correlation{Rho: of(0.42), Interval: &stat.Interval{Low: -0.2, High: 0.8}},
			Over: &stat.Interval{Low: -0.3, High: 0.4}})
	}
	return v
}
