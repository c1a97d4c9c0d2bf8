package panels

import (
	"fmt"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

func (l *Lab) header() app.UI {
	themes := map[string]string{"": "as the system", "light": "light", "dark": "dark"}
	return app.Header().Class("top").Body(
		app.A().Class("skip").Href("#main").DataSet("do", "skip").Text("Skip to the content"),
		app.A().Class("name").Href("#page=trace").DataSet("do", "page:trace").Text("attnlab"),
		app.Nav().Aria("label", "pages").Body(
			l.tab(pageTrace, "Trace"),
			l.tab(pageHeads, "Heads"),
			l.tab(pageTree, "Tree"),
			l.tab(pageTrain, "Train"),
			l.tab(pageCompare, "Compare"),
			l.tab(pageLearn, "Learn"),
		),
		l.engineChip(),
		app.Div().Class("tools").Body(
			l.button("undo", "tool", icon("undo")).Aria("label", "undo"),
			l.button("link", "tool", icon("link")).Aria("label", "copy link"),
			l.button("keys", "tool", icon("help")).Aria("label", "all commands and keys"),
			l.button("theme", "tool", icon(l.theme)).Aria("label", "colours: "+themes[l.theme]),
		),
	)
}

func (l *Lab) tab(page, name string) app.UI {
	v := l.View
	v.Page = page
	a := app.A().Class("tab").Href("#"+v.String()).DataSet("do", "page:"+page).Text(name)
	switch {
	case l.Page == page:
		a = a.Aria("current", "page")
	case l.Page == pageGlossary && page == pageLearn: // which leads there
		a = a.Aria("current", "true")
	}
	return a
}

// engineChip says in a few words what runs, and what it is at.
func (l *Lab) engineChip() app.UI {
	c := l.capabilities
	state, text := "loading", "loading "+l.booting
	switch {
	case l.status.Busy:
		state, text = "busy", stageWords(l.status.Stage)
	case c.Model.Name != "":
		state, text = "ready", c.Adapter
		if c.Software {
			text += " (software)"
		}
	case l.status.Stage != "":
		text = stageWords(l.status.Stage)
	}
	progress := app.UI(app.Span().Class("progress"))
	if total := l.status.Total; total > 0 && l.status.Busy {
		progress = app.Progress().Class("progress").Max(total).Value(l.status.Done).Aria("label", l.status.Stage)
		text += fmt.Sprintf(" %d %%", 100*l.status.Done/total)
	}
	return l.button("capabilities", "engine "+state,
		app.Span().Class("dot").Aria("hidden", "true"),
		app.Span().Class("what").Aria("live", "polite").Text(text),
		app.If(state == "ready", func() app.UI { return app.Span().Class("backend").Text(backendName(c.Backend)) }),
		app.If(state == "ready" && c.Untested > 0, func() app.UI {
			return app.Span().Class("testing").Text(fmt.Sprintf("testing kernels, %d to go", c.Untested))
		}),
		progress,
	).Aria("label", "engine: "+text)
}

// stageWords says what a stage is about, where its name does not.
func stageWords(stage string) string {
	switch stage {
	case "opening":
		return "opening the adapter"
	case "loading":
		return "loading the model"
	case "generating":
		return "generating a response"
	}
	return stage
}

func backendName(b string) string {
	switch b {
	case "webgpu":
		return "WebGPU"
	case "host":
		return "CPU"
	}
	return b
}

// banners are sentences that want to be read: a failure, what the engine has to say, a newer version.
func (l *Lab) banners() app.UI {
	banner := func(class, text, do, label string) app.UI {
		return app.Div().Class("banner", class).Body(
			app.P().Text(text),
			app.Button().Type("button").DataSet("do", do).Text(label),
		)
	}
	return app.Div().Class("banners").Role("status").Body(
		app.If(l.failure.Text != "", func() app.UI { return banner("failed", l.failure.Text, "dismiss", "Close") }),
		app.If(l.status.Text != "" && l.status.Text != l.read, func() app.UI { return banner("", l.status.Text, "dismiss", "Close") }),
		app.If(l.notice != "", func() app.UI { return banner("", l.notice, "dismiss", "Close") }),
		l.runBanner(),
		app.If(l.update, func() app.UI { return banner("", "A newer version of the lab is ready.", "reload", "Load it") }),
	)
}

func (l *Lab) footer() app.UI {
	return app.Footer().Class("foot").Body(
		app.P().Text("Everything runs in this page: the model is sampled, scored and cut by kernels on your own machine, and nothing is sent anywhere."),
		app.P().Text("Version "+l.link.Version),
	)
}
