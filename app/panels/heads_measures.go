package panels

import (
	"fmt"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
	"attnlab/rl/score"
)

// heldOut says whether heads that were found hold on responses that they were not chosen on.
func (p *Page) heldOut() app.UI {
	heads, position := p.Heads.HeldOut, p.Heads.HeldOutPosition
	if len(heads) == 0 || position == nil {
		return app.Div().Class("no-held-out")
	}
	head := func(text string) app.UI { return app.Th().Scope("col").Class("figure").Text(text) }
	with := func(v, se *float64) app.UI {
		return app.Td().Class("figure").Body(app.Text(optional(v)), app.Span().Class("se").Text(" ± "+optional(se)))
	}
	return app.Div().Class("results held-out").TabIndex(0).Role("region").Aria("label", "heads on held-out responses").Body(
		app.Table().Class("table").Body(
			app.Caption().Text("Chosen on every other response, judged on the rest: the best of many heads looks good where it was chosen. ± is one standard error."),
			app.THead().Body(app.Tr().Body(app.Th().Scope("col").Text("head"), head("where chosen"), head("held out"), head("over place"), head("n"))),
			app.TBody().Body(
				app.Range(heads).Slice(func(i int) app.UI {
					h := heads[i]
					return app.Tr().Body(
						app.Th().Scope("row").Body(app.Button().Type("button").Class("chip").DataSet("do", fmt.Sprintf("head:%d.%d", h.Layer, h.Head)).Text(explain.HeadName(h.Layer, h.Head))),
						app.Td().Class("figure").Text(optional(h.First)), with(h.SRA, h.SE), with(h.Over, h.OverSE), app.Td().Class("figure").Text(h.Responses))
				}),
				app.Tr().Body(app.Th().Scope("row").Text("place of the step"), app.Td().Class("figure").Text("–"), with(position.SRA, position.SE), app.Td().Class("figure").Text("–"), app.Td().Class("figure").Text(position.Responses)),
			),
		),
	)
}

// optional is a number that may be missing.
func optional(v *float64) string {
	if v == nil {
		return "–"
	}
	return explain.Format(*v)
}

// besidePosition sets every score of steps beside the place of the step, over all heads and over the listed layers.
func (p *Page) besidePosition() app.UI {
	scores := p.Trace.StepScores
	if len(scores) == 0 {
		return app.Div().Class("no-scores")
	}
	from, to := p.ListedLayers()
	some := p.LayersScored() && to-from < p.Trace.Layers
	layered := func(name string) (s session.StepScore, ok bool) {
		for _, s := range p.Layered.Scores {
			if some && s.Name == name {
				return s, true
			}
		}
		return session.StepScore{}, false
	}
	k := p.Selection.Step
	at := func(s session.StepScore) string {
		if k < 0 || k >= len(s.Values) {
			return "–"
		}
		return optional(s.Values[k])
	}
	head := func(text string) app.UI { return app.Th().Scope("col").Class("figure").Text(text) }
	where := fmt.Sprintf("layers %d to %d", from, to-1)
	return app.Div().Class("results beside").TabIndex(0).Role("region").Aria("label", "scores beside the place of the step").Body(
		app.Table().Class("table").Body(
			app.Caption().Body(app.Text("Scores of this trace’s steps beside their place: ρ is the rank correlation, 1 where earlier steps score higher. A score whose ρ is near 1 says little that the place does not.")),
			app.THead().Body(app.Tr().Body(app.Th().Scope("col").Text("score of a step"),
				app.If(k >= 0, func() app.UI { return head("step " + explain.StepName(k)) }), head("ρ with place"),
				app.If(some && k >= 0, func() app.UI { return head("step " + explain.StepName(k) + ", " + where) }),
				app.If(some, func() app.UI { return head("ρ, " + where) }))),
			app.TBody().Body(app.Range(scores).Slice(func(i int) app.UI {
				s, err := score.Find(scores[i].Name)
				if err != nil || s.Control {
					return app.Text("")
				}
				one, ok := layered(s.Name)
				return app.Tr().Body(
					app.Th().Scope("row").Text(explain.UpperFirst(s.Title)),
					app.If(k >= 0, func() app.UI {
						return app.Td().Class("figure").Body(p.number(fmt.Sprintf("score:%s:%d", s.Name, k), at(scores[i])))
					}),
					app.Td().Class("figure").Text(optional(scores[i].Position)),
					app.If(some && k >= 0, func() app.UI { return app.Td().Class("figure").Text(when(ok, at(one))) }),
					app.If(some, func() app.UI { return app.Td().Class("figure").Text(when(ok, optional(one.Position))) }),
				)
			})),
		),
		app.If(!some && p.Trace.Layers > 1, func() app.UI {
			return app.P().Class("hint").Text("Choose layers above to have FCI’s maximum over those alone: on prose, heads of the first layer that look at repeated words often win it.")
		}),
	)
}

// published names heads that papers found in models with public weights.
func (p *Page) published() app.UI {
	t := &p.Trace
	return app.Div().Class("published").Body(app.Range(score.PublishedHeads).Slice(func(i int) app.UI {
		found := score.PublishedHeads[i]
		has := found.In(t.Layers, t.Heads)
		what := fmt.Sprintf("Published %s of %s, layer and head: ", found.What, found.Model)
		note := fmt.Sprintf(" (%s). That model has %d layers of %d heads; open it to check them here.", found.Source, found.Layers, found.PerRow)
		if has {
			note = fmt.Sprintf(" (%s). This model has the same shape: select one to see it, and find the key-focus heads to check it.", found.Source)
		}
		return app.P().Class("hint").Body(
			app.Text(what),
			app.Range(found.Heads).Slice(func(h int) app.UI {
				at, comma := found.Heads[h], ""
				if h > 0 {
					comma = " "
				}
				name := fmt.Sprintf("(%d, %d)", at.Layer, at.Head)
				if has {
					return app.Span().Body(app.Text(comma), app.Button().Type("button").Class("chip").DataSet("do", fmt.Sprintf("head:%d.%d", at.Layer, at.Head)).Text(name))
				}
				return app.Text(comma + name)
			}),
			app.Text(note),
		)
	}))
}
