package panels

import (
	"slices"
	"strings"
	"testing"

	"attnlab/app/lab"
	"attnlab/app/lab/labtest"
	"attnlab/app/session"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// The panel offers what can be changed, marks what was, and sets the response before beside the one after.
func TestEditPanel(t *testing.T) {
	l, engine := pageReady(t, lab.Start())
	labtest.Sent(t, engine, 1)
	l.Receive(session.Status{Stage: "ready"})
	l.Receive(labtest.Trace())
	panel := func() string { return l.panelText("edit") }
	if html := panel(); !strings.Contains(html, "Select a step to rewrite it") || strings.Contains(html, "<table") || strings.Contains(html, "<textarea") {
		t.Errorf("without a selection the panel has\n%s", html)
	}
	l.Do("step:1")
	l.Do("insert")
	if html := panel(); !strings.Contains(html, "a step after 2") || !strings.Contains(html, "Delete step 2") {
		t.Errorf("with a draft the panel has\n%s", html)
	}
	l.Do("token:6")
	if html := app.HTMLString(l); strings.Count(html, `data-do="force:9"`) != 1 || strings.Count(html, `id="alternative"`) != 1 || strings.Contains(html, `data-do="force:6"`) {
		t.Error("the alternatives of a token are not one other token")
	}

	there := labtest.Trace()
	was := labtest.Trace()
	there.Number++
	there.Text, there.Correct, there.Found = slices.Clone(there.Text), false, "5"
	there.Text[5] = "changed"
	there.Edits = []session.Edit{{At: 5, Tokens: there.Tokens[5:7], Text: "b 5\n", Seed: 9, Was: was.Tokens[5:]}}
	there.Before = &session.Version{Tokens: was.Tokens, Text: was.Text, Steps: was.Steps, Think: was.Think, Answer: was.Answer, Complete: true, WellFormed: true, Correct: true, Found: "4"}
	l.Receive(there)
	html := panel()
	for _, want := range []string{"from token 5 on: ", "b 5", "the rest by seed 9", "The answer was 4, right, and is now 5, wrong. The first difference is token 3 of the response.", "before: 4 steps, 11 tokens, right", "after: 4 steps, 11 tokens, wrong"} {
		if !strings.Contains(html, want) {
			t.Errorf("the panel lacks %q:\n%s", want, html)
		}
	}
	if n := strings.Count(html, "forced"); n != 2 {
		t.Errorf("%d tokens of the comparison are marked as written, want 2", n)
	}
}

// The panel of a node offers another first step where it does not begin at the problem, and names a branch by hand.
func TestBranchByHandPanel(t *testing.T) {
	l, _ := pageTreeBench(t)
	tree := labtest.Tree()
	tree.Nodes[4].ByHand, tree.Hand = true, []session.HandBranch{{Tree: 0, At: 6, Tokens: []int{1}, Text: "j 0"}}
	l.Receive(tree)
	l.Receive(session.Status{Stage: "ready"})
	for node, want := range map[string]string{"1": "This node begins at the problem", "3": "Branch by hand", "4": "Begun by hand"} {
		l.Do("node:" + node)
		if html := app.HTMLString(l); !strings.Contains(html, want) {
			t.Errorf("node %s lacks %q", node, want)
		}
	}
	l.Do("node:3")
	l.Do("branch")
	if html := app.HTMLString(l); !strings.Contains(html, `id="branch-text"`) || !strings.Contains(html, "another first step") {
		t.Error("there is no field for the branch")
	}
}
