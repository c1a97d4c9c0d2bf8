package engine

import (
	"slices"
	"testing"

	"attnlab/app/session"
	"attnlab/rl/score"
)

// A trace has every score of the table, a new one by its value alone.
func TestTraceHasEveryScore(t *testing.T) {
	all := score.Scores
	score.Scores = append(slices.Clone(all), score.Score{Name: "length", Of: func(in score.Input) (v score.Values) {
		for _, s := range in.Steps {
			v.Steps = append(v.Steps, float64(s[1]-s[0]))
		}
		return v
	}, Sum: func(score.Input, score.Head, int) []score.Term { return []score.Term{{}} }})
	t.Cleanup(func() { score.Scores = all }) // after the engine has stopped

	s := start(t, parrots(t), openHost, session.NewProblem{Seed: 9}, session.Generate{Unit: "all", Sampling: sampling})
	s.until(func(m any) bool { return s.trace.Complete })
	if len(s.trace.Steps) < 2 || len(s.trace.StepScores) != len(score.Scores) {
		t.Fatalf("%d scores of %d steps, the table has %d", len(s.trace.StepScores), len(s.trace.Steps), len(score.Scores))
	}
	for i, got := range s.trace.StepScores {
		if got.Name != score.Scores[i].Name || len(got.Values) != len(s.trace.Steps) {
			t.Errorf("score %d is %+v", i, got)
		}
		for k, step := range s.trace.Steps {
			if v := got.Values[k]; got.Name == "length" && (v == nil || *v != float64(step.End-step.Start)) || got.Name == "fci" && (v == nil || *v != s.trace.FCI[k]) {
				t.Errorf("%s of step %d is %v", got.Name, k, v)
			}
		}
		if got.Name == "position" && (got.Position == nil || *got.Position != 1) {
			t.Errorf("the control has the position %v", got.Position)
		}
	}
}
