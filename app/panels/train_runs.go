package panels

import (
	"fmt"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/lab/explain"
	"attnlab/app/session"
)

// runBanners offer, after a reload, to resume the run that was training, and name a run that another tab or program has open.
func (p *Page) runBanners() app.UI {
	kept, elsewhere := p.Resumable(), p.Elsewhere()
	show := p.Page == lab.PageTrain && p.Opened && p.Run.Info.ID == ""
	return app.Div().Body(app.If(show && len(elsewhere) > 0, func() app.UI {
		r := elsewhere[0]
		return app.Div().Class("banner").ID("elsewhere-banner").Body(
			app.P().Text(fmt.Sprintf("A run of %s trains in %s, or is paused there: it was saved at step %d of %d. Close it there to resume it here.", p.Title(r.Settings.Method), p.Other(), r.Info.Step, r.Settings.Steps)),
		)
	}), app.If(show && len(kept) > 0, func() app.UI {
		r := kept[0]
		if first, second, ok := p.ResumablePair(); ok {
			at := func(r session.KeptRun) string {
				return fmt.Sprintf("%s at step %d of %d", p.Title(r.Settings.Method), r.Info.Step, r.Settings.Steps)
			}
			return app.Div().Class("banner").ID("resume-banner").Body(
				app.P().Text("Two runs of the same problems can train in turn: "+at(first)+" and "+at(second)+"."),
				p.button("resume-both", "", app.Text("Resume both")),
				p.button("resume-run:"+first.Info.ID, "quiet", app.Text("Only "+p.Title(first.Settings.Method))),
				p.button("resume-run:"+second.Info.ID, "quiet", app.Text("Only "+p.Title(second.Settings.Method))),
			)
		}
		return app.Div().Class("banner").ID("resume-banner").Body(
			app.P().Text(fmt.Sprintf("A run of %s was at step %d of %d.", p.Title(r.Settings.Method), r.Info.Step, r.Settings.Steps)),
			p.button("resume-run:"+r.Info.ID, "", app.Text("Resume")),
		)
	}))
}

// runsPanel lists the saved runs, and imports others.
func (p *Page) runsPanel() app.UI {
	var kept []session.KeptRun
	for _, r := range p.Runs.Runs {
		if r.Info.From != "shipped" && r.Info.ID != p.Run.Info.ID && r.Info.ID != p.Second.Info.ID {
			kept = append(kept, r)
		}
	}
	return app.Div().Class("panel").ID("kept-runs").Body(
		app.H2().Text("Other runs here"),
		app.If(len(kept) == 0, func() app.UI {
			text := "There are no other runs."
			if p.Runs.Closed == "" {
				text += " Runs stay " + p.Kept() + " until you delete them."
			}
			return app.P().Class("hint").Text(text)
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
	of := fmt.Sprintf("step %d of %d, %s, %s", i.Step, r.Settings.Steps, p.StateOf(i), i.From)
	switch i.State {
	case session.MetricsOnly:
		of = explain.Plural(i.Step, "step") + ", metrics only"
	case session.Damaged:
		of = fmt.Sprintf("damaged, %s can be read. %s", explain.Plural(i.Step, "step"), i.Note)
	}
	open := i.State == session.Elsewhere
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
			app.If(i.HasModel() && i.State != "new", func() app.UI { return p.button("use-run:"+i.ID, "quiet", app.Text("Use on Trace")) }),
			p.button("export-run:"+i.ID, "quiet", app.Text("Export")),
			app.If(!open, func() app.UI {
				return p.button("ask-drop:"+i.ID, "quiet", app.Text("Delete")).Aria("label", "delete "+i.Name)
			}),
			app.If(p.MayPair(r) && !p.Paired(), func() app.UI { return p.button("resume-beside:"+i.ID, "quiet", app.Text("Train beside")) }), // last: it goes when the run ends
		),
	)
}
