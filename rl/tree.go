package rl

import (
	"fmt"
	"math"
	"slices"
)

// Node is a segment of responses. All tokens of a node get one advantage.
type Node struct {
	ID     int `json:"id"`
	Parent int `json:"parent"` // -1 at the root
	Tree   int `json:"tree"`   // which initial response it grew from; -1 at the root

	// The node's tokens, [Start, End), counted from the first response token
	// of every response through the node.
	Start int `json:"start"`
	End   int `json:"end"`

	Reward *float64 `json:"reward"` // of a leaf; nil elsewhere

	// What Credit fills in.
	Leaves    int     `json:"leaves"`    // |L(s)|, leaves below the node, 1 at a leaf
	Value     float64 `json:"value"`     // V(s), mean reward of those leaves
	Global    float64 `json:"global"`    // GA(s) = V(s) - V(root)
	Local     float64 `json:"local"`     // LA(s) = V(s) - V(parent)
	Advantage float64 `json:"advantage"` // (GA + LA) / √|L(s)|, 0 where not trained
	Trained   bool    `json:"trained"`

	Text string `json:"text,omitempty"` // the node's tokens where `attnlab tree` printed them; credit does not read it
}

// Tree holds all responses to one problem under one virtual root, which represents
// the prompt: a response that was cut at branch points is a chain of nodes,
// and at each cut the children are the original continuation and the new ones.
type Tree struct {
	Nodes []Node `json:"nodes"`
}

// branch is a new continuation after the first tokens of a response.
type branch struct {
	at     int // tokens before it
	length int // tokens of its own
	reward float64
}

// newTree returns a tree with nothing but its root.
func newTree() *Tree {
	return &Tree{Nodes: []Node{{Parent: -1, Tree: -1}}}
}

// add adds an initial response of length tokens with the branches sampled from it. It returns the ids of the new leaves: the
// response's own, then one a branch in the order given. It panics if a branch does not keep part of the response and drop part of
// it.
func (t *Tree) add(length int, reward float64, branches []branch) []int {
	cuts := []int{length}
	for _, b := range branches {
		if b.at <= 0 || b.at >= length {
			panic(fmt.Sprintf("rl: branch after %d of %d response tokens", b.at, length))
		}
		cuts = append(cuts, b.at)
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)

	tree := t.Nodes[len(t.Nodes)-1].Tree + 1
	node := func(parent, start, end int, reward *float64) int {
		id := len(t.Nodes)
		t.Nodes = append(t.Nodes, Node{ID: id, Parent: parent, Tree: tree, Start: start, End: end, Reward: reward})
		return id
	}
	before := map[int]int{} // cut to the node that ends there
	parent, start := 0, 0
	for _, end := range cuts {
		if end == length {
			parent = node(parent, start, end, &reward)
		} else {
			parent = node(parent, start, end, nil)
			before[end] = parent
		}
		start = end
	}
	leaves := []int{parent}
	for _, b := range branches {
		leaves = append(leaves, node(before[b.at], b.at, b.at+b.length, &b.reward))
	}
	return leaves
}

// Credit fills in values and advantages. Responses without a branch point, which are leaves right below the root, count in V(root)
// and are trained on only if keepUnbranched. It returns an error if the nodes, which may come from a file, are no tree with a
// reward at each leaf.
func (t *Tree) Credit(keepUnbranched bool) error {
	order, parent, err := t.order()
	if err != nil {
		return err
	}
	n := t.Nodes
	for i := range n {
		n[i].Leaves, n[i].Value = 0, 0
	}
	for _, i := range slices.Backward(order) { // sums first, means below
		if n[i].Reward != nil {
			n[i].Leaves, n[i].Value = 1, *n[i].Reward
		}
		if p := parent[i]; p >= 0 {
			n[p].Leaves += n[i].Leaves
			n[p].Value += n[i].Value
		}
	}
	root := order[0]
	for _, i := range order {
		n[i].Value /= float64(n[i].Leaves)
		n[i].Global, n[i].Local, n[i].Advantage = 0, 0, 0
		p := parent[i]
		n[i].Trained = p >= 0 && (keepUnbranched || p != root || n[i].Reward == nil)
		if p < 0 {
			continue
		}
		n[i].Global = n[i].Value - n[root].Value
		n[i].Local = n[i].Value - n[p].Value
		if n[i].Trained {
			n[i].Advantage = (n[i].Global + n[i].Local) / math.Sqrt(float64(n[i].Leaves))
		}
	}
	return nil
}

// order returns the nodes' indices, parents first, and the index of each node's parent, -1 for the root.
func (t *Tree) order() (order, parent []int, err error) {
	index := map[int]int{}
	for i, n := range t.Nodes {
		if _, twice := index[n.ID]; twice {
			return nil, nil, fmt.Errorf("the tree has two nodes with id %d; give each its own", n.ID)
		}
		index[n.ID] = i
	}
	parent = make([]int, len(t.Nodes))
	children := make([][]int, len(t.Nodes))
	for i, n := range t.Nodes {
		p, known := index[n.Parent]
		switch {
		case n.Parent == -1 && len(order) > 0:
			return nil, nil, fmt.Errorf("nodes %d and %d of the tree both have parent -1; only one root may", t.Nodes[order[0]].ID, n.ID)
		case n.Parent == -1:
			parent[i], order = -1, []int{i}
		case !known:
			return nil, nil, fmt.Errorf("node %d of the tree has parent %d, which is not in the tree", n.ID, n.Parent)
		default:
			parent[i] = p
			children[p] = append(children[p], i)
		}
	}
	if len(order) == 0 {
		return nil, nil, fmt.Errorf("the tree has no root; give one node the parent -1")
	}
	reached := make([]bool, len(t.Nodes))
	for at := 0; at < len(order); at++ {
		reached[order[at]] = true
		order = append(order, children[order[at]]...)
	}
	if i := slices.Index(reached, false); i >= 0 {
		return nil, nil, fmt.Errorf("node %d of the tree does not hang from the root: its parents form a cycle", t.Nodes[i].ID)
	}
	for i, n := range t.Nodes {
		switch leaf := len(children[i]) == 0; {
		case leaf && parent[i] < 0:
			return nil, nil, fmt.Errorf("the tree has no response below its root")
		case leaf && n.Reward == nil:
			return nil, nil, fmt.Errorf("leaf %d of the tree has no reward; give each leaf one", n.ID)
		case !leaf && n.Reward != nil:
			return nil, nil, fmt.Errorf("node %d of the tree has children and a reward; only leaves have rewards", n.ID)
		case leaf && !(math.Abs(*n.Reward) <= maxReward): // catches NaN too
			return nil, nil, fmt.Errorf("leaf %d of the tree has the reward %g; give a number of at most %g", n.ID, *n.Reward, maxReward)
		}
	}
	return order, parent, nil
}

// valid reports whether leaves differ in reward. A tree that is all right or all wrong teaches nothing and is dropped.
func (t *Tree) valid() bool {
	var first *float64
	for _, n := range t.Nodes {
		switch {
		case n.Reward == nil:
		case first == nil:
			first = n.Reward
		case *n.Reward != *first:
			return true
		}
	}
	return false
}

// validSequences counts the root-to-leaf paths that are trained on; it needs Credit before.
func (t *Tree) validSequences() int {
	count := 0
	for _, n := range t.Nodes {
		if n.Reward != nil && n.Trained {
			count++
		}
	}
	if !t.valid() {
		return 0
	}
	return count
}

// tokenAdvantages returns the advantage of each response token on the path to a leaf of a tree made by add; it needs Credit before.
func (t *Tree) tokenAdvantages(leaf int) []float64 {
	a := make([]float64, t.Nodes[leaf].End)
	for id := leaf; id > 0; id = t.Nodes[id].Parent {
		n := t.Nodes[id]
		for i := n.Start; i < n.End; i++ {
			a[i] = n.Advantage
		}
	}
	return a
}

// maxReward keeps sums of rewards finite.
const maxReward = 1e9
