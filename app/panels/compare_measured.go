package panels

import (
	"slices"

	"attnlab/rl/runs"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// measuredTable shows how the metrics of each chosen run were measured: means are taken only over runs where this agrees.
func (p *Page) measuredTable() app.UI {
	details := app.Details().Class("as-table").ID("measured-table")
	summary := app.Summary().DataSet("do", "fold:measured-table").Text("How these were measured")
	if !p.Folded["measured-table"] { // closed at first
		return details.Body(summary)
	}
	chosen := p.ChosenRuns()
	columns := make([][][2]string, len(chosen))
	for i, r := range chosen {
		m := runs.Measured{}
		if r.Info.Measured != nil {
			m = *r.Info.Measured
		}
		columns[i] = m.Rows()
	}
	return details.Open(true).Body(summary, app.Div().Class("scroll").TabIndex(0).Body(app.Table().Class("matrix").Body(
		app.Caption().Text("How the metrics of the chosen runs were measured. A mean over runs is taken only where all of this agrees but for seed, tokens and updates."),
		app.THead().Body(app.Tr().Body(app.Th().Scope("col").Text("measured"), app.Range(chosen).Slice(func(i int) app.UI {
			return app.Th().Scope("col").Text(chosen[i].Info.Name)
		}))),
		app.TBody().Body(app.Range(runs.Measured{}.Rows()).Slice(func(row int) app.UI {
			values := make([]string, len(columns))
			for i := range columns {
				values[i] = columns[i][row][1]
			}
			name := app.Th().Scope("row").Text(runs.Measured{}.Rows()[row][0])
			return app.Tr().Body(slices.Concat([]app.UI{name}, cells(values))...)
		})),
	)))
}

// cells are table cells with text.
func cells(values []string) (all []app.UI) {
	for _, v := range values {
		all = append(all, app.Td().Text(v))
	}
	return all
}
