package panels

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"attnlab/app/session"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

func (l *Lab) comparePage() app.UI {
	return app.Div().Class("columns compare").Body(
		app.Section().Class("column controls").Aria("label", "runs").Body(
			l.contenders(),
			l.takeOut(),
		),
		app.Section().Class("column middle").Aria("label", "comparison").Body(
			app.Div().Class("trace-head").Body(app.Div().Body(
				app.H1().Text("Compare"),
				app.P().Class("verdict").Text(l.chosenWords()),
			)),
			app.If(len(l.kept()) == 0, l.noRuns).Else(func() app.UI {
				return app.Div().Class("stack").Body(
					l.figure("scatter", "Accuracy against think tokens, a point for each method", true),
					l.standingsTable(),
					l.figure("curves", "Metrics of the chosen runs", true),
					l.curveControls(),
					l.curvesTable(),
				)
			}),
		),
	)
}

// contenders is every run there is; those that are ticked are drawn and counted.
func (l *Lab) contenders() app.UI {
	origins := []string{"this browser", "imported", "shipped"}
	runs := l.kept()
	for _, r := range runs {
		if !slices.Contains(origins, r.Info.From) {
			origins = append(origins, r.Info.From)
		}
	}
	return app.Div().Class("panel contenders").ID("contenders").Body(
		app.H2().Text("Runs"),
		app.Range(origins).Slice(func(i int) app.UI {
			var of []session.KeptRun
			for _, r := range runs {
				if r.Info.From == origins[i] {
					of = append(of, r)
				}
			}
			if len(of) == 0 {
				return app.Div().Class("no-results")
			}
			return app.Div().Class("origin").Body(
				app.H3().Text(origins[i]),
				app.Ul().Body(app.Range(of).Slice(func(i int) app.UI { return l.contender(of[i]) })),
			)
		}),
		app.Div().Class("buttons").Body(
			l.button("open-run", "", app.Text("Import")),
			l.button("open-run-folder", "quiet", app.Text("Import a folder")),
		),
		app.P().Class("hint").Text("Logs (a metrics.jsonl each, by any name), or a run as it was exported: its zip file or folder."),
	)
}

func (l *Lab) contender(r session.KeptRun) app.UI {
	id := r.Info.ID
	tick := app.Input().Type("checkbox").DataSet("set", "contender:"+id)
	if l.compares(id) {
		tick = tick.Checked(true)
	}
	state := fmt.Sprintf("%s, step %d", r.Info.State, r.Info.Step)
	if r.Settings.Steps > 0 {
		state = fmt.Sprintf("%s, step %d of %d", r.Info.State, r.Info.Step, r.Settings.Steps)
	}
	settings := l.View
	settings.Page, settings.Plan = pageTrain, planOf(r.Settings)
	return app.Li().Class("contender").Body(
		app.Label().Class("check").Body(tick, app.Text(r.Info.Name)),
		app.P().Class("hint").Text(state),
		app.If(r.Info.Note != "", func() app.UI { return app.P().Class("hint").Text(r.Info.Note) }),
		app.If(l.dropping == id, func() app.UI {
			return app.Div().Class("buttons").Body(
				app.Span().Class("hint bad").Text("It cannot be had back."),
				l.button("drop-run:"+id, "", app.Text("Forget it")),
				l.button("ask-drop", "quiet", app.Text("Keep it")),
			)
		}).Else(func() app.UI {
			return app.Div().Class("buttons small").Body(
				app.If(r.Settings.Method != "", func() app.UI {
					return app.A().Href("#"+settings.String()).DataSet("do", "use-settings:"+id).Title("A link to the Train page with the settings and the seed of this run").Text("Use these settings")
				}),
				app.If(r.Info.State == "paused", func() app.UI { return l.button("resume-run:"+id, "quiet", app.Text("Resume")) }),
				l.button("export-run:"+id, "quiet", app.Text("Export")),
				app.If(r.Info.From != "shipped" && r.Info.State != "running", func() app.UI {
					return l.button("ask-drop:"+id, "quiet", app.Text("Forget"))
				}),
			)
		}),
	)
}

// takeOut offers what is compared as files.
func (l *Lab) takeOut() app.UI {
	return app.Div().Class("panel").ID("take-out").Body(
		app.H2().Text("Take out"),
		app.Div().Class("buttons").Body(
			l.button("save-csv", "", app.Text("CSV")),
			l.button("save-json", "", app.Text("JSON")),
			l.button("save-scatter", "", app.Text("PNG of the plot")),
			l.button("save-curves", "", app.Text("PNG of the curves")),
		),
		app.P().Class("hint").Text("CSV: a line for every step of every chosen run, with all its metrics. JSON: the same with settings."),
	)
}

// noRuns is the page before there is anything to compare.
func (l *Lab) noRuns() app.UI {
	if !l.opened {
		return app.P().Class("empty-state").Text("The runs are listed when the engine is ready.")
	}
	train := l.View
	train.Page = pageTrain
	return app.Div().Class("empty-state").Body(
		app.P().Text("There are no runs yet: none is kept in this browser, and this site ships none."),
		app.P().Body(
			app.A().Href("#"+train.String()).DataSet("do", "page:"+pageTrain).Text("Train a model"),
			app.Text(", or import the metrics.jsonl of a run of the command line. Two runs that differ in one thing say most."),
		),
	)
}

func (l *Lab) chosenWords() string {
	if len(l.kept()) == 0 {
		return "Runs side by side: the same seed, the same budget."
	}
	return fmt.Sprintf("%d of %s chosen. Tick runs to draw and count them.", len(l.chosenRuns()), plural(len(l.kept()), "run"))
}

// noRun in View.Runs means that every tick was taken away.
const noRun = "-"

// compares tells whether a run is compared.
func (v View) compares(id string) bool {
	return v.Runs == "" || slices.Contains(strings.Split(v.Runs, ","), id)
}

// kept is every run there is, the one at work as it is now.
func (s *state) kept() []session.KeptRun {
	now := session.KeptRun{Info: s.run.Info, Settings: s.run.Settings, Metrics: s.run.Metrics}
	i := slices.IndexFunc(s.runs.Runs, func(r session.KeptRun) bool { return r.Info.ID == now.Info.ID })
	switch {
	case now.Info.ID == "":
		return s.runs.Runs
	case i < 0:
		return append(slices.Clip(s.runs.Runs), now)
	}
	runs := slices.Clone(s.runs.Runs)
	runs[i] = now
	return runs
}

func (s *state) chosenRuns() (runs []session.KeptRun) {
	for _, r := range s.kept() {
		if s.compares(r.Info.ID) {
			runs = append(runs, r)
		}
	}
	return runs
}

// chosenIDs is the chosen runs as a figure's address takes them.
func (s *state) chosenIDs() string {
	ids := []string{}
	for _, r := range s.chosenRuns() {
		ids = append(ids, r.Info.ID)
	}
	if len(ids) == 0 {
		ids = []string{noRun}
	}
	return url.QueryEscape(strings.Join(ids, ","))
}

// choose ticks a run, or takes its tick away. All of them is written as none, so that a new run is among them.
func (s *state) choose(id string, is bool) {
	ids, all := []string{}, true
	for _, r := range s.kept() {
		if r.Info.ID == id && is || r.Info.ID != id && s.compares(r.Info.ID) {
			ids = append(ids, r.Info.ID)
		} else {
			all = false
		}
	}
	switch {
	case all:
		s.Runs = ""
	case len(ids) == 0:
		s.Runs = noRun
	default:
		s.Runs = strings.Join(ids, ",")
	}
}

// export asks for all steps of the chosen runs as a file of that name.
func (l *Lab) export(name string) {
	command := session.ExportMetrics{Name: name}
	for _, r := range l.chosenRuns() {
		command.IDs = append(command.IDs, r.Info.ID)
	}
	l.exporting = name
	l.send(command)
}

// compareActions are what can be done on the Compare page.
func compareActions() []action {
	some := func(l *Lab) bool { return l.Page == pageCompare && len(l.chosenRuns()) > 0 }
	return []action{
		{"use-settings", "", "", true, nil, func(l *Lab, a string) {
			for _, r := range l.kept() {
				if r.Info.ID == a {
					l.Plan, l.stopped = planOf(r.Settings), l.run.Info.ID
					l.show(pageTrain)
				}
			}
		}},
		{"ask-drop", "", "", false, nil, func(l *Lab, a string) { l.dropping = a }},
		{"save-csv", "compare:s", "Save the chosen runs as CSV", false, some, func(l *Lab, _ string) {
			l.export("attnlab-runs.csv")
		}},
		{"save-json", "", "Save the chosen runs as JSON", false, some, func(l *Lab, _ string) {
			l.export("attnlab-runs.json")
		}},
		{"save-scatter", "compare:p", "Save the plot as PNG", false, some, func(l *Lab, _ string) { l.screen.saveFigure("scatter") }},
		{"save-curves", "", "Save the curves as PNG", false, some, func(l *Lab, _ string) { l.screen.saveFigure("curves") }},
	}
}

// setCompare gives a control of the Compare page its value; false where it has no such control.
func (l *Lab) setCompare(name, value string) bool {
	id, found := strings.CutPrefix(name, "contender:")
	if found {
		l.choose(id, value == "true")
	}
	return found
}
