package engine

import (
	"slices"
	"testing"

	"attnlab/app/session"
)

// The credit shown is that of the newest step, also after the step that it was
// requested in.
func TestShowCredit(t *testing.T) {
	s := start(t, able(t), openHost)
	s.must(session.Begin{Settings: short("attnrl", 3)})
	s.must(session.Advance{Steps: 1})
	at := slices.IndexFunc(s.run.Rollouts, func(r session.RolloutRow) bool { return r.Trained })
	if at < 0 || !slices.ContainsFunc(s.run.Rollouts, func(r session.RolloutRow) bool { return r.Kind == "branch" }) {
		t.Fatalf("rollouts %+v", s.run.Rollouts)
	}
	s.send(session.ShowCredit{Rollout: at})
	s.until(func(m any) bool { _, ok := m.(session.Credit); return ok })
	row, first := s.run.Rollouts[at], s.credit
	if first.Rollout != at || len(first.Text) != row.Tokens || len(first.After) != row.Tokens || first.Before[0] != row.Advantage || len(first.Steps) == 0 {
		t.Errorf("%+v of %+v", first, row)
	}
	for _, step := range first.Steps {
		if len(step.Terms) == 0 || step.Label == "" || step.End <= step.Start {
			t.Errorf("%+v", step)
		}
	}
	s.until(func(m any) bool { l, ok := m.(session.TokenLosses); return ok && l.Rollout == at })
	s.rests()
	loss := s.loss
	if len(loss.Tokens) != row.Tokens || loss.Step != 1 || loss.Update < 1 || loss.Update > len(loss.Updates) || loss.Sum() == 0 {
		t.Errorf("the loss of %+v: %+v", row, loss)
	}
	for i, x := range loss.Tokens {
		if x.Text != first.Text[i] || x.Advantage != first.After[i] {
			t.Errorf("token %d: %+v has credit %g", i, x, first.After[i])
		}
	}
	s.must(session.Advance{Steps: 1})
	if s.loss.Number == loss.Number || s.loss.Rollout != at || s.loss.Step != 2 {
		t.Errorf("the loss of the step before stayed: %+v", s.loss)
	}
	if s.credit.Number == first.Number || s.credit.Rollout != at {
		t.Error("the credit of the step before stayed")
	}
	s.send(session.ShowCredit{Rollout: 10000})
	s.until(func(m any) bool { f, ok := m.(session.Failure); return ok && f.Command == "ShowCredit" })
}
