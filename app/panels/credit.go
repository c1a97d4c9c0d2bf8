package panels

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"attnlab/app/session"
	"attnlab/app/theme"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

func (l *Lab) hasRollouts() bool { return len(l.run.Rollouts) > 0 }

// rolloutsPanel lists the rollouts of one problem of the newest step, and explains the credit of one of them.
func (l *Lab) rolloutsPanel() app.UI {
	if !l.hasRollouts() {
		return app.Div().Class("panel").ID("rollouts").Body(
			app.H2().Body(l.term("credit", "Credit")),
			app.P().Class("hint").Text("After a training step its rollouts are listed here, problem by problem. Choose one to see how its reward becomes an advantage, and what the method makes of that token by token."),
		)
	}
	return app.Div().Class("credit-view").Body(l.rolloutTable(), l.creditPanel())
}

// inGroup are the places of a group's rollouts in the table.
func (s *state) inGroup(group int) (places []int) {
	for i, r := range s.run.Rollouts {
		if r.Group == group {
			places = append(places, i)
		}
	}
	return places
}

// groups are the groups of the newest step, in order.
func (s *state) groups() (groups []int) {
	for _, r := range s.run.Rollouts {
		if len(groups) == 0 || groups[len(groups)-1] != r.Group {
			groups = append(groups, r.Group)
		}
	}
	slices.Sort(groups)
	return slices.Compact(groups)
}

func (l *Lab) rolloutTable() app.UI {
	groups, places := l.groups(), l.inGroup(l.group)
	first, right := l.run.Rollouts[places[0]], 0
	kinds := false
	for _, i := range places {
		if l.run.Rollouts[i].Correct {
			right++
		}
		kinds = kinds || l.run.Rollouts[i].Kind != ""
	}
	at := slices.Index(groups, l.group)
	return app.Div().Class("panel").ID("rollouts").Body(
		app.Div().Class("panel-head").Body(
			app.H2().Text(fmt.Sprintf("Rollouts, problem %d of %d", at+1, len(groups))),
			app.Div().Class("tools").Body(
				l.button("group-before", "tool", icon("back")).Aria("label", "problem before"),
				l.button("group-next", "tool", icon("next")).Aria("label", "next problem"),
			),
		),
		app.P().Class("chosen-step").Text(first.Prompt),
		app.P().Class("hint").Text(fmt.Sprintf("Right answer %s; %d of %d have it. Of training step %d.", first.Gold, right, len(places), l.run.Info.Step)),
		app.Div().Class("scroll rollout-scroll").TabIndex(0).Body(app.Table().Class("table rollouts").Body(
			app.Caption().Class("unseen").Text("Rollouts of this problem"),
			app.THead().Body(app.Tr().Body(
				app.Th().Scope("col").Text("rollout"),
				app.Th().Scope("col").Text("answer"),
				app.Th().Scope("col").Class("figure").Text("think"),
				app.Th().Scope("col").Class("figure").Text("reward"),
				app.Th().Scope("col").Class("figure").Text("advantage"),
			)),
			app.TBody().Body(app.Range(places).Slice(func(n int) app.UI { return l.rolloutRow(places[n], n) })),
		)),
	)
}

func (l *Lab) rolloutRow(i, n int) app.UI {
	r := l.run.Rollouts[i]
	chosen := l.chosen() == i
	name := strconv.Itoa(n + 1)
	if r.Kind != "" {
		name += " " + r.Kind
	}
	answer, class := "✗ wrong", "false"
	if r.Correct {
		answer, class = "✓ right", "right"
	}
	advantage := app.Td().Class("figure").Body(app.Span().Class("shaded", signed(r.Advantage, l.largestAdvantage())).Text(withSign(r.Advantage)))
	if !r.Trained {
		advantage = app.Td().Class("figure").Title("not trained on").Body(app.Span().Class("hint").Text(withSign(r.Advantage) + ", left out"))
	}
	return app.Tr().Class("rollout", when(chosen, "selected")).DataSet("do", "credit:"+strconv.Itoa(i)).Body(
		app.Th().Scope("row").Body(app.Button().Type("button").Class("no").Aria("pressed", strconv.FormatBool(chosen)).Aria("label", "credit of rollout "+name).Text(name)),
		app.Td().Body(app.Span().Class("mark", class).Text(answer)),
		app.Td().Class("figure").Text(r.Think),
		app.Td().Class("figure").Text(format(r.Reward)),
		advantage,
	)
}

// chosen is the place of the rollout whose credit is shown, or asked for.
func (s *state) chosen() int {
	if s.awaited != nil {
		return *s.awaited
	}
	if len(s.credit.Text) == 0 {
		return -1
	}
	return s.credit.Rollout
}

func (s *state) largestAdvantage() float64 {
	top := 0.0
	for _, r := range s.run.Rollouts {
		top = math.Max(top, math.Abs(r.Advantage))
	}
	return top
}

func (l *Lab) showCredit(i int) {
	if i < 0 || i >= len(l.run.Rollouts) {
		return
	}
	l.awaited, l.group = &i, l.run.Rollouts[i].Group
	l.send(session.ShowCredit{Rollout: i})
}

func (l *Lab) moveCredit(by int) {
	if places := l.inGroup(l.group); len(places) > 0 {
		at := slices.Index(places, l.chosen())
		if at < 0 && by < 0 {
			at = 0
		}
		l.showCredit(places[(at+by+len(places))%len(places)])
	}
}

func (l *Lab) moveGroup(by int) {
	if groups := l.groups(); len(groups) > 0 {
		l.group = groups[(max(0, slices.Index(groups, l.group))+by+len(groups))%len(groups)]
	}
}

// creditPanel follows one rollout's credit: reward to advantage, then token by token before and after the method's term.
func (l *Lab) creditPanel() app.UI {
	c := &l.credit
	if len(c.Text) == 0 || len(c.Before) != len(c.Text) || len(c.After) != len(c.Text) {
		return app.Div().Class("panel").ID("credit").Body(
			app.H2().Body(l.term("credit", "Credit")), app.P().Class("hint").Text("Choose a rollout to see its credit."))
	}
	waits := l.awaited != nil && *l.awaited != c.Rollout
	top := 0.0
	for i := range c.Text {
		top = math.Max(top, math.Max(math.Abs(c.Before[i]), math.Abs(c.After[i])))
	}
	var blocks []app.UI
	at := 0
	block := func(k, start, end int) {
		if start < end {
			blocks = append(blocks, l.creditBlock(k, start, end, top))
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
			app.H2().Body(l.term("credit", "Credit"), app.Text(" of a rollout")),
			signedLegend(top),
		),
		app.If(waits, func() app.UI {
			return app.P().Class("hint").Aria("live", "polite").Text("The rollout you chose is shown after the step under way.")
		}),
		app.If(len(c.Outcome) > 0, func() app.UI {
			return app.Ol().Class("outcome-terms").Aria("label", "from reward to advantage").Body(app.Range(c.Outcome).Slice(func(i int) app.UI {
				t := c.Outcome[i]
				return app.Li().Body(
					app.Span().Body(app.Text(t.Name), app.If(t.Form != "", func() app.UI { return app.Span().Class("form").Text(t.Form) })),
					l.number("outcome:"+strconv.Itoa(i), termValue(t.Value)))
			}))
		}),
		app.P().Class("hint").Text("Each step twice: the advantage of its tokens before the method's own term, and after. The number is what the method multiplies by; open it for its arithmetic."),
		app.Ol().Class("credit-steps").Body(blocks...),
	)
}

// creditBlock is a step, or what stands between two: k is -1 there.
func (l *Lab) creditBlock(k, start, end int, top float64) app.UI {
	c := &l.credit
	row := func(name string, values []float64) app.UI {
		return app.Div().Class("credit-row").Role("group").Aria("label", fmt.Sprintf("%s: advantage %s", name, withSign(mean(values[start:end])))).Body(
			app.Span().Class("hint").Text(name),
			app.Span().Class("tokens").Body(app.Range(c.Text[start:end]).Slice(func(i int) app.UI {
				v := values[start+i]
				return app.Span().Class("tok", signed(v, top), when(special(c.Text[start+i]), "special")).Title(name + " " + withSign(v)).Text(visible(c.Text[start+i]))
			})),
			app.Span().Class("figure").Text(withSign(mean(values[start:end]))),
		)
	}
	same := slices.Equal(c.Before[start:end], c.After[start:end])
	item := app.Li().Class("credit-step", when(k < 0, "between"))
	head := app.UI(app.Span().Class("hint").Text("outside the steps"))
	if k >= 0 {
		step := c.Steps[k]
		head = app.Div().Class("credit-head").Body(
			app.Span().Class("no").Text(stepName(k)), badge(step.Label), app.Span().Class("grow"),
			app.Span().Class("hint").Text("× "), l.number("credit:"+strconv.Itoa(k), format(step.Scale)))
	}
	if same {
		return item.Body(head, row("kept", c.After))
	}
	return item.Body(head, row("before", c.Before), row("after", c.After))
}

// signed is the CSS class of the signed ramp for a value on a scale from -top to top.
func signed(v, top float64) string {
	if math.IsNaN(v) || top <= 0 {
		return "signed-" + strconv.Itoa(theme.SignedStep(0))
	}
	return "signed-" + strconv.Itoa(theme.SignedStep(v/top))
}

func signedLegend(top float64) app.UI {
	return app.Span().Class("legend").Aria("hidden", "true").Body(
		app.Text(format(-top)),
		app.Span().Class("ramp").Body(app.Range(make([]int, 2*theme.Steps+1)).Slice(func(i int) app.UI { return app.I().Class("signed-" + strconv.Itoa(i)) })),
		app.Text(withSign(top)),
	)
}

// withSign writes a number that may be a gain or a loss.
func withSign(v float64) string {
	text := format(v)
	if v > 0 && text != "0.000" {
		return "+" + text
	}
	return text
}

// termValue writes a number of an arithmetic: a count, such as a length, without decimals.
func termValue(v float64) string {
	if v == math.Trunc(v) && v > 1 {
		return count(v)
	}
	return format(v)
}

// explainCredit opens the factor of a step to the arithmetic that the engine gives for it.
func explainCredit(s *state, k int) (Explanation, bool) {
	c := &s.credit
	if k < 0 || k >= len(c.Steps) {
		return Explanation{}, false
	}
	step := c.Steps[k]
	e := Explanation{Title: "Credit of step " + stepName(k), Value: "× " + format(step.Scale),
		Note: "The step is " + step.Label + "; the method does not know that."}
	for _, t := range step.Terms {
		e.Terms = append(e.Terms, Term{Name: t.Name, Form: t.Form, Value: termValue(t.Value)})
		if t.Source != "" {
			e.Source = t.Source
		}
	}
	if len(step.Terms) == 0 {
		e.Note += " It has no term for steps: all tokens keep the advantage of the response."
	}
	if step.Start < step.End && step.End <= min(len(c.Before), len(c.After)) {
		e.Total = withSign(mean(c.Before[step.Start:step.End])) + " before, " + withSign(mean(c.After[step.Start:step.End])) + " after"
	}
	return e, true
}

// explainOutcome opens a number on the way from reward to advantage.
func explainOutcome(s *state, i int) (Explanation, bool) {
	if i < 0 || i >= len(s.credit.Outcome) {
		return Explanation{}, false
	}
	t := s.credit.Outcome[i]
	return Explanation{Title: t.Name, Value: termValue(t.Value), Formula: t.Form, Source: t.Source}, true
}
