package panels

import (
	"fmt"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab/explain"
)

// measurement is a panel of the Trace page that measures something of the trace or of its problem: a question, what is done, a button, how
// far it is, and the result.
type measurement struct {
	id, label string // of the panel
	asks      string
	does      []app.UI
	fields    []app.UI // for how many, and of what
	do, press string   // the button's action and text
	stage     string   // of the engine while it measures
	counts    string   // what the progress counts, in the plural
	why       string   // why it cannot be measured now; empty where it can

	found  bool // there is a result
	result func() []app.UI
	save   string // action that saves it as CSV, and with "-json" as JSON
}

// measurementPanel draws one.
func (p *Page) measurementPanel(m measurement) app.UI {
	running := p.Status.Busy && p.Status.Stage == m.stage
	run := p.button(m.do, "", app.Text(m.press))
	if running {
		run = p.button("cancel", "", icon("stop"), app.Text("Stop"))
	}
	return app.Section().Class("panel cut-all").ID(m.id).Aria("label", m.label).Body(
		app.H2().Text(m.asks),
		app.P().Class("hint").Body(m.does...),
		app.Div().Class("fields").Body(append(m.fields, app.Div().Class("buttons").Body(run))...),
		app.If(m.why != "", func() app.UI { return app.P().Class("hint").Text(m.why) }),
		app.If(running && p.Status.Total > 0, func() app.UI {
			return app.Div().Body(
				app.Progress().Max(p.Status.Total).Value(p.Status.Done).Aria("label", m.counts+" done"),
				app.P().Class("hint").Text(fmt.Sprintf("%s of %s %s", explain.Grouped(int64(p.Status.Done)), explain.Grouped(int64(p.Status.Total)), m.counts)),
			)
		}),
		app.If(m.found, func() app.UI {
			return app.Div().Class("losses").Body(append(m.result(), app.Div().Class("buttons").Body(
				p.button(m.save, "quiet", app.Text("CSV")),
				p.button(m.save+"-json", "quiet", app.Text("JSON")),
				p.button("link", "quiet", icon("link"), app.Text("Link")),
			))...)
		}),
	)
}

// foldedTable is a table that is made while it is open.
func (p *Page) foldedTable(fold, title, class, caption string, head []app.UI, rows int, row func(i int) app.UI) app.UI {
	details := app.Details().Class("as-table").Open(!p.Folded[fold])
	summary := app.Summary().DataSet("do", "fold:"+fold).Text(title)
	if p.Folded[fold] {
		return details.Body(summary)
	}
	return details.Body(summary, app.Div().Class("scroll").TabIndex(0).Body(app.Table().Class("table", class).Body(
		app.Caption().Class("unseen").Text(caption),
		app.THead().Body(app.Tr().Body(head...)),
		app.TBody().Body(app.Range(make([]struct{}, rows)).Slice(row)),
	)))
}

// columnHead is the head of a column of text, numberHead that of a column of numbers.
func columnHead(text string) app.UI { return app.Th().Scope("col").Text(text) }
func numberHead(text string) app.UI { return app.Th().Scope("col").Class("figure").Text(text) }
