package panels

import (
	"fmt"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/lab/explain"
	"attnlab/app/session"
)

// runBanner offers, after a reload, to resume the run that was training.
func (p *Page) runBanner() app.UI {
	kept := p.Resumable()
	show := p.Page == lab.PageTrain && p.Opened && p.Run.Info.ID == "" && len(kept) > 0
	return app.If(show, func() app.UI {
		r := kept[0]
		return app.Div().Class("banner").ID("resume-banner").Body(
			app.P().Text(fmt.Sprintf("A run of %s was at step %d of %d.", p.Title(r.Settings.Method), r.Info.Step, r.Settings.Steps)),
			p.button("resume-run:"+r.Info.ID, "", app.Text("Resume")),
		)
	})
}

// runsPanel lists the saved runs, and imports others.
func (p *Page) runsPanel() app.UI {
	var kept []session.KeptRun
	for _, r := range p.Runs.Runs {
		if r.Info.From != "shipped" && r.Info.ID != p.Run.Info.ID {
			kept = append(kept, r)
		}
	}
	return app.Div().Class("panel").ID("kept-runs").Body(
		app.H2().Text("Other runs here"),
		app.If(len(kept) == 0, func() app.UI {
			return app.P().Class("hint").Text("There are no other runs. Runs stay " + p.Kept() + " until you delete them.")
		}),
		app.Ul().Class("kept").Body(app.Range(kept).Slice(func(i int) app.UI { return p.keptRun(kept[i]) })),
		app.Div().Class("buttons").Body(
			p.button("open-run", "quiet", app.Text("Import a run")),
			p.button("open-run-folder", "quiet", app.Text("from a folder")),
			app.If(p.Capabilities.Disk, func() app.UI { return p.button("disk:", "quiet", app.Text("from "+p.Connection.Machine)) }),
		),
	)
}

func (p *Page) keptRun(r session.KeptRun) app.UI {
	i := r.Info
	of := fmt.Sprintf("step %d of %d, %s, %s", i.Step, r.Settings.Steps, i.State, i.From)
	if i.State == session.MetricsOnly {
		of = explain.Plural(i.Step, "step") + ", metrics only"
	}
	return app.Li().Body(
		app.Span().Text(i.Name),
		app.Span().Class("hint").Text(of),
		app.If(p.Dropping == i.ID, func() app.UI {
			return app.Span().Class("buttons").Body(
				app.Span().Class("hint bad").Text("This cannot be undone."),
				p.button("drop-run:"+i.ID, "quiet", app.Text("Delete the run")),
				p.button("ask-drop", "quiet", app.Text("Keep the run")))
		}),
		app.Span().Class("buttons").Body(
			app.If(i.State == "new" || i.State == "paused" || i.State == "running", func() app.UI { return p.button("resume-run:"+i.ID, "quiet", app.Text("Resume")) }),
			app.If(i.State != session.MetricsOnly && i.State != "new", func() app.UI { return p.button("use-run:"+i.ID, "quiet", app.Text("Use on Trace")) }),
			p.button("export-run:"+i.ID, "quiet", app.Text("Export")),
			p.button("ask-drop:"+i.ID, "quiet", app.Text("Delete")).Aria("label", "delete "+i.Name),
		),
	)
}
