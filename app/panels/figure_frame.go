package panels

import (
	"net/url"
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
)

// frame is the iframe of a figure. What it shows is the part of its address after the #; a change there takes the place
// of what was there before, where a new src would be one more entry of the history.
type frame struct {
	app.Compo
	Name, Title, Address string
	Height               int // in pixels; 0 leaves it to the style sheet

	first string // address that it was loaded with
}

// Render draws the iframe with the address that it began with.
func (f *frame) Render() app.UI {
	if f.first == "" {
		f.first = f.Address
	}
	view := app.IFrame().Class("frame", f.Name).Src(f.first).Title(f.Title).Attr("loading", "lazy")
	if f.Height > 0 {
		view = view.Height(f.Height) // an attribute: the site allows no inline style
	}
	return view
}

// OnUpdate follows the address.
func (f *frame) OnUpdate(app.Context) {
	if window := f.JSValue().Get("contentWindow"); window.Truthy() {
		window.Get("location").Call("replace", f.Address)
	}
}

// figureOptions is the part of a figure's address besides name, session and colours. Every figure gets all options and ignores
// those of others.
func (p *Page) figureOptions() string {
	options := "&by=" + string(p.Grid) + "&x=" + p.Curves.X + "&smooth=" + p.Curves.Share()
	if p.Page == lab.PageTrain {
		id, same := p.RunToBeat()
		options += "&ghost=" + url.QueryEscape(id)
		if same {
			options += "&beat=this"
		}
		if p.Paired() {
			options += "&runs=" + p.Run.Info.ID + "," + p.Second.Info.ID
		}
	}
	options += "&at=" + strconv.Itoa(p.Answer)
	if p.Page == lab.PageCompare {
		options += "&runs=" + p.ChosenIDs()
	}
	if p.Page == lab.PageBench {
		options += "&backend=" + p.RooflineBackend()
	}
	return options
}
