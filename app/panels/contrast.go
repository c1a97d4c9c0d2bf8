package panels

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/rl/runs"
)

// contrasts is the table of "attnlab compare --paired": one row of the chosen runs less every other.
func (p *Page) contrasts() app.UI {
	ids, names := p.ContrastRows()
	outcomes := append([]string{""}, runs.AllOutcomes...)
	fields := []app.UI{
		app.Label().Body(app.Text("row"), choice("contrast-row", "row that is contrasted with every other", p.ContrastRow(), ids, func(id string) string { return names[id] })),
		app.Label().Body(app.Text("outcome"), choice("outcome", "outcome", p.Controls.Contrast.Outcome, outcomes, func(s string) string {
			return runs.OutcomeName(whether(s == "", "all three", s))
		})),
	}
	if p.Controls.Contrast.Outcome != "" {
		fields = append(fields, p.textField("within", "too small to matter", p.WithinText(), "none", "a difference in the unit of the outcome; choose it before the runs"))
	}
	return p.measurementPanel(measurement{id: "contrasts", label: "contrasts of rows", asks: "Do rows differ?",
		does:   []app.UI{app.Text("Pairs the runs of two rows by seed, which have the same problems and random numbers. Where two rows share one seed, such as two checkpoints, problems are the pairs. Choose the primary outcome before the runs: p is adjusted for every contrast of the table.")},
		fields: fields, do: "contrast", press: "Contrast", stage: "contrasting runs", counts: "runs read",
		found: p.Contrasted(), save: "save-contrasts", result: func() []app.UI { return []app.UI{p.contrastTable(), p.contrastNotes()} }})
}

func (p *Page) contrastTable() app.UI {
	rows := p.Contrasts.Rows
	first := rows[0].First
	head := append([]string{"outcome", first + " less"}, runs.ContrastHead...)
	figures := func(i int) bool { return i > 1 && i < len(head)-1 }
	return app.Div().Class("results").TabIndex(0).Role("region").Aria("label", "contrasts of "+first).Body(app.Table().Class("table stacks").Body(
		app.Caption().Text("Row "+first+" less each other row, "+runs.ContrastMethod(rows)),
		app.THead().Body(app.Tr().Body(app.Range(head).Slice(func(i int) app.UI { return columnHead(head[i]).(app.HTMLTh).Class(when(figures(i), "figure")) }))),
		app.TBody().Body(app.Range(rows).Slice(func(i int) app.UI {
			c := rows[i]
			cells := []app.UI{labelled(head[0]).Text(runs.OutcomeName(c.Outcome)), app.Th().Scope("row").DataSet("label", head[1]).Text(c.Second)}
			for k, text := range c.Texts() {
				cells = append(cells, labelled(runs.ContrastHead[k]).Class(when(figures(k+2), "figure")).Text(text))
			}
			return app.Tr().Body(cells...)
		})),
	))
}

// contrastNotes says which runs are left out, and what was measured otherwise.
func (p *Page) contrastNotes() app.UI {
	notes := append(append([]string{}, p.Contrasts.LeftOut...), p.Contrasts.Notes...)
	return app.Ul().Class("hint").Body(app.Range(notes).Slice(func(i int) app.UI { return app.Li().Text(notes[i] + ".") }))
}

// labelled is a cell of a table whose rows are blocks on a phone, each cell a line behind the head of its column.
func labelled(head string) app.HTMLTd { return app.Td().DataSet("label", head) }
