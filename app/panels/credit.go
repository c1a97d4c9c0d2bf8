package panels

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab/explain"
	"attnlab/rl/stat"
)

// rolloutsPanel lists the rollouts of one problem of the newest step, and explains the credit of one of them.
func (p *Page) rolloutsPanel() app.UI {
	if !p.HasRollouts() {
		return app.Div().Class("panel").ID("rollouts").Body(
			app.H2().Body(p.term("credit", "Credit")),
			app.P().Class("hint").Text("After a training step this panel lists its rollouts, problem by problem. Choose one to see how its reward becomes an advantage, and what the method changes token by token."),
		)
	}
	return app.Div().Class("credit-view").Body(p.rolloutTable(), p.creditPanel(), p.lossPanel())
}

func (p *Page) rolloutTable() app.UI {
	groups, places := p.Groups(), p.InGroup(p.Group)
	first, right := p.Run.Rollouts[places[0]], 0
	kinds := false
	for _, i := range places {
		if p.Run.Rollouts[i].Correct {
			right++
		}
		kinds = kinds || p.Run.Rollouts[i].Kind != ""
	}
	at := slices.Index(groups, p.Group)
	return app.Div().Class("panel").ID("rollouts").Body(
		app.Div().Class("panel-head").Body(
			app.H2().Text(fmt.Sprintf("Rollouts, problem %d of %d", at+1, len(groups))),
			app.Div().Class("tools").Body(
				p.button("group-before", "tool", icon("back")).Aria("label", "problem before"),
				p.button("group-next", "tool", icon("next")).Aria("label", "next problem"),
			),
		),
		app.P().Class("chosen-step").Text(first.Prompt),
		app.P().Class("hint").Text(fmt.Sprintf("Right answer %s; %d of %d have it. Of training step %d.", first.Gold, right, len(places), p.Run.Info.Step)),
		app.Div().Class("scroll rollout-scroll").TabIndex(0).Body(app.Table().Class("table rollouts").Body(
			app.Caption().Class("unseen").Text("Rollouts of this problem"),
			app.THead().Body(app.Tr().Body(
				app.Th().Scope("col").Text("rollout"),
				app.Th().Scope("col").Text("answer"),
				app.Th().Scope("col").Class("figure").Text("think"),
				app.Th().Scope("col").Class("figure").Text("reward"),
				app.Th().Scope("col").Class("figure").Text("advantage"),
			)),
			app.TBody().Body(app.Range(places).Slice(func(n int) app.UI { return p.rolloutRow(places[n], n) })),
		)),
	)
}

func (p *Page) rolloutRow(i, n int) app.UI {
	r := p.Run.Rollouts[i]
	chosen := p.Chosen() == i
	name := strconv.Itoa(n + 1)
	if r.Kind != "" {
		name += " " + r.Kind
	}
	answer, class := "✗ wrong", "false"
	if r.Correct {
		answer, class = "✓ right", "right"
	}
	advantage := app.Td().Class("figure").Body(app.Span().Class("shaded", signed(r.Advantage, p.LargestAdvantage())).Text(explain.WithSign(r.Advantage)))
	if !r.Trained {
		advantage = app.Td().Class("figure").Title("not trained on").Body(app.Span().Class("hint").Text(explain.WithSign(r.Advantage) + ", left out"))
	}
	return app.Tr().Class("rollout", when(chosen, "selected")).DataSet("do", "credit:"+strconv.Itoa(i)).Body(
		app.Th().Scope("row").Body(app.Button().Type("button").Class("no").Aria("pressed", strconv.FormatBool(chosen)).Aria("label", "credit of rollout "+name).Text(name)),
		app.Td().Body(app.Span().Class("mark", class).Text(answer)),
		app.Td().Class("figure").Text(r.Think),
		app.Td().Class("figure").Text(explain.Format(r.Reward)),
		advantage,
	)
}

// creditPanel follows one rollout's credit: reward to advantage, then token by token before and after the method's term.
func (p *Page) creditPanel() app.UI {
	c := &p.Credit
	if len(c.Text) == 0 || len(c.Before) != len(c.Text) || len(c.After) != len(c.Text) {
		return app.Div().Class("panel").ID("credit").Body(
			app.H2().Body(p.term("credit", "Credit")), app.P().Class("hint").Text("Choose a rollout to see its credit."))
	}
	waits := p.Awaited != nil && *p.Awaited != c.Rollout
	top := p.LargestAdvantage() // of all rollouts of the step, so that a small advantage looks small
	for i := range c.Text {
		top = math.Max(top, math.Max(math.Abs(c.Before[i]), math.Abs(c.After[i])))
	}
	var blocks []app.UI
	at := 0
	block := func(k, start, end int) {
		if start < end {
			blocks = append(blocks, p.creditBlock(k, start, end, top))
		}
	}
	for k, step := range c.Steps {
		start, end := min(max(step.Start, at), len(c.Text)), min(step.End, len(c.Text))
		block(-1, at, start)
		block(k, start, end)
		at = max(at, end)
	}
	block(-1, at, len(c.Text))
	return app.Div().Class("panel").ID("credit").Body(
		app.Div().Class("panel-head").Body(
			app.H2().Body(p.term("credit", "Credit"), app.Text(" of a rollout")),
			signedLegend(top),
		),
		app.If(waits, func() app.UI {
			return app.P().Class("hint").Aria("live", "polite").Text("The rollout you chose is shown after the current step.")
		}),
		app.If(len(c.Outcome) > 0, func() app.UI {
			return app.Ol().Class("outcome-terms").Aria("label", "from reward to advantage").Body(app.Range(c.Outcome).Slice(func(i int) app.UI {
				t := c.Outcome[i]
				return app.Li().Body(
					app.Span().Body(app.Text(t.Name), app.If(t.Form != "", func() app.UI { return app.Span().Class("form").Text(t.Form) })),
					p.number("outcome:"+strconv.Itoa(i), explain.TermValue(t.Value)))
			}))
		}),
		app.P().Class("hint").Text("Each step is shown twice: the advantage of its tokens before the method's own term, and after it. The number is the factor between the two; open it for its arithmetic."),
		app.Ol().Class("credit-steps").Body(blocks...),
	)
}

// creditBlock is a step, or the tokens between two steps: k is -1 there.
func (p *Page) creditBlock(k, start, end int, top float64) app.UI {
	c := &p.Credit
	row := func(name string, values []float64) app.UI {
		return app.Div().Class("credit-row").Role("group").Aria("label", fmt.Sprintf("%s: advantage %s", name, explain.WithSign(stat.Mean(values[start:end])))).Body(
			app.Span().Class("hint").Text(name),
			app.Span().Class("tokens").Body(app.Range(c.Text[start:end]).Slice(func(i int) app.UI {
				v := values[start+i]
				return app.Span().Class("tok", signed(v, top), when(explain.Special(c.Text[start+i]), "special")).Title(name + " " + explain.WithSign(v)).Text(explain.Visible(c.Text[start+i]))
			})),
			app.Span().Class("figure").Text(explain.WithSign(stat.Mean(values[start:end]))),
		)
	}
	same := slices.Equal(c.Before[start:end], c.After[start:end])
	item := app.Li().Class("credit-step", when(k < 0, "between"))
	head := app.UI(app.Span().Class("hint").Text("outside the steps"))
	if k >= 0 {
		step := c.Steps[k]
		head = app.Div().Class("credit-head").Body(
			app.Span().Class("no").Text(explain.StepName(k)), badge(step.Label), app.Span().Class("grow"),
			app.Span().Class("hint").Text("× "), p.number("credit:"+strconv.Itoa(k), explain.Format(step.Scale)))
	}
	if same {
		return item.Body(head, row("unchanged", c.After))
	}
	return item.Body(head, row("before", c.Before), row("after", c.After))
}
