package engine

import (
	"reflect"
	"slices"
	"testing"

	"attnlab/app/session"
	"attnlab/rl/score"
	"attnlab/rl/task"
)

// severalLines has a complete response of the smallest shipped model, with several steps.
func severalLines(t *testing.T) *screen {
	t.Helper()
	s := start(t, able(t), openHost, session.NewProblem{Seed: 7, Difficulty: "4"})
	s.must(session.Generate{Unit: "all", Sampling: sampling})
	if len(s.trace.Steps) < 4 || !s.trace.Complete {
		t.Fatalf("the response has %d steps, complete %v", len(s.trace.Steps), s.trace.Complete)
	}
	return s
}

// Cutting every step measures for each what cutting it alone does, and ranks the losses of the steps that have an FCI.
func TestDisruptStepsIsDisruptForEach(t *testing.T) {
	s := severalLines(t)
	const samples = 5
	s.must(session.DisruptSteps{Samples: samples})
	got := s.losses
	if len(got.Steps) != len(s.trace.Steps) || got.Samples != samples || got.Ranking == nil {
		t.Fatalf("%d steps of %d, ranking %v", len(got.Steps), len(s.trace.Steps), got.Ranking)
	}
	ranked := 0
	for k, v := range got.Steps {
		if finished := s.trace.Tokens[s.trace.Steps[k].End-1] == task.Newline; !finished {
			if v.Cut.N != 0 || v.Why == "" {
				t.Errorf("step %d is not finished, and was cut: %+v", k+1, v)
			}
			continue
		}
		s.must(session.Disrupt{Step: k, Samples: samples})
		if alone := s.cut.Groups[0]; !reflect.DeepEqual(v.Cut, alone) || v.Cut.N != samples {
			t.Errorf("step %d: %+v, alone %+v", k+1, v.Cut, alone)
		}
		if scored := score.Scored(k, len(s.trace.Steps), s.trace.Answer[1] > s.trace.Answer[0], s.trace.Delta); scored != (v.FCI != nil) || scored && *v.FCI != s.trace.FCI[k] {
			t.Errorf("step %d has the FCI %v, scored %v, in the trace %v", k+1, v.FCI, scored, s.trace.FCI[k])
		}
		if v.Text != s.trace.Steps[k].Text || v.Position != -float64(k+1) {
			t.Errorf("step %d is %+v", k+1, v)
		}
		if v.FCI != nil {
			ranked++
		}
	}
	if got.Ranking.N != ranked {
		t.Errorf("%d steps are ranked, want %d", got.Ranking.N, ranked)
	}
	s.must(session.Generate{Unit: "token", Restart: true, Sampling: sampling})
	if len(s.losses.Steps) != 0 || s.losses.Samples != 0 {
		t.Errorf("the trace began again and its losses stayed: %+v", s.losses)
	}
	s.refused(session.DisruptSteps{Samples: samples}, "generate all of it")
}

// A stop leaves the steps that were cut, with their ranking.
func TestDisruptStepsStops(t *testing.T) {
	s := severalLines(t)
	s.refused(session.DisruptSteps{Samples: 0}, "samples")
	s.send(session.DisruptSteps{Samples: 40})
	s.until(func(m any) bool { l, ok := m.(session.StepLosses); return ok && l.Steps[0].Cut.N > 0 })
	s.send(session.Cancel{})
	s.rests()
	last := s.losses.Steps[len(s.losses.Steps)-2].Cut.N
	if s.losses.Steps[0].Cut.N == 0 || s.losses.Ranking == nil || !slices.Contains(s.texts, "Stopped.") {
		t.Errorf("stopped: %+v, texts %q", s.losses.Steps[0], s.texts)
	}
	if last == 40 {
		t.Error("it went on to the end")
	}
}

func TestRankLosses(t *testing.T) {
	step := func(k int, fci, loss float64, n int) session.StepLoss {
		return session.StepLoss{Step: k, FCI: &fci, Position: -float64(k + 1), Cut: session.DisruptionGroup{N: n, Loss: loss}}
	}
	all := []session.StepLoss{
		{Step: 0, Position: -1, Cut: session.DisruptionGroup{N: 8, Loss: 0.9}}, // not scored
		step(1, 0.1, 0.1, 8), step(2, 0.4, 0.5, 8), step(3, 0.2, 0.2, 8), step(4, 0.3, 0.4, 8), step(5, 0.9, 0, 0), // the last is not cut
	}
	r := rankLosses(all)
	if r.N != 4 || *r.FCI.Rho != 1 || *r.Position.Rho >= 0 || r.Difference == nil || *r.FCIPosition != *r.Position.Rho {
		t.Errorf("%+v", r)
	}
	if r := rankLosses(all[:2]); r.N != 1 || r.FCI.Rho != nil || r.Difference != nil {
		t.Errorf("of one step: %+v", r)
	}
}
