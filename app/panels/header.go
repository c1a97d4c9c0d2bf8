package panels

import (
	"fmt"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/session"
	"attnlab/model/speed"
)

func (p *Page) header() app.UI {
	themes := map[string]string{"": "as the system", "light": "light", "dark": "dark"}
	return app.Header().Class("top").Body(
		app.A().Class("skip").Href("#main").DataSet("do", "skip").Text("Skip to the content"),
		app.A().Class("name").Href("#page=trace").DataSet("do", "page:trace").Text("attnlab"),
		app.Nav().Aria("label", "pages").Body(
			p.tab(lab.PageTrace, "Trace"),
			p.tab(lab.PageHeads, "Heads"),
			p.tab(lab.PageTree, "Tree"),
			p.tab(lab.PageTrain, "Train"),
			p.tab(lab.PageCompare, "Compare"),
			p.tab(lab.PageLearn, "Learn"),
		),
		p.engineChip(),
		app.Div().Class("tools").Body(
			p.button("undo", "tool", icon("undo")).Aria("label", "undo"),
			p.button("link", "tool", icon("link")).Aria("label", "copy link"),
			p.button("keys", "tool", icon("help")).Aria("label", "all commands and keys"),
			p.button("theme", "tool", icon(p.Theme)).Aria("label", "colours: "+themes[p.Theme]),
		),
	)
}

func (p *Page) tab(page, name string) app.UI {
	v := p.View
	v.Page = page
	a := app.A().Class("tab").Href("#"+v.String()).DataSet("do", "page:"+page).Text(name)
	switch {
	case p.Page == page:
		a = a.Aria("current", "page")
	case p.Page == lab.PageGlossary && page == lab.PageLearn: // which leads there
		a = a.Aria("current", "true")
	}
	return a
}

// engineChip shows in a few words which backend runs and what it does.
func (p *Page) engineChip() app.UI {
	c := p.Capabilities
	state, text := "loading", "loading "+p.Booting
	switch {
	case p.Unreached():
		text = "no line to the engine"
	case p.Status.Busy:
		state, text = "busy", stageWords(p.Status.Stage)
	case c.Model.Name != "":
		state, text = "ready", c.Adapter
		if c.Software && c.Backend != "host" {
			text += " (software)"
		}
	case p.Status.Stage != "":
		text = stageWords(p.Status.Stage)
	}
	progress := app.UI(app.Span().Class("progress"))
	if total := p.Status.Total; total > 0 && p.Status.Busy {
		progress = app.Progress().Class("progress").Max(total).Value(p.Status.Done).Aria("label", p.Status.Stage)
		if p.Status.Stage == "loading the engine" {
			text += fmt.Sprintf(", %.1f of %.1f MB", float64(p.Status.Done)/1e6, float64(total)/1e6)
		} else {
			text += fmt.Sprintf(" %d %%", 100*p.Status.Done/total)
		}
	}
	return p.button("capabilities", "engine "+state,
		app.Span().Class("dot").Aria("hidden", "true"),
		app.Span().Class("unseen").Text("engine: "),
		app.Span().Class("what").Aria("live", "polite").Text(text),
		app.If(state == "ready", func() app.UI { return app.Span().Class("backend").Text(speed.BackendTitle(c.Backend)) }),
		app.If(state == "ready" && c.Untested == session.NotCounted, func() app.UI { return app.Span().Class("testing").Text("testing kernels") }),
		app.If(state == "ready" && c.Untested > 0, func() app.UI {
			return app.Span().Class("testing").Text(fmt.Sprintf("testing kernels, %d left", c.Untested))
		}),
		progress,
	)
}

// stageWords explains a stage whose name does not.
func stageWords(stage string) string {
	switch stage {
	case "asking the engine":
		return "waiting for the engine"
	case "opening":
		return "opening the adapter"
	case "loading":
		return "loading the model"
	case "generating":
		return "generating a response"
	}
	return stage
}

// toasts are quiet messages: they float over their own page, push nothing down, and disappear.
func (p *Page) toasts() app.UI {
	toast := func(text string) app.UI {
		return app.Div().Class("toast").Body(
			app.P().Text(text),
			app.Button().Type("button").Class("tool").DataSet("do", "dismiss").Aria("label", "close the message").Body(icon("close")),
		)
	}
	return app.Div().Class("toasts").Role("status").Body(
		app.If(p.Status.Text != "" && p.Status.Text != p.Read, func() app.UI { return toast(p.Status.Text) }),
		app.If(p.Notice != "", func() app.UI { return toast(p.Notice) }),
	)
}

// banners are important messages: a failure, a run that was interrupted, a newer version.
func (p *Page) banners() app.UI {
	banner := func(class, text, do, label string) app.UI {
		return app.Div().Class("banner", class).Body(
			app.P().Text(text),
			app.Button().Type("button").DataSet("do", do).Text(label),
		)
	}
	return app.Div().Class("banners").Role("status").Body(
		app.If(p.Failure.Text != "" && p.Dialog == "", func() app.UI { return banner("failed", p.Failure.Text, "dismiss", "Close") }),
		p.lineBanner(),
		p.runBanners(),
		app.If(p.Newer, func() app.UI { return banner("", "A newer version of the lab is ready.", "reload", "Load it") }),
	)
}

func (p *Page) footer() app.UI {
	where := "Everything runs on your own machine: kernels sample, score and cut the model there, and nothing is sent anywhere."
	if p.Native() {
		where = "Kernels sample, score and cut the model " + p.Place() + ", and nothing is sent anywhere else."
	}
	return app.Footer().Class("foot").Body(
		app.P().Text(where),
		app.P().Body(app.A().Href("#"+p.at(lab.PageBench)).DataSet("do", "page:"+lab.PageBench).Text("Benchmark"), app.Text(" · Version "+p.Link.Version)),
	)
}
