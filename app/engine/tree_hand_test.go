package engine

import (
	"slices"
	"strings"
	"testing"

	"attnlab/app/session"
)

// A branch by hand hangs where the response was cut, begins with what was written, and changes nothing of the tree's own nodes but their values.
func TestBranchByHand(t *testing.T) {
	s := start(t, able(t), openHost, session.NewProblem{Seed: 7, Difficulty: "4"})
	s.refused(session.BranchByHand{Branches: []session.HandBranch{{}}}, "grow one first")
	c := rule
	c.Branch = "earliest"
	grow := func(unit string, restart bool) {
		s.must(session.GrowTree{Unit: unit, Restart: restart, Rule: c, Seed: 5})
	}
	grow("all", true)
	whole := s.tree
	k := slices.IndexFunc(whole.Nodes, func(n session.TreeNode) bool {
		return n.Reward == nil && n.Start > whole.Prompt || n.Reward != nil && n.Start > whole.Prompt
	})
	at := whole.Nodes[k]
	written := "wait"
	branch := session.HandBranch{Tree: at.Tree, At: at.Start, Text: written}
	s.must(session.BranchByHand{Branches: []session.HandBranch{branch}})
	grown := s.tree
	i := slices.IndexFunc(grown.Nodes, func(n session.TreeNode) bool { return n.ByHand })
	if len(grown.Nodes) != len(whole.Nodes)+1 || i < 0 {
		t.Fatalf("%d nodes became %d", len(whole.Nodes), len(grown.Nodes))
	}
	n := grown.Nodes[i]
	if n.Start != at.Start || n.Tree != at.Tree || n.Reward == nil || !strings.HasPrefix(n.Text, written+"\n") || grown.Nodes[n.Parent].End != n.Start {
		t.Errorf("the branch is %+v, from %+v", n, at)
	}
	if len(grown.Hand) != 1 || grown.Hand[0].Text != written+"\n" || len(grown.Hand[0].Tokens) != 2 || grown.Nodes[0].Leaves != whole.Nodes[0].Leaves+1 {
		t.Errorf("branches by hand: %+v, leaves %d", grown.Hand, grown.Nodes[0].Leaves)
	}
	own := slices.DeleteFunc(slices.Clone(grown.Nodes), func(n session.TreeNode) bool { return n.ByHand })
	for j, old := range whole.Nodes {
		if own[j].Text != old.Text || own[j].Start != old.Start || (own[j].Reward == nil) != (old.Reward == nil) {
			t.Errorf("node %d was %+v and is %+v", j, old, own[j])
		}
	}

	link, err := session.ParseBranches(session.BranchesText(grown.Hand))
	if err != nil {
		t.Fatal(err)
	}
	grow("round", true) // the branch is the same on a tree that is not finished, and the tree then grows as without it
	if len(s.tree.Hand) != 0 {
		t.Error("a new tree has the branch")
	}
	s.must(session.BranchByHand{Branches: link})
	grow("all", false)
	again := s.tree
	again.Number, grown.Number = 0, 0
	if text(t, again) != text(t, grown) {
		t.Errorf("branched earlier\n%s\nbranched later\n%s", text(t, again), text(t, grown))
	}
	s.must(session.BranchByHand{})
	if len(s.tree.Nodes) != len(whole.Nodes) || *s.tree.Nodes[0].Value != *whole.Nodes[0].Value {
		t.Errorf("without the branch there are %d nodes, want %d", len(s.tree.Nodes), len(whole.Nodes))
	}
	for _, wrong := range []struct {
		branch session.HandBranch
		want   string
	}{
		{session.HandBranch{Tree: 9, At: at.Start, Tokens: []int{3}}, "no response 10"},
		{session.HandBranch{Tree: 0, At: whole.Prompt, Text: "wait"}, "does not begin at the problem"},
		{session.HandBranch{Tree: 0, At: at.Start, Text: "zebra"}, "zebra"},
		{session.HandBranch{Tree: 0, At: 9999, Tokens: []int{3}}, "not one of the response"},
	} {
		before := s.tree.Number
		if s.refused(session.BranchByHand{Branches: []session.HandBranch{wrong.branch}}, wrong.want); s.tree.Number != before {
			t.Errorf("%+v changed the tree", wrong.branch)
		}
	}
}
