package panels

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"time"

	"attnlab/app/session"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// screen is what the page asks of the browser besides drawing. Outside a browser it does nothing.
type screen struct {
	ctx      app.Context
	address_ string // as last written
	theme    string
	title    string
	lock     app.Value // of the Wake Lock API, nil without one
}

// open listens to keys, to the address, and to what the loader says.
func (s *screen) open(ctx app.Context, l *Lab) {
	s.ctx = ctx
	listen := func(on app.Value, event string, do func(e app.Value)) {
		on.Call("addEventListener", event, app.FuncOf(func(_ app.Value, args []app.Value) any {
			ctx.Dispatch(func(app.Context) { do(args[0]) })
			return nil
		}))
	}
	window := app.Window()
	document := window.Get("document")
	listen(document, "keydown", func(e app.Value) { l.key(e) })
	l.touching(document)
	l.pointing(document)
	listen(window, "hashchange", func(app.Value) {
		if hash := strings.TrimPrefix(window.Get("location").Get("hash").String(), "#"); hash != s.address_ {
			l.goTo(ParseView(hash))
		}
	})
	listen(window, "message", func(e app.Value) {
		if data := e.Get("data"); e.Get("origin").Equal(window.Get("location").Get("origin")) && data.Truthy() {
			if pressed := data.Get("figureKey"); pressed.Truthy() {
				l.key(pressed)
			}
		}
	})
	listen(document, "visibilitychange", func(app.Value) { l.visible(!document.Get("hidden").Bool()) })
	listen(window, "attnlab-update", func(app.Value) { l.update = true })
	l.update = window.Get("attnlab").Get("update").Truthy()
	if d := document.Get("documentElement").Get("dataset").Get("theme"); d.Truthy() {
		l.theme = d.String()
	}
	s.address_ = strings.TrimPrefix(window.Get("location").Get("hash").String(), "#")
	if endings := map[string]ending{}; ctx.LocalStorage().Get(endingsKey, &endings) == nil && endings != nil {
		l.endings = endings
	}
}

// keep puts a value into this browser's storage for later visits. One that takes nothing loses only that.
func (s *screen) keep(key string, value any) {
	if s.ctx.Context != nil {
		s.ctx.LocalStorage().Set(key, value)
	}
}

// answer draws what a key or a click changed before its event is over: go-app draws by a timer, and that of the browser
// comes late where it is busy. While goroutines run Go looks after timers itself, so it is kept running until the page is
// drawn. In Chromium, beside training, the median answer fell from 77 to 39 ms.
func (s *screen) answer() {
	if s.ctx.Context == nil {
		return
	}
	drawn := false
	s.ctx.Defer(func(app.Context) { drawn = true })
	go func() {
		for begun := time.Now(); !drawn && time.Since(begun) < 50*time.Millisecond; {
			runtime.Gosched()
		}
	}()
}

// key is a key pressed anywhere in the page, or one that a figure has no use for and hands on.
func (l *Lab) key(e app.Value) {
	key := e.Get("key").String()
	if key == " " {
		key = "Space"
	}
	if e.Get("altKey").Truthy() || e.Get("isComposing").Truthy() {
		return
	}
	for _, modifier := range []string{"Ctrl", "Meta"} {
		if e.Get(strings.ToLower(modifier) + "Key").Truthy() {
			key = modifier + "+" + strings.ToLower(key)
		}
	}
	page := l.Page
	if target := e.Get("target"); target.Truthy() && target.Get("closest").Truthy() && target.Call("closest", "#lesson").Truthy() {
		page = "lesson"
	}
	name := actionOfKey(page, key)
	is := func(selector string) bool {
		target := e.Get("target")
		return target.Truthy() && target.Get("matches").Truthy() && target.Call("matches", selector).Bool()
	}
	switch {
	case name == "",
		key == "Space" && is("button, a, summary, input, label, canvas"),
		key != "Escape" && is("input:not([type=checkbox]):not([type=range]):not([type=radio]), textarea, select"),
		strings.HasPrefix(key, "Arrow") && is("input"),
		l.dialog != "" && name != "escape" && name != "keys":
		return
	}
	if e.Get("preventDefault").Truthy() {
		e.Call("preventDefault")
	}
	l.do(name)
	l.screen.answer()
}

// address writes a view into the address bar: a new page is a new entry of the history.
func (s *screen) address(v View) {
	hash := v.String()
	if hash == s.address_ {
		return
	}
	method := "replaceState"
	if old := ParseView(s.address_); old.Page != v.Page {
		method = "pushState"
	}
	s.address_ = hash
	app.Window().Get("history").Call(method, nil, "", "#"+hash)
}

// copyLink puts the address on the clipboard.
func (s *screen) copyLink(l *Lab) {
	href := app.Window().Get("location").Get("href").String()
	clipboard := app.Window().Get("navigator").Get("clipboard")
	if !clipboard.Truthy() {
		l.notice = "This page may not use the clipboard; copy the link from the address bar."
		return
	}
	clipboard.Call("writeText", href).Call("then",
		app.FuncOf(func(app.Value, []app.Value) any {
			s.ctx.Dispatch(func(app.Context) { l.say("Link copied.") })
			return nil
		}),
		app.FuncOf(func(app.Value, []app.Value) any {
			s.ctx.Dispatch(func(app.Context) { l.say("The browser kept the clipboard closed; copy the link from the address bar.") })
			return nil
		}))
}

// say shows a sentence that passes.
func (l *Lab) say(text string) {
	l.notice = text
	go func() {
		time.Sleep(4 * time.Second)
		l.screen.ctx.Dispatch(func(app.Context) {
			if l.notice == text {
				l.notice = ""
			}
		})
	}()
}

// every beats at the pace of a play until that play has ended.
func (s *screen) every(l *Lab, run int) {
	if s.ctx.Context == nil {
		return
	}
	go func() {
		for playing := true; playing; {
			time.Sleep(l.pace())
			beat := make(chan bool, 1)
			s.ctx.Dispatch(func(app.Context) {
				if l.playing && l.playRun == run {
					l.tick()
					l.wrote()
				}
				beat <- l.playing && l.playRun == run
			})
			playing = <-beat
		}
	}()
}

// setTheme chooses the colours of the page, now and for later visits; "" is the system's choice.
func (s *screen) setTheme(theme string) {
	root := app.Window().Get("document").Get("documentElement")
	storage := app.Window().Get("localStorage")
	if theme == "" {
		root.Call("removeAttribute", "data-theme")
		storage.Call("removeItem", "attnlab-theme")
		return
	}
	root.Call("setAttribute", "data-theme", theme)
	storage.Call("setItem", "attnlab-theme", theme)
}

// save offers a trace as a file.
func (s *screen) save(t session.Trace) {
	if data, err := json.Marshal(t); err == nil {
		s.download("trace-"+t.Task+"-"+strconv.FormatUint(t.Seed, 10)+".json", "application/json", data)
	}
}

// download offers data as a file of a media type.
func (s *screen) download(name, kind string, data []byte) {
	window := app.Window()
	bytes := window.Get("Uint8Array").New(len(data))
	app.CopyBytesToJS(bytes, data)
	parts := window.Get("Array").New()
	parts.Call("push", bytes)
	blob := window.Get("Blob").New(parts, map[string]any{"type": kind})
	url := window.Get("URL").Call("createObjectURL", blob)
	link := window.Get("document").Call("createElement", "a")
	link.Set("href", url)
	link.Set("download", name)
	link.Call("click")
	window.Call("setTimeout", window.Get("URL").Get("revokeObjectURL").Call("bind", window.Get("URL"), url), 10000)
}

// saveFigure asks a figure for its picture, which it offers as a file itself.
func (s *screen) saveFigure(name string) {
	frame := app.Window().Get("document").Call("querySelector", "iframe."+name)
	if frame.Truthy() {
		frame.Get("contentWindow").Call("postMessage", map[string]any{"save": true}, app.Window().Get("location").Get("origin"))
	}
}

// pick asks for files by the hidden input of that id.
func (s *screen) pick(id string) {
	if input := app.Window().GetElementByID(id); input.Truthy() {
		input.Set("value", "")
		input.Call("click")
	}
}

// maxFile bounds what is read from a visitor's disk, in bytes.
const maxFile = 256 << 20

// readFiles brings the files of an input, by name, or by path inside the folder that was chosen, and calls then with them.
func (s *screen) readFiles(files app.Value, then func(files map[string][]byte, err error)) {
	n, got := files.Length(), map[string][]byte{}
	left := n
	for i := range n {
		file := files.Index(i)
		name := file.Get("name").String()
		if _, inside, ok := strings.Cut(file.Get("webkitRelativePath").String(), "/"); ok {
			name = inside
		}
		if file.Get("size").Int() > maxFile {
			then(nil, fmt.Errorf("%s is larger than %d MB, which this page does not read.", name, maxFile>>20))
			return
		}
		file.Call("arrayBuffer").Then(func(buffer app.Value) {
			array := app.Window().Get("Uint8Array").New(buffer)
			data := make([]byte, array.Length())
			app.CopyBytesToGo(data, array)
			s.ctx.Dispatch(func(app.Context) {
				got[name] = data
				if left--; left == 0 {
					then(got, nil)
				}
			})
		})
	}
}

// modal makes the dialog just drawn a modal one, so that focus stays in it.
func (s *screen) modal() {
	s.after(func() {
		if d := app.Window().GetElementByID("dialog"); d.Truthy() && !d.Get("open").Bool() {
			d.Call("showModal")
		}
	})
}

// place moves a floating element next to the one that carries data-do, where there is room for it.
func (s *screen) place(id, anchor string) {
	s.after(func() {
		app.Window().Call("attnlabPlace", id, anchor)
	})
}

// reveal scrolls to an element.
func (s *screen) reveal(id string) {
	s.after(func() { app.Window().Call("attnlabReveal", id) })
}

// after runs do once the page is drawn.
func (s *screen) after(do func()) {
	if s.ctx.Context != nil {
		s.ctx.Defer(func(app.Context) { do() })
	}
}

// reopen loads the page again with another backend, at the same view.
func (s *screen) reopen(backend string) {
	location := app.Window().Get("location")
	search := ""
	if backend != "auto" {
		search = "?backend=" + backend
	}
	if location.Get("search").String() == search {
		location.Call("reload")
		return
	}
	location.Set("search", search)
}

// takeUpdate reloads into the newer version.
func (s *screen) takeUpdate() { app.Window().Call("attnlabUpdate") }
