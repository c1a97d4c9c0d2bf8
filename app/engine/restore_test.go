package engine

import (
	"slices"
	"strings"
	"testing"

	"attnlab/app/session"
)

// A link leads to the same trace, tree and selection as the commands that a visitor gave one by one.
func TestRestoreIsTheCommandsOneByOne(t *testing.T) {
	sampling := session.Sampling{Temperature: 1, TopP: 1, Seed: 3}
	problem := session.NewProblem{Seed: 5}
	grow := session.GrowTree{Rule: rule, Seed: 5}
	grow.Rule.Branch = "fci"
	selection := session.Selection{Step: 1, Token: -1, Layer: 0, Head: 0, Node: -1}
	for _, c := range []struct{ tokens, rounds int }{{0, 0}, {7, 0}, {-1, 2}, {1 << 20, -1}, {0, 1000}} {
		byHand := start(t, parrots(t), openHost)
		byHand.must(problem)
		for i := range min(max(c.tokens, 0), 4096) {
			byHand.do(session.Generate{Unit: "token", Restart: i == 0, Sampling: sampling})
			if byHand.trace.Complete {
				break
			}
		}
		if c.tokens < 0 {
			byHand.must(session.Generate{Unit: "all", Restart: true, Sampling: sampling})
		}
		restore := session.Restore{Problem: &problem, Tokens: c.tokens, Rounds: c.rounds, Selection: selection}
		if c.tokens != 0 {
			restore.Response = &session.Generate{Sampling: sampling}
		}
		if c.rounds != 0 {
			restore.Tree = &grow
			for i := range 1000 {
				g := grow
				g.Unit, g.Restart = "round", i == 0
				if byHand.do(g); byHand.tree.Done || i+1 == c.rounds {
					break
				}
			}
		}
		byLink := start(t, parrots(t), openHost)
		byLink.must(restore)
		if !slices.Equal(byLink.trace.Tokens, byHand.trace.Tokens) || byLink.trace.Complete != byHand.trace.Complete {
			t.Errorf("%+v: the link leads to %d tokens, the commands to %d", c, len(byLink.trace.Tokens), len(byHand.trace.Tokens))
		}
		linked, grown := byLink.tree, byHand.tree
		if linked.Number, grown.Number = 0, 0; text(t, linked) != text(t, grown) {
			t.Errorf("%+v: the link leads to the tree\n%s\nthe commands to\n%s", c, text(t, linked), text(t, grown))
		}
	}
	s := start(t, parrots(t), openHost)
	s.refused(session.Restore{Trace: &session.ShowTrace{}, Selection: selection}, "does not begin with a problem")
}

// A link's model is loaded before the rest; without it the rest is shown, and the sentence names what is missing.
func TestRestoreTheModel(t *testing.T) {
	s := start(t, parrots(t), openHost)
	s.must(session.Restore{Model: "chain-tiny", Problem: &session.NewProblem{Seed: 3}, Selection: session.NoSelection})
	if s.able.Model.Name != "chain-tiny" || s.trace.Seed != 3 {
		t.Errorf("%s, problem %d", s.able.Model.Name, s.trace.Seed)
	}
	s.must(session.Restore{Model: "run:gone", Problem: &session.NewProblem{Seed: 4}, Selection: session.NoSelection})
	if s.trace.Seed != 4 || s.able.Model.Name != "chain-tiny" || !strings.Contains(s.status.Text, "run:gone") {
		t.Errorf("problem %d of %s; the message is %q", s.trace.Seed, s.able.Model.Name, s.status.Text)
	}
	s.must(session.Restore{Model: "run:lost", Problem: &session.NewProblem{Text: "8 9 7 7 ? 31"}, Selection: session.NoSelection})
	if s.trace.Seed != 4 || !strings.Contains(s.status.Text, "run:lost") {
		t.Errorf("a problem of another task: problem %d is shown; the message is %q", s.trace.Seed, s.status.Text)
	}
}
