package figures

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"

	"attnlab/app/figures/draw"
	"attnlab/app/session"
	"attnlab/rl/score"
	"attnlab/rl/stat"
)

// Draw draws the axis of tokens, forks, nodes and branch points.
func (t *tree) Draw(s *draw.Scene) {
	if !t.drawable() {
		s.Empty("No tree yet.", "Grow one, and its branches appear here.")
		return
	}
	t.addHeading(s)
	p := t.place()
	p.addAxis(s)
	t.addForks(s, p)
	top := t.largest()
	for i := range t.tree.Nodes {
		t.addBar(s, i, p, top)
	}
	t.addPoints(s, p)
}

func (t *tree) addHeading(s *draw.Scene) {
	right, done := t.outcomes()
	title, what := "Branch tree", "advantage of a node"
	rule := score.FindBranch(t.tree.Rule.Branch)
	detail := fmt.Sprintf("by %s · dots: %s · %d of %s right", rule.Title, rule.Score.Label(), right, count(done, "leaf", "leaves"))
	if s.Width > 560 {
		detail += " · " + count(len(t.tree.Nodes), "node", "nodes")
	}
	s.Heading(title, detail, true, s.Width-3*draw.Margin-draw.Width(what, false, draw.Small))
	if top := t.largest(); top > 0 {
		s.Legend(draw.Margin+draw.Width(title, false, draw.Normal), stat.Signed(-top, 2), stat.Signed(top, 2), what,
			func(x float64) color.RGBA { return s.Palette.Signed(2*x - 1) })
	}
}

// place is where a tree is drawn: lanes down and tokens to the right.
type place struct {
	view        draw.Box // the visible part
	left, token float64  // x of token 0, and pixels a token
	top, lane   float64  // y of the first lane, and pixels a lane
	shown       []float64
}

const (
	treeLeft = draw.Margin + 26 // beside the root
	treeTop  = draw.Header + 6
	tallest  = 46 // pixels of a lane at most, not zoomed
)

// view is where nodes are visible. Right of it are the marks of leaves.
func (t *tree) view() draw.Box {
	return draw.Rect(treeLeft, treeTop, max(1, t.Width-treeLeft-draw.Margin-20), max(1, t.Height-treeTop-36))
}

// Content is the place and the size of the nodes.
func (t *tree) Content() (view draw.Box, width, height float64) {
	view, lanes := t.view(), 1.0
	if v := t.Values(); len(v) > 0 {
		lanes = max(1, v[0])
	}
	return view, view.W * t.zoom, lanes * min(tallest, view.H/lanes) * t.zoom
}

func (t *tree) place() place {
	view, v := t.view(), t.Values()
	return place{
		view: view, shown: v[2:],
		left: treeLeft - t.panX, token: view.W / max(1, v[1]) * t.zoom,
		top: treeTop - t.panY, lane: min(tallest, view.H/max(1, v[0])) * t.zoom,
	}
}

func (p place) y(i int) float64           { return p.top + (p.shown[2*i]+0.5)*p.lane }
func (p place) end(i int) float64         { return p.left + p.shown[2*i+1]*p.token }
func (p place) at(tokens float64) float64 { return p.left + tokens*p.token }

// within cuts a coordinate across the lanes to the visible part.
func (p place) within(y float64) float64 { return max(p.view.Y, min(p.view.Y+p.view.H, y)) }

func (p place) sees(x, y float64) bool {
	return x >= p.view.X-1 && x <= p.view.X+p.view.W+1 && y >= p.view.Y && y <= p.view.Y+p.view.H
}

// thick is the height of a node's bar.
func (p place) thick(leaves int) float64 {
	root := math.Sqrt(float64(max(1, leaves))) // lanes of a bar's own leaves begin after it
	return max(1.5, min(14, 0.6*p.lane*min(2.5, root), 2+2*root))
}

// addAxis draws the axis of tokens below the lanes.
func (p place) addAxis(s *draw.Scene) {
	v, muted := p.view, s.Palette.Muted
	y := v.Y + v.H + 4
	s.Add(draw.Line(v.X, y, v.X+v.W, y, 1, s.Palette.Line),
		draw.Label{X: v.X + v.W, Y: y + 28, Text: draw.Fit("tokens of the response", false, draw.Small, v.W), Size: draw.Small, Align: 1, Color: muted})
	from, to := (v.X-p.left)/p.token, (v.X+v.W-p.left)/p.token
	step := max(1, draw.TickStep(from, to, int(max(2, v.W/90))))
	for _, at := range draw.Multiples(from, to, step) {
		x := p.at(at)
		s.Add(draw.Line(x, y, x, y+4, 1, muted), draw.Label{X: x, Y: y + 15, Text: draw.TickText(at, step), Size: draw.Small, Mono: true, Align: 0.5, Color: muted})
	}
}

// addForks draws the root, and the lines from a node's end across to the lanes of its
// children.
func (t *tree) addForks(s *draw.Scene, p place) {
	muted, accent := s.Palette.Muted, s.Palette.Accent
	path := t.path(t.at(t.Selection.Node))
	for i, children := range t.children {
		if len(children) == 0 {
			continue
		}
		x, low, high := p.end(i), p.y(i), p.y(i)
		if i == 0 {
			x = p.at(0) - 8
		}
		for _, c := range children {
			low, high = min(low, p.y(c)), max(high, p.y(c))
			if i == 0 && p.sees(p.view.X, p.y(c)) && t.panX < 8 {
				s.Add(draw.Line(x, p.y(c), p.at(0), p.y(c), 1, muted))
			}
		}
		if i == 0 && t.panX > 8 || i > 0 && !p.sees(x, p.view.Y) {
			continue
		}
		if low, high = p.within(low), p.within(high); high > low {
			s.Add(draw.Line(x, low, x, high, 1, muted))
		}
		for _, c := range children { // the way to the selected node
			if path[c] && p.within(p.y(c)) != p.within(p.y(i)) {
				s.Add(draw.Line(x, p.within(p.y(i)), x, p.within(p.y(c)), 2, accent))
			}
		}
	}
	root := t.tree.Nodes[0]
	if x, y := p.at(0)-18, p.y(0); t.panX < 8 && p.within(y) == y {
		s.Add(draw.Line(x, y, x+10, y, 1, muted))
		edge := muted
		if t.Selection.Node == root.ID {
			edge = accent
			s.Add(draw.Dot{X: x, Y: y, Radius: 9, Color: edge}, draw.Dot{X: x, Y: y, Radius: 7, Color: s.Palette.Surface})
		}
		s.Add(draw.Dot{X: x, Y: y, Radius: 6, Color: edge}, draw.Dot{X: x, Y: y, Radius: 5, Color: s.Palette.Surface})
		t.addTarget(s, 0, draw.Rect(x-12, y-12, 22, 24))
	}
}

// path is the nodes from the root to one of them.
func (t *tree) path(i int) map[int]bool {
	path := map[int]bool{}
	for ; i >= 0; i = t.parent[i] {
		path[i] = true
	}
	return path
}

// largest is the largest size of an advantage in the tree, the end of the ramp.
func (t *tree) largest() (top float64) {
	for _, n := range t.tree.Nodes {
		if a := math.Abs(n.Advantage); n.Trained && a < largestValue {
			top = max(top, a)
		}
	}
	return top
}

// nodeColor is the colour of a node's advantage; that of the paper where the node is not trained on.
func (t *tree) nodeColor(s *draw.Scene, n session.TreeNode, top float64) color.RGBA {
	if n.Value == nil || !n.Trained || !(top > 0) || !(math.Abs(n.Advantage) < largestValue) {
		return s.Palette.Surface
	}
	return s.Palette.Signed(n.Advantage / top)
}

// addBar draws a node, its text where it can be read, and the outcome of a leaf.
func (t *tree) addBar(s *draw.Scene, i int, p place, top float64) {
	if i == 0 {
		return
	}
	n := t.tree.Nodes[i]
	x0, x1, y := p.at(0), p.end(i), p.y(i)
	if t.parent[i] > 0 {
		x0 = p.end(t.parent[i])
	}
	if y < p.view.Y-p.lane || y > p.view.Y+p.view.H+p.lane || x1 < p.view.X || x0 > p.view.X+p.view.W {
		return
	}
	h := p.thick(n.Leaves)
	if bar := draw.Rect(x0, y-h/2, x1-x0, h).Meet(p.view); bar.W > 0 && bar.H > 0 {
		s.Add(draw.Fill{Box: bar, Color: t.nodeColor(s, n, top)})
		if n.Value == nil || !n.Trained || h >= 3 {
			s.Add(draw.Frame{Box: bar, Width: 1, Color: s.Palette.Muted})
		}
		switch {
		case t.Selection.Node == n.ID:
			s.Add(draw.Frame{Box: bar.Grow(3), Width: 2, Color: s.Palette.Accent})
		case t.Hovered(i, i):
			s.Add(draw.Frame{Box: bar.Grow(2), Width: 1, Color: s.Palette.Ink})
		}
		addText(s, n, bar, p)
	}
	if len(t.children[i]) == 0 && p.sees(x1, y) && n.Reward != nil {
		addOutcome(s, *n.Reward > 0, x1+8, y, p.lane)
	}
	wide := max(10, x1-x0) // a finger can meet a short one too
	t.addTarget(s, i, draw.Rect((x0+x1)/2-wide/2, y-p.lane/2, wide, p.lane).Meet(p.view))
}

func (t *tree) addTarget(s *draw.Scene, i int, box draw.Box) {
	s.AddTarget(draw.Target{Box: box, Row: i, Col: i, Tip: func() []string { return t.nodeTip(i) }, Select: t.selectNode(i)})
}

// addText writes a node's tokens below its bar, where the lane has room for a line of text.
func addText(s *draw.Scene, n session.TreeNode, bar draw.Box, p place) {
	y := bar.Y + bar.H + 11
	if p.lane < bar.H+18 || bar.W < 42 || y > p.view.Y+p.view.H {
		return
	}
	text := draw.Fit(oneLine(n.Text), true, draw.Small, bar.W-8)
	s.Add(draw.Label{X: bar.X + 2, Y: y, Text: text, Size: draw.Small, Mono: true, Color: s.Palette.Muted})
}

// oneLine is a text with single spaces between its words.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// addOutcome marks a leaf: a tick if it is right and a cross if it is wrong; in lanes too
// narrow for them a block and a dash.
func addOutcome(s *draw.Scene, right bool, x, y, lane float64) {
	c := s.Palette.Wrong
	if right {
		c = s.Palette.Essential
	}
	r := min(4, 0.35*lane)
	switch {
	case lane < 7 && right:
		s.Add(draw.Fill{Box: draw.Rect(x-3, y-max(1, 0.4*lane), 6, max(2, 0.8*lane)), Color: c})
	case lane < 7:
		s.Add(draw.Fill{Box: draw.Rect(x-3, y-0.5, 6, 1), Color: c})
	case right:
		s.Add(draw.Path{Points: [][2]float64{{x - r, y}, {x - r/3, y + 0.8*r}, {x + r, y - r}}, Width: 2, Color: c})
	default:
		s.Add(draw.Line(x-r, y-r, x+r, y+r, 2, c), draw.Line(x-r, y+r, x+r, y-r, 2, c))
	}
}

// addPoints marks branch points with their score. One without rollouts is a ring.
func (t *tree) addPoints(s *draw.Scene, p place) {
	var taken []draw.Box
	r := max(1.5, min(4, 0.3*p.lane))
	for _, point := range t.tree.Points {
		i, ring := t.at(point.Node), false
		x, y := 0.0, 0.0
		if i > 0 {
			x, y = p.end(i), p.y(i)
		} else if i = t.response(point.Tree); i > 0 {
			x, y, ring = p.at(float64(point.Token)-float64(t.tree.Prompt)), p.y(i), true
		}
		if i <= 0 || !p.sees(x, y) {
			continue
		}
		s.Add(draw.Dot{X: x, Y: y, Radius: r, Color: s.Palette.Ink})
		if ring {
			s.Add(draw.Dot{X: x, Y: y, Radius: r - 1.25, Color: s.Palette.Surface})
		}
		text := stat.Decimals(point.Score, 2)
		w := draw.Width(text, true, draw.Small)
		box := draw.Rect(x-w/2, y-p.thick(t.tree.Nodes[i].Leaves)/2-15, w, 13)
		touches := func(other draw.Box) bool { m := other.Meet(box); return m.W > 0 && m.H > 0 }
		if p.lane < 24 || box.X < 2 || box.Y < p.view.Y-6 || box.X+w > s.Width-2 || slices.ContainsFunc(taken, touches) {
			continue
		}
		taken = append(taken, box)
		s.Add(draw.Label{X: x, Y: box.Y + 11, Text: text, Size: draw.Small, Mono: true, Align: 0.5, Color: s.Palette.Ink})
	}
}

// nodeTip explains a node.
func (t *tree) nodeTip(i int) []string {
	n, leaves := t.tree.Nodes[i], count(t.tree.Nodes[i].Leaves, "leaf", "leaves")
	tip := []string{fmt.Sprintf("node %d · tokens %d to %d · %s", n.ID, t.tokensTo(n.Start), t.tokensTo(n.End), leaves),
		draw.Fit(oneLine(n.Text), true, draw.Small, 400)}
	if i == 0 {
		tip[0], tip[1] = "root · the prompt · "+leaves, ""
	}
	for _, p := range t.tree.Points {
		if i > 0 && p.Node == n.ID {
			tip = append(tip, "branch point, "+score.FindBranch(t.tree.Rule.Branch).Score.Symbol+" "+draw.Number(p.Score))
		}
	}
	switch {
	case n.Value == nil:
		return append(tip, "no finished response yet")
	case i == 0:
		return append(tip, "V "+stat.Decimals(*n.Value, 3))
	}
	tip = append(tip, fmt.Sprintf("V %s · GA %s · LA %s", stat.Decimals(*n.Value, 3), stat.Signed(n.Global, 3), stat.Signed(n.Local, 3)))
	if !n.Trained {
		return append(tip, "not trained on")
	}
	return append(tip, "advantage "+stat.Signed(n.Advantage, 3))
}
