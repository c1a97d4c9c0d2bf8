package panels

import (
	"fmt"
	"math"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/lab/explain"
	"attnlab/app/session"
	"attnlab/rl/runs"
	"attnlab/rl/stat"
)

// measureText is a value as people read it, a dash where there is none.
func measureText(m runs.Metric, v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	switch m.Form {
	case runs.Hundredths:
		return stat.Decimals(v, 2)
	case runs.Tenths:
		return explain.Tenth(v)
	case runs.Whole:
		return explain.Counts(v)
	case runs.Significant:
		return explain.Large(v)
	case runs.Time:
		return explain.Duration(v)
	}
	return explain.Format(v)
}

func (p *Page) bigNumbers() app.UI {
	list := runs.MetricsOf(p.ShownMethod(), runs.LargeNumber)
	return app.Div().Class("big-numbers").ID("big-numbers").Body(app.Range(list).Slice(func(i int) app.UI {
		m := list[i]
		return app.Div().Class("big").DataSet("measure", m.Name).Body(
			app.Span().Class("big-name").Body(p.term(m.Word, m.Title), app.Span().Class("unit").Text(" "+m.Unit)),
			app.Span().Class("big-value figure").Text(measureText(m, float64(lab.EndOf(p.Run.Metrics, m).Mean))),
			app.If(m.Show.Has(runs.FromBase), func() app.UI { return fromBase(m, lab.ChangeOf(&p.Run, m.Name)) }),
		)
	}))
}

// fromBase sets the mean of a run's last steps beside its base. A difference within two standard errors is muted: it may be
// chance.
func fromBase(m runs.Metric, c lab.Change) app.UI {
	if math.IsNaN(c.Base) {
		return app.Span().Class("hint").Text(c.Over())
	}
	base := "base " + measureText(m, c.Base) + errorText(m, c.BaseError)
	if c.BaseN > 0 {
		base += ", " + explain.N(c.BaseN)
	}
	if math.IsNaN(c.Difference) {
		return app.Span().Class("hint").Text(base)
	}
	sign := ""
	if c.Difference >= 0 {
		sign = "+"
	}
	words := "within chance"
	if c.Shown {
		words = "beyond two standard errors"
	}
	return app.Span().Class("from-base").Body(
		app.Span().Class("difference", when(!c.Shown, "muted")).Title(words).Text(sign+measureText(m, c.Difference)+errorText(m, c.Error)),
		app.Span().Class("hint").Text(c.Over()),
		app.Span().Class("hint").Text(base),
	)
}

// errorText is " ± 0.030", empty where the error is not known.
func errorText(m runs.Metric, standardError float64) string {
	if math.IsNaN(standardError) {
		return ""
	}
	return " ± " + measureText(m, standardError)
}

// smallNumbers are small multiples of the other measures, each with its curve so far.
func (p *Page) smallNumbers() app.UI {
	var list []runs.Metric
	for _, m := range runs.MetricsOf(p.ShownMethod(), 0) {
		if lab.Column(p.Run.Metrics, m.Name) != nil && !m.Show.Has(runs.LargeNumber) {
			list = append(list, m)
		}
	}
	return app.Div().Class("small-numbers").ID("small-numbers").Body(app.Range(list).Slice(func(i int) app.UI {
		m := list[i]
		return app.Div().Class("small").DataSet("measure", m.Name).Title(m.Unit).Body(
			app.Span().Class("hint").Body(app.If(m.Word != "", func() app.UI { return p.term(m.Word, m.Title) }).Else(func() app.UI { return app.Text(m.Title) })),
			app.Span().Class("figure").Text(measureText(m, lab.Latest(p.Run.Metrics, m.Name))),
			course(lab.Steps(p.Run.Metrics), lab.Column(p.Run.Metrics, m.Name), m.Least),
		)
	}))
}

// course is a column over the steps as a line, 100 by 20, from its least to its largest value; where these are nearer to each
// other than least, the line stays in the middle of that span. It has at most 100 points.
func course(steps []float64, values []*float64, least float64) app.UI {
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if v != nil {
			lo, hi = math.Min(lo, *v), math.Max(hi, *v)
		}
	}
	if short := least - (hi - lo); short > 0 {
		lo, hi = lo-short/2, hi+short/2
	}
	var points strings.Builder
	stride := len(values)/100 + 1
	for i := (len(values) - 1) % stride; i < len(values) && hi >= lo; i += stride {
		if i < 0 || i >= len(steps) || values[i] == nil {
			continue
		}
		x, y := 100.0, 10.0
		if first, last := steps[0], steps[len(steps)-1]; last > first {
			x = 100 * (steps[i] - first) / (last - first)
		}
		if hi > lo {
			y = 19 - 18*(*values[i]-lo)/(hi-lo)
		}
		fmt.Fprintf(&points, "%.1f,%.1f ", x, y)
	}
	return app.Raw(`<svg class="course" viewBox="0 0 100 20" preserveAspectRatio="none" aria-hidden="true"><polyline points="` + strings.TrimSpace(points.String()) + `"/></svg>`)
}

// curveControls set how the curves are drawn, here and on the Compare page.
func (p *Page) curveControls() app.UI {
	return app.Div().Class("fields curve-controls").Body(
		app.Label().Class("slider").Body(
			app.Span().Text("smoothing"),
			app.Input().Type("range").Min(0).Max(lab.MaxSmooth).DataSet("set", "smooth").Value(p.Curves.Smooth).Aria("label", "smoothing, percent").Aria("valuetext", p.Curves.Share()),
			app.Output().Text(p.Curves.Share()),
		),
		app.Label().Body(app.Text("over"), choice("x", "curves over", p.Curves.X, lab.CurvesOver, func(s string) string { return runs.AxisOf(s).Title })),
		app.If(p.Thinned() > 1, func() app.UI {
			return app.P().Class("hint").Text(fmt.Sprintf("Of the older steps one in %.0f is drawn. Export and CSV have all steps.", p.Thinned()))
		}),
	)
}

// tableRows is how many of the newest steps the table has, no more than a snapshot has without gaps.
const tableRows = min(50, session.NewestSteps)

// metricsTable is the curves as a table: for screen readers, and for copying.
func (p *Page) metricsTable() app.UI {
	details := app.Details().Class("as-table").ID("metrics-table")
	if p.Folded["metrics"] {
		return details.Body(app.Summary().DataSet("do", "fold:metrics").Text("The metrics as a table"))
	}
	shown := []runs.Metric{{Name: "step", Title: "step", Form: runs.Whole}}
	for _, m := range runs.MetricsOf(p.ShownMethod(), 0) {
		if lab.Column(p.Run.Metrics, m.Name) != nil {
			shown = append(shown, m)
		}
	}
	rows := len(lab.Column(p.Run.Metrics, "step"))
	caption := explain.Plural(rows, "step")
	if rows > tableRows {
		caption = fmt.Sprintf("The newest %d lines of %s", tableRows, explain.Plural(p.Run.Info.Step, "step"))
	}
	return details.Open(true).Body(
		app.Summary().DataSet("do", "fold:metrics").Text("The metrics as a table"),
		app.If(rows == 0, func() app.UI { return app.P().Class("hint").Text("There are no metrics yet.") }),
		app.Div().Class("scroll").TabIndex(0).Body(app.Table().Class("matrix").Body(
			app.Caption().Text(caption),
			app.THead().Body(app.Tr().Body(app.Range(shown).Slice(func(i int) app.UI { return app.Th().Scope("col").Text(shown[i].Title) }))),
			app.TBody().Body(app.Range(make([]int, min(rows, tableRows))).Slice(func(row int) app.UI {
				at := rows - 1 - row
				return app.Tr().Body(app.Range(shown).Slice(func(i int) app.UI {
					text := "–"
					if values := lab.Column(p.Run.Metrics, shown[i].Name); at < len(values) && values[at] != nil {
						text = measureText(shown[i], *values[at])
					}
					return app.Td().Class("figure").Text(text)
				}))
			})),
		)),
	)
}
