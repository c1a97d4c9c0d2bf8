package lab

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
	"attnlab/rl/hyper"
	"attnlab/rl/score"
)

// setTree gives a control of the Tree page its value; it returns false if the page has no such control. A tree with
// other settings counts as not grown.
func (l *Lab) setTree(name, value string) bool {
	g := l.Growth
	count := func(to *int, lo, hi int) {
		if n, ok := l.whole(name, value, uint64(lo), uint64(hi)); ok {
			*to = int(n)
		}
	}
	rule := func(r *string) {
		if slices.Contains(score.BranchNames(), value) {
			*r = value
		}
	}
	switch name {
	case "rule":
		rule(&g.Rule.Branch)
	case "initial":
		count(&g.Rule.Initial, int(hyper.Initial.Min), int(hyper.Initial.Max))
	case "points":
		count(&g.Rule.Points, int(hyper.Points.Min), int(hyper.Points.Max))
	case "rollouts":
		count(&g.Rule.Rollouts, int(hyper.Rollouts.Min), int(hyper.Rollouts.Max))
	case "tree-seed":
		if n, ok := l.whole(name, value, 0, math.MaxUint64); ok {
			g.Seed = n
		}
	case "rival":
		rule(&g.Rivals[0])
	case "other-rival":
		rule(&g.Rivals[1])
	case "over":
		count(&g.Over, 1, session.MaxProblems)
	case "branch-text":
		l.BranchText = value
		return true
	default:
		return false
	}
	if g.Rule != l.Growth.Rule || g.Seed != l.Growth.Seed {
		g = g.ungrown()
	}
	l.Growth = g
	if l.sameGrowth() { // back to the tree that is drawn
		l.Growth.Rounds, l.Growth.Hand = rounds(&l.Tree), session.BranchesText(l.Tree.Hand)
	}
	return true
}

// grow asks for one round, or all that are left.
func (l *Lab) grow(unit string, restart bool) {
	if restart {
		l.Growth, l.Selection.Node = l.Growth.ungrown(), -1
		l.selected()
	}
	if unit == "all" {
		l.Growth.Rounds = AllRounds
	}
	l.Send(session.GrowTree{Unit: unit, Restart: restart, Rule: l.Growth.Rule, Seed: l.Growth.Seed})
}

// restoresTree reports whether the view has another tree than the one that is drawn.
func (l *Lab) restoresTree(old *View) bool {
	g := l.Growth
	return l.Page == PageTree && l.Recorded == "" && g.Rounds != 0 && !(old != nil && old.sameProblem(l.View) && l.sameGrowth() && rounds(&l.Tree) == g.Rounds)
}

// takeTree shows a newer tree.
func (s *State) takeTree(t session.Tree) {
	if t.Number < s.Tree.Number {
		return
	}
	if s.wanted == nil || s.wanted.Node != s.Selection.Node { // a link names a node of the finished tree
		s.Selection.Node = follow(&s.Tree, &t, s.Selection.Node)
	}
	s.Tree = t
	if s.Opened && s.sameGrowth() {
		s.Growth.Rounds, s.Growth.Hand = rounds(&t), session.BranchesText(t.Hand)
	}
}

// follow finds the node that begins where an old node began, in a tree that grew: a branch point cuts a node in two, and
// all nodes get new numbers.
func follow(old, grown *session.Tree, id int) int {
	was, ok := explain.FindNode(old, id)
	switch {
	case !ok:
		return id
	case old.Problem != grown.Problem || old.Rule != grown.Rule || old.Seed != grown.Seed:
		return -1
	}
	for _, n := range grown.Nodes {
		if n.Tree == was.Tree && n.Start == was.Start && strings.HasPrefix(was.Text, n.Text) {
			return n.ID
		}
	}
	return -1
}

// Planted reports whether the tree is of the current problem.
func (s *State) Planted() bool {
	plain := func(text string) string { return strings.Join(strings.Fields(text), " ") }
	problem := plain(s.PromptText())
	return len(s.Tree.Nodes) > 0 && problem != "" && strings.Contains(plain(s.Tree.Problem), problem)
}

// sameGrowth reports whether the current tree was grown by the settings of the controls.
func (s *State) sameGrowth() bool {
	return s.Planted() && s.Tree.Rule == s.Growth.Rule && s.Tree.Seed == s.Growth.Seed
}

// rounds is how many rounds a tree has had: initial responses, branch points, then one for each that is rolled out.
func rounds(t *session.Tree) int {
	switch {
	case t.Done:
		return AllRounds
	case len(t.Nodes) == 0:
		return 0
	case len(t.Points) == 0:
		return 1
	}
	n := 2
	for _, p := range t.Points {
		if p.Node >= 0 {
			n++
		}
	}
	return n
}

// moveNode selects a relative of the selected node, the root where none is.
func (l *Lab) moveNode(relative string) {
	t := &l.Tree
	if !l.Planted() {
		return
	}
	n, ok := explain.FindNode(t, l.Selection.Node)
	if !ok {
		l.selectNode(t.Nodes[0].ID)
		return
	}
	children := explain.ChildrenOf(t)
	switch siblings := children[n.Parent]; relative {
	case "parent":
		if n.Parent >= 0 {
			l.selectNode(n.Parent)
		}
	case "child":
		if below := children[n.ID]; len(below) > 0 {
			l.selectNode(below[0].ID)
		}
	default:
		by, _ := strconv.Atoi(relative)
		at := slices.IndexFunc(siblings, func(s session.TreeNode) bool { return s.ID == n.ID })
		if to := at + by; at >= 0 && to >= 0 && to < len(siblings) {
			l.selectNode(siblings[to].ID)
		}
	}
}

func (l *Lab) selectNode(id int) {
	l.Selection.Node = id
	l.selected()
}
