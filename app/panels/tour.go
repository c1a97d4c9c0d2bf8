package panels

import (
	"fmt"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
)

// tourCard is the open stop of the tour.
func (p *Page) tourCard() app.UI {
	if p.Tour == 0 {
		return app.Div().Class("card tour").Hidden(true)
	}
	s := lab.TourStops[p.Tour-1]
	next := "Next"
	if p.Tour == len(lab.TourStops) {
		next = "Done"
	}
	return app.Div().Class("card tour", when(s.Ring == "step-panel", "left")).Role("dialog").Aria("label", "guided tour").Aria("live", "polite").Body(
		app.Div().Class("card-head").Body(
			app.Span().Class("hint").Text(fmt.Sprintf("stop %d of %d", p.Tour, len(lab.TourStops))),
			app.Button().Type("button").Class("tool").DataSet("do", "tour:0").Aria("label", "leave the tour").Body(icon("close")),
		),
		app.H2().Text(s.Title),
		app.P().Text(s.Text),
		app.Div().Class("buttons").Body(
			app.If(s.Label != "", func() app.UI {
				return app.Button().Type("button").DataSet("do", "tour-do").Class("primary").Text(s.Label)
			}),
			app.If(p.Tour > 1, func() app.UI {
				return app.Button().Type("button").DataSet("do", fmt.Sprintf("tour:%d", p.Tour-1)).Text("Back")
			}),
			app.Button().Type("button").DataSet("do", fmt.Sprintf("tour:%d", p.Tour+1)).Text(next),
		),
	)
}
