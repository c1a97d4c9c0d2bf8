package figures

import (
	"fmt"
	"math"
	"slices"

	"attnlab/app/session"
)

// lanes are a branch tree and where its nodes are. A node is named by its place in the
// snapshot of N nodes; 0 is the root.
type lanes struct {
	tree     session.Tree
	index    map[int]int // place of a node by its id
	parent   []int       // [N], -1 at the root
	children [][]int     // [N]; the rest of the response first, then its rollouts
	lane     []float64   // [N]; a node is in the lane of its first child
	used     float64     // lanes in use
}

// newLanes finds a lane for each leaf. It returns false for what is not a tree.
func newLanes(t session.Tree) (lanes, bool) {
	n := len(t.Nodes)
	if t.Prompt < -longest || t.Prompt > longest {
		return lanes{}, false
	}
	g := lanes{tree: t, index: map[int]int{}, parent: make([]int, n), children: make([][]int, n), lane: make([]float64, n)}
	for i, node := range t.Nodes {
		_, twice := g.index[node.ID]
		p, known := g.index[node.Parent]
		if twice || i > 0 && !known || i == 0 && node.Parent != -1 || node.ID < 0 || node.End < node.Start || node.Start < -longest || node.End > longest || node.Value != nil && !(math.Abs(*node.Value) < 1e9) {
			return lanes{}, false
		}
		g.index[node.ID], g.parent[i] = i, -1
		if i > 0 {
			g.parent[i] = p
			g.children[p] = append(g.children[p], i)
		}
	}
	for i := range n {
		if i > 0 && g.parent[i] == 0 {
			if g.used > 0 && len(g.children[i]) > 0 {
				g.used += 0.5 // space around responses with branches
			}
			g.settle(i)
			if len(g.children[i]) > 0 {
				g.used += 0.5
			}
		}
	}
	if n > 0 {
		if c := g.children[0]; len(c) > 0 {
			g.lane[0] = (g.lane[c[0]] + g.lane[c[len(c)-1]]) / 2
		}
	}
	return g, true
}

func (g *lanes) settle(i int) {
	if len(g.children[i]) == 0 {
		g.lane[i] = g.used
		g.used++
		return
	}
	for _, c := range g.children[i] {
		g.settle(c)
	}
	g.lane[i] = g.lane[g.children[i][0]]
}

// tokensTo counts the tokens of the response before a position of the trace.
func (g *lanes) tokensTo(position int) int { return max(0, position-g.tree.Prompt) }

// longest bounds positions in tokens.
const longest = 1 << 30

// positions are what is drawn: lanes, tokens of the longest response, and lane and end of
// each node, [2+2N].
func (g *lanes) positions() []float64 {
	values := []float64{g.used, 1}
	for i, n := range g.tree.Nodes {
		end := 0.0
		if i > 0 {
			end = float64(g.tokensTo(n.End))
		}
		values = append(values, g.lane[i], end)
		values[1] = max(values[1], end)
	}
	return values
}

// from is where the nodes start to move: where they were, and new ones at their parent's
// end. A response that was cut at a branch point is recognised by its text. It is nil if old
// is another tree.
func (g *lanes) from(old *lanes, shown []float64) []float64 {
	if len(shown) != 2+2*len(old.tree.Nodes) || len(shown) < 4 || old.tree.Problem != g.tree.Problem || old.tree.Seed != g.tree.Seed || old.tree.Rule != g.tree.Rule {
		return nil
	}
	lanes := map[string]float64{}
	for i, key := range old.keys() {
		lanes[key] = shown[2+2*i]
	}
	values := g.positions()
	values[0], values[1] = shown[0], shown[1]
	for i, key := range g.keys() {
		if lane, known := lanes[key]; known {
			values[2+2*i] = lane
		} else if p := g.parent[i]; p >= 0 {
			values[2+2*i], values[3+2*i] = values[2+2*p], values[3+2*p]
		}
	}
	return values
}

// keys are names of the nodes that outlive a cut: the text of the response through them,
// and which of the equal ones it is.
func (g *lanes) keys() []string {
	n := len(g.tree.Nodes)
	texts, keys, equal := make([]string, n), make([]string, n), map[string]int{}
	for i, node := range g.tree.Nodes {
		if p := g.parent[i]; p >= 0 {
			texts[i] = texts[p] + node.Text
		}
	}
	for i, node := range slices.Backward(g.tree.Nodes) { // children before parents
		switch c := g.children[i]; {
		case i == 0:
			keys[i] = "root"
		case len(c) > 0:
			keys[i] = keys[c[0]]
		default:
			name := fmt.Sprint(node.Tree, texts[i])
			keys[i] = fmt.Sprint(equal[name], name)
			equal[name]++
		}
	}
	return keys
}

// at is the place of a node by its id, -1 for none.
func (g *lanes) at(id int) int {
	if i, ok := g.index[id]; ok {
		return i
	}
	return -1
}

// response is the first node of an initial response, -1 for none.
func (g *lanes) response(tree int) int {
	return slices.IndexFunc(g.tree.Nodes, func(n session.TreeNode) bool { return n.Tree == tree && n.Tree >= 0 })
}
