package main

import (
	"fmt"
	"strings"

	"attnlab/app/figures"
	"attnlab/app/lab"
	"attnlab/app/session"
	"attnlab/cmd/desktop/webview"
	"attnlab/gpu"
)

// menu is the menu bar of the main window. Most entries are actions of the page, by their names there.
func (d *desktop) menu(app *webview.App, window func() *webview.Window) []webview.Menu {
	do := func(title, key, action string) webview.Item {
		return webview.Item{Title: title, Key: key, Do: func() { window().Eval(doScript(action), nil) }}
	}
	line := webview.Item{}
	pages := webview.Menu{Title: "_View", Items: []webview.Item{}}
	for _, p := range []string{lab.PageTrace, lab.PageHeads, lab.PageTree, lab.PageTrain, lab.PageCompare, lab.PageLearn, lab.PageGlossary, lab.PageBench} {
		pages.Items = append(pages.Items, do(pageTitle(p), "", "page:"+p))
	}
	pages.Items = append(pages.Items, line, do("Light, dark, or the system’s colours", "", "theme"))
	pages.Items = append(pages.Items, zoomItems(window)...)
	figureMenu := webview.Menu{Title: "Fi_gures"}
	for _, f := range figures.Figures {
		figureMenu.Items = append(figureMenu.Items, webview.Item{Title: f.Title, Do: func() { window().Eval(figureScript(f.Name), nil) }})
	}
	return []webview.Menu{
		{Title: "_File", Items: []webview.Item{
			{Title: "Open a _trace…", Key: "<Control>o", Do: func() {
				d.open(window(), window().AskFile("Open a trace", webview.Filter{Name: "Traces (*.json)", Patterns: []string{"*.json"}}))
			}},
			{Title: "Import a _run…", Do: func() {
				d.open(window(), window().AskFile("Import a run", webview.Filter{Name: "Runs (*.zip, *.jsonl)", Patterns: []string{"*.zip", "*.jsonl"}}))
			}},
			{Title: "Import a run’s f_older…", Do: func() { d.open(window(), window().AskFolder("Import a run’s folder")) }},
			line,
			{Title: "Open a _model’s folder…", Do: func() { d.openModel(window(), window().AskFolder("Open a model’s folder")) }},
			{Title: "Open a model’s f_ile (GGUF)…", Do: func() {
				d.openModel(window(), window().AskFile("Open a model’s file", webview.Filter{Name: "Models (*.gguf)", Patterns: []string{"*.gguf", "*.GGUF"}}))
			}},
			line,
			do("_Save the current run…", "<Control>s", "export-run"),
			line,
			{Title: "_Quit", Key: "<Control>q", Do: app.Quit},
		}},
		pages,
		figureMenu,
		{Title: "_Engine", Items: d.engineItems()},
		{Title: "_Help", Items: []webview.Item{
			do("_Commands and keys", "F1", "keys"),
			do("What _runs here", "", "capabilities"),
			do("_Lessons", "", "page:"+lab.PageLearn),
		}},
	}
}

// engineItems are the backends to choose from: every adapter of this machine, and the processor.
func (d *desktop) engineItems() []webview.Item {
	choice := func(title, backend string) webview.Item {
		return webview.Item{Title: title, Group: "backend", Chosen: backend == d.memory.Backend, Do: func() {
			d.memory.Backend = backend
			d.remember()
			_ = d.served.port.Send(session.Open{Backend: backend}) // inside one process nothing fails
		}}
	}
	items := []webview.Item{choice("Let the lab choose", gpu.Auto), choice("The processor", gpu.Host)}
	for _, a := range d.adapters {
		items = append(items, choice(fmt.Sprintf("%s, %s", a.Name, a.Backend), a.ID))
	}
	return items
}

// zoomItems are the entries of a View menu that the window itself carries out.
func zoomItems(window func() *webview.Window) []webview.Item {
	return []webview.Item{
		{},
		{Title: "_Larger", Key: "<Control>plus", Do: func() { window().Zoom(1.1) }},
		{Title: "_Smaller", Key: "<Control>minus", Do: func() { window().Zoom(1 / 1.1) }},
		{Title: "_Original size", Key: "<Control>0", Do: func() { window().Zoom(0) }},
		{},
		{Title: "_Full screen", Key: "F11", Do: func() { window().FullScreen() }},
		{Title: "_Reload", Key: "F5", Do: func() { window().Reload() }},
	}
}

// pageTitle is a page's name in a menu.
func pageTitle(page string) string { return strings.ToUpper(page[:1]) + page[1:] }

// figureScript opens a figure in a window of its own, which follows the session of the page.
func figureScript(name string) string {
	return fmt.Sprintf("open(`./${attnlab.folder}figure.html#figure=%s&session=${attnlab.session}&theme=${document.documentElement.dataset.theme ?? \"\"}`, \"_blank\")", name)
}

// figureWindow is how the window of a figure opens.
func (d *desktop) figureWindow(_ string, window func() *webview.Window) webview.WindowOptions {
	return webview.WindowOptions{Title: "attnlab", Width: 960, Height: 680, Menu: []webview.Menu{
		{Title: "_Window", Items: []webview.Item{{Title: "_Close", Key: "<Control>w", Do: func() { window().Close() }}}},
		{Title: "_View", Items: zoomItems(window)[1:]},
	}}
}
