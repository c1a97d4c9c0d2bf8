package explain

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"attnlab/app/session"
)

// NodeTerms is how a node gets its advantage, in order; empty before a leaf below it is finished.
//
// AttnRL, arXiv 2509.26628, eq. 2 and 3, as TreeRL, arXiv 2506.11902.
func NodeTerms(t *session.Tree, n session.TreeNode) []session.Term {
	if n.Value == nil {
		return nil
	}
	right, leaves := LeavesBelow(t, n.ID)
	terms := []session.Term{{Name: "value", Form: fmt.Sprintf("V(s) = right leaves / leaves = %g / %d", right, leaves), Value: *n.Value}}
	parent, ok := FindNode(t, n.Parent)
	if !ok {
		return terms
	}
	root := t.Nodes[0]
	terms = append(terms,
		session.Term{Name: "global advantage", Form: fmt.Sprintf("GA(s) = V(s) − V(root) = %s − %s", ValueOf(n), ValueOf(root)), Value: n.Global},
		session.Term{Name: "local advantage", Form: fmt.Sprintf("LA(s) = V(s) − V(parent) = %s − %s", ValueOf(n), ValueOf(parent)), Value: n.Local},
		session.Term{Name: "root of its leaves", Form: fmt.Sprintf("√|L(s)| = √%d", n.Leaves), Value: math.Sqrt(float64(n.Leaves))},
	)
	if n.Trained {
		terms = append(terms, session.Term{Name: "tree advantage", Value: n.Advantage, Source: "TreeRL, arXiv 2506.11902; AttnRL, arXiv 2509.26628, eq. 2 and 3",
			Form: fmt.Sprintf("Â(s) = (GA + LA) / √|L| = (%s + %s) / %s", Format(n.Global), bracketed(n.Local), Format(math.Sqrt(float64(n.Leaves))))})
	}
	return terms
}

// bracketed is a number that can follow a sign.
func bracketed(v float64) string {
	if s := Format(v); strings.HasPrefix(s, "−") {
		return "(" + s + ")"
	}
	return Format(v)
}

func FindNode(t *session.Tree, id int) (session.TreeNode, bool) {
	if id >= 0 && id < len(t.Nodes) && t.Nodes[id].ID == id { // as the engine numbers them
		return t.Nodes[id], true
	}
	if i := slices.IndexFunc(t.Nodes, func(n session.TreeNode) bool { return n.ID == id }); i >= 0 {
		return t.Nodes[i], true
	}
	return session.TreeNode{}, false
}

// ChildrenOf is the children of every node, in the order of the tree.
func ChildrenOf(t *session.Tree) map[int][]session.TreeNode {
	children := map[int][]session.TreeNode{}
	for _, n := range t.Nodes {
		if n.Parent >= 0 {
			children[n.Parent] = append(children[n.Parent], n)
		}
	}
	return children
}

// PathTo is the nodes from the root to one.
func PathTo(t *session.Tree, id int) (path []session.TreeNode) {
	for range t.Nodes {
		n, ok := FindNode(t, id)
		if !ok {
			break
		}
		path = append(path, n)
		id = n.Parent
	}
	slices.Reverse(path)
	return path
}

// LeavesBelow adds up the rewards of the finished leaves below a node, and counts them.
func LeavesBelow(t *session.Tree, id int) (right float64, leaves int) {
	inside := map[int]bool{id: true}
	for _, n := range t.Nodes { // parents come before children
		inside[n.ID] = n.ID == id || inside[n.Parent]
		if inside[n.ID] && n.Reward != nil {
			right += *n.Reward
			leaves++
		}
	}
	return right, leaves
}

func NodeName(n session.TreeNode) string {
	if n.Parent < 0 {
		return "root"
	}
	return "node " + strconv.Itoa(n.ID)
}

func ValueOf(n session.TreeNode) string {
	if n.Value == nil {
		return "–"
	}
	return Format(*n.Value)
}
