package score

import (
	"fmt"
	"math"

	"attnlab/rl/stat"
)

// NodeSource is where the credit of a branch tree comes from.
const NodeSource = "TreeRL, arXiv 2506.11902; AttnRL, arXiv 2509.26628, eq. 2 and 3"

// Node is what the advantage of a node of a branch tree is computed from.
type Node struct {
	Reward     float64 // sum over the finished leaves below the node
	Finished   int     // these leaves
	Leaves     int     // |L(s)|, the leaves below the node
	Value      float64 // V(s)
	Root       float64 // V(root)
	Parent     float64 // V(parent)
	Global     float64 // GA
	Local      float64 // LA
	Advantage  float64 // 0 where the node is not trained on
	Trained    bool    // false for a response without branch points
	OneOutcome bool    // all leaves of the tree have the same reward
}

// NodeTerm is one line of the explanation of a node's advantage.
type NodeTerm struct {
	Name   string // its symbol
	Form   string // the formula, with its numbers
	Value  float64
	Source string
}

// ValueTerm explains V(s), all that the root has.
func (n Node) ValueTerm() NodeTerm {
	return NodeTerm{"V", fmt.Sprintf("V(s) = reward of the leaves below / leaves = %g / %d", n.Reward, n.Finished), n.Value, NodeSource}
}

// Terms explains the advantage of a node below the root, in the order of the computation.
func (n Node) Terms() []NodeTerm {
	root := math.Sqrt(float64(n.Leaves))
	form := fmt.Sprintf("A(s) = (GA + LA) / √|L(s)| = (%s + %s) / %s", decimals(n.Global), bracketed(n.Local), decimals(root))
	switch {
	case n.OneOutcome:
		form = "all leaves of the tree have the same outcome, so the tree is not trained on: A = 0"
	case !n.Trained:
		form = "a response without branch points counts in V(root) only and is not trained on: A = 0"
	}
	return []NodeTerm{
		n.ValueTerm(),
		{"GA", fmt.Sprintf("GA(s) = V(s) − V(root) = %s − %s", decimals(n.Value), decimals(n.Root)), n.Global, NodeSource},
		{"LA", fmt.Sprintf("LA(s) = V(s) − V(parent) = %s − %s", decimals(n.Value), decimals(n.Parent)), n.Local, NodeSource},
		{"√|L(s)|", fmt.Sprintf("|L(s)| = %d, the leaves below", n.Leaves), root, NodeSource},
		{"A", form, n.Advantage, NodeSource},
	}
}

func decimals(v float64) string { return stat.Decimals(v, 3) }

// bracketed writes a number that follows a sign.
func bracketed(v float64) string {
	if text := decimals(v); text[0] > '9' { // a minus sign
		return "(" + text + ")"
	}
	return decimals(v)
}
