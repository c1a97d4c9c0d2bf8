package figures

import (
	"time"

	"attnlab/app/figures/draw"
	"attnlab/app/session"
	"attnlab/app/theme"
)

// View is what all figures share: size and colours, the pointer, zoom and pan, the
// session's selection, and values in motion. Figures embed it; their [Host] drives it.
type View struct {
	Width, Height float64 // CSS pixels
	Palette       theme.Palette
	Selection     session.Selection
	// Pace is the shortest time between two drawings of news. Pointer and keys do not wait.
	Pace time.Duration

	figure Figure
	scene  draw.Scene
	values eased
	still  bool // no motion

	zoom       float64 // 1 shows all
	panX, panY float64 // pixels of content that are hidden at the left and above

	pointed bool         // the pointer is on the figure
	px, py  float64      // where
	under   *draw.Target // what is there

	now    time.Time          // of the call that the host is making
	chosen *session.Selection // what the figure selected in it

	stale bool // the scene is old
	news  bool // there is more to draw, at the pace
	drawn time.Time
}

func newView() *View {
	return &View{Palette: theme.Light, Selection: session.NoSelection, zoom: 1, stale: true}
}

// Select makes a selection, which the host sends to the session.
func (v *View) Select(s session.Selection) { v.chosen = &s }

// Values are the values to draw now, on their way to those given to [View.Ease] or [View.Jump].
func (v *View) Values() []float64 { return v.values.now }

// Ease lets the drawn values go to new ones. It jumps where nothing is to move.
func (v *View) Ease(to []float64) {
	v.news = true
	if v.still || len(to) == 0 {
		v.values.jump(to)
	} else {
		v.values.start(to, v.now)
	}
}

// EaseFrom lets the drawn values go from other values, as many, to new ones.
func (v *View) EaseFrom(from, to []float64) {
	v.values.jump(from)
	v.Ease(to)
}

// Jump draws new values at once.
func (v *View) Jump(to []float64) {
	v.news = true
	v.values.jump(to)
}

// Hovered reports whether the pointer is on the target of a row and column.
func (v *View) Hovered(row, col int) bool {
	return v.under != nil && v.under.Row == row && v.under.Col == col
}

// At is the target at a point of the scene, nil for none.
func (v *View) At(x, y float64) *draw.Target { return v.scene.At(x, y) }

// Key leaves every key to the host.
func (v *View) Key(Key) bool { return false }

// Zoomed reports whether there is more content than is visible.
func (v *View) Zoomed() bool { return v.zoom > 1 }

// Unzoom shows all content.
func (v *View) Unzoom() { v.zoom, v.panX, v.panY = 1, 0, 0 }

// Reveal scrolls as little as shows a part of the content, given in pixels from its begin. A
// part without width, or height, is shown where it is along that side.
func (v *View) Reveal(part draw.Box) {
	zoomer, ok := v.figure.(Zoomer)
	if !ok {
		return
	}
	view, _, _ := zoomer.Content()
	within := func(pan, begin, size, view float64) float64 {
		if size == 0 {
			return pan
		}
		return min(begin, max(begin+size-view, pan))
	}
	v.scrollTo(within(v.panX, part.X, part.W, view.W), within(v.panY, part.Y, part.H, view.H))
}

// scrollTo moves the content, and keeps it within the figure.
func (v *View) scrollTo(x, y float64) {
	var overX, overY float64 // how much larger the content is than its place
	if zoomer, ok := v.figure.(Zoomer); ok {
		view, width, height := zoomer.Content()
		overX, overY = width-view.W, height-view.H
	}
	x, y = max(0, min(x, overX)), max(0, min(y, overY))
	if x != v.panX || y != v.panY {
		v.panX, v.panY, v.stale = x, y, true
	}
}
