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
	return []app.UI{
		app.P().Text("First you see what the model is and what it needs here. Nothing is loaded before you press Open, and nothing leaves this machine."),
		app.If(p.Opening.Asked != "", func() app.UI { return p.loadingBar("Reading the config of " + p.Opening.Name) }),
		app.Div().Class("buttons").Body(
			p.button("pick-folder", "", app.Text("Choose a folder")).Title("config.json, tokenizer.json and *.safetensors, as transformers saves them"),
			p.button("pick-gguf", "", app.Text("Choose a GGUF file")).Title("a model of llama.cpp in one file"),
		),
		app.P().Class("hint").Text("Or drop either anywhere on this page. A folder holds config.json, tokenizer.json and *.safetensors, as transformers saves them."),
	}
}

// offerPlan says what the offered model is and needs, and opens it.
func (p *Page) offerPlan() []app.UI {
	o, plan := &p.Offer, p.OfferPlan()
	loading := p.Opening.Asked == "OpenModel"
	row := func(name, value, hint string) app.UI {
		return app.Tr().Body(app.Th().Scope("row").Text(name), app.Td().Body(app.Text(value), app.If(hint != "", func() app.UI { return app.P().Class("hint").Text(hint) })))
	}
	what := []app.UI{
		row("model", fmt.Sprintf("%s, %s parameters", o.Kind, count(o.Parameters)), fmt.Sprintf("%d layers of %d heads; %s in its files", o.Layers, o.Heads, size(o.Bytes))),
		row("adapter", o.Adapter, fmt.Sprintf("It allows %s for a buffer and %s for what a kernel sees of one.", size(o.Buffer), size(o.Binding))),
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
		app.If(loading, func() app.UI { return p.loadingBar("Loading") }),
		app.Div().Class("buttons").Body(
			p.button("offer-open", "primary", app.Text("Open")).Disabled(loading || p.Opening.Storage == "" || !p.Ready()),
			p.button("offer-leave", "", app.Text("Cancel")),
		),
	}
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
		return fmt.Sprintf("%d GB", n>>30)
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
