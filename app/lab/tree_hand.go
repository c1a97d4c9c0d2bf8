package lab

import (
	"slices"
	"strings"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
)

// branching is what the page holds about branches that a visitor begins.
type branching struct {
	BranchOf   int    // node of the draft, -1 for none
	BranchText string // of its first step, as typed
	branched   *View  // the view before a branch that the engine has not made yet
}

// branchable is the selected node where a branch can begin beside it: not at the problem.
func (l *Lab) branchable() (n session.TreeNode, ok bool) {
	if !l.Ready() || !l.Planted() {
		return n, false
	}
	n, ok = explain.FindNode(&l.Tree, l.Selection.Node)
	return n, ok && n.Parent >= 0 && n.Start > l.Tree.Prompt
}

// draftBranch opens the field for the first step of the selected node.
func (l *Lab) draftBranch() {
	n, _ := l.branchable()
	l.BranchOf = n.ID
	l.BranchText, _, _ = strings.Cut(n.Text, "\n")
	l.screen.Focus("branch-text")
}

// drafting reports whether there is a draft that can be written.
func (l *Lab) drafting() bool {
	n, ok := l.branchable()
	return ok && n.ID == l.BranchOf && strings.TrimSpace(l.BranchText) != ""
}

// writeBranch adds the drafted branch.
func (l *Lab) writeBranch() {
	n, _ := l.branchable()
	l.sendBranches(append(slices.Clip(l.Tree.Hand), session.HandBranch{Tree: n.Tree, At: n.Start, Text: l.BranchText}))
}

// unbranch drops the last branch by hand.
func (l *Lab) unbranch() { l.sendBranches(l.Tree.Hand[:len(l.Tree.Hand)-1]) }

func (l *Lab) sendBranches(branches []session.HandBranch) {
	before := l.View
	l.branched = &before
	own := slices.Clone(branches)
	for i := range own {
		if len(own[i].Tokens) > 0 {
			own[i].Text = ""
		}
	}
	l.Send(session.BranchByHand{Branches: own})
}

// followBranches closes the draft, selects the new branch and lets undo go back to the view before.
func (l *Lab) followBranches(event any) {
	if l.branched == nil {
		return
	}
	switch m := event.(type) {
	case session.Failure:
		l.branched = nil
	case session.Status:
		if !m.Busy {
			l.branched = nil
		}
	case session.Tree:
		if l.Growth.Hand == l.branched.Growth.Hand {
			return
		}
		l.remember(*l.branched)
		grew := len(l.Growth.Hand) > len(l.branched.Growth.Hand)
		l.branched, l.BranchOf, l.BranchText = nil, -1, ""
		if last := len(m.Hand) - 1; grew && last >= 0 {
			for _, n := range m.Nodes { // of several at one place the newest is the last
				if n.ByHand && n.Tree == m.Hand[last].Tree && n.Start == m.Hand[last].At {
					l.Selection.Node = n.ID
				}
			}
			l.selected()
		}
	}
}
