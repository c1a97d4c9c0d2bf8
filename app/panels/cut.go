package panels

import (
	"fmt"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
)

// cutPanel is what a visitor can do with the trace, and what the cut of a step shows: each continuation as a dot, with and
// without attention to the step.
func (p *Page) cutPanel() app.UI {
	if len(p.Trace.Steps) == 0 {
		return app.Div().Class("cut-panel").ID("cut-panel").Hidden(true)
	}
	cuts := p.Cuts()
	return app.Div().Class("cut-panel").ID("cut-panel").Body(
		app.Div().Class("cuts").Aria("live", "polite").Body(app.Range(cuts).Slice(func(i int) app.UI { return p.cutView(cuts[i]) })),
		app.Div().Class("buttons").Body(
			p.button("disrupt", "primary", app.Text("Cut this step")),
			p.button("train-this", "", app.Text("Train on this")),
			app.Span().Class("hint").Text("Later tokens stop seeing the step, and the rest is sampled again."),
		),
	)
}

// cutView is one cut.
func (p *Page) cutView(d session.Disruption) app.UI {
	step := p.Trace.Steps[d.Step]
	verdict := explain.CutVerdict(d, step.Label)
	return app.Section().Class("cut").Aria("label", "cut of step "+explain.StepName(d.Step)).Body(
		app.H3().Body(app.Text("Step "+explain.StepName(d.Step)+" "), app.Code().Text(step.Text)),
		endings("intact", d.Pairs, func(e session.DisruptionPair) session.Ending { return e.Control }),
		endings("cut", d.Pairs, func(e session.DisruptionPair) session.Ending { return e.Disrupted }),
		app.P().Class("verdict").Text(verdict),
	)
}

// endings is a row of dots: ✓ and ✗ for continuations that have ended, empty ones for the others.
func endings(name string, pairs []session.DisruptionPair, of func(session.DisruptionPair) session.Ending) app.UI {
	right, ended := 0, 0
	for _, pair := range pairs {
		switch of(pair) {
		case session.Right:
			right++
			ended++
		case session.Wrong:
			ended++
		}
	}
	return app.Div().Class("endings").Body(
		app.Span().Class("endings-name").Text(name),
		app.Span().Class("dots").Role("img").Aria("label", fmt.Sprintf("%s: %d of %d continuations are right", name, right, ended)).Body(
			app.Range(pairs).Slice(func(i int) app.UI {
				switch of(pairs[i]) {
				case session.Right:
					return app.I().Class("ending right").Text("✓")
				case session.Wrong:
					return app.I().Class("ending false").Text("✗")
				}
				return app.I().Class("ending").Text("·")
			})),
		app.Span().Class("figure").Text(fmt.Sprintf("%d of %d", right, ended)),
	)
}
