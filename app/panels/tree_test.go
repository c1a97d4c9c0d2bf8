package panels

import (
	"math"
	"strings"
	"testing"

	"attnlab/app/session"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// grown is a finished tree over the problem of [made]: one response that was branched into two more, and one that was
// not.
func grown() session.Tree {
	right, wrong := 1.0, 0.0
	t := session.Tree{Number: 3, Problem: "<bos> k 8", Gold: "4", Seed: 1, Rule: startGrowth().Rule, Prompt: 3, Done: true, Sampled: 1234, Charged: 45678,
		Points: []session.BranchView{{Tree: 0, Step: 1, Token: 6, Score: 0.125, Node: 1}}}
	t.Nodes = []session.TreeNode{
		{ID: 0, Parent: -1, Tree: -1, Start: 0, End: 3, Text: "<bos> k 8", Leaves: 4},
		{ID: 1, Parent: 0, Tree: 0, Start: 3, End: 6, Text: "b &k 8\n", Leaves: 3, Trained: true},
		{ID: 2, Parent: 1, Tree: 0, Start: 6, End: 14, Text: "b 0", Leaves: 1, Reward: &right, Trained: true},
		{ID: 3, Parent: 1, Tree: 0, Start: 6, End: 12, Text: "b 1", Leaves: 1, Reward: &wrong, Trained: true},
		{ID: 4, Parent: 1, Tree: 0, Start: 6, End: 13, Text: "j 0", Leaves: 1, Reward: &right, Trained: true},
		{ID: 5, Parent: 0, Tree: 1, Start: 3, End: 10, Text: "wait", Leaves: 1, Reward: &wrong},
	}
	values := []float64{1. / 2, 2. / 3, 1, 0, 1, 0}
	for i := range t.Nodes {
		n := &t.Nodes[i]
		if n.Value = &values[i]; n.Parent < 0 {
			continue
		}
		n.Global, n.Local = values[i]-values[0], values[i]-values[n.Parent]
		if n.Trained {
			n.Advantage = (n.Global + n.Local) / math.Sqrt(float64(n.Leaves))
		}
	}
	return t
}

// treeBench is a bench on the Tree page whose engine rests.
func treeBench(t *testing.T) (*Lab, *session.Port) {
	v := Start()
	v.Page = pageTree
	l, engine := ready(t, v)
	said(t, engine, 2)
	l.hear(made())
	l.hear(session.Status{Stage: "ready"})
	return l, engine
}

func TestGrowthAsLink(t *testing.T) {
	all := Start()
	all.Page = pageTree
	all.Growth = Growth{Rule: session.TreeRule{Branch: "random", Initial: 3, Points: 0, Rollouts: 5}, Seed: math.MaxUint64, Rounds: 4, Rivals: [2]string{"earliest", "random"}, Over: 99}
	all.Selection.Node = 17
	done := all
	done.Growth = startGrowth()
	done.Growth.Rounds = AllRounds
	for _, v := range []View{all, done} {
		if got := ParseView("#" + v.String()); got != v {
			t.Errorf("%s\n reads back as %+v\n want          %+v", v, got, v)
		}
	}
	got := ParseView("page=tree&rule=best&m=0&n=99&t=x&rounds=-7&rivals=fci&over=0&node=-3")
	want := startGrowth()
	want.Rule.Initial, want.Rule.Points, want.Rounds, want.Over = 1, maxPoints, AllRounds, 1
	if got.Growth != want || got.Selection.Node != -1 {
		t.Errorf("nonsense reads as %+v, want %+v", got.Growth, want)
	}
}

func TestNodeTermsAddUp(t *testing.T) {
	tree := grown()
	for _, n := range tree.Nodes {
		terms := map[string]session.Term{}
		for _, term := range nodeTerms(&tree, n) {
			terms[term.Name] = term
		}
		right, leaves := leavesBelow(&tree, n.ID)
		if v := terms["value"]; leaves != n.Leaves || v.Value != right/float64(leaves) {
			t.Errorf("node %d: V = %v, leaves say %v / %d", n.ID, v.Value, right, leaves)
		}
		sum, trained := terms["tree advantage"]
		if trained != n.Trained {
			t.Errorf("node %d is trained on: %v, and has an advantage: %v", n.ID, n.Trained, trained)
		}
		if want := (terms["global advantage"].Value + terms["local advantage"].Value) / terms["root of its leaves"].Value; trained && math.Abs(sum.Value-want) > 1e-12 {
			t.Errorf("node %d: the advantage is %v, its terms come to %v", n.ID, sum.Value, want)
		}
	}
	node := nodeTerms(&tree, tree.Nodes[3])
	if got, want := node[len(node)-1].Form, "Â(s) = (GA + LA) / √|L| = (−0.500 + (−0.667)) / 1.000"; got != want {
		t.Errorf("the advantage is written %q, want %q", got, want)
	}
	tree.Nodes[2].Value = nil
	if terms := nodeTerms(&tree, tree.Nodes[2]); terms != nil {
		t.Errorf("a node without a finished leaf has the terms %v", terms)
	}
}

func TestNodesByKeyboard(t *testing.T) {
	l, engine := treeBench(t)
	l.hear(grown())
	for i, c := range []struct {
		key  string
		want int
	}{{"ArrowRight", 0}, {"ArrowRight", 1}, {"ArrowRight", 2}, {"ArrowRight", 2}, {"ArrowDown", 3}, {"j", 4}, {"ArrowDown", 4}, {"ArrowUp", 3}, {"ArrowLeft", 1}, {"ArrowDown", 5}, {"h", 0}, {"ArrowLeft", 0}, {"ArrowUp", 0}} {
		moved := c.want != l.Selection.Node
		l.do(actionOfKey(l.Page, c.key))
		if l.Selection.Node != c.want {
			t.Fatalf("press %d, %s: node %d is selected, want %d", i, c.key, l.Selection.Node, c.want)
		}
		if moved {
			if got := said(t, engine, 1)[0].(session.Select).Selection; got.Node != c.want {
				t.Fatalf("press %d: the other screens hear of %+v", i, got)
			}
		}
	}
	if actionOfKey(pageTrace, "ArrowRight") != "forward" {
		t.Error("the tree's keys are for other pages too")
	}
}

func TestGrowing(t *testing.T) {
	l, engine := treeBench(t)
	next := func() session.GrowTree {
		t.Helper()
		for {
			if g, ok := said(t, engine, 1)[0].(session.GrowTree); ok {
				return g
			}
		}
	}
	rule := l.Growth.Rule
	l.do("grow-round")
	if got, want := next(), (session.GrowTree{Unit: "round", Restart: true, Rule: rule, Seed: 1}); got != want {
		t.Fatalf("the first round is %+v, want %+v", got, want)
	}
	part := grown()
	part.Done, part.Points, part.Next = false, nil, "choose branch points."
	l.hear(part)
	l.hear(session.Status{Stage: "ready"})
	if l.Growth.Rounds != 1 || !strings.Contains(app.HTMLString(l), "Next: choose branch points.") {
		t.Errorf("after initial responses the view has %d rounds", l.Growth.Rounds)
	}
	l.do("grow")
	if got, want := next(), (session.GrowTree{Unit: "all", Rule: rule, Seed: 1}); got != want {
		t.Fatalf("the rest is %+v, want %+v", got, want)
	}
	l.hear(grown())
	l.hear(session.Status{Stage: "ready"})
	if a, _ := findAction("grow"); a.may(l) || l.Growth.Rounds != AllRounds {
		t.Error("a finished tree can be grown")
	}
	l.set("rule", "entropy")
	if a, _ := findAction("grow"); !a.may(l) || l.Growth.Rounds != 0 {
		t.Error("a tree by another rule cannot be grown")
	}
	l.set("rule", "fci")
	if l.Growth.Rounds != AllRounds {
		t.Error("back at its rule, the tree is not the one on show")
	}
	l.set("initial", "99")
	if l.Growth.Rule.Initial != maxInitial {
		t.Errorf("M became %d", l.Growth.Rule.Initial)
	}
	l.do("grow-round")
	if got := next(); !got.Restart || got.Rule.Initial != maxInitial {
		t.Errorf("another tree goes on from the old one: %+v", got)
	}
	l.hear(session.Status{Stage: "ready"})
	l.do("problem")
	if l.Growth.Rounds != 0 || l.planted() && l.trace.Seed == l.View.Seed {
		t.Error("a new problem has the tree of the old one")
	}
}

func TestLinkGrowsItsTree(t *testing.T) {
	v := Start()
	v.Page, v.Growth.Rounds, v.Selection.Node = pageTree, 2, 4
	l, engine := ready(t, v)
	got := said(t, engine, 4)
	rule := v.Growth.Rule
	if got[1] != any(session.GrowTree{Unit: "round", Restart: true, Rule: rule, Seed: 1}) || got[2] != any(session.GrowTree{Unit: "round", Rule: rule, Seed: 1}) {
		t.Errorf("a link of two rounds: %#v", got)
	}
	l.hear(made())
	l.hear(grown())
	if l.Selection.Node != 4 {
		t.Errorf("node %d is selected, the link says 4", l.Selection.Node)
	}
	same := l.View
	same.Selection.Node = 1
	l.goTo(same)
	if got := said(t, engine, 1)[0]; got != any(session.Select{Selection: same.Selection}) {
		t.Errorf("another node of the same tree: %#v", got)
	}
}

func TestSelectionFollowsAGrowingTree(t *testing.T) {
	l, engine := treeBench(t)
	whole := grown() // before its branch point
	reward := 1.0
	whole.Number, whole.Done, whole.Points = 2, false, nil
	whole.Nodes = []session.TreeNode{whole.Nodes[0],
		{ID: 1, Parent: 0, Tree: 0, Start: 3, End: 14, Text: "b &k 8\n b 0", Leaves: 1, Reward: &reward, Value: &reward},
		{ID: 2, Parent: 0, Tree: 1, Start: 3, End: 10, Text: "wait", Leaves: 1, Reward: &reward, Value: &reward}}
	l.hear(whole)
	for from, to := range map[int]int{0: 0, 1: 1, 2: 5, -1: -1} {
		l.tree = whole
		l.selectNode(from)
		said(t, engine, 1)
		l.hear(grown())
		if l.Selection.Node != to {
			t.Errorf("node %d has become node %d, the selection is at %d", from, to, l.Selection.Node)
		}
		if from != to {
			if got := said(t, engine, 1)[0].(session.Select).Selection.Node; got != to {
				t.Errorf("the other screens hear of node %d", got)
			}
		}
	}
	l.selectNode(3)
	said(t, engine, 1)
	other := grown()
	other.Rule.Branch = "random"
	if l.hear(other); l.Selection.Node != -1 {
		t.Errorf("node %d of another tree is selected", l.Selection.Node)
	}
}

func TestTreePage(t *testing.T) {
	l, _ := treeBench(t)
	html := func() string { return app.HTMLString(l) }
	if !strings.Contains(html(), "No tree of this problem yet") {
		t.Error("the page without a tree says nothing")
	}
	l.hear(grown())
	l.do("node:3")
	l.do("fold:tree-list")
	text := html()
	for _, want := range []string{
		"4 leaves of 6 initial responses, branch points by FCI; 2 right. 1,234 tokens sampled, 45,678 with the prefix of every leaf",
		"<strong>", "V(s) = right leaves / leaves = 0 / 1", "GA(s) = V(s) − V(root) = 0.000 − 0.500", "✗ wrong", "node 1 · 0.667", "0.125", `data-do="node:5"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	l.do("node:5")
	if !strings.Contains(html(), "counts in V(root) only") {
		t.Error("a response that is not trained on does not say so")
	}
	other := made()
	other.Text = append([]string{"<bos>", "z", "8"}, other.Text[3:]...)
	l.trace = other
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
		{of(1, 1, 0, 0, 0), "One problem says nothing"},
		{&session.Rules{}, ""},
	} {
		if got := reading(c.rules); !strings.Contains(got, c.want) {
			t.Errorf("%+v reads %q, want %q", c.rules.Rows, got, c.want)
		}
	}
	l, engine := treeBench(t)
	l.set("over", "32")
	l.set("other-rival", "random")
	l.do("compare-rules")
	if got, want := said(t, engine, 1)[0], any(session.CompareRules{Rules: [2]string{"fci", "random"}, Rule: l.Growth.Rule, Problems: 32, Seed: 1}); got != want {
		t.Errorf("comparing sends %#v, want %#v", got, want)
	}
	l.hear(*of(100, 0.6, 0.03, 0.4, 0.04))
	if html := app.HTMLString(l); !strings.Contains(html, "over 100 problems") || !strings.Contains(html, "300.0") || !strings.Contains(html, " ± 0.040") {
		t.Error("the table of rules is not on the page")
	}
}
