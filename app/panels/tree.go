package panels

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/lab/explain"
	"attnlab/app/session"
	"attnlab/rl/hyper"
	"attnlab/rl/score"
	"attnlab/rl/task"
)

func (p *Page) treePage() app.UI {
	return app.Div().Class("columns", when(p.Planted(), "planted")).Body(
		app.Section().Class("column controls").Aria("label", "how the tree grows").Body(
			p.needsModel("grow trees of its answers"),
			p.growPanel(),
			app.If(p.Recorded == "", p.problemPanel),
			p.rivalsPanel(),
		),
		app.Section().Class("column middle").Aria("label", "tree").Body(
			p.treeHead(),
			p.figure("tree", "The tree: time to the right, a lane a leaf", true),
			p.branchPoints(),
			p.rulesTable(),
			p.treeList(),
		),
		app.Section().Class("column figures").Aria("label", "chosen node").Body(p.nodePanel()),
	)
}

func (p *Page) growPanel() app.UI {
	r := p.Growth.Rule
	count := func(row hyper.Param, n int) app.UI {
		input, why := p.numberInput(row.Name, uint64(row.Min), uint64(row.Max), n)
		return app.Label().Title(row.Meaning).Body(app.Text(row.Symbol), input.Aria("label", row.Symbol+", "+row.Meaning), why)
	}
	grow := p.button("grow", "primary", app.Text("Grow"))
	if p.Status.Busy && p.Opened {
		grow = p.button("cancel", "primary", icon("stop"), app.Text("Stop")).Title("Stop (Esc)")
	}
	return app.Div().Class("panel growth").ID("growth").Body(
		app.H2().Text("Branch tree"),
		app.Div().Class("fields").Body(
			app.Label().Body(p.term("branch point", "branch points"), choice("rule", "how branch points are chosen", r.Branch, p.branchRules(r.Branch), branchPhrase)),
			p.numberField("tree-seed", "seed", 0, math.MaxUint64, p.Growth.Seed),
		),
		app.Div().Class("fields counts").Body(
			count(hyper.Initial, r.Initial),
			count(hyper.Points, r.Points),
			count(hyper.Rollouts, r.Rollouts),
		),
		app.P().Class("hint").Text(lab.LeafPlan(r)),
		app.Div().Class("buttons").Body(
			grow,
			p.button("grow-round", "", app.Text("Next round")),
		),
		app.Div().Class("buttons").Body(p.button("grow-again", "quiet", app.Text("Start again"))),
		app.If(p.Planted() && !p.Tree.Done && p.Tree.Next != "", func() app.UI {
			return app.P().Class("hint").ID("next-round").Text("Next: " + explain.LowerFirst(p.Tree.Next))
		}),
	)
}

// branchPhrase is a branching rule as it follows "branch points are chosen".
func branchPhrase(rule string) string { return score.FindBranch(rule).Phrase }

// branchRules are the names that a menu of rules offers: the pivot only where the task knows it, or where a link chose it.
func (p *Page) branchRules(chosen string) []string {
	names := score.BranchNames()
	kind, err := task.New(p.Trace.Task, "", "")
	if known := err == nil && task.KnowsPivot(kind); known || chosen == score.PivotBranch.Name {
		return names
	}
	return slices.DeleteFunc(names, func(name string) bool { return name == score.PivotBranch.Name })
}

// treeHead summarises the tree.
func (p *Page) treeHead() app.UI {
	t := &p.Tree
	what, share := "No tree of this problem yet. Grow one at once, or round by round.", ""
	if len(p.Trace.Tokens) == 0 {
		what = "No problem yet. Draw a new one."
	}
	if p.Planted() {
		right, leaves := explain.LeavesBelow(t, t.Nodes[0].ID)
		if leaves > 0 {
			share = fmt.Sprintf("%g of %d right", right, leaves)
		}
		what = fmt.Sprintf("%s of %s, branch points %s. %s tokens sampled at temperature %g, %s with the prefix of every leaf", explain.LeafCount(leaves),
			explain.Plural(t.Rule.Initial, "initial response"), branchPhrase(t.Rule.Branch), explain.Grouped(t.Sampled), t.Temperature, explain.Grouped(t.Charged))
		if !t.Done {
			what += "; not finished"
		}
	}
	return app.Div().Class("trace-head").Body(
		app.Div().Body(app.H1().Text("Tree"), app.If(share != "", func() app.UI { return app.P().Class("big-value tree-share").Text(share) }), app.P().Class("verdict").ID("tree-verdict").Text(what)),
	)
}

// branchPoints lists where responses were or will be sampled again, in the order of their rollouts.
func (p *Page) branchPoints() app.UI {
	t := &p.Tree
	if !p.Planted() || len(t.Points) == 0 {
		return app.Div().Class("no-results")
	}
	rule := score.FindBranch(t.Rule.Branch)
	return app.Div().Class("results").TabIndex(0).Role("region").Aria("label", "branch points").Body(app.Table().Class("table").ID("branch-points").Body(
		app.Caption().Text("Branch points, chosen "+rule.Phrase+". The new rollouts begin at the token."),
		app.THead().Body(app.Tr().Body(
			numberColumn("response"), numberColumn("step"), numberColumn("token"), numberColumn(rule.Score.Label()), app.Th().Scope("col").Text("node that ends there"),
		)),
		app.TBody().Body(app.Range(t.Points).Slice(func(i int) app.UI {
			at := t.Points[i]
			step := "–"
			if at.Step >= 0 {
				step = explain.StepName(at.Step)
			}
			node := app.UI(app.Span().Class("hint").Text("not rolled out yet"))
			if at.Node >= 0 {
				node = p.nodeChip(at.Node)
			}
			return app.Tr().Body(
				app.Td().Class("figure").Text(at.Tree+1), app.Td().Class("figure").Text(step), app.Td().Class("figure").Text(at.Token),
				app.Td().Class("figure").Text(explain.Format(at.Score)), app.Td().Body(node))
		})),
	))
}

// numberColumn is the head of a column of numbers.
func numberColumn(name string) app.UI { return app.Th().Scope("col").Class("figure").Text(name) }

// nodeChip is a node to press, with its value.
func (p *Page) nodeChip(id int) app.UI {
	n, ok := explain.FindNode(&p.Tree, id)
	if !ok {
		return app.Span()
	}
	return app.Button().Type("button").Class("chip", valueShade(n), when(id == p.Selection.Node, "selected")).DataSet("do", "node:"+strconv.Itoa(id)).
		Aria("pressed", strconv.FormatBool(id == p.Selection.Node)).Aria("label", explain.NodeName(n)+" "+explain.ValueOf(n)+", its value").Text(explain.NodeName(n) + " · " + explain.ValueOf(n))
}

func valueShade(n session.TreeNode) string {
	if n.Value == nil {
		return ""
	}
	return shade(*n.Value, 0, 1)
}

// treeList is the tree as a nested list: for screen readers, and for reading. A closed one is not drawn: a tree may have
// hundreds of nodes.
func (p *Page) treeList() app.UI {
	t := &p.Tree
	if !p.Planted() {
		return app.Div().Class("no-results")
	}
	list := app.Details().Class("as-table").ID("tree-list")
	summary := app.Summary().DataSet("do", "fold:tree-list").Text(fmt.Sprintf("The tree as a list, %s", explain.Plural(len(t.Nodes), "node")))
	if !p.Folded["tree-list"] {
		return list.Body(summary)
	}
	children := explain.ChildrenOf(t)
	var item func(n session.TreeNode) app.UI
	item = func(n session.TreeNode) app.UI {
		facts := fmt.Sprintf("tokens %d to %d, %s, advantage %s", n.Start, n.End, explain.LeafCount(n.Leaves), explain.Format(n.Advantage))
		if n.Reward != nil {
			facts = fmt.Sprintf("tokens %d to %d, %s, advantage %s", n.Start, n.End, outcome(n), explain.Format(n.Advantage))
		}
		below := children[n.ID]
		return app.Li().Body(
			p.nodeChip(n.ID), app.Span().Class("hint").Text(facts),
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
