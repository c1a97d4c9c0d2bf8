// Package figures is what the lab draws: of attention the arcs over the steps of a
// trace, the matrix of steps and the grid of heads; the branch tree; and of runs their
// curves and accuracy against length. A [Figure] turns snapshots and input
// into a [Scene] of plain shapes; package screen puts those on a screen. Figures
// never compute a score.
package figures

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"attnlab/app/session"
	"attnlab/app/theme"
)

// Names lists the figures.
var Names = []string{"arcs", "matrix", "heads", "tree", "curves", "scatter"}

const (
	margin   = 12.0
	small    = 11.0 // text sizes
	normal   = 12.0
	header   = 40.0
	reach    = 9.0                    // how near a pointer is to an arc that it is at
	explains = 200 * time.Millisecond // a change moves as long as this
	live     = 400 * time.Millisecond // snapshots closer than this do not move: they are the motion
	pace     = 100 * time.Millisecond // runs are not drawn more often, but for a pointer or a key
)

// Figure is one figure and all that it shows. It is used by one goroutine.
type Figure struct {
	name      string
	width     float64 // in CSS pixels
	height    float64
	palette   theme.Palette
	still     bool // no motion
	trace     session.Trace
	late      session.HeadAttention // the last one that came: it may come before its trace
	probe     session.HeadsView
	growth    growth
	history   history
	selection session.Selection
	hovered   int // step that another screen points at, -1 for none

	by        string  // heads: what colours them, one of Quantities
	threshold float64 // arcs: weights below this share of the largest are left out
	zoom      float64 // 1 shows all
	panX      float64 // how far the content is moved to the left and up
	panY      float64

	pointed  bool
	px, py   float64
	row      int // matrix: the range whose row the keyboard is in; scatter: the chosen point; -1 for none
	values   eased
	arrived  time.Time // of the last trace
	scene    Scene
	stale    bool
	news     bool      // there is more to draw, at the pace of runs
	drawn    time.Time // when the scene was made
	under    *Target   // what is under the pointer
	choice   string    // a quantity just chosen by a click
	vertical bool      // arcs: the line goes down
}

// New makes a figure by name.
func New(name string) (*Figure, error) {
	if !slices.Contains(Names, name) {
		return nil, fmt.Errorf("figures: there is no figure %.30q; there are %s", name, strings.Join(Names, ", "))
	}
	return &Figure{name: name, palette: theme.Light, selection: session.NoSelection, hovered: -1, by: Quantities[0],
		threshold: 0.25, zoom: 1, row: -1, history: history{cursor: math.NaN()}, stale: true}, nil
}

// Name is the figure's name.
func (f *Figure) Name() string { return f.name }

// Follows are the kinds of snapshots that the figure draws, besides selections.
func (f *Figure) Follows() []string {
	switch f.name {
	case "heads":
		return []string{"Trace", "HeadsView"}
	case "tree":
		return []string{"Tree"}
	case "curves", "scatter":
		return []string{"Run", "Runs"}
	}
	return []string{"Trace", "HeadAttention"}
}

// Show takes what travels in a session; what the figure does not draw changes nothing.
func (f *Figure) Show(event any, now time.Time) {
	switch event.(type) {
	case nil:
		return
	case session.Selection, session.Select, session.Hover:
	default:
		if !slices.Contains(f.Follows(), session.Kind(event)) {
			return
		}
	}
	switch e := event.(type) {
	case session.Trace:
		if len(e.Attention) == 0 { // not scored yet
			e.Layers, e.Heads, e.Of, e.FCIHeads, e.Focus, e.FCI = 0, 0, nil, nil, nil, make([]float64, len(e.Steps))
		}
		if !consistent(e) {
			return
		}
		if e.Seed != f.trace.Seed || len(e.Tokens) < len(f.trace.Tokens) {
			f.zoom, f.panX, f.panY = 1, 0, 0
		}
		f.trace = e
		f.trace.Take(f.late)
		f.move(now, now.Sub(f.arrived) < live)
		f.arrived = now
	case session.HeadAttention:
		f.late = e
		if f.trace.Take(e) {
			f.move(now, false)
		}
	case session.HeadsView:
		if n := e.Layers * e.Heads; len(e.SRA) != n || len(e.Kurtosis) != n || len(e.MeanFCI) != n {
			return
		}
		f.probe = e
		f.move(now, true)
	case session.Tree:
		f.grow(e, now)
	case session.Run:
		f.history.run = e
		f.rescale(now)
	case session.Runs:
		f.history.runs = e
		f.rescale(now)
	case session.Selection:
		f.choose(e, now)
	case session.Select: // of another screen; true at once, whether or not an engine is there
		f.choose(e.Selection, now)
	case session.Hover:
		if e.Step != f.hovered && (f.name == "arcs" || f.name == "matrix") {
			f.hovered, f.stale = e.Step, true
		}
	}
}

// consistent says whether a snapshot has all it must, so that a damaged one is not drawn.
func consistent(t session.Trace) bool {
	square, heads, steps := t.Ranges()*t.Ranges(), t.Layers*t.Heads, len(t.Steps)
	if heads == 0 {
		square = 0
	}
	return t.Layers >= 0 && t.Heads >= 0 && len(t.Attention) == square && len(t.Of) == square && len(t.FCI) == steps &&
		len(t.FCIHeads) == heads*steps && len(t.Focus) == heads*steps
}

func (f *Figure) choose(s session.Selection, now time.Time) {
	if s != f.selection {
		moved, other := s.Step != f.selection.Step, s.Node != f.selection.Node
		f.selection, f.stale = s, true
		f.move(now, false)
		if other && f.name == "tree" && f.Zoomed() {
			f.revealNode()
		}
		if moved && f.step() >= 0 && f.Zoomed() {
			f.reveal(f.step() + 1)
		}
	}
}

// Resize tells the figure its size in CSS pixels.
func (f *Figure) Resize(width, height float64) {
	if width != f.width || height != f.height {
		f.width, f.height, f.stale = width, height, true
		f.scrollTo(f.panX, f.panY)
	}
}

// SetDark chooses the palette.
func (f *Figure) SetDark(dark bool) {
	f.palette, f.stale = theme.Light, true
	if dark {
		f.palette = theme.Dark
	}
}

// SetStill says that the visitor wants no motion.
func (f *Figure) SetStill(still bool) { f.still = still }

// SetBy chooses what colours the heads; an unknown name changes nothing.
func (f *Figure) SetBy(by string, now time.Time) {
	if slices.Contains(Quantities, by) && by != f.by {
		f.by = by
		f.move(now, false)
	}
}

// move lets the drawn values go to what is now true, or jumps there.
func (f *Figure) move(now time.Time, jump bool) {
	f.stale = true
	if values := f.truth(); f.still || jump || len(values) == 0 {
		f.values.jump(values)
	} else {
		f.values.start(values, now)
	}
}

// Scene is what to draw now, whether that is news since the last call, and whether
// there will be more to draw without any input.
func (f *Figure) Scene(now time.Time) (scene Scene, changed, moving bool) {
	moving = f.values.step(now)
	f.news = f.news || moving
	if paced := f.name == "curves" || f.name == "scatter"; f.news && !(paced && now.Sub(f.drawn) < pace) {
		f.stale = true
	}
	if !f.stale {
		return f.scene, false, f.news
	}
	f.stale, f.news, f.drawn = false, false, now
	before := f.met()
	f.layout()
	// With the data, what is under a resting pointer can have changed.
	if f.point(); f.met() != before {
		f.layout()
		f.point()
	}
	f.tip()
	return f.scene, true, moving
}

func (f *Figure) layout() {
	f.scene = Scene{Ground: f.palette.Surface}
	if f.width < 80 || f.height < 60 {
		return // nothing could be read
	}
	switch f.name {
	case "arcs":
		f.arcs()
	case "matrix":
		f.matrix()
	case "heads":
		f.grid()
	case "tree":
		f.branches()
	case "curves":
		f.curves()
	case "scatter":
		f.scatter()
	}
}

// meeting is what the pointer is at, in words that outlive a layout.
type meeting struct {
	any, arc bool
	key      struct{ row, col int }
}

func (f *Figure) met() meeting {
	if f.under == nil {
		return meeting{}
	}
	return meeting{true, f.under.Arc != nil, f.under.key}
}

func (f *Figure) point() {
	f.under = nil
	if f.pointed {
		if i := f.scene.At(f.px, f.py, reach); i >= 0 {
			f.under = &f.scene.Targets[i]
		}
	}
}

// head says which head's attention is drawn: the selected one once its attention has come, else -1, -1 for the largest
// over all.
func (f *Figure) head() (layer, head int) {
	s, t := f.selection, f.trace
	if s.Layer >= 0 && s.Layer < t.Layers && s.Head >= 0 && s.Head < t.Heads && t.InHead(s.Layer, s.Head) != nil {
		return s.Layer, s.Head
	}
	return -1, -1
}

// step is the selected step, -1 for none.
func (f *Figure) step() int {
	if s := f.selection.Step; s >= 0 && s < len(f.trace.Steps) {
		return s
	}
	return -1
}

// eased are values on their way from what was shown to what is true.
type eased struct {
	from, to, now []float64
	began         time.Time
	moving        bool
}

func (e *eased) jump(to []float64) { e.to, e.now, e.moving = to, to, false }

// start sets out for new values; values that were not there yet grow from zero.
func (e *eased) start(to []float64, now time.Time) {
	if slices.Equal(e.to, to) {
		return
	}
	e.from = make([]float64, len(to))
	if len(e.now) == len(to) {
		copy(e.from, e.now)
	}
	e.to, e.now, e.began, e.moving = to, slices.Clone(e.from), now, true
}

// step brings the values to where they are at a time, and says whether that is a change.
func (e *eased) step(now time.Time) bool {
	if !e.moving {
		return false
	}
	t := now.Sub(e.began).Seconds() / explains.Seconds()
	if t >= 1 {
		e.jump(e.to)
		return true
	}
	t = 1 - math.Pow(1-max(0, t), 3) // sets out fast and arrives slowly
	for i := range e.now {
		e.now[i] = e.from[i] + t*(e.to[i]-e.from[i])
	}
	return true
}
