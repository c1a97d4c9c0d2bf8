package panels

import (
	"fmt"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
)

func (p *Page) rivalsPanel() app.UI {
	g := &p.Growth
	run := p.button("compare-rules", "", app.Text("Compare"))
	if p.Status.Busy && p.Opened && p.Rules.Problems < p.Rules.Of {
		run = p.button("cancel", "", icon("stop"), app.Text("Stop")).Title("Stop (Esc)")
	}
	return app.Div().Class("panel").ID("rivals").Body(
		app.H2().Text("Compare two rules"),
		app.P().Class("hint").Text("On the same initial responses to fresh problems, with M, N, T and seed as above."),
		app.Div().Class("fields").Body(
			app.Label().Body(app.Text("one"), choice("rival", "one rule", g.Rivals[0], p.branchRules(g.Rivals[0]), branchPhrase)),
			app.Label().Body(app.Text("the other"), choice("other-rival", "the other rule", g.Rivals[1], p.branchRules(g.Rivals[1]), branchPhrase)),
			p.numberField("over", "problems", 1, session.MaxProblems, g.Over),
		),
		app.Div().Class("buttons").Body(run),
		app.If(p.Rules.Of > 0, func() app.UI {
			return app.Div().Body(
				app.Progress().Max(p.Rules.Of).Value(p.Rules.Problems).Aria("label", "problems done"),
				app.P().Class("hint").Text(fmt.Sprintf("%d of %s", p.Rules.Problems, explain.Plural(p.Rules.Of, "problem"))),
			)
		}),
	)
}

// rulesTable shows the results of branching rules side by side.
func (p *Page) rulesTable() app.UI {
	r := &p.Rules
	if len(r.Rows) == 0 || r.Problems == 0 {
		return app.Div().Class("no-results")
	}
	return app.Div().Class("results").TabIndex(0).Role("region").Aria("label", "outcomes of branching rules").ID("rules").Body(
		app.Table().Class("table").Body(
			app.Caption().Text(fmt.Sprintf("Outcomes of the rollouts from branch points, over %s: shares of problems, ± one standard error", explain.Plural(r.Problems, "problem"))),
			app.THead().Body(app.Tr().Body(
				app.Th().Scope("col").Text("branch points"), numberColumn("n"), numberColumn("all correct"), numberColumn("all wrong"), app.Th().Scope("col").Class("figure").Body(p.term("valid group", "both: valid")),
				numberColumn("tokens per problem"), numberColumn("place, share of the response"),
			)),
			app.TBody().Body(app.Range(r.Rows).Slice(func(i int) app.UI {
				o := r.Rows[i]
				return app.Tr().Body(
					app.Th().Scope("row").Text(branchPhrase(o.Branch)), app.Td().Class("figure").Text(o.Problems),
					app.Td().Class("figure").Text(explain.Format(o.AllCorrect)), app.Td().Class("figure").Text(explain.Format(o.AllWrong)),
					app.Td().Class("figure").Body(app.Text(explain.Format(o.Valid)), app.Span().Class("se").Text(explain.PlusMinus(o.ValidSE))),
					app.Td().Class("figure").Text(fmt.Sprintf("%.1f", o.Sampled)), app.Td().Class("figure").Text(explain.Format(o.Position)),
				)
			})),
		),
		app.P().ID("rules-reading").Text(explain.Reading(r)),
	)
}
