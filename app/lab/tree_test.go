package lab

import (
	"math"
	"reflect"
	"testing"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"
	"attnlab/rl/hyper"
)

func TestGrowthAsLink(t *testing.T) {
	all := Start()
	all.Page = PageTree
	all.Growth = Growth{Rule: session.TreeRule{Branch: "random", Initial: 3, Points: 0, Rollouts: 5}, Seed: math.MaxUint64, Rounds: 4, Rivals: [2]string{"earliest", "random"}, Over: 99}
	all.Selection.Node = 17
	done := all
	done.Growth = startGrowth()
	done.Growth.Rounds = AllRounds
	for _, v := range []View{all, done} {
		if got := viewOf("#" + v.String()); got != v {
			t.Errorf("%s\n reads back as %+v\n want          %+v", v, got, v)
		}
	}
	got := viewOf("page=tree&rule=best&m=0&n=99&t=x&rounds=-7&rivals=fci&over=0&node=-3")
	want := startGrowth()
	want.Rule.Initial, want.Rule.Points, want.Rounds, want.Over = 1, int(hyper.Points.Max), AllRounds, 1
	if got.Growth != want || got.Selection.Node != -1 {
		t.Errorf("nonsense reads as %+v, want %+v", got.Growth, want)
	}
}

func TestNodesByKeyboard(t *testing.T) {
	l, engine := treeBench(t)
	l.Receive(labtest.Tree())
	for i, c := range []struct {
		key  string
		want int
	}{{"ArrowRight", 0}, {"ArrowRight", 1}, {"ArrowRight", 2}, {"ArrowRight", 2}, {"ArrowDown", 3}, {"j", 4}, {"ArrowDown", 4}, {"ArrowUp", 3}, {"ArrowLeft", 1}, {"ArrowDown", 5}, {"h", 0}, {"ArrowLeft", 0}, {"ArrowUp", 0}} {
		moved := c.want != l.Selection.Node
		l.Do(actionOfKey(l.Page, c.key))
		if l.Selection.Node != c.want {
			t.Fatalf("press %d, %s: node %d is selected, want %d", i, c.key, l.Selection.Node, c.want)
		}
		if moved {
			if got := labtest.Sent(t, engine, 1)[0].(session.Select).Selection; got.Node != c.want {
				t.Fatalf("press %d: the other screens receive %+v", i, got)
			}
		}
	}
	if actionOfKey(PageTrace, "ArrowRight") != "forward" {
		t.Error("the tree's keys are for other pages too")
	}
}

func TestLinkGrowsItsTree(t *testing.T) {
	v := Start()
	v.Page, v.Growth.Rounds, v.Selection.Node = PageTree, 2, 4
	l, engine := ready(t, v)
	got := labtest.Sent(t, engine, 1)[0].(session.Restore)
	if !reflect.DeepEqual(got.Tree, &session.GrowTree{Unit: "all", Restart: true, Rule: v.Growth.Rule, Seed: 1}) || got.Rounds != 2 {
		t.Errorf("a link of two rounds: %#v", got)
	}
	l.Receive(labtest.Trace())
	l.Receive(labtest.Tree())
	if l.Selection.Node != 4 {
		t.Errorf("node %d is selected, the link says 4", l.Selection.Node)
	}
	same := l.View
	same.Selection.Node = 1
	l.GoTo(same)
	if got := labtest.Sent(t, engine, 1)[0]; got != any(session.Select{Selection: same.Selection}) {
		t.Errorf("another node of the same tree: %#v", got)
	}
}

func TestSelectionFollowsAGrowingTree(t *testing.T) {
	l, engine := treeBench(t)
	whole := labtest.Tree() // before its branch point
	reward := 1.0
	whole.Number, whole.Done, whole.Points = 2, false, nil
	whole.Nodes = []session.TreeNode{whole.Nodes[0],
		{ID: 1, Parent: 0, Tree: 0, Start: 3, End: 14, Text: "b &k 8\n b 0", Leaves: 1, Reward: &reward, Value: &reward},
		{ID: 2, Parent: 0, Tree: 1, Start: 3, End: 10, Text: "wait", Leaves: 1, Reward: &reward, Value: &reward}}
	l.Receive(whole)
	for from, to := range map[int]int{0: 0, 1: 1, 2: 5, -1: -1} {
		l.Tree = whole
		l.selectNode(from)
		labtest.Sent(t, engine, 1)
		l.Receive(labtest.Tree())
		if l.Selection.Node != to {
			t.Errorf("node %d has become node %d, the selection is at %d", from, to, l.Selection.Node)
		}
		if from != to {
			if got := labtest.Sent(t, engine, 1)[0].(session.Select).Selection.Node; got != to {
				t.Errorf("the other screens receive node %d", got)
			}
		}
	}
	l.selectNode(3)
	labtest.Sent(t, engine, 1)
	other := labtest.Tree()
	other.Rule.Branch = "random"
	if l.Receive(other); l.Selection.Node != -1 {
		t.Errorf("node %d of another tree is selected", l.Selection.Node)
	}
}
