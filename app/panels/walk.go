package panels

import (
	"fmt"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab/explain"
)

// walk goes through the open head token by token: q·k, scale, mask, softmax, value, residual stream, logits. Each number opens to what it came from.
func (p *Page) walk() app.UI {
	v, shown, stages := &p.Inside, p.Walk.Shown, len(explain.StageNames)
	n := max(0, shown-1) / stages
	play := "Walk through the head"
	switch {
	case p.Walk.Playing:
		play = "Pause"
	case !p.MovesBySelf():
		play = "Next stage"
	case shown > 0:
		play = "Play"
	}
	return app.Div().Class("walk").ID("walk").Role("group").Aria("label", "walk through the head").Body(
		app.Div().Class("buttons").Body(
			p.button("walk-head", "", app.If(p.Walk.Playing, func() app.UI { return icon("pause") }), app.Text(play)),
			app.If(shown > 0, func() app.UI { return p.button("walk-back", "tool", icon("back")).Aria("label", "previous stage") }),
			app.If(p.MovesBySelf(), func() app.UI { return p.button("walk-next", "tool", icon("next")).Aria("label", "next stage") }),
			app.If(shown > 0, func() app.UI { return p.button("walk-token", "quiet", app.Text("Next token")) }),
		),
		app.If(shown > 0 && n < len(v.Reads), func() app.UI {
			list, at := explain.Stages(v, &p.Trace, n), (shown-1)%stages
			key := explain.Strongest(v)[n].Key
			return app.Div().Class("found").Body(
				app.P().Class("verdict").Aria("live", "polite").Text(fmt.Sprintf("%s reads token %d “%s”, %d of the %d strongest: %s %s.",
					explain.HeadName(v.Layer, v.Head), key, explain.Visible(p.Trace.Text[key]), n+1, explain.Walked(v), list[at].Name, list[at].Value)),
				app.Ol().Class("stages").Body(app.Range(list).Slice(func(i int) app.UI {
					if i > at {
						return app.Li().Class("ahead").Body(app.Span().Text(list[i].Name))
					}
					return app.Li().Class(when(i == at, "now")).Body(stage(list[i]))
				})),
			)
		}),
	)
}

// stage is a number that opens to its sum.
func stage(s explain.Stage) app.UI {
	return app.Details().Body(
		app.Summary().Body(app.Span().Text(s.Name), app.Span().Class("figure").Text(s.Value)),
		app.P().Class("hint").Text(s.Form),
		app.If(len(s.Terms) > 0, func() app.UI {
			return app.Ul().Class("terms").Body(app.Range(s.Terms).Slice(func(i int) app.UI {
				return app.Li().Body(app.Span().Text(s.Terms[i].Name), app.Span().Class("figure").Text(s.Terms[i].Value))
			}))
		}),
	)
}
