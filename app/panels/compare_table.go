package panels

import (
	"fmt"
	"slices"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/lab/explain"
	"attnlab/app/session"
	"attnlab/rl/runs"
)

// standingsTable is the end of every method, with its spread over seeds.
func (p *Page) standingsTable() app.UI {
	all := lab.Standings(p.ChosenRuns())
	if len(all) == 0 {
		return app.P().Class("hint").Text("No run is chosen.")
	}
	columns := runs.MetricsOf("", runs.InComparison)
	measured := func(m runs.Metric, s runs.Spread) app.UI {
		if s.N == 0 {
			return app.Td().Class("figure").Text("–")
		}
		text := measureText(m, float64(s.Mean))
		if s.N < 2 {
			return app.Td().Class("figure").Text(text)
		}
		return app.Td().Class("figure").Body(app.Text(text), app.Span().Class("se").Text(" ± "+measureText(m, float64(s.SD))))
	}
	return app.Div().Class("results").TabIndex(0).Role("region").Aria("label", "results of the chosen runs").Body(app.Table().Class("table").ID("standings").Body(
		app.Caption().Text(fmt.Sprintf("Results of the chosen runs: the mean of the last %d steps of a run (tokens generated: all so far), then the mean ± standard deviation over runs that differ only in their seed. A single run has no spread.", runs.RecentSteps)),
		app.THead().Body(app.Tr().Body(
			app.Th().Scope("col").Text("method"), app.Th().Scope("col").Text("from"), numberColumn("runs"), app.Th().Scope("col").Text("seeds"), numberColumn("step"),
			app.Range(columns).Slice(func(i int) app.UI { return numberColumn(columns[i].Title + ", " + columns[i].Unit) }),
		)),
		app.TBody().Body(app.Range(all).Slice(func(i int) app.UI {
			s := all[i]
			return app.Tr().Body(
				app.Th().Scope("row").Body(swatch(s.Settings.Method), app.Text(s.Name)), app.Td().Text(s.From), app.Td().Class("figure").Text(len(s.Runs)), app.Td().Class("seeds").Text(s.Seeds()),
				app.Td().Class("figure").Text(s.Steps()),
				app.Range(columns).Slice(func(i int) app.UI {
					return measured(columns[i], s.Ends(columns[i]))
				}),
			)
		})),
	))
}

// curvesTable is the two large curves as a table: for screen readers.
func (p *Page) curvesTable() app.UI {
	details := app.Details().Class("as-table").ID("curves-table")
	summary := app.Summary().DataSet("do", "fold:curves-table").Text("The curves as a table")
	if !p.Folded["curves-table"] { // closed at first
		return details.Body(summary)
	}
	runs := p.ChosenRuns()
	steps := 0 // of the longest
	for _, r := range runs {
		steps = max(steps, r.Info.Step)
	}
	cell := func(r session.KeptRun, name string, step int, format func(float64) string) app.UI {
		row := slices.IndexFunc(lab.Column(r.Metrics, "step"), func(s *float64) bool { return s != nil && *s == float64(step) })
		if values := lab.Column(r.Metrics, name); row >= 0 && row < len(values) && values[row] != nil {
			return app.Td().Class("figure").Text(format(*values[row]))
		}
		return app.Td().Class("figure").Text("–")
	}
	shown := min(steps, tableRows)
	return details.Open(true).Body(summary, app.Div().Class("scroll").TabIndex(0).Body(app.Table().Class("matrix").Body(
		app.Caption().Text(fmt.Sprintf("Accuracy and think tokens of the chosen runs, the newest %d of %s first; all metrics are in the CSV", shown, explain.Plural(steps, "step"))),
		app.THead().Body(app.Tr().Body(app.Th().Scope("col").Text("step"), app.Range(runs).Slice(func(i int) app.UI {
			return app.Th().Scope("col").ColSpan(2).Text(runs[i].Info.Name)
		}))),
		app.TBody().Body(app.Range(make([]int, shown)).Slice(func(row int) app.UI {
			step := steps - row
			return app.Tr().Body(app.Th().Scope("row").Text(step), app.Range(slices.Concat(runs, runs)).Slice(func(i int) app.UI {
				if i%2 == 0 {
					return cell(runs[i/2], "accuracy", step, explain.Format)
				}
				return cell(runs[i/2], "think_tokens", step, explain.Tenth)
			}))
		})),
	)))
}
