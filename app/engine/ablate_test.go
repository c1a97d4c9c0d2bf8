package engine

import (
	"math"
	"slices"
	"strings"
	"testing"

	"attnlab/app/session"
	"attnlab/rl/examine"
)

// Every head alone, then two together: rows with errors, and what the model has without ablation.
func TestAblate(t *testing.T) {
	var names []string
	for _, by := range examine.Ablations() {
		names = append(names, string(by))
	}
	if !slices.Equal(names, session.AblateBy) {
		t.Errorf("screens offer %q, and there is %q", session.AblateBy, names)
	}
	s := severalLines(t)
	const problems = 6
	s.must(session.Ablate{By: "zero", Problems: problems})
	each := s.ablated
	if n := s.trace.Layers * s.trace.Heads; len(each.Rows) != n || each.Of != n || each.Traces < 2 || each.Traces > problems || each.LogProb.SE == nil || each.LogProb.Value > 0 {
		t.Fatalf("ablations are %+v", each)
	}
	hurts := false
	for i, row := range each.Rows {
		if want := [2]int{i / s.trace.Heads, i % s.trace.Heads}; len(row.Heads) != 1 || row.Heads[0] != want || row.LogProb.SE == nil || row.Right.Interval == nil || row.LogProb.Interval == nil {
			t.Errorf("row %d is %+v", i, row)
		}
		hurts = hurts || row.LogProb.Value < -0.5
	}
	if !hurts {
		t.Error("no head matters to any answer")
	}
	s.must(session.Ablate{Heads: [][2]int{{0, 1}, {1, 0}}, By: "mean", Problems: problems})
	if got := s.ablated; len(got.Rows) != 1 || len(got.Rows[0].Heads) != 2 || got.Traces != each.Traces || got.LogProb.Value != each.LogProb.Value || got.Asked.By != "mean" {
		t.Errorf("two heads together: %+v", got)
	}
	s.refused(session.Ablate{By: "luck", Problems: 2}, "zero or by mean")
	s.refused(session.Ablate{By: "zero", Problems: 0}, "problems")
	s.refused(session.Ablate{Heads: [][2]int{{9, 0}}, By: "zero", Problems: 2}, "no head 9.0")
	s.refused(session.Ablate{Heads: [][2]int{{0, 0}, {0, 0}}, By: "zero", Problems: 2}, "named twice")

	s.send(session.Ablate{By: "zero", Problems: 40})
	s.until(func(m any) bool { v, ok := m.(session.Ablations); return ok && len(v.Rows) == 1 })
	s.send(session.Cancel{})
	s.rests()
	if n := len(s.ablated.Rows); n == 0 || n == s.ablated.Of || !slices.Contains(s.texts, "Stopped.") {
		t.Errorf("stopped after %d of %d ablations", n, s.ablated.Of)
	}
}

// States of the response before an edit bring its answer back, all of it at the first layer in the changed step.
func TestPatchStates(t *testing.T) {
	s := start(t, able(t), openHost)
	s.must(session.NewProblem{Seed: 7, Difficulty: "2"})
	s.refused(session.PatchStates{Into: session.PatchAnother}, "not finished")
	for seed := uint64(1); ; seed++ {
		if seed > 20 {
			t.Fatal("no changed number changes an answer")
		}
		s.must(session.NewProblem{Seed: seed, Difficulty: "2"})
		s.must(session.Generate{Unit: "all"}) // greedy
		k := slices.IndexFunc(s.trace.Steps, func(v session.StepView) bool { return strings.HasSuffix(v.Text, " "+s.trace.Gold) })
		if !s.trace.Correct || k < 0 {
			continue
		}
		other := map[bool]string{true: "3", false: "4"}[s.trace.Gold != "3"]
		s.must(s.with(s.seeded(k, strings.TrimSuffix(s.trace.Steps[k].Text, s.trace.Gold)+other)))
		if s.trace.Found != s.trace.Before.Found && s.trace.Complete {
			break
		}
	}
	s.must(session.PatchStates{Into: session.PatchEdit})
	v := s.patched
	if len(v.Back) != s.trace.Layers || len(v.Ranges) != len(s.trace.Steps)+2 || v.Found != [2]string{s.trace.Before.Found, s.trace.Found} || v.Odds[0] <= 0 || v.Odds[1] >= 0 {
		t.Fatalf("patched: %+v", v)
	}
	whole := 0.0
	for k, part := range v.Ranges {
		if part.Same && (v.Back[0][k] == nil || math.Abs(*v.Back[0][k]) > 1e-4) {
			t.Errorf("part %d has the same tokens in both, and brings %v back at the first layer", k, v.Back[0][k])
		}
		if back := v.Back[0][k]; back != nil {
			whole = max(whole, *back)
		}
		if (v.Back[0][k] == nil) != (v.Gained[0][k] == nil) {
			t.Errorf("part %d brings %v back and gains %v", k, v.Back[0][k], v.Gained[0][k])
		}
	}
	if whole < 0.5 {
		t.Errorf("no step brings half of the answer back: %v", whole)
	}
	s.refused(session.PatchStates{Into: "luck"}, "not into")
	s.must(session.EditResponse{})
	if len(s.patched.Back) != 0 {
		t.Error("another response, and the old states are still shown")
	}
	s.refused(session.PatchStates{Into: session.PatchEdit}, "no change")
	s.refused(session.PatchStates{Into: session.PatchAnother}, "all the same")
}
