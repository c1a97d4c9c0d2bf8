package figures

import (
	"math"
	"time"

	"attnlab/app/session"
)

// Input changes what is drawn; what it selects is returned, for the engine to tell
// every other screen.

// Hover moves the pointer.
func (f *Figure) Hover(x, y float64) {
	if f.pointed && f.px == x && f.py == y {
		return
	}
	f.pointed = true
	before := f.under
	f.px, f.py = x, y
	f.point()
	if before != nil || f.under != nil { // an explanation follows the pointer
		f.stale = true
	}
}

// Leave takes the pointer away.
func (f *Figure) Leave() {
	if f.pointed {
		f.pointed, f.under, f.stale = false, nil, true
	}
}

// Pointed is the step under the pointer, -1 for none: of an arc or a cell the one that
// is looked at.
func (f *Figure) Pointed() int {
	if (f.name == "arcs" || f.name == "matrix") && f.pointed && f.under != nil && f.under.Select != nil {
		return f.under.Select.Step
	}
	return -1
}

// Pressable says whether a click would do something where the pointer is.
func (f *Figure) Pressable() bool {
	return f.pointed && f.under != nil && (f.under.Select != nil || f.under.Click != nil)
}

// Press is a click or a tap.
func (f *Figure) Press(x, y float64, now time.Time) *session.Selection {
	f.pointed, f.px, f.py, f.stale = true, x, y, true
	f.point()
	t := f.under
	switch {
	case t == nil:
		return nil
	case t.Click != nil:
		f.choice = f.by
		t.Click(x, y)
		f.SetBy(f.choice, now)
		return nil
	}
	return f.take(t.Select, now)
}

// take makes a selection ours before the engine confirms it.
func (f *Figure) take(s *session.Selection, now time.Time) *session.Selection {
	if s == nil || *s == f.selection {
		return nil
	}
	f.choose(*s, now)
	return s
}

// Key is what a key means to a figure.
type Key int

// The keys: arrows and their like move the selection, Back gives up the step and
// then the head, In and Out zoom, Fit shows all again, More and Fewer move the
// threshold of arcs, Next takes the next quantity for heads.
const (
	Left Key = iota
	Right
	Up
	Down
	First
	Last
	Enter
	Back
	In
	Out
	Fit
	More
	Fewer
	Next
)

// Key takes a key, and returns what it selects.
func (f *Figure) Key(key Key, now time.Time) *session.Selection {
	switch key {
	case Back:
		s := f.selection
		f.row, f.history.cursor = -1, math.NaN()
		switch {
		case f.name == "tree":
			s.Node = -1
		case s.Step >= 0 || s.Token >= 0:
			s.Step, s.Token = -1, -1
		default:
			s.Layer, s.Head = -1, -1
		}
		f.stale = true
		return f.take(&s, now)
	case In:
		f.Zoom(1.5, f.width/2, f.height/2)
	case Out:
		f.Zoom(1/1.5, f.width/2, f.height/2)
	case Fit:
		f.Zoom(1/f.zoom, 0, 0)
	case More:
		f.threshold, f.stale = max(0, f.threshold-0.05), true
	case Fewer:
		f.threshold, f.stale = min(1, f.threshold+0.05), true
	case Next:
		for i, by := range Quantities {
			if by == f.by {
				f.SetBy(Quantities[(i+1)%len(Quantities)], now)
				break
			}
		}
	default:
		switch f.name {
		case "heads":
			return f.moveHead(key, now)
		case "tree":
			return f.take(f.moveNode(key), now)
		case "curves":
			return f.moveReading(key)
		case "scatter":
			return f.moveCluster(key)
		}
		return f.moveStep(key, now)
	}
	return nil
}

func (f *Figure) moveStep(key Key, now time.Time) *session.Selection {
	n, i := len(f.trace.Steps), f.step()+1 // 0 for none
	if f.name == "matrix" && (key == Up || key == Down) {
		if key == Down {
			f.row = min(f.ranges()-1, f.row+1)
		} else {
			f.row = max(0, f.row-1)
		}
		f.stale = true
		return nil
	}
	switch key {
	case Left, Up:
		if i--; i < 0 {
			i = n
		}
	case Right, Down:
		i++
	case First:
		i = 1
	case Last:
		i = n
	}
	return f.take(f.selectStep(max(1, min(n, i))), now)
}

func (f *Figure) moveHead(key Key, now time.Time) *session.Selection {
	s, layers, heads := f.selection, f.trace.Layers, f.trace.Heads
	if f.ofProbe() {
		layers, heads = f.probe.Layers, f.probe.Heads
	}
	if layers == 0 || heads == 0 {
		return nil
	}
	if s.Layer < 0 || s.Head < 0 {
		s.Layer, s.Head = 0, 0
		return f.take(&s, now)
	}
	switch key {
	case Left:
		s.Head--
	case Right:
		s.Head++
	case Up:
		s.Layer--
	case Down:
		s.Layer++
	case First:
		s.Head = 0
	case Last:
		s.Head = heads - 1
	}
	s.Layer, s.Head = max(0, min(layers-1, s.Layer)), max(0, min(heads-1, s.Head))
	return f.take(&s, now)
}

// Zoomable says whether the figure has more to show than fits.
func (f *Figure) Zoomable() bool { return f.name == "arcs" || f.name == "matrix" || f.name == "tree" }

// Zoomed says whether there is more of the content than is in view.
func (f *Figure) Zoomed() bool { return f.zoom > 1 }

// Zoom makes the content larger by a factor about a point.
func (f *Figure) Zoom(factor, x, y float64) {
	if !f.Zoomable() {
		return
	}
	zoom := max(1, min(12, f.zoom*factor))
	factor = zoom / f.zoom
	ox, oy := f.origin()
	f.zoom, f.stale = zoom, true
	f.scrollTo((f.panX+x-ox)*factor-(x-ox), (f.panY+y-oy)*factor-(y-oy))
}

// Pan moves the content by pixels, and says whether there was anywhere to go.
func (f *Figure) Pan(dx, dy float64) bool {
	x, y := f.panX, f.panY
	f.scrollTo(x-dx, y-dy)
	return x != f.panX || y != f.panY
}

// reveal scrolls a range into view.
func (f *Figure) reveal(i int) {
	within := func(pan, begin, size, view float64) float64 { return max(begin+size-view, min(pan, begin)) }
	switch n := f.ranges(); {
	case f.name == "matrix":
		w, _ := f.cell(n)
		f.scrollTo(within(f.panX, float64(i)*w, w, f.matrixView().W), f.panY)
	case f.vertical:
		view := f.height - header - 4 - margin
		unit := view / float64(n) * f.zoom
		f.scrollTo(f.panX, within(f.panY, float64(i)*unit, unit, view))
	default:
		view := f.width - 2*margin
		unit := view / float64(n) * f.zoom
		f.scrollTo(within(f.panX, float64(i)*unit, unit, view), f.panY)
	}
}

// origin is where content that is not moved begins.
func (f *Figure) origin() (x, y float64) {
	switch f.name {
	case "matrix":
		return matrixLeft, matrixTop
	case "tree":
		return treeLeft, treeTop
	}
	return margin, header + 4
}

// scrollTo keeps the content within the figure.
func (f *Figure) scrollTo(x, y float64) {
	var roomX, roomY float64 // how much larger the content is than its place
	switch n := f.ranges(); {
	case f.name == "matrix":
		view := f.matrixView()
		w, h := f.cell(n)
		roomX, roomY = w*float64(n)-view.W, h*float64(n)-view.H
	case f.name == "tree":
		view := f.treeView()
		lanes := 1.0
		if len(f.values.now) > 0 {
			lanes = max(1, f.values.now[0])
		}
		roomX, roomY = view.W*(f.zoom-1), lanes*min(tallest, view.H/lanes)*f.zoom-view.H
	case f.name == "arcs" && f.vertical:
		roomY = (f.height - header - 4 - margin) * (f.zoom - 1)
	case f.name == "arcs":
		roomX = (f.width - 2*margin) * (f.zoom - 1)
	}
	x, y = max(0, min(x, roomX)), max(0, min(y, roomY))
	if x != f.panX || y != f.panY {
		f.panX, f.panY, f.stale = x, y, true
	}
}
