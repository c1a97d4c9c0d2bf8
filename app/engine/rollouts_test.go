package engine

import (
	"testing"

	"attnlab/app/session"
	"attnlab/rl/runs"
)

// The page browses what the run saved: while it is active, after a visit, and where it saved none.
func TestShowRollouts(t *testing.T) {
	store := newShelf()
	s := startWith(t, Library{Store: store}, able(t), openHost)
	s.must(session.Begin{Settings: short("grpo", 3)})
	id := s.run.Info.ID
	s.must(session.Advance{Steps: 2})
	show := func(s *screen, f runs.RolloutFilter, first int) (v session.SavedRollouts) {
		t.Helper()
		s.send(session.ShowRollouts{ID: id, Filter: f, First: first})
		s.until(func(m any) bool {
			view, ok := m.(session.SavedRollouts)
			if ok = ok && view.ID == id && view.Filter == f && view.First == first; ok { // not one that is sent again
				v = view
			}
			return ok
		})
		s.rests()
		return v
	}
	all := show(s, runs.RolloutFilter{}, 0)
	if all.ID != id || all.All == 0 || all.Matches != all.All || len(all.Rows) != min(all.All, session.RolloutsShown) || len(all.Steps) != 2 || all.Note != "" {
		t.Fatalf("%d of %d, %d rows, %d steps, %q", all.Matches, all.All, len(all.Rows), len(all.Steps), all.Note)
	}
	wrong := show(s, runs.RolloutFilter{Outcome: "wrong", From: 2}, 0)
	for _, r := range wrong.Rows {
		if *r.Correct || r.Step != 2 {
			t.Errorf("%+v does not match", r)
		}
	}
	if end := show(s, runs.RolloutFilter{}, all.All-1); len(end.Rows) != 1 || end.First != all.All-1 {
		t.Errorf("the last page has %d rows from %d", len(end.Rows), end.First)
	}
	s.refused(session.ShowRollouts{ID: "none"}, "no run")
	s.refused(session.ShowRollouts{ID: id, Filter: runs.RolloutFilter{Outcome: "odd"}}, "choose one of")
	s.leave()

	again := startWith(t, Library{Store: store}, able(t), openHost)
	if saved := show(again, runs.RolloutFilter{}, 0); saved.All != all.All || saved.Rows[0].Response != all.Rows[0].Response {
		t.Errorf("in another visit there are %d rollouts, were %d", saved.All, all.All)
	}
	again.must(session.ImportRun{Name: "curves", Files: map[string][]byte{runs.MetricsFile: []byte(`{"step":1,"loss":2}`)}})
	id = again.runs.Runs[0].Info.ID
	if none := show(again, runs.RolloutFilter{}, 0); none.All != 0 || none.Note != "This run saved no rollouts." {
		t.Errorf("of a log alone: %+v", none)
	}
}

// A run saves the responses to the share of its problems that its settings ask for, as "attnlab train --save-rollouts" does.
func TestShareOfSavedRollouts(t *testing.T) {
	count := func(share *float64) (n int) {
		s := startWith(t, Library{Store: newShelf()}, able(t), openHost)
		settings := short("grpo", 2)
		settings.Rollouts = share
		s.must(session.Begin{Settings: settings})
		s.must(session.Advance{})
		s.send(session.ShowRollouts{ID: s.run.Info.ID})
		s.until(func(m any) bool {
			view, ok := m.(session.SavedRollouts)
			if ok = ok && view.ID == s.run.Info.ID; ok {
				n = view.All
			}
			return ok
		})
		s.rests()
		if v := s.run.Settings.Rollouts; v == nil || share != nil && *v != *share {
			t.Errorf("the run says of its share %v", v)
		}
		return n
	}
	if all, half, none := count(nil), count(runs.To(0.5)), count(runs.To(0.0)); all != 2*3*4 || half == 0 || half >= all || none != 0 {
		t.Errorf("%d responses are saved by default, %d of half the problems, %d of none", all, half, none)
	}
	s := start(t, able(t), openHost)
	settings := short("grpo", 2)
	settings.Rollouts = runs.To(1.5)
	s.refused(session.Begin{Settings: settings}, "choose 0 to 1")
}
