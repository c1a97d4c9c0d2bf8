package panels

import (
	"fmt"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab/explain"
	"attnlab/app/lab/glossary"
	"attnlab/app/session"
)

// nodePanel is the chosen node: its tokens after those that lead to it, and the arithmetic of its advantage.
func (p *Page) nodePanel() app.UI {
	t := &p.Tree
	n, ok := explain.FindNode(t, p.Selection.Node)
	if !p.Planted() {
		return app.Div().Class("step-panel node-panel").ID("node-panel").Body(
			app.H2().Body(p.term("credit", "Credit"), app.Text(" of a node")),
			app.P().Class("hint").Text("Grow a tree, then choose a node. This panel shows its tokens and how its advantage follows from right leaves."),
		)
	}
	chosen := ok
	if !ok { // the root is what a tree is about
		if n, ok = explain.FindNode(t, t.Nodes[0].ID); !ok {
			return app.Div().Class("no-results")
		}
	}
	path := explain.PathTo(t, n.ID)
	below := explain.ChildrenOf(t)[n.ID]
	what := fmt.Sprintf("%s from position %d, of response %d", explain.Plural(n.End-n.Start, "token"), n.Start, n.Tree+1)
	if n.Parent < 0 {
		what = fmt.Sprintf("the problem, %s; every response begins here", explain.Plural(n.End-n.Start, "token"))
	}
	return app.Div().Class("step-panel node-panel").ID("node-panel").Body(
		app.Div().Class("facts").Body(
			app.H2().Text(explain.UpperFirst(explain.NodeName(n))),
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
			return app.P().Class("relatives").Body(app.Span().Class("hint").Text("continues from"), p.nodeChip(n.Parent))
		}),
		app.If(len(below) > 0, func() app.UI {
			return app.P().Class("relatives").Body(app.Span().Class("hint").Text("continues in"),
				app.Range(below).Slice(func(i int) app.UI { return p.nodeChip(below[i].ID) }))
		}),
		p.handBranch(n),
		app.H3().Text("Its advantage"),
		p.nodeArithmetic(explain.NodeTerms(t, n)),
		app.If(n.Value == nil, func() app.UI {
			return app.P().Class("hint").Text("No response through this node is finished yet, so the node has no value.")
		}),
		app.If(!chosen, func() app.UI {
			return app.Div().Class("choose-node").Body(
				app.P().Class("hint").Text("Choose a node in the tree, or go from node to node with the arrow keys: left to the parent, right to the first child, up and down among siblings."),
				app.Div().Class("buttons").Body(p.button("node-child", "", app.Text("Begin at the root"))),
			)
		}),
	)
}

// handBranch lets a visitor write another first step for a node: the branch becomes a node beside it.
func (p *Page) handBranch(n session.TreeNode) app.UI {
	if n.Parent < 0 {
		return app.Text("")
	}
	if n.Start <= p.Tree.Prompt {
		return app.P().Class("hint").Text("This node begins at the problem. Choose one further down to branch it by hand.")
	}
	return app.Div().Class("edit").Body(
		app.If(n.ByHand, func() app.UI {
			return app.P().Class("hint").Text("Begun by hand. It counts in the values of the nodes above it.")
		}),
		app.If(p.BranchOf == n.ID, func() app.UI {
			return app.Div().Class("draft").Body(
				app.Label().Body(app.Text("another first step"), app.Textarea().ID("branch-text").DataSet("set", "branch-text").Rows(2).Spellcheck(false).Attr("value", p.BranchText)),
				app.Div().Class("buttons").Body(p.button("branch-write", "primary", app.Text("Write it and continue")), p.button("branch-close", "quiet", app.Text("Cancel"))),
			)
		}).Else(func() app.UI {
			return app.Div().Class("buttons").Body(p.button("branch", "", app.Text("Branch by hand")),
				app.If(len(p.Tree.Hand) > 0, func() app.UI { return p.button("unbranch", "quiet", app.Text("Drop the last branch by hand")) }))
		}),
	)
}

// nodeArithmetic draws terms one under the other, each with its formula; a source that several share is shown once, after the last of them.
func (p *Page) nodeArithmetic(terms []session.Term) app.UI {
	return app.Dl().Class("node-terms").Body(app.Range(terms).Slice(func(i int) app.UI {
		t := terms[i]
		name := app.Text(t.Name)
		if _, ok := glossary.Find(t.Name); ok {
			name = p.term(t.Name, t.Name)
		}
		return app.Div().Body(
			app.Dt().Body(name),
			app.Dd().Class("figure").Text(explain.Format(t.Value)),
			app.Dd().Class("formula").Text(t.Form),
			app.If(t.Source != "" && (i == len(terms)-1 || terms[i+1].Source != t.Source), func() app.UI { return app.Dd().Class("hint").Text(t.Source) }),
		)
	}))
}
