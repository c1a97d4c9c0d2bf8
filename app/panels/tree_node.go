package panels

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"attnlab/app/session"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// nodePanel is the chosen node: its tokens after those that lead to it, and how its advantage comes about.
func (l *Lab) nodePanel() app.UI {
	t := &l.tree
	n, ok := findNode(t, l.Selection.Node)
	if !l.planted() {
		return app.Div().Class("step-panel node-panel").ID("node-panel").Body(
			app.H2().Body(l.term("credit", "Credit"), app.Text(" of a node")),
			app.P().Class("hint").Text("Once there is a tree, choose a node of it: its tokens stand here, with the arithmetic from right leaves to its advantage."),
		)
	}
	if !ok {
		return app.Div().Class("step-panel node-panel").ID("node-panel").Body(
			app.H2().Text("No node chosen"),
			app.P().Class("hint").Text("Choose a node in the tree, or go from node to node with the arrow keys: left to the parent, right to the first child, up and down among siblings."),
			app.Div().Class("buttons").Body(l.button("node-child", "quiet", app.Text("Begin at the root"))),
		)
	}
	path := pathTo(t, n.ID)
	below := childrenOf(t)[n.ID]
	what := fmt.Sprintf("%s from position %d, of response %d", plural(n.End-n.Start, "token"), n.Start, n.Tree+1)
	if n.Parent < 0 {
		what = fmt.Sprintf("the problem, %s; every response begins here", plural(n.End-n.Start, "token"))
	}
	return app.Div().Class("step-panel node-panel").ID("node-panel").Body(
		app.Div().Class("facts").Body(
			app.H2().Text(strings.ToUpper(nodeName(n)[:1])+nodeName(n)[1:]),
			app.If(n.Reward != nil, func() app.UI {
				return app.Span().Class("mark", when(*n.Reward > 0, "right"), when(*n.Reward <= 0, "false")).Text(outcome(n))
			}),
		),
		app.P().Class("hint").Text(what),
		app.P().Class("context").Aria("label", "the node's tokens in context").Body(app.Range(path).Slice(func(i int) app.UI {
			text := path[i].Text
			if i > 0 && !strings.HasSuffix(path[i-1].Text, "\n") {
				text = " " + text
			}
			if path[i].ID == n.ID {
				return app.Strong().Text(text)
			}
			return app.Span().Text(text)
		})),
		app.If(n.Parent >= 0, func() app.UI {
			return app.P().Class("relatives").Body(app.Span().Class("hint").Text("goes on from"), l.nodeChip(n.Parent))
		}),
		app.If(len(below) > 0, func() app.UI {
			return app.P().Class("relatives").Body(app.Span().Class("hint").Text("goes on in"),
				app.Range(below).Slice(func(i int) app.UI { return l.nodeChip(below[i].ID) }))
		}),
		app.H3().Text("Its advantage"),
		l.nodeArithmetic(nodeTerms(t, n)),
		app.If(n.Value == nil, func() app.UI {
			return app.P().Class("hint").Text("No response through this node is finished yet, so it has no value.")
		}),
		app.If(n.Value != nil && n.Parent >= 0 && !n.Trained, func() app.UI {
			return app.P().Class("hint").Text("A response without branch points counts in V(root) only: as it stands, these tokens are not trained on.")
		}),
	)
}

// nodeArithmetic draws terms one under the other, each with its formula and source.
func (l *Lab) nodeArithmetic(terms []session.Term) app.UI {
	return app.Dl().Class("node-terms").Body(app.Range(terms).Slice(func(i int) app.UI {
		t := terms[i]
		name := app.UI(app.Text(t.Name))
		if _, ok := define(t.Name); ok {
			name = l.term(t.Name, t.Name)
		}
		return app.Div().Body(
			app.Dt().Body(name),
			app.Dd().Class("figure").Text(format(t.Value)),
			app.Dd().Class("formula").Text(t.Form),
			app.If(t.Source != "", func() app.UI { return app.Dd().Class("hint").Text(t.Source) }),
		)
	}))
}

// nodeTerms is how a node gets its advantage, in order; empty before a leaf below it is finished.
//
// AttnRL, arXiv 2509.26628, eq. 2 and 3, as TreeRL, arXiv 2506.11902.
func nodeTerms(t *session.Tree, n session.TreeNode) []session.Term {
	if n.Value == nil {
		return nil
	}
	right, leaves := leavesBelow(t, n.ID)
	terms := []session.Term{{Name: "value", Form: fmt.Sprintf("V(s) = right leaves / leaves = %g / %d", right, leaves), Value: *n.Value}}
	parent, ok := findNode(t, n.Parent)
	if !ok {
		return terms
	}
	root := t.Nodes[0]
	terms = append(terms,
		session.Term{Name: "global advantage", Form: fmt.Sprintf("GA(s) = V(s) − V(root) = %s − %s", valueOf(n), valueOf(root)), Value: n.Global},
		session.Term{Name: "local advantage", Form: fmt.Sprintf("LA(s) = V(s) − V(parent) = %s − %s", valueOf(n), valueOf(parent)), Value: n.Local},
		session.Term{Name: "root of its leaves", Form: fmt.Sprintf("√|L(s)| = √%d", n.Leaves), Value: math.Sqrt(float64(n.Leaves))},
	)
	if n.Trained {
		terms = append(terms, session.Term{Name: "tree advantage", Value: n.Advantage, Source: "TreeRL, arXiv 2506.11902; AttnRL, arXiv 2509.26628, eq. 2 and 3",
			Form: fmt.Sprintf("Â(s) = (GA + LA) / √|L| = (%s + %s) / %s", format(n.Global), bracketed(n.Local), format(math.Sqrt(float64(n.Leaves))))})
	}
	return terms
}

// bracketed is a number that can follow a sign.
func bracketed(v float64) string {
	if s := format(v); strings.HasPrefix(s, "−") {
		return "(" + s + ")"
	}
	return format(v)
}

func findNode(t *session.Tree, id int) (session.TreeNode, bool) {
	if id >= 0 && id < len(t.Nodes) && t.Nodes[id].ID == id { // as the engine numbers them
		return t.Nodes[id], true
	}
	if i := slices.IndexFunc(t.Nodes, func(n session.TreeNode) bool { return n.ID == id }); i >= 0 {
		return t.Nodes[i], true
	}
	return session.TreeNode{}, false
}

// childrenOf is the children of every node, in the order of the tree.
func childrenOf(t *session.Tree) map[int][]session.TreeNode {
	children := map[int][]session.TreeNode{}
	for _, n := range t.Nodes {
		if n.Parent >= 0 {
			children[n.Parent] = append(children[n.Parent], n)
		}
	}
	return children
}

// pathTo is the nodes from the root to one.
func pathTo(t *session.Tree, id int) (path []session.TreeNode) {
	for range t.Nodes {
		n, ok := findNode(t, id)
		if !ok {
			break
		}
		path = append(path, n)
		id = n.Parent
	}
	slices.Reverse(path)
	return path
}

// leavesBelow adds up the rewards of the finished leaves below a node, and counts them.
func leavesBelow(t *session.Tree, id int) (right float64, leaves int) {
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

// moveNode selects a relative of the selected node, the root where none is.
func (l *Lab) moveNode(relative string) {
	t := &l.tree
	if !l.planted() {
		return
	}
	n, ok := findNode(t, l.Selection.Node)
	if !ok {
		l.selectNode(t.Nodes[0].ID)
		return
	}
	children := childrenOf(t)
	switch siblings := children[n.Parent]; relative {
	case "parent":
		if n.Parent >= 0 {
			l.selectNode(n.Parent)
		}
	case "child":
		if below := children[n.ID]; len(below) > 0 {
			l.selectNode(below[0].ID)
		}
	default:
		by, _ := strconv.Atoi(relative)
		at := slices.IndexFunc(siblings, func(s session.TreeNode) bool { return s.ID == n.ID })
		if to := at + by; at >= 0 && to >= 0 && to < len(siblings) {
			l.selectNode(siblings[to].ID)
		}
	}
}

func (l *Lab) selectNode(id int) {
	l.Selection.Node = id
	l.selected()
}
