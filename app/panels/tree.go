package panels

import (
	"fmt"
	"strconv"

	"attnlab/app/session"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

func (l *Lab) treePage() app.UI {
	return app.Div().Class("columns", when(l.planted(), "planted")).Body(
		app.Section().Class("column controls").Aria("label", "how the tree grows").Body(
			l.growPanel(),
			l.problemPanel(),
			l.rivalsPanel(),
		),
		app.Section().Class("column middle").Aria("label", "tree").Body(
			l.treeHead(),
			l.figure("tree", "The tree: time to the right, a lane a leaf", true),
			l.branchPoints(),
			l.rulesTable(),
			l.treeList(),
		),
		app.Section().Class("column figures").Aria("label", "chosen node").Body(l.nodePanel()),
	)
}

// ruleName is a branching rule in a sentence: branch points chosen ... .
func ruleName(rule string) string {
	switch rule {
	case "fci":
		return "by FCI"
	case "entropy":
		return "by entropy"
	case "random":
		return "at random"
	case "earliest":
		return "earliest"
	}
	return rule
}

func (l *Lab) growPanel() app.UI {
	r := l.Growth.Rule
	count := func(id, symbol, what string, lo, hi, n int) app.UI {
		return app.Label().Title(what).Body(app.Text(symbol), app.Input().ID(id).Type("number").Min(lo).Max(hi).Step(1).DataSet("set", id).Value(n).Aria("label", symbol+", "+what))
	}
	grow := l.button("grow", "primary", app.Text("Grow"))
	if l.status.Busy && l.opened {
		grow = l.button("cancel", "primary", icon("stop"), app.Text("Stop")).Title("Stop (Esc)")
	}
	return app.Div().Class("panel growth").ID("growth").Body(
		app.H2().Text("Branch tree"),
		app.Div().Class("fields").Body(
			app.Label().Body(l.term("branch point", "branch points"), choice("rule", "how branch points are chosen", r.Branch, branchRules, ruleName)),
			app.Label().Body(app.Text("seed"), app.Input().ID("tree-seed").Type("number").Min(0).Step(1).DataSet("set", "tree-seed").Value(l.Growth.Seed)),
		),
		app.Div().Class("fields counts").Body(
			count("initial", "M", "initial responses", 1, maxInitial, r.Initial),
			count("points", "N", "branch points a response", 0, maxPoints, r.Points),
			count("rollouts", "T", "rollouts a branch point", 1, maxRollouts, r.Rollouts),
		),
		app.P().Class("hint").Text(plan(r)),
		app.Div().Class("buttons").Body(
			grow,
			l.button("grow-round", "", app.Text("Next round")),
		),
		app.Div().Class("buttons").Body(l.button("grow-again", "quiet", app.Text("Start again"))),
		app.If(l.planted() && !l.tree.Done && l.tree.Next != "", func() app.UI {
			return app.P().Class("hint").ID("next-round").Text("Next: " + lowerFirst(l.tree.Next))
		}),
	)
}

// plan is what a rule comes to: M responses, each cut at N places and sampled T times anew there.
func plan(r session.TreeRule) string {
	if r.Points == 0 {
		return fmt.Sprintf("%s without branch points: M = %d leaves.", plural(r.Initial, "response"), r.Initial)
	}
	return fmt.Sprintf("At most M (1 + N T) = %d (1 + %d × %d) = %d leaves.", r.Initial, r.Points, r.Rollouts, r.Initial*(1+r.Points*r.Rollouts))
}

// treeHead says what the tree came to, and what its colours mean.
func (l *Lab) treeHead() app.UI {
	t := &l.tree
	what := "No tree of this problem yet. Grow one at once, or round by round."
	if len(l.trace.Tokens) == 0 {
		what = "No problem yet. Draw one."
	}
	if l.planted() {
		right, leaves := leavesBelow(t, t.Nodes[0].ID)
		what = fmt.Sprintf("%s of %s, branch points %s; %g right. %s tokens sampled, %s with the prefix of every leaf", leafCount(leaves),
			plural(t.Rule.Initial, "initial response"), ruleName(t.Rule.Branch), right, grouped(t.Sampled), grouped(t.Charged))
		if !t.Done {
			what += "; not finished"
		}
	}
	return app.Div().Class("trace-head").Body(
		app.Div().Body(app.H1().Text("Tree"), app.P().Class("verdict").ID("tree-verdict").Text(what)),
	)
}

// branchPoints lists where responses were or will be sampled anew, in the order they are rolled out.
func (l *Lab) branchPoints() app.UI {
	t := &l.tree
	if !l.planted() || len(t.Points) == 0 {
		return app.Div().Class("no-results")
	}
	score := "FCI"
	if t.Rule.Branch == "entropy" {
		score = "−log p, nats"
	}
	return app.Div().Class("results").Body(app.Table().Class("table").ID("branch-points").Body(
		app.Caption().Text("Branch points, chosen "+ruleName(t.Rule.Branch)+". What is sampled anew begins at the token."),
		app.THead().Body(app.Tr().Body(
			numberColumn("response"), numberColumn("step"), numberColumn("token"), numberColumn(score), app.Th().Scope("col").Text("node that ends there"),
		)),
		app.TBody().Body(app.Range(t.Points).Slice(func(i int) app.UI {
			p := t.Points[i]
			step := "–"
			if p.Step >= 0 {
				step = stepName(p.Step)
			}
			node := app.UI(app.Span().Class("hint").Text("not rolled out yet"))
			if p.Node >= 0 {
				node = l.nodeChip(p.Node)
			}
			return app.Tr().Body(
				app.Td().Class("figure").Text(p.Tree+1), app.Td().Class("figure").Text(step), app.Td().Class("figure").Text(p.Token),
				app.Td().Class("figure").Text(format(p.Score)), app.Td().Body(node))
		})),
	))
}

// numberColumn is the head of a column of numbers.
func numberColumn(name string) app.UI { return app.Th().Scope("col").Class("figure").Text(name) }

// nodeChip is a node to press, with its value.
func (l *Lab) nodeChip(id int) app.UI {
	n, ok := findNode(&l.tree, id)
	if !ok {
		return app.Span()
	}
	return app.Button().Type("button").Class("chip", valueShade(n), when(id == l.Selection.Node, "selected")).DataSet("do", "node:"+strconv.Itoa(id)).
		Aria("pressed", strconv.FormatBool(id == l.Selection.Node)).Aria("label", nodeName(n)+", value "+valueOf(n)).Text(nodeName(n) + " · " + valueOf(n))
}

func leafCount(n int) string {
	if n == 1 {
		return "1 leaf"
	}
	return fmt.Sprintf("%d leaves", n)
}

func nodeName(n session.TreeNode) string {
	if n.Parent < 0 {
		return "root"
	}
	return "node " + strconv.Itoa(n.ID)
}

func valueOf(n session.TreeNode) string {
	if n.Value == nil {
		return "–"
	}
	return format(*n.Value)
}

func valueShade(n session.TreeNode) string {
	if n.Value == nil {
		return ""
	}
	return shade(*n.Value, 0, 1)
}

// treeList is the tree as a nested list: for screen readers, and for reading. A closed one is not drawn: a tree may have
// hundreds of nodes.
func (l *Lab) treeList() app.UI {
	t := &l.tree
	if !l.planted() {
		return app.Div().Class("no-results")
	}
	list := app.Details().Class("as-table").ID("tree-list")
	summary := app.Summary().DataSet("do", "fold:tree-list").Text(fmt.Sprintf("The tree as a list, %s", plural(len(t.Nodes), "node")))
	if !l.folded["tree-list"] {
		return list.Body(summary)
	}
	children := childrenOf(t)
	var item func(n session.TreeNode) app.UI
	item = func(n session.TreeNode) app.UI {
		facts := fmt.Sprintf("tokens %d to %d, %s, advantage %s", n.Start, n.End, leafCount(n.Leaves), format(n.Advantage))
		if n.Reward != nil {
			facts = fmt.Sprintf("tokens %d to %d, %s, advantage %s", n.Start, n.End, outcome(n), format(n.Advantage))
		}
		below := children[n.ID]
		return app.Li().Body(
			l.nodeChip(n.ID), app.Span().Class("hint").Text(facts),
			app.If(len(below) > 0, func() app.UI {
				return app.Ul().Body(app.Range(below).Slice(func(i int) app.UI { return item(below[i]) }))
			}),
		)
	}
	return list.Open(true).Body(summary, app.Ul().Class("nodes").Body(item(t.Nodes[0])))
}

func outcome(n session.TreeNode) string {
	if *n.Reward > 0 {
		return "✓ right"
	}
	return "✗ wrong"
}
