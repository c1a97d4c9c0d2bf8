//go:build js || desktop

// Package window shows a figure with ebiten: it brings mouse, touch and keys to the figure
// and draws its scene, only when something has changed.
package window

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"math"
	"runtime"
	"sync/atomic"
	"time"

	"attnlab/app/figures"
	"attnlab/app/figures/draw"
	"attnlab/app/figures/svg"
	"attnlab/app/session"

	"github.com/hajimehoshi/ebiten/v2"
	"github.com/hajimehoshi/ebiten/v2/inpututil"
)

// Game is a figure as an ebiten game.
type Game struct {
	figure   *figures.Host
	send     func(session.Command) // to all other screens and the engine
	save     func(kind string, data []byte)
	describe func(caption string)
	settings func() string
	caption  string // described last

	queue  queue
	asking atomic.Bool // for frames

	scale   float64 // device pixels to a CSS pixel
	w, h    int     // in device pixels
	painter painter
	repaint bool
	wanted  string  // the kind of the image to save, empty for none
	mx, my  float64 // the mouse at the last update
	pointed int     // the step under it, as sent last
	drag    drag
}

// drag is a press that has not ended.
type drag struct {
	on, moved bool
	x, y      float64
	finger    ebiten.TouchID
	apart     float64 // between two fingers, 0 for one
}

// New makes a game of a figure. It sends what is selected and pointed at, gives an image to
// save when the visitor asks for one, and describes what is drawn whenever that changes. An image names the settings.
func New(figure *figures.Host, send func(session.Command), save func(kind string, data []byte), describe func(caption string), settings func() string) *Game {
	return &Game{figure: figure, send: send, save: save, describe: describe, settings: settings, scale: 1, mx: math.NaN(), pointed: -1}
}

// Run shows the figure until the program ends.
func (g *Game) Run() error {
	// The screen is not cleared, and frames come only with input and ScheduleFrame: an idle
	// figure costs nothing on the thread that it shares with its page.
	ebiten.SetScreenClearedEveryFrame(false)
	ebiten.SetFPSMode(ebiten.FPSModeVsyncOffMinimum)
	ebiten.SetWindowResizingMode(ebiten.WindowResizingModeEnabled)
	// In a page the ground shows through until the first frame, not black.
	return ebiten.RunGameWithOptions(g, &ebiten.RunGameOptions{ScreenTransparent: runtime.GOOS == "js"})
}

// Open shows the figure in a window of the system, with a title, until the window is closed.
func (g *Game) Open(title string, full bool) error {
	ebiten.SetWindowTitle(title)
	ebiten.SetWindowSize(960, 680)
	ebiten.SetFullscreen(full)
	return g.Run()
}

// Show brings a message of the session to the figure before the next frame. The newest of a
// kind takes the place of an older one that waits. Any goroutine may call it.
func (g *Game) Show(message any) {
	g.Do(messageName(message), func(h *figures.Host, now time.Time) { h.Show(message, now) })
}

// Do does something with the figure before the next frame, instead of what waits under the
// same name. Any goroutine may call it.
func (g *Game) Do(name string, j func(h *figures.Host, now time.Time)) {
	g.queue.put(name, j)
	ebiten.ScheduleFrame()
	if g.asking.CompareAndSwap(false, true) {
		go g.ask()
	}
}

// ask asks for frames until the queue is empty. A frame asked for while the figure is hidden
// is never drawn, and none comes by itself when the figure is shown again.
func (g *Game) ask() {
	for {
		time.Sleep(250 * time.Millisecond)
		if g.queue.length() == 0 {
			g.asking.Store(false)
			if g.queue.length() == 0 || !g.asking.CompareAndSwap(false, true) {
				return
			}
		}
		ebiten.ScheduleFrame()
	}
}

// The kinds of files that [Game.Save] makes.
const PNG, SVG, GIF, CSV = "png", "svg", "gif", "csv"

// Save asks for a file: PNG and SVG show the figure as it is, with caption and settings below. GIF shows all its frames; a figure
// without frames gives a PNG. CSV has the numbers that are drawn.
func (g *Game) Save(kind string) {
	g.Do("save", func(*figures.Host, time.Time) { g.wanted, g.repaint = kind, true })
}

// LayoutF implements ebiten.LayoutFer: the screen has as many pixels as the device.
func (g *Game) LayoutF(width, height float64) (float64, float64) {
	g.scale = ebiten.Monitor().DeviceScaleFactor()
	w, h := math.Max(1, math.Floor(width*g.scale)), math.Max(1, math.Floor(height*g.scale))
	if int(w) != g.w || int(h) != g.h {
		g.w, g.h, g.repaint = int(w), int(h), true
		g.figure.Resize(width, height)
	}
	return w, h
}

// Layout is not called where there is LayoutF.
func (g *Game) Layout(int, int) (int, int) { panic("window: Layout is not called") }

// Update implements ebiten.Game.
func (g *Game) Update() error {
	now := time.Now()
	for _, j := range g.queue.take() {
		j(g.figure, now)
	}
	g.mouse(now)
	g.touches(now)
	g.keys(now)
	if at := g.figure.Pointed(); at != g.pointed {
		g.pointed = at
		g.send(session.Hover{Step: at})
	}
	return nil
}

// Draw implements ebiten.Game.
func (g *Game) Draw(screen *ebiten.Image) {
	scene, changed, moving := g.figure.Scene(time.Now())
	if moving {
		ebiten.ScheduleFrame()
	}
	if !changed && !g.repaint {
		return
	}
	if caption := g.figure.Caption(); caption != g.caption {
		g.caption = caption
		g.describe(caption)
	}
	g.repaint = false
	g.painter.paint(screen, scene, g.scale)
	switch kind := g.wanted; {
	case kind == CSV:
		g.save(CSV, g.figure.Table().CSV())
	case kind == GIF && g.figure.Frames() > 1:
		g.exportFilm(screen.Bounds().Size())
	case kind != "":
		g.export(kind, g.figure.Saved(time.Now(), g.settings()))
	}
	g.wanted = ""
}

// exportScale is how many pixels of a PNG a CSS pixel has.
const exportScale = 2

func (g *Game) export(kind string, scene draw.Scene) {
	if kind == SVG {
		g.save(SVG, []byte(svg.Write(&scene)))
		return
	}
	screen := ebiten.NewImage(int(math.Ceil(exportScale*scene.Width)), int(math.Ceil(exportScale*scene.Height)))
	defer screen.Deallocate()
	g.painter.paint(screen, scene, exportScale)
	size := screen.Bounds().Size()
	img := &image.RGBA{Pix: make([]byte, 4*size.X*size.Y), Stride: 4 * size.X, Rect: image.Rectangle{Max: size}}
	screen.ReadPixels(img.Pix)
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(fmt.Sprintf("window: encode an image in memory: %v", err))
	}
	g.save(PNG, b.Bytes())
}

func (g *Game) sendSelection(s *session.Selection) {
	if s != nil {
		g.send(session.Select{Selection: *s})
	}
}

func (g *Game) mouse(now time.Time) {
	ix, iy := ebiten.CursorPosition()
	x, y := float64(ix)/g.scale, float64(iy)/g.scale
	if x != g.mx || y != g.my {
		if math.IsNaN(g.mx) { // where ebiten starts is not where a mouse is
			g.mx, g.my = x, y
		} else {
			dx, dy := x-g.mx, y-g.my
			g.mx, g.my = x, y
			if ebiten.IsMouseButtonPressed(ebiten.MouseButtonLeft) && g.drag.on {
				g.drag.moved = g.drag.moved || math.Hypot(x-g.drag.x, y-g.drag.y) > 4
				g.figure.Pan(dx, dy)
			}
			g.figure.Hover(x, y)
		}
	}
	if inpututil.IsMouseButtonJustPressed(ebiten.MouseButtonLeft) {
		g.drag = drag{on: true, x: x, y: y}
	}
	if inpututil.IsMouseButtonJustReleased(ebiten.MouseButtonLeft) && g.drag.on {
		if g.drag.on = false; !g.drag.moved {
			g.sendSelection(g.figure.Press(x, y, now))
		}
	}
	if _, dy := ebiten.Wheel(); dy != 0 {
		g.figure.Zoom(math.Exp(max(-0.5, min(0.5, dy/250))), x, y)
	}
	shape := ebiten.CursorShapeDefault
	if g.figure.Pressable() {
		shape = ebiten.CursorShapePointer
	}
	ebiten.SetCursorShape(shape)
}

// touches makes one finger tap and pan, and two zoom.
func (g *Game) touches(now time.Time) {
	place := func(id ebiten.TouchID) (float64, float64) {
		x, y := ebiten.TouchPosition(id)
		return float64(x) / g.scale, float64(y) / g.scale
	}
	ids := ebiten.AppendTouchIDs(nil)
	switch {
	case len(ids) >= 2:
		x0, y0 := place(ids[0])
		x1, y1 := place(ids[1])
		apart := max(1, math.Hypot(x1-x0, y1-y0))
		if g.drag.apart > 0 {
			g.figure.Zoom(apart/g.drag.apart, (x0+x1)/2, (y0+y1)/2)
		}
		g.drag = drag{moved: true, apart: apart}
	case len(ids) == 1:
		x, y := place(ids[0])
		if !g.drag.on || g.drag.finger != ids[0] {
			g.drag = drag{on: true, moved: g.drag.apart > 0, x: x, y: y, finger: ids[0]}
			break
		}
		if dx, dy := x-g.drag.x, y-g.drag.y; g.drag.moved || math.Hypot(dx, dy) > 8 {
			g.drag.moved, g.drag.x, g.drag.y = true, x, y
			g.figure.Pan(dx, dy)
		}
	case g.drag.on && inpututil.IsTouchJustReleased(g.drag.finger):
		if !g.drag.moved {
			g.sendSelection(g.figure.Press(g.drag.x, g.drag.y, now))
		}
		g.drag = drag{}
	case g.drag.apart > 0:
		g.drag = drag{}
	}
}

var keys = map[ebiten.Key]figures.Key{
	ebiten.KeyArrowLeft: figures.Left, ebiten.KeyArrowRight: figures.Right, ebiten.KeyArrowUp: figures.Up, ebiten.KeyArrowDown: figures.Down,
	ebiten.KeyHome: figures.First, ebiten.KeyEnd: figures.Last, ebiten.KeyEnter: figures.Enter, ebiten.KeySpace: figures.Enter, ebiten.KeyEscape: figures.Back,
	ebiten.KeyEqual: figures.In, ebiten.KeyNumpadAdd: figures.In, ebiten.KeyMinus: figures.Out, ebiten.KeyNumpadSubtract: figures.Out, ebiten.KeyDigit0: figures.Fit,
	ebiten.KeyBracketLeft: figures.More, ebiten.KeyBracketRight: figures.Fewer, ebiten.KeyC: figures.Next,
}

// fullScreen fills the screen with the window by f or F11, and leaves it by these or Escape. It returns whether the key did. In a page
// figure.js does this.
func (g *Game) fullScreen(key ebiten.Key) bool {
	full := ebiten.IsFullscreen()
	turn := runtime.GOOS != "js" && (key == ebiten.KeyF || key == ebiten.KeyF11 || key == ebiten.KeyEscape && full)
	if turn {
		ebiten.SetFullscreen(!full)
		g.repaint = true
	}
	return turn
}

func (g *Game) keys(now time.Time) {
	for _, key := range inpututil.AppendJustPressedKeys(nil) {
		if g.fullScreen(key) {
			continue
		}
		if key == ebiten.KeyP {
			kind := PNG
			if ebiten.IsKeyPressed(ebiten.KeyShift) {
				kind = SVG
			}
			g.wanted, g.repaint = kind, true
		} else if k, ok := keys[key]; ok {
			g.sendSelection(g.figure.Key(k, now))
		}
	}
}
