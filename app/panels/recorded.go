package panels

import (
	"fmt"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/lab/explain"
	"attnlab/app/session"
)

// recordedLink leads to a real model's trace.
func recordedLink() app.UI {
	v := lab.Start()
	v.Example, v.Recorded = false, session.Recordings[0]
	return app.A().Class("button quiet").Href("#"+v.String()).DataSet("do", "recorded").Text("See a real model’s trace")
}

// recordedPanel says what the recorded trace is, what it shows and what not.
func (p *Page) recordedPanel() app.UI {
	from := p.Trace.Recorded
	if from == nil {
		return app.Div().Class("panel recorded").ID("recorded").Body(app.H2().Text("A recorded trace"), app.P().Class("hint").Text("The trace is loading."))
	}
	how := ""
	if p.Trace.Sampling.Temperature == 0 {
		how = ", its likeliest token at every place"
	}
	shows := fmt.Sprintf("%s wrote this answer%s. The trace was recorded with its scores and the attention of %s, so it needs no weights. Choose a step, a token or a head.",
		from.Model, how, explain.Plural(p.Trace.Layers*p.Trace.Heads, "head"))
	not := "It shows which steps later ones look at, not which were needed: the labels say only where arithmetic is wrong."
	if rho := p.FCIByPlace(); rho != nil {
		not += fmt.Sprintf(" FCI may be little more than place: its rank correlation with the place of a step, earlier first, is %s here.", explain.Rho(rho))
	}
	if p.Trace.Complete && p.Trace.WellFormed && !p.Trace.Correct {
		not += " The answer is wrong, as most of a model of this size are."
	}
	not += " It is one trace, chosen because it can be read."
	return app.Div().Class("panel recorded").ID("recorded").Body(
		app.H2().Text("A recorded trace"),
		app.P().Class("hint").Text(shows),
		app.P().Class("hint").Text(not),
		p.needsModel("sample other answers, cut steps and grow trees"),
		app.Div().Class("buttons").Body(p.button("example", "quiet", app.Text("Worked example"))),
		app.Details().Class("own").Body(
			app.Summary().Text("Where it is from"),
			app.Dl().Class("origin").Body(
				app.Dt().Text("model"), app.Dd().Text(from.Model),
				app.Dt().Text("weights"), app.Dd().Text(from.Revision),
				app.Dt().Text("licence of the model"), app.Dd().Text(from.Licence),
				app.Dt().Text("computed on"), app.Dd().Text(from.Adapter),
				app.Dt().Text("command"), app.Dd().Body(app.Code().Text(from.Command)),
			),
		),
	)
}

// needsModel says what to do where only the model of a recorded trace could go on.
func (p *Page) needsModel(to string) app.UI {
	from := p.Trace.Recorded
	if from == nil {
		return app.Div().Hidden(true)
	}
	return app.Div().Class("needs-model").Body(
		app.P().Text("Open "+from.Model+" to "+to+"."),
		app.Div().Class("buttons").Body(p.button("open-model", "", app.Text("Open a model of your own"))),
	)
}
