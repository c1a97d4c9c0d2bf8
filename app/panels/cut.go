package panels

import (
	"fmt"
	"strconv"
	"strings"

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
		app.Div().Class("buttons").Body(
			p.button("disrupt", "primary", app.Text("Cut this step")),
			p.button("train-this", "", app.Text("Train on this")),
			app.Span().Class("hint").Text("Later tokens stop seeing the step, and the rest is sampled again."),
		),
		app.Div().Class("cuts").Aria("live", "polite").Body(
			app.Range(cuts).Slice(func(i int) app.UI { return p.cutView(cuts[i]) }),
			app.If(len(cuts) == 0, func() app.UI { return app.P().Class("hint").Text(p.beforeCut()) }),
		),
	)
}

// beforeCut says what a cut of the selected step will show.
func (p *Page) beforeCut() string {
	t, k := &p.Trace, p.Selection.Step
	if k < 0 || k >= len(t.Steps) {
		return "Choose a step below. What its cut shows appears here."
	}
	return fmt.Sprintf("%s continuations without step %s, %s, and as many with it appear here.", strconv.Itoa(p.Controls.Samples), explain.StepName(k), strings.TrimSpace(t.Steps[k].Text))
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
