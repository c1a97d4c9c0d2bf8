package panels

import (
	"fmt"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
)

// everyStepPanel cuts every step of the trace and shows what was lost beside the steps' scores.
func (p *Page) everyStepPanel() app.UI {
	l := &p.Losses
	cutting := p.Status.Busy && p.Status.Stage == "cutting every step"
	run := p.button("cut-all", "", app.Text("Cut every step"))
	if cutting {
		run = p.button("cancel", "", icon("stop"), app.Text("Stop"))
	}
	why := ""
	if !p.Trace.Complete {
		why = "Generate the whole response first."
	}
	return app.Section().Class("panel cut-all").ID("cut-all").Aria("label", "cut every step").Body(
		app.H2().Text("Which steps mattered?"),
		app.P().Class("hint").Body(
			app.Text("Cuts attention to each step in turn and continues the trace, with and without the cut, by the same random numbers. What accuracy is lost is measured; "),
			p.term("fci", "FCI"), app.Text(" is a guess from attention. Position, earlier is more, is the control.")),
		app.Div().Class("fields").Body(
			p.numberField("samples", "continuations of each kind", 1, session.MaxSamples, p.Controls.Samples),
			app.Div().Class("buttons").Body(run),
		),
		app.If(why != "", func() app.UI { return app.P().Class("hint").Text(why) }),
		app.If(cutting && p.Status.Total > 0, func() app.UI {
			return app.Div().Body(
				app.Progress().Max(p.Status.Total).Value(p.Status.Done).Aria("label", "continuations done"),
				app.P().Class("hint").Text(fmt.Sprintf("%s of %s continuations", explain.Grouped(int64(p.Status.Done)), explain.Grouped(int64(p.Status.Total)))),
			)
		}),
		app.If(len(l.Steps) > 0, func() app.UI {
			return app.Div().Class("losses").Body(
				p.figure("losses", "Measured loss beside FCI and position", true),
				p.lossVerdict(),
				p.lossTable(),
				app.Div().Class("buttons").Body(
					p.button("save-losses", "quiet", app.Text("CSV")),
					p.button("save-losses-json", "quiet", app.Text("JSON")),
					p.button("link", "quiet", icon("link"), app.Text("Link")),
				),
			)
		}),
	)
}

// lossVerdict is what the losses show, and the correlations behind it.
func (p *Page) lossVerdict() app.UI {
	r := p.Losses.Ranking
	text := explain.LossVerdict(&p.Losses)
	if text == "" {
		return app.P().Class("verdict").Aria("live", "polite").Text("Measuring. The correlations appear when every step is cut.")
	}
	rho := func(name, of string, c session.Correlation) app.UI {
		return fact(name, app.Span().Body(p.number("rho:"+of, explain.Rho(c.Rho)), app.Span().Class("se").Text(" "+explain.RhoInterval(c.Interval))))
	}
	return app.Div().Class("found").Body(
		app.P().Class("verdict").Aria("live", "polite").Text(text),
		app.Div().Class("facts").Body(
			rho("ρ(loss, FCI), 95 %", "fci", r.FCI), rho("ρ(loss, position), 95 %", "position", r.Position),
			fact("n", app.Span().Class("figure").Text(explain.Plural(r.N, "step"))),
		),
	)
}

// lossTable has the numbers of the figure.
func (p *Page) lossTable() app.UI {
	steps := p.Losses.Steps
	head := func(text string) app.UI { return app.Th().Scope("col").Class("figure").Text(text) }
	plusMinus := func(v, se float64, value app.UI) app.UI {
		return app.Td().Class("figure").Body(value, app.Span().Class("se").Text(explain.PlusMinus(se)))
	}
	folded := p.Folded["losses-table"]
	details := app.Details().Class("as-table").Open(!folded)
	summary := app.Summary().DataSet("do", "fold:losses-table").Text("The losses as a table")
	if folded {
		return details.Body(summary)
	}
	return details.Body(summary, app.Div().Class("scroll").TabIndex(0).Body(app.Table().Class("table").Body(
		app.Caption().Class("unseen").Text("Accuracy lost without each step"),
		app.THead().Body(app.Tr().Body(app.Th().Scope("col").Text("step"), head("n"), head("accuracy, control"), head("accuracy, cut"), head("lost"), head("FCI"))),
		app.TBody().Body(app.Range(steps).Slice(func(k int) app.UI {
			s, at := steps[k], explain.StepName(k)
			fci := app.UI(app.Span().Text("not scored"))
			if s.FCI != nil {
				fci = p.number(fmt.Sprintf("fci:%d", k), explain.Format(*s.FCI))
			}
			name := app.Th().Scope("row").Class("step-name").Body(app.Span().Class("figure").Text(at), app.Text(" "+s.Text))
			if g := s.Cut; g.N > 0 {
				return app.Tr().Body(name, app.Td().Class("figure").Text(g.N),
					plusMinus(g.Control, g.ControlSE, app.Text(explain.Format(g.Control))), plusMinus(g.Disrupted, g.DisruptedSE, app.Text(explain.Format(g.Disrupted))),
					plusMinus(g.Loss, g.LossSE, p.number(fmt.Sprintf("loss:%d", k), explain.Format(g.Loss))), app.Td().Class("figure").Body(fci))
			}
			why := "not cut yet"
			if s.Why != "" {
				why = s.Why
			}
			return app.Tr().Body(name, app.Td().Class("figure").Text(0), app.Td().ColSpan(3).Text(why), app.Td().Class("figure").Body(fci))
		})),
	)))
}

// lossesHeight is the height of the figure of the losses, in pixels: 26 a step, between bounds.
func lossesHeight(steps int) int { return min(max(90+26*steps, 200), 640) }
