package panels

import (
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/lab/explain"
	"attnlab/app/lab/labtest"
	"attnlab/app/session"
	"attnlab/rl/hyper"
	"attnlab/rl/score"
)

func TestGrowing(t *testing.T) {
	l, engine := pageTreeBench(t)
	next := func() session.GrowTree {
		t.Helper()
		for {
			if g, ok := labtest.Sent(t, engine, 1)[0].(session.GrowTree); ok {
				return g
			}
		}
	}
	rule := l.Growth.Rule
	l.Do("grow-round")
	if got, want := next(), (session.GrowTree{Unit: "round", Restart: true, Rule: rule, Seed: 1}); got != want {
		t.Fatalf("the first round is %+v, want %+v", got, want)
	}
	part := labtest.Tree()
	part.Done, part.Points, part.Next = false, nil, "choose branch points."
	l.Receive(part)
	l.Receive(session.Status{Stage: "ready"})
	if l.Growth.Rounds != 1 || !strings.Contains(app.HTMLString(l), "Next: choose branch points.") {
		t.Errorf("after initial responses the view has %d rounds", l.Growth.Rounds)
	}
	l.Do("grow")
	if got, want := next(), (session.GrowTree{Unit: "all", Rule: rule, Seed: 1}); got != want {
		t.Fatalf("the rest is %+v, want %+v", got, want)
	}
	l.Receive(labtest.Tree())
	l.Receive(session.Status{Stage: "ready"})
	if a, _ := lab.FindAction("grow"); a.Allowed(l.Lab) || l.Growth.Rounds != lab.AllRounds {
		t.Error("a finished tree can be grown")
	}
	l.Set("rule", "entropy")
	if a, _ := lab.FindAction("grow"); !a.Allowed(l.Lab) || l.Growth.Rounds != 0 {
		t.Error("a tree by another rule cannot be grown")
	}
	l.Set("rule", "fci")
	if l.Growth.Rounds != lab.AllRounds {
		t.Error("back at its rule, the tree is not drawn")
	}
	if offered := `value="pivot"`; strings.Contains(app.HTMLString(l), offered) {
		t.Error("a task without a pivot is offered to branch there")
	} else if l.Set("rule", "pivot"); strings.Count(app.HTMLString(l), offered) != 1 { // of a link
		t.Error("the chosen rule is not in its menu")
	}
	l.Set("rule", "fci")
	of := l.Trace.Task
	if l.Trace.Task = "relay"; strings.Count(app.HTMLString(l), `value="pivot"`) != 3 {
		t.Error("a task with a pivot is not offered to branch there")
	}
	l.Trace.Task = of
	l.Set("initial", "99")
	for _, want := range []string{`value="99"`, "aria-describedby", "Give a whole number from "} {
		if !strings.Contains(app.HTMLString(l), want) {
			t.Errorf("what M refuses is shown without %s", want)
		}
	}
	l.Set("initial", "16")
	if l.Growth.Rule.Initial != int(hyper.Initial.Max) {
		t.Errorf("M became %d", l.Growth.Rule.Initial)
	}
	l.Do("grow-round")
	if got := next(); !got.Restart || got.Rule.Initial != int(hyper.Initial.Max) {
		t.Errorf("another tree continues from the old one: %+v", got)
	}
	l.Receive(session.Status{Stage: "ready"})
	l.Do("problem")
	if l.Growth.Rounds != 0 || l.Planted() && uint64(l.Trace.Seed) == l.View.Seed {
		t.Error("a new problem has the tree of the old one")
	}
}

func TestTreePage(t *testing.T) {
	l, _ := pageTreeBench(t)
	html := func() string { return app.HTMLString(l) }
	if !strings.Contains(html(), "No tree of this problem yet") {
		t.Error("the page without a tree says nothing")
	}
	l.Receive(labtest.Tree())
	l.Do("node:3")
	l.Do("fold:tree-list")
	text := html()
	for _, want := range []string{
		"2 of 4 right", "4 leaves of 6 initial responses, branch points by FCI. 1,234 tokens sampled at temperature 1, 45,678 with the prefix of every leaf",
		"<strong>", "V(s) = reward of the leaves below / leaves = 0 / 1", "GA(s) = V(s) − V(root) = 0.000 − 0.500", "✗ wrong", "node 1 · 0.667", "0.125", `data-do="node:5"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if n := strings.Count(text, score.NodeSource); n != 1 {
		t.Errorf("the source of the advantage is shown %d times", n)
	}
	l.Do("node:5")
	if !strings.Contains(html(), "counts in V(root) only") {
		t.Error("a response that is not trained on does not say so")
	}
	other := labtest.Trace()
	other.Text = append([]string{"<bos>", "z", "8"}, other.Text[3:]...)
	l.Trace = other
	if !strings.Contains(html(), "No tree of this problem yet") {
		t.Error("the tree of another problem is shown")
	}
}

func TestReading(t *testing.T) {
	of := func(n int, a, seA, b, seB float64) *session.Rules {
		return &session.Rules{Problems: n, Of: n, Rows: []session.RuleOutcome{
			{Branch: "fci", Problems: n, Valid: a, ValidSE: seA, Sampled: 300, Position: 0.25}, {Branch: "entropy", Problems: n, Valid: b, ValidSE: seB, Sampled: 200, Position: 0.5}}}
	}
	for _, c := range []struct {
		rules *session.Rules
		want  string
	}{
		{of(100, 0.6, 0.03, 0.4, 0.04), "0.200 more of the problems than by entropy (± 0.050), which is more than two standard errors."},
		{of(100, 0.4, 0.03, 0.6, 0.04), "0.200 fewer of the problems than by entropy (± 0.050)"},
		{of(100, 0.5, 0.03, 0.45, 0.04), "too close to call"},
		{of(100, 0.5, 0.03, 0.45, 0.04), "cost 1.5 times the tokens by FCI, whose branch points lie at 0.250 of the response against 0.500"},
		{of(1, 1, 0, 0, 0), "One problem is too few"},
		{&session.Rules{}, ""},
	} {
		if got := explain.Reading(c.rules); !strings.Contains(got, c.want) {
			t.Errorf("%+v reads %q, want %q", c.rules.Rows, got, c.want)
		}
	}
	l, engine := pageTreeBench(t)
	l.Set("over", "32")
	l.Set("other-rival", "random")
	l.Do("compare-rules")
	if got, want := labtest.Sent(t, engine, 1)[0], any(session.CompareRules{Rules: [2]string{"fci", "random"}, Rule: l.Growth.Rule, Problems: 32, Seed: 1}); got != want {
		t.Errorf("comparing sends %#v, want %#v", got, want)
	}
	l.Receive(*of(100, 0.6, 0.03, 0.4, 0.04))
	if html := app.HTMLString(l); !strings.Contains(html, "over 100 problems") || !strings.Contains(html, "300.0") || !strings.Contains(html, " ± 0.040") {
		t.Error("the table of rules is not on the page")
	}
}
