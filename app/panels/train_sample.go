package panels

import "github.com/maxence-charriere/go-app/v10/pkg/app"

// samplePanel is what a model in pretraining writes now: how text becomes reasoning.
func (p *Page) samplePanel() app.UI {
	text := app.UI(app.P().Class("hint").Text("Here stands what the model writes to one problem that it never trains on, as it learns: noise at first, then lines, then lines that are right."))
	if p.Run.Sample != "" {
		text = app.Pre().Class("sample").ID("sample").Text(p.Run.Sample)
	}
	return app.Div().Class("panel").ID("sample-panel").Body(
		app.H2().Text("What it writes now"),
		app.P().Class("hint").Text("Greedy, one fresh problem, written anew every few steps."),
		text,
	)
}
