package lab

import (
	"cmp"
	"strconv"

	"attnlab/app/session"
)

// treeActions are the actions of the Tree page.
func treeActions() []Action {
	problem := func(l *Lab) bool { return l.Ready() && l.Recorded == "" && len(l.Trace.Tokens) > 0 }
	unfinished := func(l *Lab) bool { return problem(l) && !(l.sameGrowth() && l.Tree.Done) }
	grow := func(unit string, again bool) func(l *Lab, _ string) {
		return func(l *Lab, _ string) { l.grow(unit, again || !l.sameGrowth()) }
	}
	relative := func(which string) func(l *Lab, _ string) { return func(l *Lab, _ string) { l.moveNode(which) } }
	return []Action{
		{"grow", "tree:g", "Tree: grow it to the end", false, unfinished, grow("all", false)},
		{"grow-round", "tree:Space", "Tree: grow it by one round", false, unfinished, grow("round", false)},
		{"grow-again", "tree:r", "Tree: start again with initial responses", false, problem, func(l *Lab, a string) { l.grow(cmp.Or(a, "round"), true) }},
		{"compare-rules", "tree:x", "Tree: compare two rules over many problems", false, func(l *Lab) bool { return l.Ready() }, func(l *Lab, _ string) {
			l.Rules = session.Rules{}
			l.Send(session.CompareRules{Rules: l.Growth.Rivals, Rule: l.Growth.Rule, Problems: l.Growth.Over, Seed: l.Growth.Seed})
		}},
		{"branch", "tree:F2", "Tree: write another first step for the selected node", false, func(l *Lab) bool { _, ok := l.branchable(); return ok }, func(l *Lab, _ string) { l.draftBranch() }},
		{"branch-write", "", "", false, func(l *Lab) bool { return l.drafting() }, func(l *Lab, _ string) { l.writeBranch() }},
		{"branch-close", "", "", false, nil, func(l *Lab, _ string) { l.BranchOf = -1 }},
		{"unbranch", "", "Tree: drop the last branch by hand", false, func(l *Lab) bool { return l.Ready() && len(l.Tree.Hand) > 0 }, func(l *Lab, _ string) { l.unbranch() }},
		{"node", "", "", true, nil, func(l *Lab, a string) { l.selectNode(parse(a, -1, strconv.Atoi)) }},
		{"node-parent", "tree:ArrowLeft tree:h", "Tree: select the parent node", true, nil, relative("parent")},
		{"node-child", "tree:ArrowRight tree:l", "Tree: select the first child node", true, nil, relative("child")},
		{"node-down", "tree:ArrowDown tree:j", "Tree: select the next sibling", true, nil, relative("1")},
		{"node-up", "tree:ArrowUp tree:k", "Tree: select the previous sibling", true, nil, relative("-1")},
	}
}
