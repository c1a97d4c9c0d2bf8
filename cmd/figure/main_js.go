// Command figure is one ebiten figure in a document of its own, figure.html: an
// iframe of the page, or a window. It is told what to show by the document's hash,
//
//	#figure=arcs|matrix|heads|tree|curves|scatter&session=ID[&theme=light|dark]
//	heads:   [&by=fci|focus|sra|kurtosis]
//	curves:  [&runs=ID,ID...][&smooth=0..0.95][&x=step|tokens], without runs the run at work
//	scatter: [&runs=ID,ID...], without runs all
//
// and by messages, which figure.js brings; it follows the session like any screen.
package main

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"syscall/js"
	"time"

	"attnlab/app/figures"
	"attnlab/app/figures/screen"
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
	game := screen.New(figure,
		func(c session.Command) {
			if err := port.Send(c); err != nil {
				host.Call("fail", err.Error())
			}
		},
		func(png []byte) {
			bytes := js.Global().Get("Uint8Array").New(len(png))
			js.CopyBytesToJS(bytes, png)
			host.Call("save", bytes)
		})
	go func() {
		for message := range port.In {
			game.Do(func(f *figures.Figure, now time.Time) { f.Show(message, now) })
		}
	}()
	offer(host, figure, game)
	if err := port.Send(session.Hello{}); err != nil {
		return err
	}
	return game.Run()
}

// offer gives figure.js what it calls, for as long as the document lives.
func offer(host js.Value, figure *figures.Figure, game *screen.Game) {
	host.Set("zoomable", figure.Zoomable())
	host.Set("zoomed", js.FuncOf(func(js.Value, []js.Value) any { return figure.Zoomed() }))
	host.Set("leave", js.FuncOf(func(js.Value, []js.Value) any {
		game.Do(func(f *figures.Figure, _ time.Time) { f.Leave() })
		return nil
	}))
	host.Set("set", js.FuncOf(func(_ js.Value, args []js.Value) any {
		switch name, value := args[0].String(), args[1].String(); name {
		case "theme":
			game.Do(func(f *figures.Figure, _ time.Time) { f.SetDark(value == "dark") })
		case "motion":
			game.Do(func(f *figures.Figure, _ time.Time) { f.SetStill(value == "none") })
		case "by":
			game.Do(func(f *figures.Figure, now time.Time) { f.SetBy(value, now) })
		case "runs":
			ids := strings.FieldsFunc(value, func(r rune) bool { return r == ',' })
			game.Do(func(f *figures.Figure, now time.Time) { f.SetRuns(ids, now) })
		case "smooth":
			if share, err := strconv.ParseFloat(value, 64); err == nil {
				game.Do(func(f *figures.Figure, now time.Time) { f.SetSmooth(share, now) })
			}
		case "x":
			game.Do(func(f *figures.Figure, now time.Time) { f.SetTokens(value == "tokens", now) })
		case "save":
			game.SavePNG()
		}
		return nil
	}))
	host.Call("ready")
}
