package panels

import (
	"fmt"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
)

// everyStepPanel cuts every step of the trace and shows what was lost beside the steps' scores.
func (p *Page) everyStepPanel() app.UI {
	why := ""
	if !p.Trace.Complete {
		why = "Generate the whole response first."
	}
	return p.measurementPanel(measurement{id: "cut-all", label: "cut every step", asks: "Which steps mattered?",
		does: []app.UI{app.Text("Cuts attention to each step in turn and continues the trace, with and without the cut, by the same random numbers. What accuracy is lost is measured; "),
			p.term("fci", "FCI"), app.Text(" is a guess from attention. Position, earlier is more, is the control.")},
		fields: []app.UI{p.numberField("samples", "continuations of each kind", 1, session.MaxSamples, p.Controls.Samples)},
		do:     "cut-all", press: "Cut every step", stage: "cutting every step", counts: "continuations", why: why,
		found: len(p.Losses.Steps) > 0, save: "save-losses",
		result: func() []app.UI {
			return []app.UI{p.measuredFigure("losses", "Measured loss beside FCI and position"), p.lossVerdict(), p.lossTable()}
		}})
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
	head := []app.UI{columnHead("step"), numberHead("n"), numberHead("accuracy, control"), numberHead("accuracy, cut"), numberHead("lost"), numberHead("FCI")}
	plusMinus := func(v, se float64, value app.UI) app.UI {
		return app.Td().Class("figure").Body(value, app.Span().Class("se").Text(explain.PlusMinus(se)))
	}
	return p.foldedTable("losses-table", "The losses as a table", "", "Accuracy lost without each step", head, len(steps), func(k int) app.UI {
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
	})
}

// lossesHeight is the height of the figure of the losses, in pixels: 26 a step, between bounds.
func lossesHeight(steps int) int { return min(max(90+26*steps, 200), 640) }
