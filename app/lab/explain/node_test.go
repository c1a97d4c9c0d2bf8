package explain

import (
	"math"
	"strings"
	"testing"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

func TestNodeTermsAddUp(t *testing.T) {
	tree := labtest.Tree()
	for _, n := range tree.Nodes {
		terms := map[string]session.Term{}
		for _, term := range NodeTerms(&tree, n) {
			terms[term.Name] = term
		}
		right, leaves := LeavesBelow(&tree, n.ID)
		if v := terms["V"]; leaves != n.Leaves || v.Value != right/float64(leaves) {
			t.Errorf("node %d: V = %v, leaves say %v / %d", n.ID, v.Value, right, leaves)
		}
		sum, trained := terms["A"], n.Trained
		if n.Parent >= 0 && trained == strings.Contains(sum.Form, "not trained on") {
			t.Errorf("node %d is trained on: %v, and its advantage is explained by %q", n.ID, trained, sum.Form)
		}
		if want := (terms["GA"].Value + terms["LA"].Value) / terms["√|L(s)|"].Value; trained && math.Abs(sum.Value-want) > 1e-12 {
			t.Errorf("node %d: the advantage is %v, its terms add up to %v", n.ID, sum.Value, want)
		}
	}
	node := NodeTerms(&tree, tree.Nodes[3])
	if got, want := node[len(node)-1].Form, "A(s) = (GA + LA) / √|L(s)| = (−0.500 + (−0.667)) / 1.000"; got != want {
		t.Errorf("the advantage is written %q, want %q", got, want)
	}
	tree.Nodes[2].Value = nil
	if terms := NodeTerms(&tree, tree.Nodes[2]); terms != nil {
		t.Errorf("a node without a finished leaf has the terms %v", terms)
	}
}
