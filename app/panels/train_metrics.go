package panels

import (
	"fmt"
	"math"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/lab/explain"
	"attnlab/app/session"
)

// measure is a column of a run's metrics as the page writes it.
type measure struct {
	name   string // of the column
	label  string
	word   string // of the glossary, empty for none
	unit   string
	format func(v float64) string
	change bool // set beside the base's
}

// bigMeasures are the goals of training, smallMeasures its diagnostics. A run shows those that its metrics have.
var (
	bigMeasures = []measure{
		{"accuracy", "accuracy", "accuracy", "of this step", explain.Format, true},
		{"think_tokens", "think tokens", "think tokens", "a response", explain.Tenth, true},
		{"redundant_removed", "redundant removed", "redundant removed", "of the base's steps", explain.Share, false},
		{"essential_kept", "essential kept", "essential kept", "of the base's steps", explain.Share, false},
	}
	pretrainMeasures = []measure{
		{"loss", "loss", "loss", "nats a token", explain.Format, false},
		{"tokens", "tokens seen", "token", "prompts included", explain.Counts, false},
	}
	smallMeasures = []measure{
		{"reward", "reward", "reward", "", explain.Format, true},
		{"well_formed", "well-formed", "well-formed", "share of responses", explain.Format, true},
		{"kl", "KL", "KL", "nats", explain.Large, false},
		{"entropy", "entropy", "entropy", "nats", explain.Format, true},
		{"gradient_norm", "gradient norm", "gradient norm", "", explain.Large, false},
		{"loss", "loss", "loss", "", explain.Large, false},
		{"lr", "learning rate", "learning rate", "", explain.Large, false},
		{"credit_auc", "credit AUC", "credit AUC", "", explain.Format, false},
		{"groups.valid", "valid groups", "valid group", "", explain.Count, false},
		{"groups.all_correct", "all correct", "valid group", "groups", explain.Count, false},
		{"groups.all_wrong", "all wrong", "valid group", "groups", explain.Count, false},
		{"redundant_steps", "redundant steps", "redundant", "a response", explain.Tenth, true},
		{"generated_tokens", "generated", "generated tokens", "tokens in all", explain.Counts, false},
		{"tokens_per_second", "tokens a second", "tokens per second", "", explain.Counts, false},
		{"seconds", "time", "", "in all", explain.Duration, false},
	}
)

// text is a value with the measure's format.
func (m measure) text(v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	return m.format(v)
}

// from is the base's value and the difference from it.
func (m measure) from(r *session.Run) string {
	base, now := lab.Latest(r.Base, m.name), lab.Latest(r.Metrics, m.name)
	if !m.change || math.IsNaN(base) {
		return m.unit
	}
	if math.IsNaN(now) {
		return "base " + m.text(base)
	}
	sign := ""
	if now >= base {
		sign = "+"
	}
	return "base " + m.text(base) + ", " + sign + m.text(now-base)
}

func (p *Page) bigNumbers() app.UI {
	list := bigMeasures
	if p.ShownMethod() == lab.Pretrain {
		list = pretrainMeasures
	}
	return app.Div().Class("big-numbers").ID("big-numbers").Body(app.Range(list).Slice(func(i int) app.UI {
		m := list[i]
		return app.Div().Class("big").DataSet("measure", m.name).Body(
			app.Span().Class("big-name").Body(p.term(m.word, m.label)),
			app.Span().Class("big-value figure").Text(m.text(lab.Latest(p.Run.Metrics, m.name))),
			app.Span().Class("hint").Text(m.from(&p.Run)),
		)
	}))
}

// smallNumbers are small multiples of the other measures, each with its curve so far.
func (p *Page) smallNumbers() app.UI {
	pretraining := p.ShownMethod() == lab.Pretrain
	var list []measure
	for _, m := range smallMeasures {
		if lab.Column(p.Run.Metrics, m.name) != nil && !(pretraining && m.name == "loss") {
			list = append(list, m)
		}
	}
	return app.Div().Class("small-numbers").ID("small-numbers").Body(app.Range(list).Slice(func(i int) app.UI {
		m := list[i]
		return app.Div().Class("small").DataSet("measure", m.name).Title(m.from(&p.Run)).Body(
			app.Span().Class("hint").Body(app.If(m.word != "", func() app.UI { return p.term(m.word, m.label) }).Else(func() app.UI { return app.Text(m.label) })),
			app.Span().Class("figure").Text(m.text(lab.Latest(p.Run.Metrics, m.name))),
			course(lab.Steps(p.Run.Metrics), lab.Column(p.Run.Metrics, m.name)),
		)
	}))
}

// course is a column over the steps as a line, 100 by 20, from its least to its largest value. It has at most 100 points.
func course(steps []float64, values []*float64) app.UI {
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if v != nil {
			lo, hi = math.Min(lo, *v), math.Max(hi, *v)
		}
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
		app.Label().Body(app.Text("over"), choice("x", "curves over", p.Curves.X, lab.CurvesOver, func(s string) string {
			if s == "tokens" {
				return "generated tokens"
			}
			return "steps"
		})),
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
	list := append([]measure{{name: "step", label: "step", format: explain.Count}}, bigMeasures...)
	if p.ShownMethod() == lab.Pretrain {
		list = append(list[:1:1], pretrainMeasures...)
	}
	list = append(list, smallMeasures...)
	var shown []measure
	names := map[string]bool{}
	for _, m := range list {
		if lab.Column(p.Run.Metrics, m.name) != nil && !names[m.name] {
			names[m.name] = true
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
			app.THead().Body(app.Tr().Body(app.Range(shown).Slice(func(i int) app.UI { return app.Th().Scope("col").Text(shown[i].label) }))),
			app.TBody().Body(app.Range(make([]int, min(rows, tableRows))).Slice(func(row int) app.UI {
				at := rows - 1 - row
				return app.Tr().Body(app.Range(shown).Slice(func(i int) app.UI {
					text := "–"
					if values := lab.Column(p.Run.Metrics, shown[i].name); at < len(values) && values[at] != nil {
						text = shown[i].format(*values[at])
					}
					return app.Td().Class("figure").Text(text)
				}))
			})),
		)),
	)
}
