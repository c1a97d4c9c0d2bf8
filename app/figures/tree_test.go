package figures

import (
	"fmt"
	"image/color"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"attnlab/app/figures/draw"
	"attnlab/app/session"
	"attnlab/app/theme"
)

func ref(x float64) *float64 { return &x }

// branchTree has a number of responses. The first ones are cut at two points each,
// with a number of rollouts. A response has the same text however it is cut.
func branchTree(responses, rolled, rollouts int) session.Tree {
	t := session.Tree{Problem: "k 8 ; ? k", Seed: 1, Rule: session.TreeRule{Branch: "fci", Initial: responses, Points: 2, Rollouts: rollouts}, Prompt: 30}
	add := func(parent, response, from, to, draw int, reward *float64) int {
		random := rand.New(rand.NewPCG(uint64(response), uint64(draw)))
		var text strings.Builder
		for i := range to {
			if word := fmt.Sprint(random.IntN(90), " "); i >= from {
				text.WriteString(word)
			}
		}
		t.Nodes = append(t.Nodes, session.TreeNode{ID: 3 * len(t.Nodes), Parent: parent, Tree: response, Start: 30 + from, End: 30 + to, Text: text.String(), Reward: reward, Trained: parent > 0})
		return t.Nodes[len(t.Nodes)-1].ID
	}
	add(-1, -1, -30, 0, 0, nil)
	for m := range responses {
		n, reward := 40+7*m, ref(float64(m%2))
		if m >= rolled {
			add(0, m, 0, n, 0, reward)
			t.Points = append(t.Points, session.BranchView{Tree: m, Token: 30 + n/4, Score: 0.4, Node: -1})
			continue
		}
		first := add(0, m, 0, n/4, 0, nil)
		second := add(first, m, n/4, n/2, 0, nil)
		add(second, m, n/2, n, 0, reward)
		for k, at := range []int{first, second} {
			t.Points = append(t.Points, session.BranchView{Tree: m, Step: k, Token: 30 + (k+1)*n/4, Score: 0.3 * float64(k+1), Node: at})
			for r := range rollouts {
				add(at, m, (k+1)*n/4, (k+1)*n/4+20+5*r, 9+r+rollouts*k, ref(float64(r%2)))
			}
		}
	}
	value(&t)
	return t
}

// value fills in leaves and values.
func value(t *session.Tree) {
	sum := make([]float64, len(t.Nodes))
	for i, n := range slices.Backward(t.Nodes) {
		if n.Reward != nil {
			n.Leaves, sum[i] = 1, *n.Reward
		}
		if n.Leaves > 0 {
			n.Value = ref(sum[i] / float64(n.Leaves))
		}
		t.Nodes[i] = n
		if n.Parent >= 0 {
			t.Nodes[n.Parent/3].Leaves += n.Leaves
			sum[n.Parent/3] += sum[i]
		}
	}
}

func nodeSelected(id int) session.Selection {
	s := session.NoSelection
	s.Node = id
	return s
}

// Each leaf has a lane of its own, a node is in that of its first child, and lines
// across lanes meet no other node.
func TestLanes(t *testing.T) {
	for _, grown := range []session.Tree{branchTree(1, 0, 0), branchTree(4, 2, 3), branchTree(16, 16, 14)} {
		g, ok := newLanes(grown)
		if !ok {
			t.Fatal("a good tree is not drawn")
		}
		taken := map[float64]int{}
		for i := range grown.Nodes {
			switch c := g.children[i]; {
			case len(c) == 0:
				if other, twice := taken[g.lane[i]]; twice {
					t.Errorf("leaves %d and %d are in one lane", other, i)
				}
				taken[g.lane[i]] = i
			case i > 0 && g.lane[i] != g.lane[c[0]]:
				t.Errorf("node %d is in lane %v, its first child in %v", i, g.lane[i], g.lane[c[0]])
			}
			if g.lane[i] < 0 || g.lane[i] > g.used-1 {
				t.Errorf("lane %v of %v", g.lane[i], g.used)
			}
		}
		for i := 1; i < len(grown.Nodes); i++ { // the line from node i to its last child
			low, high := g.lane[i], g.lane[i]
			for _, c := range g.children[i] {
				high = max(high, g.lane[c])
			}
			for k := 1; k < len(grown.Nodes); k++ {
				inside := g.lane[k] > low && g.lane[k] < high
				if at := grown.Nodes[i].End; inside && g.parent[k] != i && grown.Nodes[k].Start < at && grown.Nodes[k].End > at {
					t.Errorf("the branches of node %d cross node %d", i, k)
				}
			}
		}
	}
}

func TestTreeIsLegible(t *testing.T) {
	unfinished := branchTree(3, 2, 2)
	for i := range unfinished.Nodes {
		unfinished.Nodes[i].Reward = nil
		unfinished.Nodes[i].Leaves, unfinished.Nodes[i].Value = 0, nil
	}
	rootAlone := session.Tree{Nodes: branchTree(1, 0, 0).Nodes[:1], Prompt: 30}
	rootAlone.Nodes[0].Value = nil
	for k, grown := range []session.Tree{branchTree(6, 3, 2), branchTree(16, 16, 14), unfinished, rootAlone} {
		for i, size := range [][2]float64{{366, 480}, {1040, 700}, {300, 200}, {120, 90}} {
			h := host(t, "tree", size[0], size[1], grown, nodeSelected(9))
			h.SetDark(i%2 == 0)
			check(t, fmt.Sprintf("tree %d, %v", k, size), h)
			h.Zoom(7, size[0]/3, size[1]/2)
			h.Hover(size[0]/2, size[1]/2)
			h.Scene(start)
			check(t, fmt.Sprintf("tree %d, %v, zoomed", k, size), h)
		}
	}
}

// Bars are as long as their tokens and have the colour of their advantage, red below 0; one that is not trained on is hollow.
func TestTreeBars(t *testing.T) {
	grown := branchTree(4, 2, 2)
	grown.Nodes[len(grown.Nodes)-1].Value, grown.Nodes[len(grown.Nodes)-1].Reward = nil, nil
	_, f := of[*tree](t, "tree", 1000, 600, grown)
	p := f.place()
	if p.at(0) != treeLeft || math.Abs(p.at(61)-(treeLeft+f.view().W)) > 1e-9 {
		t.Errorf("61 tokens go from %v to %v", p.at(0), p.at(61))
	}
	for i, n := range grown.Nodes[1:] {
		want := draw.Fill{Color: f.nodeColor(&f.scene, n, f.largest())}
		h := p.thick(n.Leaves)
		want.Box = draw.Rect(p.at(float64(n.Start-30)), p.y(i+1)-h/2, 0, h)
		want.W = p.at(float64(n.End-30)) - want.X
		near := func(s draw.Shape) bool {
			fill, ok := s.(draw.Fill)
			return ok && fill.Color == want.Color && math.Abs(fill.X-want.X) < 1e-6 && math.Abs(fill.Y-want.Y) < 1e-6 && math.Abs(fill.W-want.W) < 1e-6 && math.Abs(fill.H-want.H) < 1e-6
		}
		if !slices.ContainsFunc(f.scene.Shapes, near) {
			t.Errorf("no bar %+v for node %+v", want, n)
		}
	}
	for _, c := range []struct {
		node session.TreeNode
		want color.RGBA
	}{
		{session.TreeNode{Value: ref(1), Trained: true, Advantage: 2}, theme.Light.Signed(1)}, {session.TreeNode{Value: ref(0), Trained: true, Advantage: -2}, theme.Light.Signed(-1)},
		{session.TreeNode{Value: ref(0), Trained: true}, theme.Light.Signed(0)}, {session.TreeNode{Value: ref(0), Advantage: 1}, theme.Light.Surface}, {session.TreeNode{Trained: true, Advantage: 1}, theme.Light.Surface},
	} {
		if got := f.nodeColor(&f.scene, c.node, 2); got != c.want {
			t.Errorf("%+v has the colour %v, want %v", c.node, got, c.want)
		}
	}
	labels := map[string]int{}
	for _, s := range f.scene.Shapes {
		if l, ok := s.(draw.Label); ok {
			labels[l.Text]++
		}
	}
	if labels["0.30"] != 2 || labels["0.60"] != 2 || labels["0.40"] != 2 || labels["tokens of the response"] != 1 {
		t.Errorf("branch points and axis say %v", labels)
	}
}

func TestTreeSelects(t *testing.T) {
	grown := branchTree(5, 3, 2)
	h, f := of[*tree](t, "tree", 900, 600, grown, session.Selection{Step: 2, Token: -1, Layer: 1, Head: 0, Node: -1})
	for i, n := range grown.Nodes {
		h.Scene(start)
		var at draw.Target
		for _, target := range f.scene.Targets {
			if target.Row == i {
				at = target
			}
		}
		got := h.Press(at.X+at.W/2, at.Y+at.H/2, start)
		if want := (session.Selection{Step: 2, Token: -1, Layer: 1, Head: 0, Node: n.ID}); got == nil || *got != want {
			t.Fatalf("pressing node %d selects %+v", i, got)
		}
		if tip := strings.Join(f.nodeTip(i), "; "); i > 0 && !strings.Contains(tip, fmt.Sprintf("node %d · tokens %d to %d", n.ID, n.Start-30, n.End-30)) {
			t.Errorf("node %d says %q", i, tip)
		}
	}
	if s := h.Key(Back, start); s == nil || s.Node != -1 || s.Step != 2 {
		t.Errorf("back: %+v", s)
	}
	children := func(id int) (ids []int) {
		for _, n := range grown.Nodes {
			if n.Parent == id {
				ids = append(ids, n.ID)
			}
		}
		return ids
	}
	roots := children(0)
	first, second := roots[0], children(roots[0])[0]
	for i, step := range []struct {
		key  Key
		want int
	}{
		{Right, 0}, {Up, 0}, {Left, 0}, {Right, first}, {Down, roots[1]}, {Down, roots[2]}, {Up, roots[1]}, {Up, first}, {Up, first}, {Right, second},
		{Down, children(first)[1]}, {Down, children(first)[2]}, {Down, children(first)[2]}, {Right, children(first)[2]}, {Left, first},
		{Last, children(second)[0]}, {First, 0},
	} {
		h.Key(step.key, start)
		if f.Selection.Node != step.want {
			t.Fatalf("key %d leads to node %d, want %d", i, f.Selection.Node, step.want)
		}
	}
}

// Zoomed in, the selected node is brought into view, and what is out of it is not drawn.
func TestTreeZoom(t *testing.T) {
	grown := branchTree(16, 16, 14)
	h, f := of[*tree](t, "tree", 900, 600, grown)
	all := len(f.scene.Shapes)
	h.Zoom(12, 100, 100)
	for _, i := range []int{400, 3, 497, 210} {
		i = min(i, len(grown.Nodes)-1)
		h.Show(nodeSelected(grown.Nodes[i].ID), start)
		h.Scene(start)
		if !slices.ContainsFunc(f.scene.Targets, func(t draw.Target) bool { return t.Row == i && t.W > 5 && t.H > 5 }) {
			t.Errorf("node %d is selected and cannot be seen", i)
		}
		if len(f.scene.Shapes) > all/4 {
			t.Errorf("%d shapes of %d are drawn", len(f.scene.Shapes), all)
		}
	}
	h.Key(Fit, start)
	if f.Zoomed() || f.panX != 0 || f.panY != 0 {
		t.Error("fit does not show all")
	}
}

// Zoomed in, each lane that is seen has the text of its nodes, as far as there is room.
func TestTreeTextAtZoom(t *testing.T) {
	grown := branchTree(12, 3, 2)
	h, f := of[*tree](t, "tree", 900, 600, grown)
	written := func() (n int) {
		for _, node := range grown.Nodes[1:] {
			if slices.ContainsFunc(f.scene.Shapes, func(shape draw.Shape) bool {
				l, ok := shape.(draw.Label)
				text := strings.TrimSpace(strings.TrimSuffix(l.Text, "…"))
				return ok && l.Mono && len(text) > 4 && strings.HasPrefix(oneLine(node.Text), text)
			}) {
				n++
			}
		}
		return n
	}
	h.Scene(start)
	before := written()
	h.Zoom(3, 60, 200)
	h.Scene(start)
	if after := written(); before > 0 || after < 3 {
		t.Errorf("the text of %d nodes is written, and of %d at zoom 3", before, after)
	}
}

// A branch grows from where it leaves the response, which stays known when it is cut.
func TestTreeGrows(t *testing.T) {
	before, after := branchTree(3, 0, 2), branchTree(3, 1, 2)
	for _, still := range []bool{false, true} {
		h, f := of[*tree](t, "tree", 900, 600, before)
		h.SetStill(still)
		lane := f.lane[2] // of the second response
		now := start.Add(time.Second)
		h.Show(after, now)
		if f.values.moving == still {
			t.Fatalf("still %v and moving %v", still, f.values.moving)
		}
		if still {
			continue
		}
		second := slices.IndexFunc(after.Nodes, func(n session.TreeNode) bool { return n.Tree == 1 })
		branch := slices.IndexFunc(after.Nodes, func(n session.TreeNode) bool { return n.Tree == 0 && n.Parent == 3 && n.ID != 6 })
		if got := f.Values()[2+2*second]; got != lane {
			t.Errorf("the second response starts in lane %v, was in %v", got, lane)
		}
		if got, want := f.Values()[3+2*branch], float64(after.Nodes[branch].Start-30); got != want {
			t.Errorf("the branch starts at token %v, want %v", got, want)
		}
		ends := []float64{}
		for _, ms := range []int{0, 60, 120, 180, 200, 260} {
			h.Scene(now.Add(time.Duration(ms) * time.Millisecond))
			ends = append(ends, f.Values()[3+2*branch])
		}
		if want := float64(after.Nodes[branch].End - 30); !slices.IsSorted(ends) || ends[5] != want || ends[2] == ends[0] {
			t.Errorf("the branch grows by way of %v to %v", ends, want)
		}
		if _, changed, moving := h.Scene(now.Add(time.Second)); changed || moving {
			t.Error("it still moves")
		}
	}
	h, f := of[*tree](t, "tree", 900, 600, before)
	h.SetStill(false)
	other := branchTree(3, 1, 2)
	other.Seed++
	if h.Show(other, start.Add(time.Second)); f.values.moving {
		t.Error("another tree grows out of the old one")
	}
}

func TestDamagedTree(t *testing.T) {
	h, f := of[*tree](t, "tree", 500, 400)
	nan := math.NaN()
	for i, nodes := range [][]session.TreeNode{
		{{ID: 0, Parent: 3}},
		{{ID: 0, Parent: -1}, {ID: 0, Parent: 0}},
		{{ID: 0, Parent: -1}, {ID: 1, Parent: 2}, {ID: 2, Parent: 0}},
		{{ID: 0, Parent: -1}, {ID: 1, Parent: -1}},
		{{ID: 0, Parent: -1}, {ID: 1, Parent: 0, Start: 5, End: 4}},
		{{ID: 0, Parent: -1, Value: &nan}},
	} {
		if h.Show(session.Tree{Nodes: nodes}, start); len(f.lanes.tree.Nodes) != 0 {
			t.Errorf("damaged tree %d is drawn", i)
		}
	}
	good := branchTree(2, 1, 1)
	good.Points = append(good.Points, session.BranchView{Tree: 99, Node: -1}, session.BranchView{Node: 12345})
	h.Show(good, start)
	h.Show(nodeSelected(77777), start)
	for key := Left; key <= Next; key++ {
		h.Key(key, start)
		check(t, fmt.Sprintf("after key %d", key), h)
	}
}
