package panels

import (
	"fmt"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
)

// importancePanel samples every step of the trace again and shows what each contributes beside the steps' scores.
func (p *Page) importancePanel() app.UI {
	why := ""
	if !p.Trace.Complete || len(p.Trace.Steps) == 0 {
		why = "Generate a whole response with steps first."
	}
	return p.measurementPanel(measurement{id: "importance", label: "sample every step again", asks: "What does each step contribute?",
		does: []app.UI{app.Text("Samples the rest from before and from after each step. "), p.term("importance", "Importance"),
			app.Text(" is how much more often continuations succeed that keep the step than those that write another in its place. Labels are not needed; position and shuffled scores are the controls.")},
		fields: []app.UI{p.numberField("again", "continuations from each place", 1, session.MaxSamples, p.Controls.Again)},
		do:     "sample-again", press: "Sample every step again", stage: "sampling steps again", counts: "continuations", why: why,
		found: len(p.Importances.Steps) > 0, save: "save-importance",
		result: func() []app.UI {
			return []app.UI{p.measuredFigure("importance", "Importance of each step beside FCI, focus and position"), p.importanceVerdict(), p.importanceTable()}
		}})
}

// importanceVerdict is what the importances show, and the correlations behind it.
func (p *Page) importanceVerdict() app.UI {
	v := &p.Importances
	text := explain.ImportanceVerdict(v)
	if text == "" {
		return app.P().Class("verdict").Aria("live", "polite").Text("Sampling. The correlations appear when every step is sampled again.")
	}
	rho := func(name, by string) app.UI {
		r, _ := v.Rank(by)
		return fact(name, app.Span().Body(p.number("importance-rho:"+by, explain.Rho(r.Rho)), app.Span().Class("se").Text(" "+explain.RhoInterval(r.Interval))))
	}
	place, _ := v.Rank("position")
	return app.Div().Class("found").Body(
		app.P().Class("verdict").Aria("live", "polite").Text(text),
		app.Div().Class("facts").Body(
			rho("ρ(importance, FCI), 95 %", "fci"), rho("ρ with focus", "focus"), rho("ρ with position", "position"),
			rho("ρ with shuffled FCI", "shuffled"), rho("ρ measured twice", "repeat"),
			fact("n", app.Span().Class("figure").Text(explain.Plural(place.N, "step"))),
		),
	)
}

// importanceTable has the numbers of the figure, and the other two measures.
func (p *Page) importanceTable() app.UI {
	steps := p.Importances.Steps
	head := []app.UI{columnHead("step"), numberHead("importance, 95 %"), numberHead("another step"), numberHead("resampled, 95 %"), numberHead("forced, 95 %"), numberHead("FCI"), numberHead("focus")}
	cell := func(value app.UI, interval string) app.UI {
		return app.Td().Class("figure").Body(value, app.Span().Class("se").Text(" "+interval))
	}
	score := func(v *float64) app.UI {
		if v == nil {
			return app.Td().Class("figure").Text("not scored")
		}
		return app.Td().Class("figure").Text(explain.Format(*v))
	}
	return p.foldedTable("importance-table", "The importances as a table", "", "What each step contributes to success", head, len(steps), func(k int) app.UI {
		s := steps[k]
		name := app.Th().Scope("row").Text(explain.StepName(k) + " " + s.Text)
		if !s.Measured() {
			return app.Tr().Body(name, app.Td().ColSpan(4).Text("not sampled yet, or nothing can follow"), score(s.FCI), score(s.Focus))
		}
		importance := app.UI(app.Td().Class("figure").Text("always written"))
		if s.Importance != nil {
			importance = cell(p.number(fmt.Sprintf("importance:%d", k), explain.Effect(s.Importance)), explain.EffectInterval(s.Importance))
		}
		return app.Tr().Body(name, importance, app.Td().Class("figure").Text(fmt.Sprintf("%d of %d", s.Differs.N, s.Before.N)),
			cell(app.Text(explain.Effect(s.Resampled)), explain.EffectInterval(s.Resampled)), cell(app.Text(explain.Effect(s.Forced)), explain.EffectInterval(s.Forced)),
			score(s.FCI), score(s.Focus))
	})
}
