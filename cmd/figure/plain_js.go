package main

import (
	"image"
	"math"
	"syscall/js"
	"time"

	"attnlab/app/figures"
	"attnlab/app/figures/draw"
	"attnlab/app/figures/svg"
	"attnlab/app/figures/window"
	"attnlab/app/session"
)

// plain shows a figure where the browser has no WebGL, as SVG in the document. It takes the same messages, pointer and keys as
// [window.Game], without motion.
type plain struct {
	figure  *figures.Host
	host    js.Value
	send    func(session.Command)
	root    js.Value
	caption string
	pointed int
	dragged float64 // how far the pressed pointer has moved, in CSS pixels
	later   bool    // a redraw is due
}

func newPlain(figure *figures.Host, host js.Value, send func(session.Command)) *plain {
	return &plain{figure: figure, host: host, send: send, pointed: -1}
}

// Show brings a message of the session to the figure.
func (p *plain) Show(message any) {
	p.figure.Show(message, time.Now())
	p.draw()
}

// Do does something with the figure.
func (p *plain) Do(_ string, do func(*figures.Host, time.Time)) {
	do(p.figure, time.Now())
	p.draw()
}

// Save offers the picture, as [window.Game.Save] does. The browser draws the pixels of the SVG.
func (p *plain) Save(kind string) {
	if kind == window.GIF && p.figure.Frames() > 1 {
		p.saveFilm()
		return
	}
	if kind == window.CSV {
		p.host.Call("save", kind, string(p.figure.Table().CSV()))
		return
	}
	scene := p.figure.Saved(time.Now(), p.host.Call("settings").String())
	picture := svg.Write(&scene)
	if kind == window.SVG {
		p.host.Call("save", kind, picture)
		return
	}
	p.host.Call("savePNG", picture)
}

// saveFilm draws the frames as SVG at once, then has the browser make pixels of one after the other.
func (p *plain) saveFilm() {
	var frames []string
	for i := range p.figure.Frames() {
		scene := p.figure.FrameScene(i, time.Now())
		frames = append(frames, svg.Write(&scene))
	}
	go func() {
		var film []*image.RGBA
		for _, frame := range frames {
			pixels, err := await(p.host.Call("pixels", frame))
			if err != nil {
				p.host.Call("fail", "The browser cannot draw the frames: "+err.Error()+". Save the figure as SVG instead.")
				return
			}
			img := image.NewRGBA(image.Rect(0, 0, pixels.Get("width").Int(), pixels.Get("height").Int()))
			js.CopyBytesToGo(img.Pix, pixels.Get("data"))
			film = append(film, img)
		}
		data, err := draw.GIF(film, draw.FrameTime)
		if err != nil {
			panic("figure: encode a film in memory: " + err.Error())
		}
		bytes := js.Global().Get("Uint8Array").New(len(data))
		js.CopyBytesToJS(bytes, data)
		p.host.Call("save", window.GIF, bytes)
	}()
}

// await waits for a promise. It must not run in a callback of the browser.
func await(promise js.Value) (js.Value, error) {
	results, failures := make(chan js.Value, 1), make(chan error, 1)
	resolved := js.FuncOf(func(_ js.Value, args []js.Value) any { results <- args[0]; return nil })
	rejected := js.FuncOf(func(_ js.Value, args []js.Value) any { failures <- js.Error{Value: args[0]}; return nil })
	defer resolved.Release()
	defer rejected.Release()
	promise.Call("then", resolved, rejected)
	select {
	case value := <-results:
		return value, nil
	case err := <-failures:
		return js.Value{}, err
	}
}

// Run shows the figure for as long as the document is open.
func (p *plain) Run() error {
	document := js.Global().Get("document")
	for {
		canvas := document.Call("querySelector", "canvas") // ebiten makes one when it is linked in
		if !canvas.Truthy() {
			break
		}
		canvas.Call("remove")
	}
	p.root = document.Call("createElement", "div")
	p.root.Set("id", "plain")
	p.root.Set("tabIndex", 0)
	p.root.Call("setAttribute", "role", "application") // arrow keys work in it
	p.root.Call("setAttribute", "aria-roledescription", "figure")
	p.host.Call("enter", p.root)
	p.figure.SetStill(true)
	on := func(event string, do func(e js.Value, x, y float64)) {
		p.root.Call("addEventListener", event, js.FuncOf(func(_ js.Value, args []js.Value) any {
			box := p.root.Call("getBoundingClientRect")
			x, y := math.NaN(), math.NaN()
			if at := args[0].Get("clientX"); at.Type() == js.TypeNumber {
				x, y = at.Float()-box.Get("left").Float(), args[0].Get("clientY").Float()-box.Get("top").Float()
			}
			do(args[0], x, y)
			p.draw()
			return nil
		}))
	}
	on("pointerdown", func(js.Value, float64, float64) { p.dragged = 0 })
	on("pointermove", func(e js.Value, x, y float64) {
		if e.Get("buttons").Int()&1 != 0 {
			dx, dy := e.Get("movementX").Float(), e.Get("movementY").Float()
			p.dragged += math.Hypot(dx, dy)
			p.figure.Pan(dx, dy)
		}
		p.figure.Hover(x, y)
	})
	on("wheel", func(e js.Value, x, y float64) { // figure.js lets only that through which zooms
		e.Call("preventDefault")
		p.figure.Zoom(math.Exp(max(-.5, min(.5, -e.Get("deltaY").Float()/250))), x, y)
	})
	on("pointerleave", func(js.Value, float64, float64) { p.figure.Leave() })
	on("click", func(_ js.Value, x, y float64) {
		if p.dragged <= 4 {
			p.choose(p.figure.Press(x, y, time.Now()))
		}
	})
	on("keydown", func(e js.Value, _, _ float64) {
		switch e.Get("key").String() {
		case "p":
			p.Save(window.PNG)
		case "P":
			p.Save(window.SVG)
		}
		if key, ok := plainKeys[e.Get("key").String()]; ok {
			e.Call("preventDefault")
			p.choose(p.figure.Key(key, time.Now()))
		}
	})
	resize := js.FuncOf(func(js.Value, []js.Value) any {
		p.resize()
		return nil
	})
	js.Global().Call("addEventListener", "resize", resize)
	p.resize()
	select {}
}

var plainKeys = map[string]figures.Key{
	"ArrowLeft": figures.Left, "ArrowRight": figures.Right, "ArrowUp": figures.Up, "ArrowDown": figures.Down, "Home": figures.First, "End": figures.Last,
	"Enter": figures.Enter, " ": figures.Enter, "Escape": figures.Back, "+": figures.In, "=": figures.In, "-": figures.Out, "0": figures.Fit,
	"[": figures.More, "]": figures.Fewer, "c": figures.Next,
}

func (p *plain) choose(s *session.Selection) {
	if s != nil {
		p.send(session.Select{Selection: *s})
	}
}

func (p *plain) resize() {
	p.figure.Resize(js.Global().Get("innerWidth").Float(), js.Global().Get("innerHeight").Float())
	p.draw()
}

// draw shows what has changed. What moves by itself is drawn again a little later.
func (p *plain) draw() {
	if !p.root.Truthy() {
		return
	}
	if at := p.figure.Pointed(); at != p.pointed {
		p.pointed = at
		p.send(session.Hover{Step: at})
	}
	scene, changed, moving := p.figure.Scene(time.Now())
	if changed {
		p.root.Set("innerHTML", svg.Write(&scene))
		if caption := p.figure.Caption(); caption != p.caption {
			p.caption = caption
			p.host.Call("describe", caption)
		}
	}
	if moving && !p.later {
		p.later = true
		time.AfterFunc(250*time.Millisecond, func() {
			p.later = false
			p.draw()
		})
	}
}
