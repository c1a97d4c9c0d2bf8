package figures

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"

	"attnlab/app/session"
)

// branches draws the branch tree: the root at the left, the tokens of a response to
// the right, and a lane for each leaf. A node is a bar as long as its tokens, thick
// with its leaves and coloured by its value; one without a finished leaf is hollow.
func (f *Figure) branches() {
	g := &f.growth
	if len(g.tree.Nodes) == 0 || len(f.values.now) != 2+2*len(g.tree.Nodes) {
		f.empty("No tree yet.", "Grow one, and its branches appear here.")
		return
	}
	f.treeHeading()
	t := f.treePlace()
	f.tokenAxis(t)
	f.addForks(t)
	for i := range g.tree.Nodes {
		f.addBar(i, t)
	}
	f.addPoints(t)
}

func (f *Figure) treeHeading() {
	g, right, done := &f.growth, 0, 0
	for _, n := range g.tree.Nodes {
		if n.Reward != nil {
			if done++; *n.Reward > 0 {
				right++
			}
		}
	}
	title, what := "Branch tree", "value of a node"
	dots := "FCI"
	if g.tree.Rule.Branch == "entropy" {
		dots = "−log p, nats"
	}
	says := fmt.Sprintf("by %s · dots: %s · %d of %s right", ruleName(g.tree.Rule.Branch), dots, right, count(done, "leaf", "leaves"))
	if f.width > 560 {
		says += " · " + count(len(g.tree.Nodes), "node", "nodes")
	}
	room := f.width - 3*margin - Width(what, false, small)
	f.scene.add(Label{X: margin, Y: 17, Text: title, Size: normal, Color: f.palette.Ink},
		Label{X: margin, Y: 32, Text: fit(says, true, small, room), Size: small, Mono: true, Color: f.palette.Muted})
	f.legend(margin+Width(title, false, normal), "0", "1", what, f.palette.Mark, nil)
}

// place is where a tree stands: lanes down and tokens to the right.
type place struct {
	view        Box     // what of it can be seen
	left, token float64 // of token 0, and of a token
	top, lane   float64 // of the first lane, and of a lane
	shown       []float64
}

const (
	treeLeft = margin + 26 // leaves room for the root
	treeTop  = header + 6
)

// treeView is where nodes can be seen; right of it is room for the marks of leaves.
func (f *Figure) treeView() Box {
	return Box{treeLeft, treeTop, max(1, f.width-treeLeft-margin-20), max(1, f.height-treeTop-36)}
}

func (f *Figure) treePlace() place {
	view, v := f.treeView(), f.values.now
	return place{
		view: view, shown: v[2:],
		left: treeLeft - f.panX, token: view.W / max(1, v[1]) * f.zoom,
		top: treeTop - f.panY, lane: min(tallest, view.H/max(1, v[0])) * f.zoom,
	}
}

// tallest is how high a lane is at most, not zoomed.
const tallest = 46

func (p place) y(i int) float64           { return p.top + (p.shown[2*i]+0.5)*p.lane }
func (p place) end(i int) float64         { return p.left + p.shown[2*i+1]*p.token }
func (p place) at(tokens float64) float64 { return p.left + tokens*p.token }

// in keeps a coordinate across the lanes within what can be seen.
func (p place) in(y float64) float64 { return max(p.view.Y, min(p.view.Y+p.view.H, y)) }

func (p place) sees(x, y float64) bool {
	return x >= p.view.X-1 && x <= p.view.X+p.view.W+1 && y >= p.view.Y && y <= p.view.Y+p.view.H
}

// thick is the height of a node's bar.
func (p place) thick(leaves int) float64 {
	root := math.Sqrt(float64(max(1, leaves))) // lanes of a bar's own leaves begin after it
	return max(1.5, min(14, 0.6*p.lane*min(2.5, root), 2+2*root))
}

func (f *Figure) tokenAxis(p place) {
	y := p.view.Y + p.view.H + 4
	f.scene.add(Arc{p.view.X, y, p.view.X + p.view.W, y, 0, 0, 1, f.palette.Line})
	name := "tokens of the response"
	f.scene.add(Label{X: p.view.X + p.view.W, Y: y + 28, Text: fit(name, false, small, p.view.W), Size: small, Align: 1, Color: f.palette.Muted})
	from, to := (p.view.X-p.left)/p.token, (p.view.X+p.view.W-p.left)/p.token
	step := max(1, tickStep(from, to, int(max(2, p.view.W/90))))
	for at := math.Ceil(from/step) * step; at <= to+1e-9; at += step {
		x := p.at(at)
		f.scene.add(Arc{x, y, x, y + 4, 0, 0, 1, f.palette.Muted},
			Label{X: x, Y: y + 15, Text: tickText(at, step), Size: small, Mono: true, Align: 0.5, Color: f.palette.Muted})
	}
}

// addForks draws the lines from a node's end across to the lanes of its children, and
// the root.
func (f *Figure) addForks(p place) {
	g := &f.growth
	path := f.pathOf(g.at(f.selection.Node))
	for i, children := range g.children {
		if len(children) == 0 {
			continue
		}
		x, low, high := p.end(i), p.y(i), p.y(i)
		if i == 0 {
			x = p.at(0) - 8
		}
		for _, c := range children {
			low, high = min(low, p.y(c)), max(high, p.y(c))
			if i == 0 && p.sees(p.view.X, p.y(c)) && f.panX < 8 {
				f.scene.add(Arc{x, p.y(c), p.at(0), p.y(c), 0, 0, 1, f.palette.Muted})
			}
		}
		if i == 0 && f.panX > 8 || i > 0 && !p.sees(x, p.view.Y) {
			continue
		}
		if low, high = p.in(low), p.in(high); high > low {
			f.scene.add(Arc{x, low, x, high, 0, 0, 1, f.palette.Muted})
		}
		for _, c := range children { // the way to the selected node
			if path[c] && p.in(p.y(c)) != p.in(p.y(i)) {
				f.scene.add(Arc{x, p.in(p.y(i)), x, p.in(p.y(c)), 0, 0, 2, f.palette.Accent})
			}
		}
	}
	if x, y := p.at(0)-18, p.y(0); f.panX < 8 && p.in(y) == y {
		f.scene.add(Arc{x, y, x + 10, y, 0, 0, 1, f.palette.Muted})
		edge := f.palette.Muted
		if f.selection.Node == g.tree.Nodes[0].ID {
			edge = f.palette.Accent
			f.scene.add(Dot{x, y, 9, edge}, Dot{x, y, 7, f.palette.Surface})
		}
		f.scene.add(Dot{x, y, 6, edge}, Dot{x, y, 5, f.valued(g.tree.Nodes[0].Value)})
		f.addNodeTarget(0, Box{x - 12, y - 12, 22, 24})
	}
}

// pathOf is the nodes from the root to one of them.
func (f *Figure) pathOf(i int) map[int]bool {
	path := map[int]bool{}
	for ; i >= 0; i = f.growth.parent[i] {
		path[i] = true
	}
	return path
}

// valued is the colour of a value: away from the paper even at 0, for that is a value.
func (f *Figure) valued(v *float64) color.RGBA {
	if v == nil {
		return f.palette.Surface
	}
	return f.palette.Mark(*v)
}

// addBar draws a node, its text where that can be read, and how its leaf ended.
func (f *Figure) addBar(i int, p place) {
	n, g := f.growth.tree.Nodes[i], &f.growth
	if i == 0 {
		return
	}
	x0, x1, y := p.at(0), p.end(i), p.y(i)
	if g.parent[i] > 0 {
		x0 = p.end(g.parent[i])
	}
	if y < p.view.Y-p.lane || y > p.view.Y+p.view.H+p.lane || x1 < p.view.X || x0 > p.view.X+p.view.W {
		return
	}
	h := p.thick(n.Leaves)
	if bar := (Box{x0, y - h/2, x1 - x0, h}).Meet(p.view); bar.W > 0 && bar.H > 0 {
		f.scene.add(Fill{bar, f.valued(n.Value)})
		if n.Value == nil || h >= 3 {
			f.scene.add(Frame{bar, 1, f.palette.Muted})
		}
		switch {
		case f.selection.Node == n.ID:
			f.scene.add(Frame{Box{bar.X - 3, bar.Y - 3, bar.W + 6, bar.H + 6}, 2, f.palette.Accent})
		case f.hoveredKey(i, i):
			f.scene.add(Frame{Box{bar.X - 2, bar.Y - 2, bar.W + 4, bar.H + 4}, 1, f.palette.Ink})
		}
		f.addText(n, bar, p)
	}
	if len(g.children[i]) == 0 && p.sees(x1, y) && n.Reward != nil {
		f.addOutcome(*n.Reward > 0, x1+8, y, p.lane)
	}
	wide := max(10, x1-x0) // a finger can meet a short one too
	f.addNodeTarget(i, Box{(x0+x1)/2 - wide/2, y - p.lane/2, wide, p.lane}.Meet(p.view))
}

func (f *Figure) addNodeTarget(i int, box Box) {
	s := f.selection
	s.Node = f.growth.tree.Nodes[i].ID
	f.scene.Targets = append(f.scene.Targets, target(box, func() []string { return f.nodeTip(i) }, &s, i, i))
}

// addText writes a node's tokens below its bar.
func (f *Figure) addText(n session.TreeNode, bar Box, p place) {
	y := bar.Y + bar.H + 11
	if p.lane < 36 || bar.W < 42 || y > p.view.Y+p.view.H {
		return
	}
	text := fit(strings.Join(strings.Fields(n.Text), " "), true, small, bar.W-8)
	f.scene.add(Label{X: bar.X + 2, Y: y, Text: text, Size: small, Mono: true, Color: f.palette.Muted})
}

// addOutcome marks a leaf: a tick where it is right and a cross where it is wrong; in
// lanes too narrow for them a block and a dash.
func (f *Figure) addOutcome(right bool, x, y, lane float64) {
	c := f.palette.Wrong
	if right {
		c = f.palette.Essential
	}
	s := min(4, 0.35*lane)
	switch {
	case lane < 7 && right:
		f.scene.add(Fill{Box{x - 3, y - max(1, 0.4*lane), 6, max(2, 0.8*lane)}, c})
	case lane < 7:
		f.scene.add(Fill{Box{x - 3, y - 0.5, 6, 1}, c})
	case right:
		f.scene.add(Path{[][2]float64{{x - s, y}, {x - s/3, y + 0.8*s}, {x + s, y - s}}, 2, c})
	default:
		f.scene.add(Arc{x - s, y - s, x + s, y + s, 0, 0, 2, c}, Arc{x - s, y + s, x + s, y - s, 0, 0, 2, c})
	}
}

// addPoints marks branch points with their score; one still to be rolled out is a ring.
func (f *Figure) addPoints(p place) {
	g, taken := &f.growth, []Box{}
	r := max(1.5, min(4, 0.3*p.lane))
	for _, point := range g.tree.Points {
		i, ring := g.at(point.Node), false
		x, y := 0.0, 0.0
		if i > 0 {
			x, y = p.end(i), p.y(i)
		} else if i = g.response(point.Tree); i > 0 {
			x, y, ring = p.at(float64(point.Token-g.tree.Prompt)), p.y(i), true
		}
		if i <= 0 || !p.sees(x, y) {
			continue
		}
		f.scene.add(Dot{x, y, r, f.palette.Ink})
		if ring {
			f.scene.add(Dot{x, y, r - 1.25, f.palette.Surface})
		}
		text := fmt.Sprintf("%.2f", point.Score)
		w := Width(text, true, small)
		box := Box{x - w/2, y - p.thick(g.tree.Nodes[i].Leaves)/2 - 15, w, 13}
		touches := func(other Box) bool { m := other.Meet(box); return m.W > 0 && m.H > 0 }
		if p.lane < 24 || box.Y < p.view.Y-6 || box.X+w > f.width-2 || slices.ContainsFunc(taken, touches) {
			continue
		}
		taken = append(taken, box)
		f.scene.add(Label{X: x, Y: box.Y + 11, Text: text, Size: small, Mono: true, Align: 0.5, Color: f.palette.Ink})
	}
}
