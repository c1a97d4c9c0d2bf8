package webview

import (
	"net/url"
	"unsafe"
)

// Window is a window with a page.
type Window struct {
	options    WindowOptions
	number     uintptr
	gtk, view  handle
	bar        handle   // the menu bar, 0 without one
	items      []func() // of the menu, by their number
	entries    []handle // of the menu, likewise
	origin     string   // scheme and host of the first page
	full       bool
	size       Size
	answers    map[uintptr]func(string, bool) // to scripts, by their number
	lastAnswer uintptr
}

// Window opens a window.
func (a *App) Window(o WindowOptions) *Window {
	w := a.newWindow(o, webViewNew())
	content := webViewContent(w.view)
	if a.options.Start != "" {
		contentAddScript(content, userScriptNew(a.options.Start, 1 /* the main frame */, 0 /* before the page */, 0, 0))
	}
	contentRegister(content, "attnlab")
	connect(content, "script-message-received::attnlab", onMessage, w.number)
	if u, err := url.Parse(o.Address); err == nil {
		w.origin = u.Scheme + "://" + u.Host
	}
	w.show()
	webViewLoad(w.view, o.Address)
	return w
}

// newWindow makes a window that is not shown yet, around a view.
func (a *App) newWindow(o WindowOptions, view handle) *Window {
	a.last++
	w := &Window{options: o, number: a.last, gtk: gtkWindowNew(0), view: view, size: Size{o.Width, o.Height, o.Maximized}, answers: map[uintptr]func(string, bool){}}
	a.windows[w.number] = w
	gtkWindowSetTitle(w.gtk, o.Title)
	gtkWindowSetDefaultSize(w.gtk, int32(o.Width), int32(o.Height))
	if o.Maximized {
		gtkWindowMaximize(w.gtk)
	}
	webSettingsSetOpen(webViewSettings(view), 1) // a menu opens figures without a press in the page
	box := gtkBoxNew(1 /* from top to bottom */, 0)
	gtkContainerAdd(w.gtk, box)
	if len(o.Menu) > 0 {
		w.bar = w.menuBar(o.Menu)
		gtkBoxPackStart(box, w.bar, 0, 1, 0)
	}
	gtkBoxPackStart(box, view, 1, 1, 0)
	connect(w.gtk, "destroy", onDestroy, w.number)
	connect(w.gtk, "configure-event", onResize, w.number)
	connect(view, "create", onCreate, w.number)
	connect(view, "close", onClose, w.number)
	connect(view, "notify::title", onTitle, w.number)
	connect(view, "decide-policy", onPolicy, w.number)
	connect(view, "load-changed", onLoad, w.number)
	connect(view, "web-process-terminated", onTerminated, w.number)
	return w
}

func (w *Window) show() {
	gtkWidgetShowAll(w.gtk)
	gtkWidgetGrabFocus(w.view)
}

// Close closes the window.
func (w *Window) Close() { gtkWidgetDestroy(w.gtk) }

// Raise brings the window to the front.
func (w *Window) Raise() { gtkWindowPresent(w.gtk) }

// Load loads another page.
func (w *Window) Load(address string) { webViewLoad(w.view, address) }

// Reload loads the page again.
func (w *Window) Reload() { webViewReload(w.view) }

// Zoom makes the page larger by a factor; 0 gives it its own size.
func (w *Window) Zoom(factor float64) {
	level := webViewZoom(w.view) * factor
	if factor == 0 {
		level = 1
	}
	webViewSetZoom(w.view, min(max(level, 0.5), 3))
}

// FullScreen fills the screen with the page, or no longer does.
func (w *Window) FullScreen() {
	if w.full = !w.full; w.full {
		gtkWindowFullscreen(w.gtk)
	} else {
		gtkWindowUnfullscreen(w.gtk)
	}
	switch {
	case w.bar == 0:
	case w.full:
		gtkWidgetHide(w.bar)
	default:
		gtkWidgetShow(w.bar)
	}
}

// Eval runs a script in the page. then, if it is not nil, gets the script's value as text; ok is false where the script failed.
func (w *Window) Eval(script string, then func(value string, ok bool)) {
	if then == nil {
		webViewEvaluate(w.view, script, len(script), 0, 0, 0, 0, 0)
		return
	}
	w.lastAnswer++
	w.answers[w.lastAnswer] = then
	webViewEvaluate(w.view, script, len(script), 0, 0, 0, onEvaluated, w.number<<32|w.lastAnswer)
}

func atEvaluated(view, result, data uintptr) uintptr {
	keepSignals()
	w := window(data >> 32)
	if w == nil {
		return 0
	}
	then := w.answers[data&0xffffffff]
	delete(w.answers, data&0xffffffff)
	value := webViewEvaluated(view, result, nil)
	if value == 0 {
		then("", false)
		return 0
	}
	// In version 2.40 and later this is a value itself.
	answer := owned(valueString(value))
	gObjectUnref(value)
	then(answer, true)
	return 0
}

func atMessage(_, result, number uintptr) uintptr {
	keepSignals()
	if w := window(number); w != nil && current.options.Message != nil {
		current.options.Message(w, owned(valueString(resultValue(result))))
	}
	return 0
}

func atDestroy(_, number uintptr) uintptr {
	w := window(number)
	if w == nil {
		return 0
	}
	delete(current.windows, number)
	if w.options.Closed != nil {
		w.options.Closed(w.size)
	}
	if len(current.windows) == 0 {
		gtkMainQuit()
	}
	return 0
}

// atResize remembers the size that the window has when it is neither maximized nor full.
func atResize(_, _, number uintptr) uintptr {
	w := window(number)
	if w == nil || w.full {
		return 0
	}
	if w.size.Maximized = gtkWindowIsMaximized(w.gtk) != 0; !w.size.Maximized {
		var width, height int32
		gtkWindowGetSize(w.gtk, unsafe.Pointer(&width), unsafe.Pointer(&height))
		w.size.Width, w.size.Height = int(width), int(height)
	}
	return 0
}

// atCreate opens a window that a page asks for, such as that of a figure. It shares session and storage with the page.
func atCreate(_, action, number uintptr) uintptr {
	from := window(number)
	if from == nil {
		return 0
	}
	address := text(requestURI(actionRequest(action)))
	if !from.own(address) {
		current.leave(address)
		return 0
	}
	o := WindowOptions{Title: from.options.Title, Width: 900, Height: 640}
	var w *Window
	if current.options.Opened != nil {
		o = current.options.Opened(address, func() *Window { return w })
	}
	w = current.newWindow(o, webViewNewRelated(from.view))
	w.origin = from.origin
	w.show()
	return w.view
}

func atClose(_, number uintptr) uintptr {
	if w := window(number); w != nil {
		w.Close()
	}
	return 0
}

func atTitle(view, _, number uintptr) uintptr {
	if w := window(number); w != nil {
		if title := text(webViewTitle(view)); title != "" {
			gtkWindowSetTitle(w.gtk, title)
		}
	}
	return 0
}

func atLoad(_, event, _ uintptr) uintptr {
	if event == 3 { // finished
		keepSignals()
	}
	return 0
}

func atTerminated(view, _, _ uintptr) uintptr {
	current.report("The page of a window has ended and is loaded again. The engine and its runs are not touched.")
	webViewReload(view)
	return 0
}

// own reports whether an address belongs to the window's origin, or is made by a page itself.
func (w *Window) own(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme+"://"+u.Host == w.origin || u.Scheme == "blob" || u.Scheme == "about" || u.Scheme == "data")
}

// atPolicy keeps pages of other origins out of the windows: they open in the browser.
func atPolicy(_, decision, kind, number uintptr) uintptr {
	w := window(number)
	if w == nil || kind > 1 { // an answer, not an address
		return 0
	}
	address := text(requestURI(actionRequest(policyAction(decision))))
	if w.own(address) {
		return 0
	}
	policyIgnore(decision)
	current.leave(address)
	return 1
}

func (a *App) leave(address string) {
	if a.options.Leave != nil {
		a.options.Leave(address)
	}
}

func (a *App) report(text string) {
	if a.options.Report != nil {
		a.options.Report(text)
	}
}
