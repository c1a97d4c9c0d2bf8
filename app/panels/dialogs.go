package panels

import (
	"fmt"
	"slices"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/lab/explain"
	"attnlab/app/session"
	"attnlab/model/speed"
	"attnlab/rl/runs"
)

// dialogs draws the dialog that is open, and the hidden inputs for files.
func (p *Page) dialogs() app.UI {
	file := func(id string) app.HTMLInput {
		return app.Input().ID(id).Type("file").DataSet("set", id).Hidden(true).TabIndex(-1).Aria("hidden", "true")
	}
	return app.Div().Class("dialogs").Body(
		file("open-trace").Accept(".json,application/json"),
		file("open-beside").Accept(".json,application/json"),
		file("open-problems").Accept(".jsonl,.json,.ndjson"),
		file("open-model").Multiple(true).Attr("webkitdirectory", "webkitdirectory"),
		file("open-gguf").Accept(".gguf"),
		file("open-run").Multiple(true).Accept(".zip,.jsonl,.json,.safetensors,.csv,.parquet"),
		file("open-run-folder").Multiple(true).Attr("webkitdirectory", "webkitdirectory"),
		app.If(p.Dialog == "keys", p.keysDialog),
		app.If(p.Dialog == "capabilities", p.capabilitiesDialog),
		app.If(p.Dialog == lab.ModelDialog, p.modelDialog),
		app.If(p.Dialog == lab.DiskDialog, p.diskDialog),
	)
}

// dialog is a modal dialog. A failure is shown in it, because the page behind cannot be read.
func (p *Page) dialog(title string, body ...app.UI) app.UI {
	body = append([]app.UI{app.If(p.Failure.Text != "", func() app.UI {
		return app.P().Class("hint bad").Role("alert").Text(p.Failure.Text)
	})}, body...)
	return app.Dialog().ID("dialog").Aria("labelledby", "dialog-title").Body(append([]app.UI{
		app.Div().Class("card-head").Body(
			app.H2().ID("dialog-title").Text(title),
			app.Button().Type("button").Class("tool").DataSet("do", "close").Aria("label", "close").Body(icon("close")),
		),
	}, body...)...)
}

// keysDialog lists all commands. Arrows and Enter choose one from the field, a press does too.
func (p *Page) keysDialog() app.UI {
	shown := p.Found()
	picked := max(0, min(p.Picked, len(shown)-1))
	field := app.Input().Class("filter").Type("search").DataSet("set", "filter").Placeholder("Find a command").Aria("label", "find a command").Value(p.Filter).AutoFocus(true).
		Role("combobox").Aria("expanded", "true").Aria("controls", "commands").Aria("autocomplete", "list")
	if len(shown) > 0 {
		field = field.Aria("activedescendant", "command-"+shown[picked].Name)
	}
	letters := app.Input().Type("checkbox").DataSet("set", "no-letters")
	if p.NoLetters {
		letters = letters.Checked(true)
	}
	return p.dialog("Commands and keys",
		field,
		app.Label().Class("check").Body(letters, app.Text("switch off keys of one character")),
		app.Ul().Class("keys").ID("commands").Role("listbox").Aria("label", "commands").Body(app.Range(shown).Slice(func(i int) app.UI {
			a := shown[i]
			return app.Li().ID("command-"+a.Name).Class("command", when(i == picked, "picked"), when(!a.Allowed(p.Lab), "off")).Role("option").Aria("selected", fmt.Sprint(i == picked)).
				Aria("disabled", fmt.Sprint(!a.Allowed(p.Lab))).DataSet("do", "run:"+a.Name).Body(
				app.Span().Text(a.Does),
				app.Span().Class("caps").Body(app.Range(a.KeyNames()).Slice(func(i int) app.UI { return app.Kbd().Text(a.KeyNames()[i]) })),
			)
		})),
		app.If(len(shown) == 0, func() app.UI { return app.P().Class("hint").Text("No command matches.") }),
	)
}

// capabilitiesDialog shows which backend runs, why, and how it was tested.
func (p *Page) capabilitiesDialog() app.UI {
	c := &p.Capabilities
	which, why := p.EngineWords()
	if c.Model.Name == "" && c.Adapter == "" {
		return p.dialog("What runs here",
			app.P().Text("The engine is still loading: "+p.Booting+"."),
			app.If(p.Link.Offered, func() app.UI { return p.engines() }))
	}
	ok := 0
	for _, k := range c.Kernels {
		if k.OK {
			ok++
		}
	}
	software := ""
	if c.Software && c.Backend != "host" {
		software = ", in software"
	}
	row := func(name string, value ...app.UI) app.UI {
		return app.Tr().Body(app.Th().Scope("row").Text(name), app.Td().Body(value...))
	}
	kernels := c.Kernels
	tested := fmt.Sprintf("%d of %d agree with the reference on this adapter", ok, len(kernels))
	if c.Untested == session.NotCounted {
		tested = "they are tested while the engine is idle"
	}
	if c.Untested > 0 {
		tested += fmt.Sprintf("; %d more are tested while the engine is idle", c.Untested)
	}
	return p.dialog("What runs here",
		app.Table().Class("table facts-table").Body(app.TBody().Body(
			row("engine", app.Text(which), app.P().Class("hint").Text(why)),
			row("adapter", app.Text(c.Adapter+software)),
			row("backend", app.Text(speed.BackendTitle(c.Backend)), app.P().Class("hint").Text(c.Why), p.raceTable()),
			row("model", app.Text(c.Model.Name), app.P().Class("hint").Text(fmt.Sprintf("%s parameters, %d layers, %d heads, context %d, task %s", explain.Grouped(int64(c.Model.Parameters)), c.Model.Layers, c.Model.Heads, c.Model.Context, c.Model.Task))),
			row("kernels", app.Text(tested)),
		)),
		app.Details().Class("kernels").Body(
			app.Summary().Text("Every kernel"),
			app.Table().Class("table").Body(
				app.THead().Body(app.Tr().Body(app.Th().Scope("col").Text("kernel"), app.Th().Scope("col").Text("result"), app.Th().Scope("col").Class("figure").Text("largest error"), app.Th().Scope("col").Class("figure").Text("of tolerance"))),
				app.TBody().Body(app.Range(kernels).Slice(func(i int) app.UI {
					result := "agrees"
					if !kernels[i].OK {
						result = "differs: " + kernels[i].Error
					}
					largest := "0"
					if kernels[i].MaxError > 0 {
						largest = fmt.Sprintf("%.1e", kernels[i].MaxError)
					}
					return app.Tr().Body(app.Th().Scope("row").Text(kernels[i].Name), app.Td().Text(result), app.Td().Class("figure").Text(largest),
						app.Td().Class("figure").Text(fmt.Sprintf("%.0f %%", 100*kernels[i].Used)))
				})),
			),
		),
		app.H3().Text("Model"),
		app.Div().Class("buttons").Body(
			app.Range(c.Bases).Slice(func(i int) app.UI {
				b := p.button("base:"+c.Bases[i], "", app.Text(p.ModelName(c.Bases[i])))
				return b.Aria("pressed", fmt.Sprint(c.Bases[i] == c.Model.Name))
			}),
			p.button("open-model", "", app.Text("Open a model of your own")),
		),
		app.If(slices.Contains(c.Bases, c.Model.Name) && !strings.HasPrefix(c.Model.Name, "run:"), func() app.UI {
			return app.P().Class("hint").Body(app.Text("Save this one as a Hugging Face folder: "),
				app.Range(runs.ModelFiles).Slice(func(i int) app.UI {
					name := runs.ModelFiles[i]
					return app.Span().Body(
						app.A().Href("./"+p.Link.Folder+"models/"+c.Model.Name+"/"+name).Attr("download", name).Text(name),
						app.If(i < len(runs.ModelFiles)-1, func() app.UI { return app.Text(", ") }))
				}))
		}),
		app.If(p.Link.Offered, func() app.UI { return p.engines() }),
		app.H3().Text("Backend"),
		app.Div().Class("buttons").Body(
			p.button("reopen:host", "", app.Text("Run on the CPU")),
			p.button("reopen:webgpu", "", app.Text("Run on WebGPU")),
			p.button("reopen:auto", "", app.Text("Let the lab choose")),
			p.button("race-again", "quiet", app.Text("Measure both again")),
			app.A().Class("button quiet").Href("#"+p.at(lab.PageBench)).DataSet("do", "run:bench-page").Text("Benchmark"),
		),
		app.Div().Class("buttons").Body(p.button("lose", "quiet", app.Text("Simulate a GPU loss"))),
	)
}

// raceTable is the race that chose the backend: tokens a second of both.
func (p *Page) raceTable() app.UI {
	r := p.Capabilities.Race
	if r == nil {
		return app.Text("")
	}
	row := func(name string, host, webgpu float64) app.UI {
		return app.Tr().Body(app.Th().Scope("row").Text(name), app.Td().Class("figure").Text(speed.Count(host)), app.Td().Class("figure").Text(speed.Count(webgpu)))
	}
	return app.Table().Class("table race").ID("race").Body(
		app.Caption().Text("Tokens per second through this model's products and attention, measured here. A token of a training step is sampled once and trained on once, so the times of both are added."),
		app.THead().Body(app.Tr().Body(app.Td(), numberColumn("CPU"), numberColumn("WebGPU"))),
		app.TBody().Body(
			row("sampling", r.Host.Sampling, r.WebGPU.Sampling),
			row("training", r.Host.Training, r.WebGPU.Training),
		),
	)
}

// engines offers the engines that this page can have.
func (p *Page) engines() app.UI {
	native := p.Native()
	return app.Div().ID("engines").Body(
		app.H3().Text("Engine"),
		app.Div().Class("buttons").Body(
			p.button("engine:native", "", app.Text("This machine's engine")).Aria("pressed", fmt.Sprint(native)),
			p.button("engine:browser", "", app.Text("This browser's GPU")).Aria("pressed", fmt.Sprint(!native)),
		),
		app.P().Class("hint").Text("Each has its own models and runs. The page loads again with the other one; a run that trains on this machine continues there."),
	)
}

// lineBanner says what a visitor must know about the line to the engine: it is down, or the page only watches.
func (p *Page) lineBanner() app.UI {
	text, class := "", ""
	switch c := p.Connection; {
	case c.State == "lost":
		text, class = c.Text, "failed"
	case c.Watch:
		text = "You watch the session on " + c.Machine + ". What you press here changes nothing there."
	}
	return app.If(text != "", func() app.UI { return app.Div().Class("banner", class).ID("line").Body(app.P().Text(text)) })
}
