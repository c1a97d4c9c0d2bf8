package engine

import (
	"slices"
	"strings"
	"testing"

	"attnlab/app/session"
	"attnlab/gpu"
	"attnlab/model"
	"attnlab/rl"
	"attnlab/rl/rltest"
	"attnlab/rl/score"
	"attnlab/rl/task"
)

var rule = session.TreeRule{Initial: 3, Points: 2, Rollouts: 2}

// A tree is that of "attnlab tree", grown by rounds or at once.
func TestTheTreeIsWhatRlSays(t *testing.T) {
	tk := chain(t)
	problem := task.Problems(tk, task.EvalStream, 5, 1)[0]
	s := start(t, parrots(t), openHost, session.NewProblem{Seed: 5})
	for _, branch := range score.BranchNames() {
		c := rule
		if c.Branch = branch; branch == score.PivotBranch.Name {
			s.refused(session.GrowTree{Unit: "all", Restart: true, Rule: c, Seed: 5}, "task chain knows no pivot")
			continue
		}
		s.must(session.GrowTree{Unit: "all", Restart: true, Rule: c, Seed: 5})
		whole := s.tree
		rounds := 0
		for restart := true; restart || !s.tree.Done; restart = false {
			next := s.tree.Next
			s.must(session.GrowTree{Unit: "round", Restart: restart, Rule: c, Seed: 5})
			if rounds++; !restart && (next == "" || s.tree.Next == next) || rounds > 20 {
				t.Fatalf("%s: after round %d: %q, then %q", branch, rounds, next, s.tree.Next)
			}
		}
		if want := 2 + len(whole.Points); rounds != want {
			t.Errorf("%s: %d rounds, want %d", branch, rounds, want)
		}
		got := s.tree
		got.Number = whole.Number
		if text(t, got) != text(t, whole) {
			t.Errorf("%s: by rounds\n%s\nat once\n%s", branch, text(t, got), text(t, whole))
		}

		h, err := treeHyper(c)
		if err != nil {
			t.Fatal(err)
		}
		checkpoint := rltest.Parrot(tk)
		m, err := model.New(gpu.OpenHost(), checkpoint.Config, checkpoint.Weights)
		if err != nil {
			t.Fatal(err)
		}
		p, err := rl.NewPolicy(m, tk, rl.PolicyConfig{Seed: 5, Temperature: h.Number("temperature"), MaxLength: h.Int("max-length"), Slots: 32, Tokens: 4096})
		if err != nil {
			t.Fatal(err)
		}
		b := p.NewTree(rl.NewTreeRule(h), problem)
		for !b.Done() {
			if err := b.Round(t.Context(), p, len(b.Points())); err != nil {
				t.Fatal(err)
			}
		}
		grown, err := b.Built()
		if err != nil {
			t.Fatal(err)
		}
		if len(grown.Tree.Nodes) != len(whole.Nodes) || len(grown.Points) != len(whole.Points) || len(whole.Nodes) < 8 || whole.Problem != task.Text(tk, problem.Prompt) {
			t.Fatalf("%s: %d nodes and %d points, want %d and %d", branch, len(whole.Nodes), len(whole.Points), len(grown.Tree.Nodes), len(grown.Points))
		}
		P := len(problem.Prompt)
		for i, n := range grown.Tree.Nodes[1:] {
			v := whole.Nodes[i+1]
			if v.ID != n.ID || v.Parent != n.Parent || v.Start != P+n.Start || v.End != P+n.End || *v.Value != n.Value || v.Advantage != n.Advantage || v.Text == "" {
				t.Errorf("%s: node %+v, want %+v", branch, v, n)
			}
		}
		for i, point := range whole.Points {
			n := whole.Nodes[point.Node]
			if point.Token != grown.Points[i].Token || n.End != point.Token || n.Tree != point.Tree {
				t.Errorf("%s: point %+v at node %+v", branch, point, n)
			}
		}
	}
	s.must(session.NewProblem{Seed: 6})
	if len(s.tree.Nodes) != 0 {
		t.Error("another problem, and the tree stayed")
	}
	s.refused(session.GrowTree{Unit: "page", Rule: rule}, "round or all")
	c := rule
	c.Branch = "luck"
	s.refused(session.GrowTree{Unit: "all", Rule: c}, "luck")
	c.Branch, c.Initial = "fci", 99
	s.refused(session.GrowTree{Unit: "all", Rule: c}, "99")
}

func TestCompareRules(t *testing.T) {
	s := start(t, parrots(t), openHost)
	c := session.CompareRules{Rules: [2]string{"fci", "earliest"}, Rule: rule, Problems: 10, Seed: 2}
	s.must(c)
	first := s.rules
	if first.Problems != 10 || first.Of != 10 || len(first.Rows) != 2 {
		t.Fatalf("%+v", first)
	}
	for i, row := range first.Rows {
		if row.Branch != c.Rules[i] || row.Problems == 0 || row.Problems > 10 || row.Sampled <= 0 || row.Position <= 0 || row.Position >= 1 {
			t.Errorf("%+v", row)
		}
		if sum := row.AllCorrect + row.AllWrong + row.Valid; sum < 1-1e-9 || sum > 1+1e-9 {
			t.Errorf("shares add up to %g", sum)
		}
	}
	if !(first.Rows[1].Position < first.Rows[0].Position) {
		t.Errorf("the earliest points at %g, those by FCI at %g", first.Rows[1].Position, first.Rows[0].Position)
	}
	s.must(c)
	if again := s.rules; text(t, again.Rows) != text(t, first.Rows) {
		t.Errorf("the same seed gave %+v, then %+v", first.Rows, again.Rows)
	}
	c.Rules[1] = "fci" // the same initial responses, and the rollouts of another call
	s.must(c)
	if rows := s.rules.Rows; rows[0].Position != rows[1].Position || rows[0].Problems != rows[1].Problems {
		t.Errorf("one rule branches the same responses at %g and %g", rows[0].Position, rows[1].Position)
	}
	s.refused(session.CompareRules{Rules: c.Rules, Rule: rule}, "1 to 10000")
	c.Rules[0] = "luck"
	s.refused(c, "luck")
	if !slices.ContainsFunc(s.texts, func(text string) bool { return strings.Contains(text, "10 problems were branched") }) {
		t.Errorf("texts %q", s.texts)
	}
}
