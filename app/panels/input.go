package panels

import (
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
)

// listen takes the keys, the address, the pointer and what the loader reports.
func (b *browser) listen(p *Page) {
	on := func(target app.Value, event string, do func(e app.Value)) {
		target.Call("addEventListener", event, b.dispatched(do))
	}
	window := app.Window()
	document := window.Get("document")
	on(document, "keydown", func(e app.Value) { b.key(p, e) })
	p.touches(document)
	p.pointing(document)
	on(window, "hashchange", func(app.Value) { p.Visit(window.Get("location").Get("hash").String()) })
	on(window, "message", func(e app.Value) {
		// Extensions of the browser send messages too, some of them texts.
		if data := e.Get("data"); e.Get("origin").Equal(window.Get("location").Get("origin")) && data.Type() == app.TypeObject {
			if pressed := data.Get("figureKey"); pressed.Truthy() {
				b.key(p, pressed)
			}
		}
	})
	on(document, "visibilitychange", func(app.Value) { p.Visible(!document.Get("hidden").Bool()) })
	on(window, "attnlab-update", func(app.Value) { p.SetNewer(true) })
	on(window, "attnlab-drop", func(e app.Value) { p.OpenDropped(b.files(e.Get("detail"))) })
	on(window, "attnlab-do", func(e app.Value) { p.Do(e.Get("detail").String()) }) // a menu outside of the page
	p.SetNewer(window.Get("attnlab").Get("update").Truthy())
	if d := document.Get("documentElement").Get("dataset").Get("theme"); d.Truthy() {
		p.SetTheme(d.String())
	}
}

// early is what was pressed before this program ran; from now on the page itself listens.
func (b *browser) early() (pressed []string) {
	loader := app.Window().Get("attnlab")
	if list := loader.Get("early"); list.Truthy() {
		for i := range list.Length() {
			pressed = append(pressed, list.Index(i).String())
		}
	}
	loader.Set("early", nil)
	return pressed
}

// key is a key pressed anywhere in the page, or one that a figure does not use and passes on.
func (b *browser) key(p *Page, e app.Value) {
	is := func(key string) bool { return e.Get(key).Truthy() }
	pressed := lab.KeyPress{Key: e.Get("key").String(), Ctrl: is("ctrlKey"), Meta: is("metaKey"), Alt: is("altKey"), Composing: is("isComposing")}
	if target := e.Get("target"); target.Truthy() && target.Get("closest").Truthy() {
		matches := func(selector string) bool { return target.Call("matches", selector).Bool() }
		pressed.InLesson = target.Call("closest", "#lesson").Truthy()
		switch {
		case matches("input:not([type=checkbox]):not([type=range]):not([type=radio]), textarea, select"):
			pressed.Focus = lab.OnText
		case matches("input"):
			pressed.Focus = lab.OnControl
		case matches("button, a, summary, label, canvas"):
			pressed.Focus = lab.OnButton
		}
	}
	if p.Key(pressed) {
		if is("preventDefault") {
			e.Call("preventDefault")
		}
		b.answer()
	}
}

// pressed is the one listener to clicks: it carries out the action of the nearest data-do.
func (p *Page) pressed(ctx app.Context, e app.Event) {
	target := e.Get("target").Call("closest", "[data-do]")
	if !target.Truthy() || target.Get("disabled").Truthy() || e.Get("target").Call("closest", "select").Truthy() { // a menu answers by itself
		return
	}
	if tag := target.Get("tagName").String(); tag == "SUMMARY" {
		if e.Get("target").Call("closest", "a").Truthy() {
			return
		}
		e.PreventDefault() // the state says what is open
	} else if tag == "A" {
		if e.Get("ctrlKey").Bool() || e.Get("metaKey").Bool() || e.Get("shiftKey").Bool() {
			return // a link opens elsewhere
		}
		e.PreventDefault()
		e.Call("stopPropagation") // go-app would follow it
	}
	p.Do(target.Get("dataset").Get("do").String())
	p.browser.answer()
}

// changed is the one listener to controls: data-set names the control. Text counts at every letter, the rest once it is
// settled.
func (p *Page) changed(ctx app.Context, e app.Event) {
	target := e.Get("target")
	what := target.Get("dataset").Get("set")
	if !what.Truthy() {
		return
	}
	name, typing := what.String(), e.Get("type").String() == "input"
	kind := target.Get("type").String()
	if typing && (kind == "number" || kind == "checkbox" || target.Get("dataset").Get("on").Truthy()) { // a change will follow
		return
	}
	if files := target.Get("files"); files.Truthy() {
		if !typing {
			p.OpenFiles(name, p.browser.files(files))
		}
		return
	}
	value := target.Get("value").String()
	if kind == "checkbox" {
		value = strconv.FormatBool(target.Get("checked").Bool())
	}
	p.Set(name, value)
	p.browser.answer()
}

// pointing reports to the figures which step of the trace the pointer or the focus is at. The page is not drawn for it:
// CSS colours its own row.
func (p *Page) pointing(document app.Value) {
	at := -1
	point := app.FuncOf(func(_ app.Value, args []app.Value) any {
		step := -1
		if target := args[0].Get("target"); target.Get("closest").Truthy() {
			if row := target.Call("closest", ".row[data-do]"); row.Truthy() {
				if k, err := strconv.Atoi(strings.TrimPrefix(row.Get("dataset").Get("do").String(), "step:")); err == nil {
					step = k
				}
			}
		}
		if step != at {
			at = step
			p.Hover(step)
		}
		return nil
	})
	for _, event := range []string{"mouseover", "focusin"} {
		document.Call("addEventListener", event, point)
	}
}

// touches reports that a key or the pointer goes down.
func (p *Page) touches(document app.Value) {
	touch := app.FuncOf(func(app.Value, []app.Value) any {
		p.UserActive()
		return nil
	})
	for _, event := range []string{"keydown", "pointerdown"} {
		document.Call("addEventListener", event, touch, map[string]any{"capture": true, "passive": true})
	}
}
