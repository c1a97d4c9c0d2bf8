package engine

import (
	"math"
	"slices"
	"testing"

	"attnlab/app/session"
	"attnlab/rl/examine"
	"attnlab/rl/score"
	"attnlab/rl/stat"
)

// Every step is measured from continuations of its own and those of the next step, beside the scores of the trace.
func TestResampleSteps(t *testing.T) {
	s := severalLines(t)
	const samples = 6
	s.must(session.ResampleSteps{Samples: samples})
	got := s.again
	if len(got.Steps) != len(s.trace.Steps) || got.Samples != samples || got.Agree || len(got.Ranking) != len(examine.Rankers()) {
		t.Fatalf("%d steps of %d, ranking %+v", len(got.Steps), len(s.trace.Steps), got.Ranking)
	}
	ranked, right := 0, 0
	for k, v := range got.Steps {
		if v.Text != s.trace.Steps[k].Text || v.Label != s.trace.Steps[k].Label || v.Position != -float64(k+1) || !v.Measured() || v.Forced == nil {
			t.Fatalf("step %d is %+v", k+1, v)
		}
		if v.Before.N != samples || v.Kept.N != 2*samples-v.Differs.N || (v.Importance == nil) != (v.Differs.N == 0) {
			t.Errorf("step %d: %d before it, %d keep it, %d differ, importance %v", k+1, v.Before.N, v.Kept.N, v.Differs.N, v.Importance)
		}
		if e := v.Importance; e != nil {
			p, q := float64(v.Kept.Right)/float64(v.Kept.N), float64(v.Differs.Right)/float64(v.Differs.N)
			if math.Abs(e.Value-(p-q)) > 1e-12 || e.Interval != stat.ShareDifference(p, v.Kept.N, q, v.Differs.N) {
				t.Errorf("step %d: importance %+v of %+v and %+v", k+1, e, v.Kept, v.Differs)
			}
		}
		if scored := score.Scored(k, len(s.trace.Steps), s.trace.Answer[1] > s.trace.Answer[0], s.trace.Delta); scored != (v.FCI != nil) || scored && *v.FCI != s.trace.FCI[k] {
			t.Errorf("step %d has the FCI %v, in the trace %v", k+1, v.FCI, s.trace.FCI[k])
		}
		if v.FCI != nil && v.Focus != nil && v.Importance != nil {
			ranked++
		}
		right += v.Before.Right
	}
	if right == 0 {
		t.Error("no continuation is right")
	}
	if r, ok := got.Rank("position"); !ok || r.N != ranked && (r.Rho != nil || ranked >= examine.LeastRanked) {
		t.Errorf("%d steps can be ranked: %+v", ranked, r)
	}
	s.must(session.ResampleSteps{Samples: samples})
	for k := range got.Steps {
		if got.Steps[k].Kept != s.again.Steps[k].Kept || got.Steps[k].Differs != s.again.Steps[k].Differs {
			t.Errorf("the same command gives %+v, then %+v", got.Steps[k], s.again.Steps[k])
		}
	}
	s.must(session.Generate{Unit: "token", Restart: true, Sampling: sampling})
	if len(s.again.Steps) != 0 || s.again.Samples != 0 {
		t.Errorf("the trace began again and its importances stayed: %+v", s.again)
	}
	s.refused(session.ResampleSteps{Samples: samples}, "generate all of it")
}

// A stop leaves the steps that were measured, with their ranking.
func TestResampleStepsStops(t *testing.T) {
	s := severalLines(t)
	s.refused(session.ResampleSteps{Samples: 0}, "samples")
	s.send(session.ResampleSteps{Samples: 120})
	s.until(func(m any) bool { v, ok := m.(session.Importances); return ok && v.Steps[0].Measured() })
	s.send(session.Cancel{})
	s.rests()
	last := s.again.Steps[len(s.again.Steps)-1]
	if !s.again.Steps[0].Measured() || last.Measured() || len(s.again.Ranking) == 0 || !slices.Contains(s.texts, "Stopped.") {
		t.Errorf("stopped: %+v … %+v, texts %q", s.again.Steps[0], last, s.texts)
	}
}
