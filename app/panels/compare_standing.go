package panels

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"attnlab/app/session"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// tail is how many last steps of a run stand for its end.
const tail = 5

// standing is where runs that differ in nothing but their seed have come to.
type standing struct {
	settings session.RunSettings // with the seed of the first
	from     string
	runs     []session.KeptRun
}

// average is a mean over runs, and the standard deviation between them, NaN for one run.
type average struct {
	mean, sd float64
	n        int
}

// standings puts runs together that repeat each other.
func standings(runs []session.KeptRun) []standing {
	var all []standing
	for _, r := range runs {
		i := slices.IndexFunc(all, func(s standing) bool { return s.runs[0].Repeats(r) })
		if i < 0 {
			all = append(all, standing{settings: r.Settings, from: r.Info.From})
			i = len(all) - 1
		}
		all[i].runs = append(all[i].runs, r)
	}
	return all
}

// name is the method, and what of its settings is not as usual.
func (s standing) name(row func(name string) (hyperRow, bool)) string {
	if s.settings.Method == "" {
		return s.runs[0].Info.Name
	}
	parts := []string{s.settings.Method}
	for _, name := range slices.Sorted(maps.Keys(s.settings.Hyper)) {
		text := plain(s.settings.Hyper[name])
		if r, ok := row(name); ok {
			text = r.text(s.settings.Hyper[name])
		}
		parts = append(parts, name+" "+text)
	}
	if heads := s.settings.FocusHeads; heads != "" {
		parts = append(parts, "heads "+heads)
	}
	return strings.Join(parts, ", ")
}

// seeds are those of its runs.
func (s standing) seeds() string {
	var seeds []uint64
	for _, r := range s.runs {
		seeds = append(seeds, r.Settings.Seed)
	}
	slices.Sort(seeds)
	return strings.Trim(fmt.Sprint(seeds), "[]")
}

// steps is how far its runs have come.
func (s standing) steps() string {
	var steps []int
	for _, r := range s.runs {
		steps = append(steps, r.Info.Step)
	}
	if lo, hi := slices.Min(steps), slices.Max(steps); lo < hi {
		return fmt.Sprintf("%d to %d", lo, hi)
	}
	return strconv.Itoa(steps[0])
}

// ends is the mean over runs of a metric at their ends: of its last steps, or of the last alone for one that adds up.
func (s standing) ends(metric string, last int) average {
	var values []float64
	for _, r := range s.runs {
		if v := endOf(r, metric, last); !math.IsNaN(v) {
			values = append(values, v)
		}
	}
	sd := math.NaN()
	m := mean(values)
	if n := len(values); n > 1 {
		var sum float64
		for _, v := range values {
			sum += (v - m) * (v - m)
		}
		sd = math.Sqrt(sum / float64(n-1))
	}
	return average{m, sd, len(values)}
}

// endOf is the mean of a metric over the last steps of a run, NaN where it has none.
func endOf(r session.KeptRun, metric string, last int) float64 {
	var known []float64
	values := column(r.Metrics, metric)
	for _, v := range values[max(0, len(values)-last):] {
		if v != nil {
			known = append(known, *v)
		}
	}
	return mean(known)
}

// standingsTable is the end of every method, with its spread over seeds.
func (l *Lab) standingsTable() app.UI {
	all := standings(l.chosenRuns())
	if len(all) == 0 {
		return app.P().Class("hint").Text("No run is chosen.")
	}
	measured := func(s average, digits int) app.UI {
		if s.n == 0 {
			return app.Td().Class("figure").Text("–")
		}
		text := strings.Replace(strconv.FormatFloat(s.mean, 'f', digits, 64), "-", "−", 1)
		if math.IsNaN(s.sd) {
			return app.Td().Class("figure").Text(text)
		}
		return app.Td().Class("figure").Body(app.Text(text), app.Span().Class("se").Text(" ± "+strconv.FormatFloat(s.sd, 'f', digits, 64)))
	}
	row := func(method string) func(string) (hyperRow, bool) {
		return func(name string) (hyperRow, bool) {
			i := slices.IndexFunc(l.methods.Rows, func(r session.HyperRow) bool { return r.Name == name && hyperRow(r).of(method) })
			if i < 0 {
				return hyperRow{}, false
			}
			return hyperRow(l.methods.Rows[i]), true
		}
	}
	names, named := make([]string, len(all)), map[string]int{}
	for i, s := range all {
		names[i] = s.name(row(s.settings.Method))
		named[names[i]]++
	}
	for i, s := range all {
		if named[names[i]] > 1 && s.settings.Model != "" {
			names[i] += ", " + s.settings.Model
		}
	}
	return app.Div().Class("results").Body(app.Table().Class("table").ID("standings").Body(
		app.Caption().Text(fmt.Sprintf("Where the chosen runs stand: the mean of the last %d steps of a run (tokens generated: all so far), then the mean over runs that differ in their seed only ± their standard deviation. One run has no spread.", tail)),
		app.THead().Body(app.Tr().Body(
			app.Th().Scope("col").Text("method"), app.Th().Scope("col").Text("from"), numberColumn("runs"), app.Th().Scope("col").Text("seeds"), numberColumn("step"),
			numberColumn("accuracy"), numberColumn("think tokens"), numberColumn("redundant removed, ÷ base"), numberColumn("essential steps, ÷ base"), numberColumn("tokens generated, thousands"),
		)),
		app.TBody().Body(app.Range(all).Slice(func(i int) app.UI {
			s := all[i]
			generated := s.ends("generated_tokens", 1)
			generated.mean, generated.sd = generated.mean/1000, generated.sd/1000
			return app.Tr().Body(
				app.Th().Scope("row").Text(names[i]), app.Td().Text(s.from), app.Td().Class("figure").Text(len(s.runs)), app.Td().Class("seeds").Text(s.seeds()),
				app.Td().Class("figure").Text(s.steps()),
				measured(s.ends("accuracy", tail), 3), measured(s.ends("think_tokens", tail), 1),
				measured(s.ends("redundant_removed", tail), 3), measured(s.ends("essential_kept", tail), 3), measured(generated, 1),
			)
		})),
	))
}

// curvesTable is the two large curves as a table: for screen readers.
func (l *Lab) curvesTable() app.UI {
	details := app.Details().Class("as-table").ID("curves-table")
	summary := app.Summary().DataSet("do", "fold:curves-table").Text("The curves as a table")
	if !l.folded["curves-table"] { // closed at first
		return details.Body(summary)
	}
	runs := l.chosenRuns()
	steps := 0 // of the longest
	for _, r := range runs {
		steps = max(steps, r.Info.Step)
	}
	cell := func(r session.KeptRun, name string, step int, format func(float64) string) app.UI {
		row := slices.IndexFunc(column(r.Metrics, "step"), func(s *float64) bool { return s != nil && *s == float64(step) })
		if values := column(r.Metrics, name); row >= 0 && row < len(values) && values[row] != nil {
			return app.Td().Class("figure").Text(format(*values[row]))
		}
		return app.Td().Class("figure").Text("–")
	}
	shown := min(steps, tableRows)
	return details.Open(true).Body(summary, app.Div().Class("scroll").TabIndex(0).Body(app.Table().Class("matrix").Body(
		app.Caption().Text(fmt.Sprintf("Accuracy and think tokens of the chosen runs, the newest %d of %s first; all metrics are in the CSV", shown, plural(steps, "step"))),
		app.THead().Body(app.Tr().Body(app.Th().Scope("col").Text("step"), app.Range(runs).Slice(func(i int) app.UI {
			return app.Th().Scope("col").ColSpan(2).Text(runs[i].Info.Name)
		}))),
		app.TBody().Body(app.Range(make([]int, shown)).Slice(func(row int) app.UI {
			step := steps - row
			return app.Tr().Body(app.Th().Scope("row").Text(step), app.Range(slices.Concat(runs, runs)).Slice(func(i int) app.UI {
				if i%2 == 0 {
					return cell(runs[i/2], "accuracy", step, format)
				}
				return cell(runs[i/2], "think_tokens", step, tenth)
			}))
		})),
	)))
}
