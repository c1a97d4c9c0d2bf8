package explain

import (
	"slices"
	"strconv"

	"attnlab/app/session"
	"attnlab/rl/score"
)

// NodeTerms explains the advantage of a node, see [score.Node]; empty before a leaf below it is finished.
func NodeTerms(t *session.Tree, n session.TreeNode) []session.Term {
	if n.Value == nil {
		return nil
	}
	of := score.Node{Leaves: n.Leaves, Value: *n.Value, Global: n.Global, Local: n.Local, Trained: n.Trained}
	of.Reward, of.Finished = LeavesBelow(t, n.ID)
	parent, ok := FindNode(t, n.Parent)
	root := t.Nodes[0]
	if !ok || parent.Value == nil || root.Value == nil {
		return []session.Term{session.Term(of.ValueTerm())}
	}
	of.Root, of.Parent, of.OneOutcome = *root.Value, *parent.Value, *root.Value == 0 || *root.Value == 1
	if n.Trained {
		of.Advantage = n.Advantage
	}
	var terms []session.Term
	for _, term := range of.Terms() {
		terms = append(terms, session.Term(term))
	}
	return terms
}

// FindNode returns the node with a number; false where there is none.
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
