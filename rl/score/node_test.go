package score

import (
	"strings"
	"testing"
)

// TestNodeTermsNameWhatIsNotTrainedOn checks the last term of every kind of node.
func TestNodeTermsNameWhatIsNotTrainedOn(t *testing.T) {
	n := Node{Reward: 1, Finished: 4, Leaves: 4, Value: 0.25, Root: 0.75, Parent: 0.5, Global: -0.5, Local: -0.25, Advantage: -0.375, Trained: true}
	last := func(n Node) NodeTerm { terms := n.Terms(); return terms[len(terms)-1] }
	if got, want := last(n), "A(s) = (GA + LA) / √|L(s)| = (−0.500 + (−0.250)) / 2.000"; got.Form != want || got.Value != -0.375 {
		t.Errorf("a trained node: %+v, want %q", got, want)
	}
	n.Trained = false
	if got := last(n); !strings.Contains(got.Form, "V(root) only") {
		t.Errorf("a response without branch points: %q", got.Form)
	}
	n.OneOutcome = true
	if got := last(n); !strings.Contains(got.Form, "same outcome") {
		t.Errorf("a tree of one outcome: %q", got.Form)
	}
}
