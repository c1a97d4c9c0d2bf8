package panels

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
)

// browser is the screen of a page in a browser.
type browser struct {
	ctx     app.Context
	title   string
	session string    // its name
	lock    app.Value // of the Wake Lock API, nil without one
	turns   []turn
	drawn   []func() // for when no part waits for its turn
}

// after calls do once the page is drawn.
func (b *browser) after(do func()) { b.ctx.Defer(func(app.Context) { do() }) }

// afterTurns calls do once the page is drawn and no part of it waits for its turn.
func (b *browser) afterTurns(do func()) {
	b.after(func() {
		b.ctx.Dispatch(func(ctx app.Context) { // new parts ask for their turns before this
			ctx.PreventUpdate()
			if len(b.turns) > 0 {
				b.drawn = append(b.drawn, do)
				return
			}
			do()
		})
	})
}

// dispatched is a JavaScript function that calls do in the goroutine of the lab.
func (b *browser) dispatched(do func(v app.Value)) app.Func {
	return app.FuncOf(func(_ app.Value, args []app.Value) any {
		v := app.Undefined()
		if len(args) > 0 {
			v = args[0]
		}
		b.ctx.Dispatch(func(app.Context) { do(v) })
		return nil
	})
}

// answer draws what a key or a click changed before its event is over. go-app draws by a timer, and the browser's timers
// are late in a busy tab. While a goroutine runs, Go serves timers itself, so one runs until the page is drawn. In
// Chromium, with training in the same tab, the median response time fell from 77 to 39 ms.
func (b *browser) answer() {
	if b == nil {
		return
	}
	drawn := false
	b.after(func() { drawn = true })
	go func() {
		for begun := time.Now(); !drawn && time.Since(begun) < 50*time.Millisecond; {
			runtime.Gosched()
		}
	}()
}

// Address implements [lab.Screen], as do the methods below.
func (b *browser) Address(hash string, entry bool) {
	method := "replaceState"
	if entry {
		method = "pushState"
	}
	app.Window().Get("history").Call(method, nil, "", "#"+hash)
}

func (b *browser) Copy(text string, done func(copied bool)) {
	clipboard := app.Window().Get("navigator").Get("clipboard")
	if !clipboard.Truthy() {
		done(false)
		return
	}
	clipboard.Call("writeText", text).Call("then",
		b.dispatched(func(app.Value) { done(true) }), b.dispatched(func(app.Value) { done(false) }))
}

func (b *browser) CopyLink(hash string, done func(copied bool)) {
	address, _, _ := strings.Cut(app.Window().Get("location").Get("href").String(), "#")
	b.Copy(address+"#"+hash, done)
}

func (b *browser) Title(title string) {
	if title != b.title {
		b.title = title
		app.Window().Get("document").Set("title", title)
	}
}

// Store drops the value if the browser stores nothing: the lab works without it.
func (b *browser) Store(key string, value any) {
	if data, err := json.Marshal(value); err == nil {
		_ = storage(func(s app.Value) { s.Call("setItem", key, string(data)) })
	}
}

// stored reads what Store saved.
func (b *browser) stored(key string, to any) error {
	var text string
	err := storage(func(s app.Value) {
		if v := s.Call("getItem", key); v.Truthy() {
			text = v.String()
		}
	})
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(text), to)
}

// storage calls do with the browser's storage. It returns an error if the browser denies it, as inside a frame without
// cookies: there even looking at window.localStorage throws, which only Call survives.
func storage(do func(s app.Value)) (err error) {
	defer func() {
		if thrown := recover(); thrown != nil {
			err = fmt.Errorf("the browser's storage: %v", thrown)
		}
	}()
	do(app.Window().Get("Reflect").Call("get", app.Window(), "localStorage"))
	return nil
}

func (b *browser) Theme(theme string) {
	root := app.Window().Get("document").Get("documentElement")
	if theme == "" {
		root.Call("removeAttribute", "data-theme")
	} else {
		root.Call("setAttribute", "data-theme", theme)
	}
	_ = storage(func(s app.Value) { // the choice lasts for this visit
		if theme == "" {
			s.Call("removeItem", "attnlab-theme")
		} else {
			s.Call("setItem", "attnlab-theme", theme)
		}
	})
}

func (b *browser) Awake(on bool, refused func(why string)) {
	if b.lock != nil {
		b.lock.Call("release")
		b.lock = nil
	}
	if !on {
		return
	}
	wake := app.Window().Get("navigator").Get("wakeLock")
	if !wake.Truthy() {
		refused("This browser cannot keep the screen awake.")
		return
	}
	wake.Call("request", "screen").Call("then",
		b.dispatched(func(lock app.Value) { b.lock = lock }),
		b.dispatched(func(reason app.Value) {
			refused("The browser refuses to keep the screen awake (" + reason.Get("name").String() + ").")
		}))
}

func (b *browser) Fetch(path string, then func(data []byte, err error)) {
	folder := app.Window().Get("attnlab").Get("folder").String()
	failed := b.dispatched(func(reason app.Value) {
		then(nil, fmt.Errorf("%s could not be loaded (%s)", path, reason.Call("toString").String()))
	})
	app.Window().Call("fetch", folder+path).Call("then", app.FuncOf(func(_ app.Value, args []app.Value) any {
		if response := args[0]; response.Get("ok").Bool() {
			return response.Call("arrayBuffer")
		}
		return app.Window().Get("Promise").Call("reject", fmt.Sprintf("the server answered %d", args[0].Get("status").Int()))
	})).Call("then", b.dispatched(func(buffer app.Value) {
		bytes := app.Window().Get("Uint8Array").New(buffer)
		data := make([]byte, bytes.Get("length").Int())
		app.CopyBytesToGo(data, bytes)
		then(data, nil)
	}), failed)
}

func (b *browser) Pick(id string) {
	if input := app.Window().GetElementByID(id); input.Truthy() {
		input.Set("value", "")
		input.Call("click")
	}
}

func (b *browser) HandOver(id string, names []string, files []any) {
	window := app.Window()
	list, message := window.Get("Array").New(), window.Get("Object").New()
	for i, file := range files {
		one := window.Get("Object").New()
		if data, is := file.([]byte); is {
			file = blobOf(data, "")
		}
		one.Set("name", names[i])
		one.Set("file", file)
		list.Call("push", one)
	}
	message.Set("id", id)
	message.Set("files", list)
	channel := window.Get("BroadcastChannel").New("attnlab:files:" + b.session) // worker.js or remote.js listens
	channel.Call("postMessage", message)
	channel.Call("close")
}

// blobOf is data as an object of the browser, of a kind such as image/png, or of none.
func blobOf(data []byte, kind string) app.Value {
	window := app.Window()
	bytes := window.Get("Uint8Array").New(len(data))
	app.CopyBytesToJS(bytes, data)
	parts := window.Get("Array").New()
	parts.Call("push", bytes)
	return window.Get("Blob").New(parts, map[string]any{"type": kind})
}

func (b *browser) Download(name, kind string, data []byte) {
	window := app.Window()
	url := window.Get("URL").Call("createObjectURL", blobOf(data, kind))
	link := window.Get("document").Call("createElement", "a")
	link.Set("href", url)
	link.Set("download", name)
	link.Call("click")
	window.Call("setTimeout", window.Get("URL").Get("revokeObjectURL").Call("bind", window.Get("URL"), url), 10000)
}

func (b *browser) SaveFigure(name, kind string) {
	frame := app.Window().Get("document").Call("querySelector", "iframe."+name)
	if frame.Truthy() {
		frame.Get("contentWindow").Call("postMessage", map[string]any{"save": kind}, app.Window().Get("location").Get("origin"))
	}
}

func (b *browser) Reveal(id string) {
	b.afterTurns(func() { app.Window().Call("attnlabReveal", id) })
}

func (b *browser) Focus(id string) {
	b.afterTurns(func() {
		if element := app.Window().GetElementByID(id); element.Truthy() {
			element.Call("focus", map[string]any{"preventScroll": true})
		}
	})
}

func (b *browser) Place(id, anchor string) {
	b.afterTurns(func() { app.Window().Call("attnlabPlace", id, anchor) })
}

func (b *browser) Modal() {
	b.after(func() {
		if d := app.Window().GetElementByID("dialog"); d.Truthy() && !d.Get("open").Bool() {
			d.Call("showModal")
		}
	})
}

func (b *browser) Reload(engine, backend string) {
	location := app.Window().Get("location")
	query := app.Window().Get("URLSearchParams").New(location.Get("search"))
	for name, value := range map[string]string{"engine": engine, "backend": backend} {
		switch {
		case value == "auto":
			query.Call("delete", name)
		case value != "":
			query.Call("set", name, value)
		}
	}
	search := query.Call("toString").String()
	if search != "" {
		search = "?" + search
	}
	if location.Get("search").String() == search {
		location.Call("reload")
		return
	}
	location.Set("search", search)
}

func (b *browser) Still() bool {
	return app.Window().Call("matchMedia", "(prefers-reduced-motion: reduce)").Get("matches").Bool()
}

func (b *browser) Update() { app.Window().Call("attnlabUpdate") }

func (b *browser) After(d time.Duration, do func()) {
	time.AfterFunc(d, func() { b.ctx.Dispatch(func(app.Context) { do() }) })
}

// files are the files of an input. Nothing is read before the lab asks for it.
func (b *browser) files(list app.Value) (files []lab.File) {
	for i := range list.Length() {
		file := list.Index(i)
		name := file.Get("name").String()
		folder, inside, ok := strings.Cut(file.Get("webkitRelativePath").String(), "/")
		if ok {
			name = inside
		} else {
			folder = ""
		}
		if dropped := file.Get("droppedPath"); dropped.Truthy() { // by lab.js
			name = dropped.String()
		}
		files = append(files, lab.File{Name: name, Folder: folder, Value: file, Size: int64(file.Get("size").Float()), Read: func(then func([]byte, error)) {
			file.Call("arrayBuffer").Call("then",
				b.dispatched(func(buffer app.Value) {
					array := app.Window().Get("Uint8Array").New(buffer)
					data := make([]byte, array.Length())
					app.CopyBytesToGo(data, array)
					then(data, nil)
				}),
				b.dispatched(func(reason app.Value) { then(nil, errors.New(reason.Get("message").String())) }))
		}})
	}
	return files
}
