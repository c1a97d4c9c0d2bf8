package webview

import (
	"fmt"
	"os"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"
)

// App is all windows of the program. There is one.
type App struct {
	options Options
	windows map[uintptr]*Window // by their number, which callbacks get
	last    uintptr

	mu   sync.Mutex
	jobs []func()
}

var current *App

// Open loads the web view. It returns an error that wraps [ErrNone] where there is none, or no display.
func Open(o Options) (*App, error) {
	if current != nil {
		panic("webview: opened twice")
	}
	if err := load(); err != nil {
		return nil, err
	}
	makeCallbacks()
	giveSignal()
	gSetPrgname(o.Name) // names the folders of stored pages
	gSetApplication(o.Name)
	if gtkInitCheck(0, 0) == 0 {
		return nil, fmt.Errorf("%w: there is no display (DISPLAY is %q, WAYLAND_DISPLAY is %q)", ErrNone, os.Getenv("DISPLAY"), os.Getenv("WAYLAND_DISPLAY"))
	}
	current = &App{options: o, windows: map[uintptr]*Window{}}
	if len(o.Icon) > 0 {
		loader := gdkPixbufLoaderNew()
		if gdkPixbufLoaderWrite(loader, unsafe.Pointer(&o.Icon[0]), uintptr(len(o.Icon)), 0) != 0 && gdkPixbufLoaderClose(loader, 0) != 0 {
			gtkWindowSetDefaultIcon(gdkPixbufLoaderGet(loader))
		}
		gObjectUnref(loader)
	}
	connect(webContextDefault(), "download-started", onDownload, 0)
	return current, nil
}

// Run serves all windows until the last is closed or Quit is called.
func (a *App) Run() {
	if len(a.windows) > 0 {
		gtkMain()
	}
}

// Quit closes all windows. Call it inside [App.Do] or from the main thread.
func (a *App) Quit() {
	for _, w := range a.windows {
		w.Close()
	}
}

// Do runs f in the main thread, soon. Any goroutine may call it.
func (a *App) Do(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.jobs = append(a.jobs, f)
	if len(a.jobs) == 1 {
		gIdleAdd(onIdle, 0)
	}
}

// connect calls f, of [purego.NewCallback], at a signal of GTK, with data as its last argument.
func connect(o handle, signal string, f, data uintptr) { gSignalConnectData(o, signal, f, data, 0, 0) }

// atIdle carries out what [App.Do] was given.
func atIdle(uintptr) uintptr {
	current.mu.Lock()
	jobs := current.jobs
	current.jobs = nil
	current.mu.Unlock()
	for _, job := range jobs {
		job()
	}
	return 0 // do not call again
}

// window is the window with a number; nil once it is closed.
func window(number uintptr) *Window { return current.windows[number] }

// The callbacks, as C calls them: each is the Go function atNAME.
var onIdle, onEvaluated, onMessage, onDestroy, onResize, onCreate, onClose, onTitle, onLoad, onTerminated, onPolicy, onActivate, onDownload, onDestination, onDownloadFailed uintptr

// makeCallbacks makes them. C keeps them for as long as the program runs.
func makeCallbacks() {
	for to, f := range map[*uintptr]any{
		&onIdle: atIdle, &onEvaluated: atEvaluated, &onMessage: atMessage, &onDestroy: atDestroy, &onResize: atResize, &onCreate: atCreate, &onClose: atClose,
		&onTitle: atTitle, &onLoad: atLoad, &onTerminated: atTerminated, &onPolicy: atPolicy, &onActivate: atActivate, &onDownload: atDownload,
		&onDestination: atDestination, &onDownloadFailed: atDownloadFailed,
	} {
		*to = purego.NewCallback(f)
	}
}
