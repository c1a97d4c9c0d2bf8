package panels

import (
	"fmt"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/session"
)

// modelDialog opens models of others: first their places, then the plan of the one that was chosen.
func (p *Page) modelDialog() app.UI {
	if p.Offer.Name != "" {
		return p.dialog(p.Offer.Name, p.offerPlan()...)
	}
	return p.dialog("Open a model of your own", p.modelPlaces()...)
}

// modelPlaces are the places that a model can be opened from.
func (p *Page) modelPlaces() []app.UI {
	asking := "Reading the config of " + p.Opening.Name
	return []app.UI{
		app.P().Text("First you see what the model is and what it needs here. " + p.Reads()),
		app.If(p.Opening.Asked != "", func() app.UI { return p.loadingBar(asking) }),
		app.Div().Class("buttons").Body(
			p.button("pick-folder", "", app.Text("Choose a folder")).Title("config.json, tokenizer.json and *.safetensors, as transformers saves them"),
			p.button("pick-gguf", "", app.Text("Choose a GGUF file")).Title("a model of llama.cpp in one file"),
			app.If(p.Capabilities.Disk, func() app.UI { return p.button("disk:", "", app.Text("Browse "+p.Connection.Machine)) }),
		),
		app.P().Class("hint").Text("Or drop either anywhere on this page. A folder holds config.json, tokenizer.json and *.safetensors, as transformers saves them."),
		app.If(p.Models.Hub != "" && p.Models.Closed == "", p.hubPlace),
		app.If(p.Models.Number > 0, p.storedModels),
		app.If(p.Native(), p.browserAlone),
	}
}

// browserAlone names what the engine of a browser alone does.
func (p *Page) browserAlone() app.UI {
	lacks := p.BrowserAlone()
	return app.Details().Class("place").ID("browser-alone").Body(
		app.Summary().Text("What only the engine of a browser does"),
		app.Ul().Class("lacks").Body(app.Range(lacks).Slice(func(i int) app.UI {
			return app.Li().Body(app.Text(lacks[i].What), app.P().Class("hint").Text("Not here, because "+lacks[i].Why+"."))
		})),
		app.P().Class("hint").Text("The panel “What runs here” (key i) changes to that engine."),
	)
}

// hubPlace asks for the name of a model at the hub.
func (p *Page) hubPlace() app.UI {
	where := hostOf(p.Models.Hub)
	return app.Div().Class("place").Body(
		app.H3().Text("From "+where),
		app.Div().Class("buttons").Body(
			app.Input().Type("text").ID("hub-name").DataSet("set", "hub-name").Value(p.Opening.HubName).Placeholder("owner/name").
				Aria("label", "name of the model").Aria("describedby", "hub-says").Attr("spellcheck", "false").AutoComplete(false).Attr("autocapitalize", "off"),
			p.button("ask-hub", "", app.Text("Look it up")),
		),
		app.P().Class("hint").ID("hub-says").Text("The button asks "+where+" for the model's config and the list of its files, without an account. That site learns the name and this machine's address, and nothing of what you do with the model. A revision follows after an @, a GGUF file after a slash: owner/name/file.gguf@v1."),
	)
}

// hostOf is the address of a hub as people write it.
func hostOf(hub string) string { return strings.TrimPrefix(hub, "https://") }

// storedModels lists the models that are stored in this browser.
func (p *Page) storedModels() app.UI {
	m := &p.Models
	room := ""
	if m.Quota > 0 {
		room = fmt.Sprintf("The lab uses %s of the %s that this browser allows it.", size(m.Used), size(m.Quota))
	}
	return app.Div().Class("place").Body(
		app.H3().Text("In this browser"),
		app.If(m.Closed != "", func() app.UI { return app.P().Class("hint").Text(m.Closed) }),
		app.If(m.Closed == "" && len(m.Models) == 0, func() app.UI {
			return app.P().Class("hint").Text("No model is stored here. One that you open can be kept for your next visit.")
		}),
		app.Ul().Class("kept").ID("stored-models").Body(app.Range(m.Models).Slice(func(i int) app.UI { return p.storedModel(m.Models[i]) })),
		app.If(m.Closed == "" && room != "", func() app.UI { return app.P().Class("hint").ID("room").Text(room) }),
	)
}

func (p *Page) storedModel(m session.StoredModel) app.UI {
	of := size(m.Bytes)
	if !m.Whole {
		of = size(m.Have) + " of " + of
	}
	if m.From != "" {
		of += ", from " + hostOf(m.From)
	}
	return app.Li().Body(
		app.Span().Text(m.Name),
		app.Span().Class("hint").Text(of),
		app.If(p.Opening.Dropped == m.ID, func() app.UI {
			return app.Span().Class("buttons").Body(
				app.Span().Class("hint bad").Text("This cannot be undone."),
				p.button("drop-model:"+m.ID, "quiet", app.Text("Delete the model")),
				p.button("ask-drop-model", "quiet", app.Text("Keep the model")))
		}).Else(func() app.UI {
			return app.Span().Class("buttons").Body(
				app.If(m.Whole, func() app.UI {
					return p.button("stored:"+m.ID, "quiet", app.Text("Look at it")).Aria("label", "look at "+m.Name)
				}),
				app.If(p.Continues(m), func() app.UI {
					return p.button("stored:"+m.ID, "quiet", app.Text("Download the rest")).Aria("label", "download the rest of "+m.Name)
				}),
				p.button("ask-drop-model:"+m.ID, "quiet", app.Text("Delete")).Aria("label", "delete "+m.Name))
		}),
	)
}

// offerPlan says what the offered model is and needs, and opens it.
func (p *Page) offerPlan() []app.UI {
	o, plan := &p.Offer, p.OfferPlan()
	loading, open := p.Opening.Asked == "OpenModel", "Open"
	if o.From.Kind == session.FromHub {
		open = "Download and open"
	}
	row := func(name, value, hint string) app.UI {
		return app.Tr().Body(app.Th().Scope("row").Text(name), app.Td().Body(app.Text(value), app.If(hint != "", func() app.UI { return app.P().Class("hint").Text(hint) })))
	}
	what := []app.UI{
		row("model", fmt.Sprintf("%s, %s parameters", o.Kind, count(o.Parameters)), fmt.Sprintf("%d layers of %d heads; %s in its files", o.Layers, o.Heads, size(o.Bytes))),
		row("adapter", o.Adapter, fmt.Sprintf("It allows %s for a buffer and %s for what a kernel sees of one.", size(o.Buffer), size(o.Binding))),
	}
	if o.From.Kind == session.FromHub {
		what = append(what, p.downloadRow(row))
	}
	for _, note := range o.Notes {
		what = append(what, row("", note, ""))
	}
	return []app.UI{
		app.Table().Class("table facts-table").Body(app.TBody().Body(what...)),
		p.needs(plan, loading),
		app.Div().Class("fields").Body(
			app.Label().Body(app.Text("longest trace, tokens"), p.contextChoice(loading)),
			app.P().Class("hint").ID("cache").Text("Keys and values of such a trace take "+size(plan.Cache)+" more."),
		),
		app.If(p.Keeps(), func() app.UI { return p.keepChoice(loading) }),
		app.If(loading, func() app.UI { return p.loadingBar(openingWords(p.Status.Stage)) }),
		app.Div().Class("buttons").Body(
			p.button("offer-open", "primary", app.Text(open)).Disabled(loading || p.Opening.Storage == "" || !p.Ready()),
			p.button("offer-leave", "", app.Text("Cancel")),
		),
	}
}

// downloadRow says what is downloaded before the model is opened.
func (p *Page) downloadRow(row func(name, value, hint string) app.UI) app.UI {
	value := "its files, whose size is not known before"
	if p.Offer.Download > 0 {
		value = size(p.Offer.Download)
	}
	return row("download", value+" from "+hostOf(p.Models.Hub), "The files are stored in this browser, where you can delete them. A download that ends in its middle is continued later."+room(&p.Models))
}

// room says how much a browser has left.
func room(m *session.Models) string {
	if m.Quota == 0 {
		return ""
	}
	return fmt.Sprintf(" This browser has %s left for this page.", size(max(0, m.Quota-m.Used)))
}

// keepChoice offers to store the visitor's files in this browser.
func (p *Page) keepChoice(off bool) app.UI {
	hint := "Then it is listed here at your next visit, and links to it find it." + room(&p.Models)
	if p.Replaces() {
		hint += " It replaces the model of that name that is stored here."
	}
	return app.Div().Class("place").Body(
		app.Label().Class("check").Body(
			app.Input().Type("checkbox").DataSet("set", "offer-keep").Checked(p.Opening.Keep).Disabled(off).Aria("describedby", "keep-says"),
			app.Text("keep a copy in this browser"),
		),
		app.P().Class("hint").ID("keep-says").Text(hint),
	)
}

// openingWords are those of what the engine does while a model is opened.
func openingWords(stage string) string {
	switch stage {
	case "downloading":
		return "Downloading"
	case "storing":
		return "Storing"
	}
	return "Loading"
}

// contextChoice is the menu of context lengths.
func (p *Page) contextChoice(off bool) app.UI {
	contexts := p.Offer.Contexts
	return app.Select().DataSet("set", "offer-context").Disabled(off).Aria("describedby", "cache").Body(app.Range(contexts).Slice(func(i int) app.UI {
		return app.Option().Value(contexts[i].Tokens).Text(contexts[i].Tokens).Selected(contexts[i].Tokens == p.Opening.Context)
	}))
}

// needs are the storages with what each needs. Those that do not fit cannot be chosen, and say why.
func (p *Page) needs(plan session.ContextPlan, off bool) app.UI {
	return app.FieldSet().Class("needs").Disabled(off).Body(
		app.Legend().Text("Its weights on the adapter"),
		app.Range(plan.Needs).Slice(func(i int) app.UI {
			n := plan.Needs[i]
			return app.Label().Class("need").Body(
				app.Input().Type("radio").Name("storage").DataSet("set", "offer-storage").Value(n.Storage).Checked(n.Storage == p.Opening.Storage).Disabled(n.Problem != ""),
				app.Span().Class("storage").Text(strings.ToUpper(n.Storage)),
				app.Span().Class("size").Text(size(n.Bytes)),
				app.Span().Class("why hint").Text(needWords(n, p.Offer.Stored, i == plan.Choice)),
			)
		}),
	)
}

// needWords says in a few words what a storage means for a model whose files hold another.
func needWords(n session.StorageNeed, stored string, proposed bool) string {
	var words []string
	switch {
	case n.Problem != "":
		return "does not fit: " + n.Problem
	case n.Storage == stored:
		words = append(words, "holds the files' numbers")
	}
	if proposed {
		words = append(words, "proposed")
	}
	if n.Trains {
		words = append(words, "can be trained here")
	}
	if n.Parts > 1 {
		words = append(words, fmt.Sprintf("embedding in %d parts", n.Parts))
	}
	return strings.Join(words, ", ")
}

// loadingBar shows how far the engine is.
func (p *Page) loadingBar(what string) app.UI {
	bar := app.Progress().Aria("label", what)
	if s := p.Status; s.Total > 0 {
		bar = bar.Max(s.Total).Value(s.Done)
		what += fmt.Sprintf(": %s of %s", size(int64(s.Done)), size(int64(s.Total)))
	} else {
		what += " …"
	}
	return app.Div().Class("loading").Role("status").Body(app.Span().Text(what), bar)
}

// size writes bytes in units of 2²⁰, as adapters' limits are given, or of 2¹⁰ where they are few.
func size(n int64) string {
	switch {
	case n < 1<<20:
		return fmt.Sprintf("%d kB", (n+1<<10-1)>>10)
	case n >= 10<<30:
		return fmt.Sprintf("%d GB", (n+1<<29)>>30)
	}
	return fmt.Sprintf("%d MB", (n+1<<19)>>20)
}

// count writes a number of parameters.
func count(n int) string {
	switch {
	case n < 1e6:
		return fmt.Sprintf("%d k", (n+500)/1000)
	case n < 1e9:
		return fmt.Sprintf("%.0f M", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f B", float64(n)/1e9)
}
