package panels

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/session"
)

// diskDialog shows a folder of the machine on which the engine's program runs: its folders, models and runs.
func (p *Page) diskDialog() app.UI {
	l := &p.Listing
	at := "/" + l.Path
	return p.dialog("On "+p.Connection.Machine,
		app.P().Class("hint").Text("Folders, models and runs in the folder that the engine's program offers. Nothing outside it can be opened."),
		app.P().Body(app.Code().Text(at)),
		app.If(len(l.Entries) == 0, func() app.UI { return app.P().Class("hint").Text("There is no folder, model or run here.") }),
		app.Ul().Class("disk").ID("disk").Body(
			app.If(l.Path != "", func() app.UI {
				above, _ := p.Above()
				return app.Li().Body(p.button("disk:"+above, "quiet", app.Text("↑ one folder up")))
			}),
			app.Range(l.Entries).Slice(func(i int) app.UI { return p.diskEntry(l.Entries[i]) }),
		),
		app.If(l.More > 0, func() app.UI { return app.P().Class("hint").Text("More entries are not listed.") }),
	)
}

func (p *Page) diskEntry(e session.Entry) app.UI {
	at, name := p.Below(e), app.UI(app.Span().Class("what").Text(e.Name))
	if e.Folder {
		name = p.button("disk:"+at, "quiet", app.Text(e.Name+"/"))
	}
	return app.Li().Body(name,
		app.If(!e.Folder, func() app.UI { return app.Span().Class("hint").Text(size(e.Bytes)) }),
		app.If(e.Model, func() app.UI {
			return p.button("disk-model:"+at, "", app.Text("Open the model")).Aria("label", "open the model "+e.Name)
		}),
		app.If(e.Run, func() app.UI {
			return p.button("disk-run:"+at, "", app.Text("Import the run")).Aria("label", "import the run "+e.Name)
		}),
	)
}
