package panels

import "github.com/maxence-charriere/go-app/v10/pkg/app"

// explanation is the floating card.
func (p *Page) explanation() app.UI {
	e, ok := p.Explain(p.Explained)
	if !ok {
		return app.Div().ID("explanation").Class("card explanation").Hidden(true)
	}
	return app.Div().ID("explanation").Class("card explanation").Aria("label", e.Title).Role("dialog").Body(
		app.Div().Class("card-head").Body(
			app.H2().Text(e.Title),
			app.Button().Type("button").Class("tool").DataSet("do", "explain").Aria("label", "close").Body(icon("close")),
		),
		app.If(e.Value != "", func() app.UI { return app.P().Class("value").Text(e.Value) }),
		app.If(e.Formula != "", func() app.UI { return app.P().Class("formula").Text(e.Formula) }),
		app.If(len(e.Terms) > 0, func() app.UI {
			return app.Ul().Class("terms").Body(app.Range(e.Terms).Slice(func(i int) app.UI {
				t := e.Terms[i]
				item := app.Li().Class(when(t.Chosen, "chosen"))
				if t.Do != "" {
					return item.Body(app.Button().Type("button").DataSet("do", t.Do).Body(app.Span().Text(t.Name), app.Span().Class("figure").Text(t.Value)))
				}
				return item.Body(
					app.Span().Body(app.Text(t.Name), app.If(t.Form != "", func() app.UI { return app.Span().Class("form").Text(t.Form) })),
					app.Span().Class("figure").Text(t.Value))
			}))
		}),
		app.If(e.Total != "", func() app.UI { return app.P().Class("total").Text(e.Total) }),
		app.If(e.Note != "", func() app.UI { return app.P().Text(e.Note) }),
		app.If(e.Source != "", func() app.UI { return app.P().Class("hint").Text(e.Source) }),
		app.If(e.More != "", func() app.UI {
			return app.Div().Class("buttons").Body(app.Button().Type("button").Class("quiet").DataSet("do", "term:"+e.More).Text("More in the glossary"))
		}),
	)
}
