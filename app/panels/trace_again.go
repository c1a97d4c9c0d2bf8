package panels

import (
	"fmt"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
)

// samplingAgain is the engine's stage while it samples steps again.
const samplingAgain = "sampling steps again"

// importancePanel samples every step of the trace again and shows what each contributes beside the steps' scores.
func (p *Page) importancePanel() app.UI {
	v := &p.Importances
	running := p.Status.Busy && p.Status.Stage == samplingAgain
	run := p.button("sample-again", "", app.Text("Sample every step again"))
	if running {
		run = p.button("cancel", "", icon("stop"), app.Text("Stop"))
	}
	why := ""
	if !p.Trace.Complete || len(p.Trace.Steps) == 0 {
		why = "Generate a whole response with steps first."
	}
	return app.Section().Class("panel cut-all").ID("importance").Aria("label", "sample every step again").Body(
		app.H2().Text("What does each step contribute?"),
		app.P().Class("hint").Body(
			app.Text("Samples the rest from before and from after each step. "), p.term("importance", "Importance"),
			app.Text(" is how much more often continuations succeed that keep the step than those that write another in its place. Labels are not needed; position and shuffled scores are the controls.")),
		app.Div().Class("fields").Body(
			p.numberField("again", "continuations from each place", 1, session.MaxSamples, p.Controls.Again),
			app.Div().Class("buttons").Body(run),
		),
		app.If(why != "", func() app.UI { return app.P().Class("hint").Text(why) }),
		app.If(running && p.Status.Total > 0, func() app.UI {
			return app.Div().Body(
				app.Progress().Max(p.Status.Total).Value(p.Status.Done).Aria("label", "continuations done"),
				app.P().Class("hint").Text(fmt.Sprintf("%s of %s continuations", explain.Grouped(int64(p.Status.Done)), explain.Grouped(int64(p.Status.Total)))),
			)
		}),
		app.If(len(v.Steps) > 0, func() app.UI {
			return app.Div().Class("losses").Body(
				p.figure("importance", "Importance of each step beside FCI, focus and position", true),
				p.importanceVerdict(),
				p.importanceTable(),
				app.Div().Class("buttons").Body(
					p.button("save-importance", "quiet", app.Text("CSV")),
					p.button("save-importance-json", "quiet", app.Text("JSON")),
					p.button("link", "quiet", icon("link"), app.Text("Link")),
				),
			)
		}),
	)
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
	head := func(text string) app.UI { return app.Th().Scope("col").Class("figure").Text(text) }
	folded := p.Folded["importance-table"]
	details := app.Details().Class("as-table").Open(!folded)
	summary := app.Summary().DataSet("do", "fold:importance-table").Text("The importances as a table")
	if folded {
		return details.Body(summary)
	}
	cell := func(value app.UI, interval string) app.UI {
		return app.Td().Class("figure").Body(value, app.Span().Class("se").Text(" "+interval))
	}
	score := func(v *float64) app.UI {
		if v == nil {
			return app.Td().Class("figure").Text("not scored")
		}
		return app.Td().Class("figure").Text(explain.Format(*v))
	}
	return details.Body(summary, app.Div().Class("scroll").TabIndex(0).Body(app.Table().Class("table").Body(
		app.Caption().Class("unseen").Text("What each step contributes to success"),
		app.THead().Body(app.Tr().Body(app.Th().Scope("col").Text("step"), head("importance, 95 %"), head("another step"), head("resampled, 95 %"), head("forced, 95 %"), head("FCI"), head("focus"))),
		app.TBody().Body(app.Range(steps).Slice(func(k int) app.UI {
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
		})),
	)))
}
