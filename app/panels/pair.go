package panels

import (
	"fmt"
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
)

// besideField chooses the method of a second run that trains in turn with the first.
func (p *Page) besideField() app.UI {
	methods := p.BesideMethods()
	if len(methods) == 0 {
		return app.Div().Class("no-results")
	}
	chosen := p.Plan.Beside
	menu := choice("beside", "method of a second run beside it", chosen, append([]string{""}, methods...), func(s string) string {
		if s == "" {
			return "none"
		}
		return p.Title(s)
	})
	return app.Label().Body(app.Text("train beside"), disabled(p.Paired(), menu))
}

// pairButtons begin and end a pair of runs.
func (p *Page) pairButtons() (buttons []app.UI) {
	switch {
	case p.Paired():
		buttons = append(buttons, p.button("train-alone", "", app.Text("Train alone")))
	case p.Fixed() && p.Plan.Beside != "":
		buttons = append(buttons, p.button("train-beside", "", app.Text("Train beside: "+p.Title(p.Plan.Beside))))
	}
	return buttons
}

// secondHead is the second run below the head of the first.
func (p *Page) secondHead() app.UI {
	return app.If(p.Paired(), func() app.UI {
		return app.Div().Class("second-head").ID("second-head").Body(
			app.P().Class("verdict").Text(p.SecondState()),
			app.Progress().Class("run-progress").Max(max(1, p.Second.Settings.Steps)).Value(p.Second.Info.Step).Aria("label", "steps of the second run"),
		)
	})
}

// pairPanel lists the rollouts of both runs to one problem of the newest step, one beside another, and sets the chosen ones side by side.
func (p *Page) pairPanel() app.UI {
	if !p.Paired() {
		return app.Div().Class("no-results")
	}
	v := &p.Pairs
	panel := func(body ...app.UI) app.UI {
		return app.Section().Class("panel pairs").ID("pairs").Aria("label", "rollouts of both runs").Body(body...)
	}
	head := app.H2().Text("Rollouts of both runs")
	switch {
	case v.Step == 0:
		return panel(head, app.P().Class("hint").Text("Once both runs have taken the same step, this panel sets their rollouts to the same problem beside each other."))
	case v.Problems == 0:
		return panel(head, app.P().Class("hint").Text(fmt.Sprintf("At step %d the runs drew no problem in common.", v.Step)))
	}
	first, second := p.Title(p.Run.Settings.Method), p.Title(p.Second.Settings.Method)
	return panel(
		app.Div().Class("panel-head").Body(
			app.H2().Text(fmt.Sprintf("Rollouts of both runs, problem %d of %d", v.Problem+1, v.Problems)),
			app.Div().Class("tools").Body(
				p.button("pair-before", "tool", icon("back")).Aria("label", "problem before"),
				p.button("pair-next", "tool", icon("next")).Aria("label", "next problem"),
			),
		),
		app.P().Class("chosen-step").Text(v.Prompt),
		app.P().Class("hint").Text(fmt.Sprintf("Right answer %s; %d of %d of %s and %d of %d of %s have it. Of training step %d of both.",
			v.Gold, rightOnes(v.First), len(v.First), first, rightOnes(v.Second), len(v.Second), second, v.Step)),
		app.Div().Class("scroll").TabIndex(0).Role("region").Aria("label", "table of the rollouts of both runs").Body(app.Table().Class("table rollouts stacks").Body(
			app.Caption().Class("unseen").Text("Rollouts of both runs to this problem"),
			app.THead().Body(app.Tr().Body(columnHead("rollout"), columnHead(first), columnHead(second), columnHead("first difference"))),
			app.TBody().Body(app.Range(make([]struct{}, p.PairRows())).Slice(p.pairRow)),
		)),
		p.chosenPair(first, second),
	)
}

func rightOnes(list []session.PairedRollout) (n int) {
	for _, r := range list {
		if r.Correct {
			n++
		}
	}
	return n
}

func (p *Page) pairRow(i int) app.UI {
	a, b := p.Pair(i)
	chosen := i == p.PairRow
	parts := "–"
	if c, _, _, ok := p.PairDifferences(i); ok {
		if parts = "none"; c.First >= 0 {
			parts = fmt.Sprintf("token %d, line %d", c.Token+1, c.First+1)
		}
	}
	return app.Tr().Class("rollout", when(chosen, "selected")).DataSet("do", "pair:"+strconv.Itoa(i)).Body(
		app.Th().Scope("row").Body(app.Button().Type("button").Class("no").Aria("pressed", strconv.FormatBool(chosen)).Aria("label", fmt.Sprintf("rollout %d of both", i+1)).Text(i+1)),
		pairCell(a, p.Title(p.Run.Settings.Method)), pairCell(b, p.Title(p.Second.Settings.Method)), labelled("first difference").Text(parts))
}

// pairCell says how a rollout of a method ended, what it got and how long it is.
func pairCell(r *session.PairedRollout, method string) app.UI {
	if r == nil {
		return labelled(method).Body(app.Span().Class("hint").Text("none"))
	}
	mark, class := "✗ wrong", "false"
	if r.Correct {
		mark, class = "✓ right", "right"
	}
	facts := " " + explain.Plural(len(r.Text), "token") + ", reward " + explain.Format(r.Reward)
	if r.Kind != "" {
		facts += ", " + r.Kind
	}
	return labelled(method).Body(app.Span().Class("mark", class).Text(mark), app.Text(facts))
}

// chosenPair is the text of the chosen rollouts, line beside line.
func (p *Page) chosenPair(first, second string) app.UI {
	c, here, there, ok := p.PairDifferences(p.PairRow)
	if !ok {
		return app.P().Class("hint").Text("Only one of the runs has this rollout.")
	}
	parts := fmt.Sprintf("Rollouts %d of both have the same tokens.", p.PairRow+1)
	if c.First >= 0 {
		parts = fmt.Sprintf("Rollouts %d first differ at token %d, in line %d.", p.PairRow+1, c.Token+1, c.First+1)
	}
	return app.Div().Class("losses").Body(app.P().Class("verdict").Text(parts), sideBySide(c, &here, &there, first, second))
}
