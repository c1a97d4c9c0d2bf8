package panels

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/lab/explain"
	"attnlab/rl/runs"
	"attnlab/rl/stat"
)

// savedRollouts lists the saved rollouts of a run by step, problem, outcome and reward.
func (p *Page) savedRollouts() app.UI {
	q, v := &p.Browsing, &p.Rollouts
	if q.ID == "" {
		return app.Div().Class("no-results")
	}
	panel := func(body ...app.UI) app.UI {
		return app.Section().Class("panel saved-rollouts").ID("saved-rollouts").Aria("label", "rollouts of every step").Body(body...)
	}
	head := app.Div().Class("panel-head").Body(app.H2().Text("Rollouts of every step"), p.button("rollouts-close", "quiet", app.Text("Close")))
	if v.ID != q.ID {
		return panel(head, app.P().Class("hint").Text("The rollouts are loading."))
	}
	if v.All == 0 {
		return panel(head, app.P().Class("hint").Text(v.Note))
	}
	steps := "Steps of these rollouts"
	if q.Filter.Problem != "" {
		steps = "This problem through training"
	}
	return panel(head,
		app.P().Class("verdict").Aria("live", "polite").Text(fmt.Sprintf("%s: %s of %s match.", v.Name, explain.Grouped(int64(v.Matches)), explain.Grouped(int64(v.All)))),
		app.If(v.Note != "", func() app.UI { return app.P().Class("hint bad").Text(v.Note) }),
		app.If(len(v.Alarms) > 0, func() app.UI {
			return app.Ul().Class("alarms").Aria("label", "alarms").Body(app.Range(v.Alarms).Slice(func(i int) app.UI { return app.Li().Class("bad").Text(v.Alarms[i].Text) }))
		}),
		p.rolloutFilter(),
		p.foldedTable("rollout-steps", steps, "rollout-steps", steps, []app.UI{columnHead("step"), numberHead("rollouts"), numberHead("right"), numberHead("reward"), numberHead("tokens"), numberHead("size of advantage")},
			len(v.Steps), func(i int) app.UI {
				s := v.Steps[i]
				return app.Tr().Body(app.Th().Scope("row").Text(s.Step), figureCell(strconv.Itoa(s.Rollouts)), figureCell(unknownOr(s.Right)), figureCell(stat.Decimals(s.Reward, 3)), figureCell(stat.Decimals(s.Tokens, 1)), figureCell(unknownOr(s.Advantage)))
			}),
		app.Ol().Class("rollout-list").Start(v.First+1).Body(app.Range(v.Rows).Slice(func(i int) app.UI { return p.savedRollout(v.Rows[i], i) })),
		app.Div().Class("buttons").Body(
			p.button("rollouts-before", "", icon("back"), app.Text("Before")),
			p.button("rollouts-next", "", app.Text("Next"), icon("next")),
			app.Span().Class("hint").Text(fmt.Sprintf("%d to %d of %d", min(v.First+1, v.Matches), v.First+len(v.Rows), v.Matches)),
		),
	)
}

// rolloutFilter are the fields that choose rollouts.
func (p *Page) rolloutFilter() app.UI {
	q := &p.Browsing
	outcomes := map[string]string{"": "any outcome", "right": "right", "wrong": "wrong", "malformed": "malformed", "cut": "cut off"}
	return app.Div().Class("rollout-filter").Role("group").Aria("label", "which rollouts").Body(
		p.textField("rollouts-steps", "steps", q.StepsText(), lab.AllSteps, "all, a step such as 4, or steps such as 2-5"),
		p.textField("rollouts-problem", "problem", q.ProblemText(), lab.AnyRollout, "any, the name of a problem, or a part of its text"),
		app.Label().Body(app.Text("outcome"), choice("rollouts-outcome", "outcome", q.Filter.Outcome, append([]string{""}, runs.RolloutOutcomes...), func(s string) string { return outcomes[s] })),
		p.textField("rollouts-least", "reward from", lab.RewardText(q.Filter.Least), lab.AnyRollout, "any, or the least reward"),
		p.textField("rollouts-most", "to", lab.RewardText(q.Filter.Most), lab.AnyRollout, "any, or the highest reward"),
		app.Div().Class("buttons").Body(p.button("rollouts-all", "quiet", app.Text("All")), p.button("rollouts-again", "quiet", app.Text("Refresh"))),
	)
}

func figureCell(text string) app.UI { return app.Td().Class("figure").Text(text) }

func unknownOr(x *float64) string {
	if x == nil {
		return "–"
	}
	return stat.Decimals(*x, 3)
}

// savedRollout is one rollout: what it got, and folded its prompt, its text and its arithmetic.
func (p *Page) savedRollout(r runs.Rollout, i int) app.UI {
	mark, class := "", ""
	if r.Correct != nil {
		mark, class = "✗ wrong", "false"
		if *r.Correct {
			mark, class = "✓ right", "right"
		}
	}
	facts := []string{fmt.Sprintf("step %d", r.Step), strings.TrimSpace(r.Problem + " " + r.Kind), fmt.Sprintf("reward %s", explain.Format(r.Reward))}
	if r.Advantage != nil {
		facts = append(facts, "advantage "+explain.WithSign(*r.Advantage))
	}
	if r.Tokens > 0 {
		facts = append(facts, explain.Plural(r.Tokens, "token"))
	}
	if r.Cut {
		facts = append(facts, "cut off")
	}
	facts = slices.DeleteFunc(facts, func(s string) bool { return s == "" })
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(r.Parts)) {
		parts = append(parts, name+" = "+explain.Format(r.Parts[name]))
	}
	return app.Li().Body(app.Details().Body(
		app.Summary().Body(app.If(mark != "", func() app.UI { return app.Span().Class("mark", class).Text(mark) }), app.Text(" "+strings.Join(facts, ", "))),
		app.P().Class("hint").Text(problemText(r.Prompt)),
		app.Pre().Text(strings.TrimSpace(r.Response)),
		app.If(r.Gold != "", func() app.UI { return app.P().Class("hint").Text("Right answer: " + r.Gold) }),
		app.If(len(parts) > 0, func() app.UI { return app.P().Class("hint").Text(strings.Join(parts, ", ")) }),
		p.button("rollouts-problem:"+strconv.Itoa(i), "quiet", app.Text("This problem through training")),
	))
}
