// Command figure is one figure in a document of its own, figure.html: an iframe of the page,
// or a window. The document's hash says what it shows,
//
//	#figure=NAME&session=ID[&theme=light|dark][&OPTION=VALUE]...
//
// with a name of [figures.Figures] and options of that figure, see its method Set. Messages,
// which figure.js passes on, change the same. The figure follows the session as any window.
package main

import (
	"fmt"
	"net/url"
	"strings"
	"syscall/js"
	"time"

	"attnlab/app/figures"
	"attnlab/app/figures/svg"
	"attnlab/app/figures/window"
	"attnlab/app/session"
)

func main() {
	if err := run(); err != nil {
		js.Global().Get("figureHost").Call("fail", err.Error())
	}
}

func run() error {
	hash := strings.TrimPrefix(js.Global().Get("location").Get("hash").String(), "#")
	values, err := url.ParseQuery(hash)
	if err != nil {
		return fmt.Errorf("figure: the part of the address after # cannot be read: %w", err)
	}
	figure, err := figures.New(values.Get("figure"))
	if err != nil {
		return err
	}
	if values.Get("session") == "" {
		return fmt.Errorf("figure: the address names no session; open the figure from the lab's page")
	}
	host := js.Global().Get("figureHost")
	port := session.Listen(host.Call("listen", values.Get("session"), strings.Join(figure.Follows(), " ")))
	send := func(c session.Command) {
		if err := port.Send(c); err != nil {
			host.Call("fail", err.Error())
		}
	}
	var shown screen
	if host.Get("plain").Truthy() {
		shown = newPlain(figure, host, send)
	} else {
		shown = window.New(figure, send,
			func(kind string, data []byte) {
				bytes := js.Global().Get("Uint8Array").New(len(data))
				js.CopyBytesToJS(bytes, data)
				host.Call("save", kind, bytes)
			},
			func(caption string) { host.Call("describe", caption) },
			func() string { return host.Call("settings").String() })
	}
	go func() {
		for message := range port.In {
			shown.Show(message)
		}
	}()
	offer(host, figure, shown)
	if err := port.Send(session.Hello{}); err != nil {
		return err
	}
	return shown.Run()
}

// screen shows a figure: [window.Game], or [plain] where the browser has no WebGL.
type screen interface {
	Show(message any)
	Do(name string, do func(h *figures.Host, now time.Time))
	Save(kind string)
	Run() error
}

// offer gives figure.js the functions that it calls, for as long as the document is open.
func offer(host js.Value, figure *figures.Host, shown screen) {
	host.Set("title", figure.Title)
	host.Set("zoomable", figure.Zoomable())
	host.Set("zoomed", js.FuncOf(func(js.Value, []js.Value) any { return figure.Zoomed() }))
	host.Set("paper", js.FuncOf(func(js.Value, []js.Value) any {
		scene := figure.Paper()
		return svg.Write(&scene)
	}))
	host.Set("leave", js.FuncOf(func(js.Value, []js.Value) any {
		shown.Do("leave", func(h *figures.Host, _ time.Time) { h.Leave() })
		return nil
	}))
	host.Set("set", js.FuncOf(func(_ js.Value, args []js.Value) any {
		name, value := args[0].String(), args[1].String()
		if name == "save" {
			shown.Save(value)
			return nil
		}
		shown.Do("set "+name, func(h *figures.Host, now time.Time) {
			switch name {
			case "theme":
				h.SetDark(value == "dark")
			case "motion":
				h.SetStill(value == "none")
			default:
				h.Set(name, value, now)
			}
		})
		return nil
	}))
	host.Call("ready")
}
