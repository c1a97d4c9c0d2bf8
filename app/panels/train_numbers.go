package panels

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"attnlab/app/session"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
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

func share(v float64) string  { return strings.Replace(fmt.Sprintf("%.1f %%", 100*v), "-", "−", 1) }
func count(v float64) string  { return strconv.FormatFloat(math.Round(v), 'f', 0, 64) }
func tenth(v float64) string  { return strings.Replace(fmt.Sprintf("%.1f", v), "-", "−", 1) }
func large(v float64) string  { return strings.Replace(fmt.Sprintf("%.3g", v), "-", "−", 1) }
func counts(v float64) string { return grouped(int64(math.Round(v))) }

// grouped writes a whole number with its thousands apart.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// bigMeasures are what training is for, smallMeasures how it goes. A run shows those that its metrics have.
var (
	bigMeasures = []measure{
		{"accuracy", "accuracy", "accuracy", "of this step", format, true},
		{"think_tokens", "think tokens", "think tokens", "a response", tenth, true},
		{"redundant_removed", "redundant removed", "redundant removed", "of the base's steps", share, false},
		{"essential_kept", "essential kept", "essential kept", "of the base's steps", share, false},
	}
	pretrainMeasures = []measure{
		{"loss", "loss", "loss", "nats a token", format, false},
		{"tokens", "tokens seen", "token", "prompts included", counts, false},
	}
	smallMeasures = []measure{
		{"reward", "reward", "reward", "", format, true},
		{"well_formed", "well-formed", "well-formed", "share of responses", format, true},
		{"kl", "KL", "KL", "nats", large, false},
		{"entropy", "entropy", "entropy", "nats", format, true},
		{"gradient_norm", "gradient norm", "gradient norm", "", large, false},
		{"loss", "loss", "loss", "", large, false},
		{"lr", "learning rate", "learning rate", "", large, false},
		{"credit_auc", "credit AUC", "credit AUC", "", format, false},
		{"groups.valid", "valid groups", "valid group", "", count, false},
		{"groups.all_correct", "all correct", "valid group", "groups", count, false},
		{"groups.all_wrong", "all wrong", "valid group", "groups", count, false},
		{"redundant_steps", "redundant steps", "redundant", "a response", tenth, true},
		{"generated_tokens", "generated", "generated tokens", "tokens in all", counts, false},
		{"tokens_per_second", "tokens a second", "tokens per second", "", counts, false},
		{"seconds", "time", "", "in all", duration, false},
	}
)

// column is a column of metrics by its name.
func column(metrics []session.Metric, name string) []*float64 {
	for _, m := range metrics {
		if m.Name == name {
			return m.Values
		}
	}
	return nil
}

// latest is the newest value of a column, NaN without one.
func latest(metrics []session.Metric, name string) float64 {
	values := column(metrics, name)
	for i := len(values) - 1; i >= 0; i-- {
		if values[i] != nil {
			return *values[i]
		}
	}
	return math.NaN()
}

// text is a value with the measure's format.
func (m measure) text(v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	return m.format(v)
}

// from says what the base had, and the difference.
func (m measure) from(r *session.Run) string {
	base, now := latest(r.Base, m.name), latest(r.Metrics, m.name)
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

func (l *Lab) bigNumbers() app.UI {
	list := bigMeasures
	if l.shownMethod() == pretrain {
		list = pretrainMeasures
	}
	return app.Div().Class("big-numbers").ID("big-numbers").Body(app.Range(list).Slice(func(i int) app.UI {
		m := list[i]
		return app.Div().Class("big").DataSet("measure", m.name).Body(
			app.Span().Class("big-name").Body(l.term(m.word, m.label)),
			app.Span().Class("big-value figure").Text(m.text(latest(l.run.Metrics, m.name))),
			app.Span().Class("hint").Text(m.from(&l.run)),
		)
	}))
}

// smallNumbers are small multiples of all else, each with its course so far.
func (l *Lab) smallNumbers() app.UI {
	pretraining := l.shownMethod() == pretrain
	var list []measure
	for _, m := range smallMeasures {
		if column(l.run.Metrics, m.name) != nil && !(pretraining && m.name == "loss") {
			list = append(list, m)
		}
	}
	return app.Div().Class("small-numbers").ID("small-numbers").Body(app.Range(list).Slice(func(i int) app.UI {
		m := list[i]
		return app.Div().Class("small").DataSet("measure", m.name).Title(m.from(&l.run)).Body(
			app.Span().Class("hint").Body(app.If(m.word != "", func() app.UI { return l.term(m.word, m.label) }).Else(func() app.UI { return app.Text(m.label) })),
			app.Span().Class("figure").Text(m.text(latest(l.run.Metrics, m.name))),
			course(column(l.run.Metrics, "step"), column(l.run.Metrics, m.name)),
		)
	}))
}

// course is a column over the steps as a line, 100 by 20, from its least to its largest value. It has at most 100 points.
func course(steps, values []*float64) app.UI {
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if v != nil {
			lo, hi = math.Min(lo, *v), math.Max(hi, *v)
		}
	}
	var points strings.Builder
	stride := len(values)/100 + 1
	for i := (len(values) - 1) % stride; i < len(values) && hi >= lo; i += stride {
		if i < 0 || values[i] == nil {
			continue
		}
		x, y := 100.0, 10.0
		if first, last := *steps[0], *steps[len(steps)-1]; last > first {
			x = 100 * (*steps[i] - first) / (last - first)
		}
		if hi > lo {
			y = 19 - 18*(*values[i]-lo)/(hi-lo)
		}
		fmt.Fprintf(&points, "%.1f,%.1f ", x, y)
	}
	return app.Raw(`<svg class="course" viewBox="0 0 100 20" preserveAspectRatio="none" aria-hidden="true"><polyline points="` + strings.TrimSpace(points.String()) + `"/></svg>`)
}

// curveControls say how the curves are drawn, here and on the Compare page.
func (l *Lab) curveControls() app.UI {
	return app.Div().Class("fields curve-controls").Body(
		app.Label().Class("slider").Body(
			app.Span().Text("smoothing"),
			app.Input().Type("range").Min(0).Max(maxSmooth).DataSet("set", "smooth").Value(l.Curves.Smooth).Aria("label", "smoothing, percent").Aria("valuetext", l.Curves.share()),
			app.Output().Text(l.Curves.share()),
		),
		app.Label().Body(app.Text("over"), choice("x", "curves over", l.Curves.X, curvesOver, func(s string) string {
			if s == "tokens" {
				return "generated tokens"
			}
			return "steps"
		})),
		app.If(l.thinned() > 1, func() app.UI {
			return app.P().Class("hint").Text(fmt.Sprintf("Of the older steps one in %.0f is drawn. Export and CSV have all.", l.thinned()))
		}),
	)
}

// thinned is how far apart the older steps of the drawn runs are, at most.
func (l *Lab) thinned() (apart float64) {
	runs := []session.KeptRun{{Metrics: l.run.Metrics}}
	if l.Page == pageCompare {
		runs = l.chosenRuns()
	}
	for _, r := range runs {
		if steps := column(r.Metrics, "step"); len(steps) > session.NewestSteps {
			apart = max(apart, (*steps[1]-*steps[0])/(*steps[len(steps)-1]-*steps[len(steps)-2]))
		}
	}
	return apart
}

// tableRows is how many of the newest steps the table has, no more than are told one by one.
const tableRows = min(50, session.NewestSteps)

// metricsTable is the curves as a table: for screen readers, and for copying.
func (l *Lab) metricsTable() app.UI {
	details := app.Details().Class("as-table").ID("metrics-table")
	if l.folded["metrics"] {
		return details.Body(app.Summary().DataSet("do", "fold:metrics").Text("The metrics as a table"))
	}
	list := append([]measure{{name: "step", label: "step", format: count}}, bigMeasures...)
	if l.shownMethod() == pretrain {
		list = append(list[:1:1], pretrainMeasures...)
	}
	list = append(list, smallMeasures...)
	var shown []measure
	names := map[string]bool{}
	for _, m := range list {
		if column(l.run.Metrics, m.name) != nil && !names[m.name] {
			names[m.name] = true
			shown = append(shown, m)
		}
	}
	rows := len(column(l.run.Metrics, "step"))
	caption := plural(rows, "step")
	if rows > tableRows {
		caption = fmt.Sprintf("The newest %d lines of %s", tableRows, plural(l.run.Info.Step, "step"))
	}
	return details.Open(true).Body(
		app.Summary().DataSet("do", "fold:metrics").Text("The metrics as a table"),
		app.If(rows == 0, func() app.UI { return app.P().Class("hint").Text("There are none yet.") }),
		app.Div().Class("scroll").TabIndex(0).Body(app.Table().Class("matrix").Body(
			app.Caption().Text(caption),
			app.THead().Body(app.Tr().Body(app.Range(shown).Slice(func(i int) app.UI { return app.Th().Scope("col").Text(shown[i].label) }))),
			app.TBody().Body(app.Range(make([]int, min(rows, tableRows))).Slice(func(row int) app.UI {
				at := rows - 1 - row
				return app.Tr().Body(app.Range(shown).Slice(func(i int) app.UI {
					text := "–"
					if values := column(l.run.Metrics, shown[i].name); at < len(values) && values[at] != nil {
						text = shown[i].format(*values[at])
					}
					return app.Td().Class("figure").Text(text)
				}))
			})),
		)),
	)
}
