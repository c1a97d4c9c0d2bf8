package panels

import (
	"slices"
	"strconv"
	"strings"

	"attnlab/app/session"
)

// treeActions are what can be done on the Tree page.
func treeActions() []action {
	problem := func(l *Lab) bool { return l.ready() && len(l.trace.Tokens) > 0 }
	unfinished := func(l *Lab) bool { return problem(l) && !(l.sameGrowth() && l.tree.Done) }
	grow := func(unit string, again bool) func(l *Lab, _ string) {
		return func(l *Lab, _ string) { l.grow(unit, again || !l.sameGrowth()) }
	}
	relative := func(which string) func(l *Lab, _ string) { return func(l *Lab, _ string) { l.moveNode(which) } }
	return []action{
		{"grow", "tree:g", "Tree: grow it to the end", false, unfinished, grow("all", false)},
		{"grow-round", "tree:Space", "Tree: grow it by one round", false, unfinished, grow("round", false)},
		{"grow-again", "tree:r", "Tree: start again with initial responses", false, problem, grow("round", true)},
		{"compare-rules", "tree:x", "Tree: compare two rules over many problems", false, func(l *Lab) bool { return l.ready() }, func(l *Lab, _ string) {
			l.rules = session.Rules{}
			l.send(session.CompareRules{Rules: l.Growth.Rivals, Rule: l.Growth.Rule, Problems: l.Growth.Over, Seed: l.Growth.Seed})
		}},
		{"node", "", "", true, nil, func(l *Lab, a string) { l.selectNode(parse(a, -1, strconv.Atoi)) }},
		{"node-parent", "tree:ArrowLeft tree:h", "Tree: select the parent node", true, nil, relative("parent")},
		{"node-child", "tree:ArrowRight tree:l", "Tree: select the first child node", true, nil, relative("child")},
		{"node-down", "tree:ArrowDown tree:j", "Tree: select the next sibling", true, nil, relative("1")},
		{"node-up", "tree:ArrowUp tree:k", "Tree: select the sibling before", true, nil, relative("-1")},
	}
}

// setTree gives a control of the Tree page its value; false where it has no such control. A tree that is asked for
// differently has not begun.
func (l *Lab) setTree(name, value string) bool {
	g := l.Growth
	count := func(n *int, lo, hi int) { *n = min(max(parse(value, *n, strconv.Atoi), lo), hi) }
	rule := func(r *string) {
		if slices.Contains(branchRules, value) {
			*r = value
		}
	}
	switch name {
	case "rule":
		rule(&g.Rule.Branch)
	case "initial":
		count(&g.Rule.Initial, 1, maxInitial)
	case "points":
		count(&g.Rule.Points, 0, maxPoints)
	case "rollouts":
		count(&g.Rule.Rollouts, 1, maxRollouts)
	case "tree-seed":
		g.Seed = parse(value, g.Seed, parseSeed)
	case "rival":
		rule(&g.Rivals[0])
	case "other-rival":
		rule(&g.Rivals[1])
	case "over":
		count(&g.Over, 1, maxComparison)
	default:
		return false
	}
	if g.Rule != l.Growth.Rule || g.Seed != l.Growth.Seed {
		g.Rounds = 0
	}
	l.Growth = g
	if l.sameGrowth() { // back to the tree on show
		l.Growth.Rounds = rounds(&l.tree)
	}
	return true
}

// grow asks for one round, or all that are left.
func (l *Lab) grow(unit string, restart bool) {
	if restart {
		l.Growth.Rounds, l.Selection.Node = 0, -1
		l.selected()
	}
	if unit == "all" {
		l.Growth.Rounds = AllRounds
	}
	l.send(session.GrowTree{Unit: unit, Restart: restart, Rule: l.Growth.Rule, Seed: l.Growth.Seed})
}

// restoreTree grows the tree that a link says.
func (l *Lab) restoreTree(old *View) {
	g := l.Growth
	if l.Page != pageTree || g.Rounds == 0 || old != nil && old.sameProblem(l.View) && l.sameGrowth() && rounds(&l.tree) == g.Rounds {
		return
	}
	if g.Rounds == AllRounds {
		l.send(session.GrowTree{Unit: "all", Restart: true, Rule: g.Rule, Seed: g.Seed})
	}
	for i := range g.Rounds {
		l.send(session.GrowTree{Unit: "round", Restart: i == 0, Rule: g.Rule, Seed: g.Seed})
	}
}

// takeTree shows a newer tree.
func (s *state) takeTree(t session.Tree) {
	if t.Number < s.tree.Number {
		return
	}
	if s.wanted == nil || s.wanted.Node != s.Selection.Node { // a link names a node of the finished tree
		s.Selection.Node = follow(&s.tree, &t, s.Selection.Node)
	}
	s.tree = t
	if s.opened && s.sameGrowth() {
		s.Growth.Rounds = rounds(&t)
	}
}

// follow is where the beginning of a node has gone in a tree that grew: a branch point cuts a node in two, and all are
// numbered anew.
func follow(old, grown *session.Tree, id int) int {
	was, ok := findNode(old, id)
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

// planted tells whether there is a tree of the problem on show.
func (s *state) planted() bool {
	plain := func(text string) string { return strings.Join(strings.Fields(text), " ") }
	problem := plain(s.promptText())
	return len(s.tree.Nodes) > 0 && problem != "" && strings.Contains(plain(s.tree.Problem), problem)
}

// sameGrowth tells whether the tree on show is grown as the controls say.
func (s *state) sameGrowth() bool {
	return s.planted() && s.tree.Rule == s.Growth.Rule && s.tree.Seed == s.Growth.Seed
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
