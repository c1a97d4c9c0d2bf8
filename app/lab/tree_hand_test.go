package lab

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

// A chosen node gets another first step; the branch is selected once it is there, stands in the link, and undo drops it.
func TestBranchByHand(t *testing.T) {
	l, engine := treeBench(t)
	l.Receive(labtest.Tree())
	l.Receive(session.Status{Stage: "ready"})
	branches := func() []session.HandBranch {
		t.Helper()
		for {
			switch m := labtest.Sent(t, engine, 1)[0].(type) {
			case session.BranchByHand:
				return m.Branches
			case session.Select, session.GrowTree, session.Restore:
			default:
				t.Fatalf("the command is %#v", m)
			}
		}
	}
	for _, root := range []string{"node:0", "node:1"} { // they begin at the problem
		l.Do(root)
		if l.Do("branch"); l.BranchOf >= 0 {
			t.Fatalf("%s has the draft %q", root, l.BranchText)
		}
	}
	l.Do("node:3")
	l.Do("branch")
	if l.BranchOf != 3 || l.BranchText != "b 1" {
		t.Fatalf("the draft of node %d is %q", l.BranchOf, l.BranchText)
	}
	l.Set("branch-text", " ")
	l.Do("branch-write") // empty: nothing happens
	l.Set("branch-text", "b 2")
	l.Do("branch-write")
	want := session.HandBranch{Tree: 0, At: 6, Text: "b 2"}
	if got := branches(); !reflect.DeepEqual(got, []session.HandBranch{want}) {
		t.Fatalf("the engine is asked for %+v", got)
	}
	grown := labtest.Tree()
	grown.Number++
	grown.Hand = []session.HandBranch{{Tree: 0, At: 6, Tokens: []int{5, 9, 3}, Text: "b 2\n"}}
	leaf := grown.Nodes[4]
	leaf.ID, leaf.Text, leaf.ByHand = 6, "b 2\n", true
	grown.Nodes = append(slices.Clone(grown.Nodes), leaf)
	l.Receive(grown)
	l.Receive(session.Status{Stage: "ready"})
	if l.Selection.Node != 6 || l.BranchOf >= 0 || !strings.Contains(l.View.String(), "by-hand=6-0-5.9.3") {
		t.Errorf("node %d is selected, the link is %s", l.Selection.Node, l.View.String())
	}
	v, unread := ParseLink(l.View.String())
	if v != l.View || unread != "" {
		t.Errorf("the link reads as %+v, unread %q", v.Growth, unread)
	}
	l.Do("undo")
	if got := branches(); len(got) != 0 {
		t.Errorf("undo asks for %+v", got)
	}
	l.Receive(session.Status{Stage: "ready"})
	l.Do("unbranch")
	if got := branches(); len(got) != 0 {
		t.Errorf("the button asks for %+v", got)
	}
	if v, unread := ParseLink("page=tree&seed=4&by-hand=6-0-5"); v.Growth.Hand != "" || !strings.Contains(unread, "by-hand") {
		t.Errorf("a branch of no tree reads as %q", v.Growth.Hand)
	}

	_, other := ready(t, v)
	for {
		switch m := labtest.Sent(t, other, 1)[0].(type) {
		case session.BranchByHand:
			if len(m.Branches) != 1 || !m.Branches[0].Same(grown.Hand[0]) {
				t.Errorf("the link asks for %+v", m)
			}
			return
		case session.Restore:
			if m.Tree == nil {
				t.Errorf("the link grows no tree: %+v", m)
			}
		}
	}
}
