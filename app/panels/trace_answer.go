package panels

import (
	"fmt"
	"math"
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab/explain"
)

// removing is the engine's stage while it measures answer losses.
const removing = "removing attention to each step"

// mostLosses is how many steps the table of answer losses lists.
const mostLosses = 12

// answerPanel measures how much less likely the answer becomes without each step. It needs no right answer and no labels.
func (p *Page) answerPanel() app.UI {
	t := &p.Trace
	running := p.Status.Busy && p.Status.Stage == removing
	run := p.button("cut-answer", "", app.Text("Remove each step"))
	if running {
		run = p.button("cancel", "", icon("stop"), app.Text("Stop"))
	}
	why := ""
	if t.Answer[1] <= t.Answer[0] || len(t.Steps) == 0 {
		why = "Generate a response with steps and an answer first."
	}
	measured, ok := p.AnswerLost()
	return app.Section().Class("panel cut-answer").ID("cut-answer").Aria("label", "likelihood of the answer without each step").Body(
		app.H2().Text("How much does the answer need each step?"),
		app.P().Class("hint").Body(app.Text("Removes attention to each step in turn and reads how much less likely the answer becomes, in "), p.term("entropy", "nats"),
			app.Text(". Nothing is sampled, and no judge is needed.")),
		app.If(p.Recorded == "", func() app.UI { return app.Div().Class("buttons").Body(run) }),
		app.If(why != "", func() app.UI { return app.P().Class("hint").Text(why) }),
		app.If(running && p.Status.Total > 0, func() app.UI {
			return app.Div().Body(app.Progress().Max(p.Status.Total).Value(p.Status.Done).Aria("label", "steps removed"),
				app.P().Class("hint").Text(fmt.Sprintf("%d of %s", p.Status.Done, explain.Plural(p.Status.Total, "step"))))
		}),
		app.If(ok, func() app.UI { return p.answerLosses(measured) }),
	)
}

// answerLosses is the result so far: the steps that the answer needs most, and the correlations.
func (p *Page) answerLosses(measured int) app.UI {
	t, values := &p.Trace, p.Answers.Values
	r := explain.RankAnswerLosses(t, &p.Answers)
	top := 0.0
	for _, k := range r.Steps {
		top = math.Max(top, math.Abs(*values[k]))
	}
	steps := r.Steps[:min(mostLosses, len(r.Steps))]
	head := func(text string) app.UI { return app.Th().Scope("col").Class("figure").Text(text) }
	return app.Div().Class("losses").Body(
		app.Div().Class("facts").Aria("live", "polite").Body(
			fact("ρ(loss, FCI)", app.Span().Class("figure").Text(explain.Format(r.FCI))), fact("ρ(loss, place)", app.Span().Class("figure").Text(explain.Format(r.Position))),
			fact("n", app.Span().Class("figure").Text(explain.Plural(r.N, "scored step"))),
			app.If(measured < len(t.Steps), func() app.UI {
				return app.Span().Class("hint").Text(fmt.Sprintf("%d of %d measured", measured, len(t.Steps)))
			}),
		),
		app.Div().Class("scroll").TabIndex(0).Role("region").Aria("label", "losses of the answer").Body(app.Table().Class("table answer-losses").Body(
			app.Caption().Class("unseen").Text("How much less likely the answer is without each step, the largest loss first"),
			app.THead().Body(app.Tr().Body(app.Th().Scope("col").Text("without step"), head("log p lost, nats"), app.Th().Scope("col").Aria("label", "loss as a bar"), head("FCI"))),
			app.TBody().Body(app.Range(steps).Slice(func(n int) app.UI {
				k := steps[n]
				share := 0.0
				if top > 0 {
					share = math.Max(0, *values[k]/top)
				}
				return app.Tr().Body(
					app.Th().Scope("row").Body(app.Button().Type("button").Class("quiet link").DataSet("do", "step:"+strconv.Itoa(k)).Text(explain.StepName(k)+" "+t.Steps[k].Text)),
					app.Td().Class("figure").Text(explain.WithSign(*values[k])), app.Td().Body(bar(share)),
					app.Td().Class("figure").Text(explain.Format(explain.StepFCI(t, p.Selection, k))))
			})),
		)),
		app.Div().Class("buttons").Body(p.button("save-answer", "quiet", app.Text("CSV"))),
		app.If(len(steps) < len(r.Steps), func() app.UI {
			return app.P().Class("hint").Text(fmt.Sprintf("%d more steps have less; the file has all.", len(r.Steps)-len(steps)))
		}),
	)
}
