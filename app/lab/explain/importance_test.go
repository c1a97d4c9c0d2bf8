package explain

import (
	"strings"
	"testing"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"
	"attnlab/rl/stat"
)

func TestImportanceVerdict(t *testing.T) {
	of := func(x float64) *float64 { return &x }
	effect := func(low, high float64) session.StepImportance {
		return session.StepImportance{Importance: &session.Effect{Value: (low + high) / 2, Interval: stat.Interval{Low: low, High: high}}}
	}
	clear, noise := []session.StepImportance{effect(.3, .9), effect(-.1, .1), effect(-.8, -.2), {}}, []session.StepImportance{effect(-.3, .4)}
	rank := func(n int, fci, focus *float64, overFCI, overFocus *stat.Interval) []session.ImportanceRank {
		return []session.ImportanceRank{{By: "fci", N: n, Correlation: session.Correlation{Rho: fci}, Over: overFCI},
			{By: "focus", N: n, Correlation: session.Correlation{Rho: focus}, Over: overFocus}, {By: "position", N: n, Correlation: session.Correlation{Rho: of(.2)}}}
	}
	more, less := &stat.Interval{Low: .1, High: .5}, &stat.Interval{Low: -.3, High: .2}
	for _, c := range []struct {
		steps   []session.StepImportance
		ranking []session.ImportanceRank
		want    string
	}{
		{clear, nil, ""},
		{clear, rank(3, nil, nil, nil, nil), "3 steps with another continuation: 1 help and 1 harm beyond their intervals. Fewer than 4"},
		{clear, rank(9, nil, nil, nil, nil), "nothing to rank"},
		{noise, rank(9, of(.9), of(.4), more, more), "but every interval holds 0, so 32 continuations from each place"},
		{clear, rank(9, of(.42), of(.55), less, less), "ρ = .42 for FCI, .55 for focus, .20 for position: this trace does not show that attention knows more than position."},
		{clear, rank(9, of(.9), of(.3), more, less), "on this trace FCI ranks the steps better than position does"},
		{clear, rank(9, of(.3), of(.9), nil, more), "on this trace focus ranks"},
		{clear, rank(9, of(.9), of(.9), more, more), "both rank the steps better"},
	} {
		if got := ImportanceVerdict(&session.Importances{Samples: 32, Steps: c.steps, Ranking: c.ranking}); !strings.Contains(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%+v: %q, want %q", c.ranking, got, c.want)
		}
	}
}

// An importance opens to the counts that it is computed from, and a correlation to the numbers that it ranks.
func TestImportanceOpens(t *testing.T) {
	s := Subject{Snapshots: &session.Snapshots{Importances: labtest.Importances()}}
	e, ok := s.Of("importance:0")
	if !ok || e.Value != "+0.775, 95 % interval +0.400 to +0.900" || e.Terms[0].Value != "36 of 40 succeed" || e.Terms[1].Value != "1 of 8 succeed" || e.Total != "resampled +0.125, forced 0.000" {
		t.Errorf("%+v", e)
	}
	for _, what := range []string{"importance:2", "importance:3", "importance:9", "importance-rho:luck"} {
		if e, ok := s.Of(what); ok {
			t.Errorf("%s opens to %+v", what, e)
		}
	}
	for by, terms := range map[string]int{"fci": 1, "focus": 1, "position": 1, "shuffled": 0, "repeat": 0} {
		if e, ok := s.Of("importance-rho:" + by); !ok || len(e.Terms) != terms || !strings.Contains(e.Value, ".42, 95 % interval −.20 to .80") {
			t.Errorf("%s: %+v", by, e)
		}
	}
}
