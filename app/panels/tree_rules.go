package panels

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"attnlab/app/session"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

func (l *Lab) rivalsPanel() app.UI {
	g := &l.Growth
	run := l.button("compare-rules", "", app.Text("Compare"))
	if l.status.Busy && l.opened && l.rules.Problems < l.rules.Of {
		run = l.button("cancel", "", icon("stop"), app.Text("Stop")).Title("Stop (Esc)")
	}
	return app.Div().Class("panel").ID("rivals").Body(
		app.H2().Text("Compare two rules"),
		app.P().Class("hint").Text("On the same initial responses to fresh problems, with M, N, T and seed as above."),
		app.Div().Class("fields").Body(
			app.Label().Body(app.Text("one"), choice("rival", "one rule", g.Rivals[0], branchRules, ruleName)),
			app.Label().Body(app.Text("the other"), choice("other-rival", "the other rule", g.Rivals[1], branchRules, ruleName)),
			app.Label().Body(app.Text("problems"), app.Input().Type("number").Min(1).Max(maxComparison).Step(1).DataSet("set", "over").Value(g.Over)),
		),
		app.Div().Class("buttons").Body(run),
		app.If(l.rules.Of > 0, func() app.UI {
			return app.Div().Body(
				app.Progress().Max(l.rules.Of).Value(l.rules.Problems).Aria("label", "problems done"),
				app.P().Class("hint").Text(fmt.Sprintf("%d of %s", l.rules.Problems, plural(l.rules.Of, "problem"))),
			)
		}),
	)
}

// rulesTable sets what branching rules gave side by side.
func (l *Lab) rulesTable() app.UI {
	r := &l.rules
	if len(r.Rows) == 0 || r.Problems == 0 {
		return app.Div().Class("no-results")
	}
	return app.Div().Class("results").ID("rules").Body(
		app.Table().Class("table").Body(
			app.Caption().Text(fmt.Sprintf("What became of the rollouts from branch points, over %s: shares of problems, ± one standard error", plural(r.Problems, "problem"))),
			app.THead().Body(app.Tr().Body(
				app.Th().Scope("col").Text("branch points"), numberColumn("n"), numberColumn("all correct"), numberColumn("all wrong"), app.Th().Scope("col").Class("figure").Body(l.term("valid group", "both: valid")),
				numberColumn("tokens a problem"), numberColumn("place, share of the response"),
			)),
			app.TBody().Body(app.Range(r.Rows).Slice(func(i int) app.UI {
				o := r.Rows[i]
				return app.Tr().Body(
					app.Th().Scope("row").Text(ruleName(o.Branch)), app.Td().Class("figure").Text(o.Problems),
					app.Td().Class("figure").Text(format(o.AllCorrect)), app.Td().Class("figure").Text(format(o.AllWrong)),
					app.Td().Class("figure").Body(app.Text(format(o.Valid)), app.Span().Class("se").Text(" ± "+format(o.ValidSE))),
					app.Td().Class("figure").Text(fmt.Sprintf("%.1f", o.Sampled)), app.Td().Class("figure").Text(format(o.Position)),
				)
			})),
		),
		app.P().ID("rules-reading").Text(reading(r)),
	)
}

// reading is what a comparison of rules says, and whether it says anything: two standard errors of the difference, with
// the two taken as independent, which is careful where they share their initial responses.
func reading(r *session.Rules) string {
	if len(r.Rows) != 2 {
		return ""
	}
	a, b := r.Rows[0], r.Rows[1]
	if a.Problems < 2 || b.Problems < 2 {
		return "One problem says nothing about a rule yet."
	}
	if a.Branch == b.Branch {
		return "These are two draws of one rule: what they differ by is chance."
	}
	d, se := a.Valid-b.Valid, math.Hypot(a.ValidSE, b.ValidSE)
	text := fmt.Sprintf("Branching %s gives both right and wrong rollouts in %s more of the problems than %s (± %s)", ruleName(a.Branch), format(d), ruleName(b.Branch), format(se))
	if d < 0 {
		text = fmt.Sprintf("Branching %s gives both right and wrong rollouts in %s fewer of the problems than %s (± %s)", ruleName(a.Branch), format(-d), ruleName(b.Branch), format(se))
	}
	if math.Abs(d) <= 2*se {
		text += ", which is within two standard errors: too close to call."
	} else {
		text += ", which is more than two standard errors."
	}
	rows := []session.RuleOutcome{a, b}
	slices.SortStableFunc(rows, func(a, b session.RuleOutcome) int { return cmp.Compare(b.Sampled, a.Sampled) })
	if few := rows[1].Sampled; few > 0 && rows[0].Sampled > few {
		text += fmt.Sprintf(" A problem's rollouts cost %.1f times the tokens %s, whose branch points lie at %s of the response against %s.",
			rows[0].Sampled/few, ruleName(rows[0].Branch), format(rows[0].Position), format(rows[1].Position))
	}
	return text
}
