package panels

import "github.com/maxence-charriere/go-app/v10/pkg/app"

// samplePanel is what a model in pretraining writes now: how text becomes reasoning.
func (p *Page) samplePanel() app.UI {
	text := app.UI(app.P().Class("hint").Text("The model's current answer to one held-out problem. It starts as noise, becomes well-formed lines, then correct ones."))
	if p.Run.Sample != "" {
		text = app.Pre().Class("sample").ID("sample").Text(p.Run.Sample)
	}
	return app.Div().Class("panel").ID("sample-panel").Body(
		app.H2().Text("What it writes now"),
		app.P().Class("hint").Text("Greedy, one fresh problem, sampled again every few steps."),
		text,
	)
}
