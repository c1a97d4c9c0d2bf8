package panels

import (
	"fmt"
	"slices"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/session"
	"attnlab/rl/runs"
)

func (p *Page) comparePage() app.UI {
	return app.Div().Class("columns compare").Body(
		app.Section().Class("column controls").Aria("label", "runs").Body(
			p.contenders(),
			p.takeOut(),
		),
		app.Section().Class("column middle").Aria("label", "comparison").Body(
			app.Div().Class("trace-head").Body(app.Div().Body(
				app.H1().Text("Compare"),
				app.P().Class("verdict").Text(p.ChosenWords()),
			)),
			app.If(len(p.AllRuns()) == 0, p.noRuns).Else(func() app.UI {
				return app.Div().Class("stack").Body(
					p.verdicts(),
					p.figure("scatter", "Accuracy against think tokens, from each run's own base", true),
					p.savedRollouts(),
					p.followedPanel(),
					p.standingsTable(),
					p.contrasts(),
					p.measuredTable(),
					p.figure("curves", "Metrics of the chosen runs", true),
					p.curveControls(),
					p.curvesTable(),
				)
			}),
		),
	)
}

// chooseMany ticks runs together, and orders the list.
func (p *Page) chooseMany() app.UI {
	pressed := func(is bool, b app.HTMLButton) app.UI { return b.Aria("pressed", fmt.Sprint(is)) }
	all, methods := p.AllRuns(), lab.MethodsOf(p.AllRuns())
	orders := map[string]string{"method": "method and seed", "newest": "newest first", "accuracy": "most accurate first", "length": "shortest first"}
	return app.If(len(all) > 1, func() app.UI {
		return app.Div().Class("choose-many").Body(
			app.Div().Class("buttons").Role("group").Aria("label", "tick runs").Body(
				pressed(len(p.ChosenRuns()) == len(all), p.button("choose-runs:all", "chip", app.Text("all"))),
				pressed(len(p.ChosenRuns()) == 0, p.button("choose-runs:none", "chip", app.Text("none"))),
				app.Range(methods).Slice(func(i int) app.UI {
					return pressed(p.ComparesMethod(methods[i]), p.button("choose-runs:method:"+methods[i], "chip", swatch(methods[i]), app.Text(methods[i])))
				}),
			),
			app.Label().Body(app.Text("order"), choice("run-order", "order of the runs", p.RunOrder, lab.RunOrders, func(s string) string { return orders[s] })),
		)
	})
}

// swatch is a dot in the colour that a method has in figures.
func swatch(method string) app.UI {
	return app.Span().Class("swatch", "method-"+method).Aria("hidden", "true")
}

// contenders lists every run; the page draws and counts those that are ticked.
func (p *Page) contenders() app.UI {
	origins := []string{session.Browser, session.Machine, "imported", "shipped"}
	runs := p.SortedRuns()
	for _, r := range runs {
		if !slices.Contains(origins, r.Info.From) {
			origins = append(origins, r.Info.From)
		}
	}
	return app.Div().Class("panel contenders").ID("contenders").Body(
		app.H2().Text("Runs"),
		p.chooseMany(),
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
				app.Ul().Body(app.Range(of).Slice(func(i int) app.UI { return p.contender(of[i]) })),
			)
		}),
		app.Div().Class("buttons").Body(
			p.button("open-run", "", app.Text("Import")),
			p.button("open-run-folder", "quiet", app.Text("Import a folder")),
		),
		app.P().Class("hint").Text("Logs (each a metrics.jsonl, of any name), or an exported run: its zip file or folder. Logs of other trainers too: trainer_state.json of TRL, verl's lines of JSON, rollouts of both as lines of JSON or Parquet, exports of Weights & Biases, event files of TensorBoard."),
	)
}

func (p *Page) contender(r session.KeptRun) app.UI {
	id := r.Info.ID
	tick := app.Input().Type("checkbox").DataSet("set", "contender:"+id)
	if p.Compares(id) {
		tick = tick.Checked(true)
	}
	state := fmt.Sprintf("%s, step %d", p.StateOf(r.Info), r.Info.Step)
	if r.Settings.Steps > 0 {
		state = fmt.Sprintf("%s, step %d of %d", p.StateOf(r.Info), r.Info.Step, r.Settings.Steps)
	}
	if r.Info.State == session.Damaged {
		state += ". " + r.Info.Note
	}
	changes := r.Info.From != "shipped" && r.Info.State != session.Elsewhere
	settings := p.View
	settings.Page, settings.Plan = lab.PageTrain, p.PlanOf(r.Settings)
	handOvers := p.handOvers(r.Info, r.Settings.Method, "quiet")
	return app.Li().Class("contender").Body(
		app.Div().Class("contender-head").Body(
			app.Label().Class("check").Title(r.Info.Note).Body(tick, app.If(r.Settings.Method != "", func() app.UI { return swatch(r.Settings.Method) }), app.Text(r.Info.Name)),
			p.button("run-menu:"+id, "tool", icon("more")).Title("What to do with this run").Aria("label", "actions of "+r.Info.Name).Aria("expanded", fmt.Sprint(p.Menu == id)),
		),
		app.P().Class("hint").Text(state),
		app.If(strings.HasPrefix(r.Info.From, runs.ForeignFrom), func() app.UI { return app.P().Class("hint").Text(r.Info.Note) }),
		app.If(p.Renaming == id, func() app.UI {
			return app.Div().Class("buttons").Body(
				app.Input().ID("run-name").Type("text").MaxLength(session.MaxName).DataSet("set", "run-name").Value(p.NewName).Aria("label", "new name of "+r.Info.Name),
				p.button("rename-run:"+id, "", app.Text("Rename")),
				p.button("ask-rename", "quiet", app.Text("Cancel")),
			)
		}),
		app.If(p.Dropping == id, func() app.UI {
			return app.Div().Class("buttons").Body(
				app.Span().Class("hint bad").Text("This cannot be undone."),
				p.button("drop-run:"+id, "", app.Text("Delete the run")),
				p.button("ask-drop", "quiet", app.Text("Keep the run")),
			)
		}),
		app.If(p.Menu == id && p.Dropping != id && p.Renaming != id, func() app.UI {
			return app.Div().Class("run-menu").Role("group").Aria("label", "actions of "+r.Info.Name).Body(
				app.If(r.Settings.Method != "", func() app.UI {
					return app.A().Href("#"+settings.String()).DataSet("do", "use-settings:"+id).Title("A link to the Train page with the settings and the seed of this run").Text("Use these settings")
				}),
				p.button("export-run:"+id, "quiet", app.Text("Export")),
				app.If(r.Info.State != session.Damaged, func() app.UI { return app.Range(handOvers).Slice(func(i int) app.UI { return handOvers[i] }) }),
				p.button("share-run:"+id, "quiet", app.Text("Copy link")),
				app.If(lab.Browses(r.Info, r.Settings.Method), func() app.UI { return p.button("rollouts:"+id, "quiet", app.Text("Rollouts")) }),
				app.If(r.Info.Answers, func() app.UI {
					return p.button("follow-run:"+id, "quiet", app.Text("Base against trained")).Title("One problem, answered by the base and by this run")
				}),
				app.If(changes && r.Info.State != session.Damaged, func() app.UI { return p.button("ask-rename:"+id, "quiet", app.Text("Rename")) }),
				app.If(changes, func() app.UI {
					return waits(r.Info.State == "running", p.button("ask-drop:"+id, "quiet", app.Text("Delete")))
				}),
				app.If(r.Info.State == "paused", func() app.UI { return p.button("resume-run:"+id, "quiet", app.Text("Resume")) }), // last: it goes when the run ends
			)
		}),
	)
}

// takeOut offers the compared runs as files.
func (p *Page) takeOut() app.UI {
	return app.Div().Class("panel").ID("take-out").Body(
		app.H2().Text("Export"),
		app.Div().Class("buttons").Body(
			p.button("save-csv", "", app.Text("CSV")),
			p.button("save-json", "", app.Text("JSON")),
		),
		app.P().Class("hint").Text("CSV: a line for every step of every chosen run, with all its metrics. JSON: the same with settings."),
	)
}

// noRuns is the page before there is anything to compare.
func (p *Page) noRuns() app.UI {
	if !p.Opened {
		return app.P().Class("empty-state").Text("The runs appear when the engine is ready.")
	}
	train := p.View
	train.Page = lab.PageTrain
	return app.Div().Class("empty-state").Body(
		app.P().Text("There are no runs yet: none is saved here, and this site ships none."),
		app.P().Body(
			app.A().Href("#"+train.String()).DataSet("do", "page:"+lab.PageTrain).Text("Train a model"),
			app.Text(", or import the metrics.jsonl of a run that the command line made. Runs that differ in one thing are the easiest to compare."),
		),
	)
}
