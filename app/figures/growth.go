package figures

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"attnlab/app/session"
)

// growth is a branch tree and how it lies. Nodes are known by their place in the
// snapshot, N of them; 0 is the root.
type growth struct {
	tree     session.Tree
	index    map[int]int // place of a node by its id
	parent   []int       // [N], -1 at the root
	children [][]int     // [N]; the response itself first, then what was sampled anew
	lane     []float64   // [N]; a node is in the lane of its first child
	lanes    float64
}

// lay finds a lane for each leaf. It says no to what is not a tree.
func lay(t session.Tree) (growth, bool) {
	n := len(t.Nodes)
	g := growth{tree: t, index: map[int]int{}, parent: make([]int, n), children: make([][]int, n), lane: make([]float64, n)}
	for i, node := range t.Nodes {
		_, twice := g.index[node.ID]
		p, known := g.index[node.Parent]
		if twice || i > 0 && !known || i == 0 && node.Parent != -1 || node.ID < 0 || node.End < node.Start || node.Value != nil && !(math.Abs(*node.Value) < 1e9) {
			return growth{}, false
		}
		g.index[node.ID], g.parent[i] = i, -1
		if i > 0 {
			g.parent[i] = p
			g.children[p] = append(g.children[p], i)
		}
	}
	for i := range n {
		if i > 0 && g.parent[i] == 0 {
			if g.lanes > 0 && len(g.children[i]) > 0 {
				g.lanes += 0.5 // sets the responses apart that have branches
			}
			g.settle(i)
			if len(g.children[i]) > 0 {
				g.lanes += 0.5
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

func (g *growth) settle(i int) {
	if len(g.children[i]) == 0 {
		g.lane[i] = g.lanes
		g.lanes++
		return
	}
	for _, c := range g.children[i] {
		g.settle(c)
	}
	g.lane[i] = g.lane[g.children[i][0]]
}

// grow takes a tree; new branches grow out of the old ones.
func (f *Figure) grow(t session.Tree, now time.Time) {
	next, ok := lay(t)
	if !ok {
		return
	}
	from := next.from(&f.growth, f.values.now)
	if f.growth, f.stale = next, true; from == nil {
		f.zoom, f.panX, f.panY = 1, 0, 0
	}
	if to := next.values(); f.still || from == nil || now.Sub(f.arrived) < live {
		f.values.jump(to)
	} else if !slices.Equal(from, to) {
		f.values = eased{from: from, to: to, now: slices.Clone(from), began: now, moving: true}
	}
	f.arrived = now
	f.scrollTo(f.panX, f.panY)
}

// tokensTo counts the tokens of the response before a position of the trace.
func (g *growth) tokensTo(position int) int { return max(0, position-g.tree.Prompt) }

// values are what is drawn: lanes, tokens of the longest response, and lane and end of
// each node, [2+2N].
func (g *growth) values() []float64 {
	values := []float64{g.lanes, 1}
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

// from is where the nodes set out: where they were, and new ones at their parent's end.
// A response that was cut at a branch point keeps its text, by which it is known.
func (g *growth) from(old *growth, shown []float64) []float64 {
	if len(shown) != 2+2*len(old.tree.Nodes) || len(shown) < 4 || old.tree.Problem != g.tree.Problem || old.tree.Seed != g.tree.Seed || old.tree.Rule != g.tree.Rule {
		return nil
	}
	lanes := map[string]float64{}
	for i, key := range old.keys() {
		lanes[key] = shown[2+2*i]
	}
	values := g.values()
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

// keys are names of the nodes that outlive a cut: the text of the response that goes
// straight on through them, and which of the equal ones it is.
func (g *growth) keys() []string {
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
func (g *growth) at(id int) int {
	if i, ok := g.index[id]; ok {
		return i
	}
	return -1
}

// response is the first node of an initial response, -1 for none.
func (g *growth) response(tree int) int {
	return slices.IndexFunc(g.tree.Nodes, func(n session.TreeNode) bool { return n.Tree == tree && n.Tree >= 0 })
}

// moveNode goes to a parent, the first child or a sibling; First is the root and Last
// the end of the response.
func (f *Figure) moveNode(key Key) *session.Selection {
	g := &f.growth
	if len(g.tree.Nodes) == 0 {
		return nil
	}
	i := g.at(f.selection.Node)
	if i < 0 {
		return f.selectNode(0)
	}
	switch c := g.children[i]; key {
	case Left:
		i = max(0, g.parent[i])
	case Right:
		if len(c) > 0 {
			i = c[0]
		}
	case Up, Down:
		if i == 0 {
			break
		}
		siblings := g.children[g.parent[i]]
		at := slices.Index(siblings, i) + 1
		if key == Up {
			at -= 2
		}
		i = siblings[max(0, min(len(siblings)-1, at))]
	case First:
		i = 0
	case Last:
		for len(g.children[i]) > 0 {
			i = g.children[i][0]
		}
	}
	return f.selectNode(i)
}

func (f *Figure) selectNode(i int) *session.Selection {
	s := f.selection
	s.Node = f.growth.tree.Nodes[i].ID
	return &s
}

// revealNode scrolls the selected node into view.
func (f *Figure) revealNode() {
	g := &f.growth
	i := g.at(f.selection.Node)
	if i < 0 || len(f.values.now) != 2+2*len(g.tree.Nodes) {
		return
	}
	p, start := f.treePlace(), 0.0
	if i > 0 && g.parent[i] > 0 {
		start = p.shown[2*g.parent[i]+1]
	}
	near := func(pan, begin, size, view float64) float64 { return min(begin, max(begin+size-view, pan)) }
	f.scrollTo(near(f.panX, start*p.token-20, (p.shown[2*i+1]-start)*p.token+40, p.view.W),
		near(f.panY, p.shown[2*i]*p.lane, p.lane, p.view.H))
}

// nodeTip explains a node.
func (f *Figure) nodeTip(i int) []string {
	g := &f.growth
	n := g.tree.Nodes[i]
	tip := []string{fmt.Sprintf("node %d · tokens %d to %d · %s", n.ID, g.tokensTo(n.Start), g.tokensTo(n.End), count(n.Leaves, "leaf", "leaves")),
		fit(strings.Join(strings.Fields(n.Text), " "), true, small, 400)}
	if i == 0 {
		tip[0], tip[1] = "root · the prompt · "+count(n.Leaves, "leaf", "leaves"), ""
	}
	for _, p := range g.tree.Points {
		if i > 0 && p.Node == n.ID {
			tip = append(tip, fmt.Sprintf("branch point, %s %s", scoreName(g.tree.Rule.Branch), number(p.Score)))
		}
	}
	switch {
	case n.Value == nil:
		return append(tip, "no finished response yet")
	case i == 0:
		return append(tip, fmt.Sprintf("V %.3f", *n.Value))
	}
	tip = append(tip, fmt.Sprintf("V %.3f · GA %+.3f · LA %+.3f", *n.Value, n.Global, n.Local))
	if !n.Trained {
		return append(tip, "not trained on")
	}
	return append(tip, fmt.Sprintf("advantage %+.3f", n.Advantage))
}

func ruleName(rule string) string {
	if rule == "fci" {
		return "FCI"
	}
	return rule
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", many)
}

func scoreName(rule string) string {
	switch rule {
	case "fci":
		return "FCI"
	case "entropy":
		return "-log p"
	}
	return "score"
}
