package figures

import (
	"fmt"
	"math"
	"slices"
	"time"

	"attnlab/app/figures/draw"
	"attnlab/app/session"
)

// arcs draws the rows of a trace in reading order on a line and an arc from each to those
// it looks back at.
type arcs struct {
	rows
	threshold float64 // arcs below this share of the largest are left out
	readers   int     // of each row, the strongest; 0 is all
}

// strongest is how many readers of a row have arcs at first.
const strongest = 3

func newArcs(v *View) Figure { return &arcs{newRows(v), 0.25, strongest} }

// Follows lists what the figure draws.
func (a *arcs) Follows() []string { return []string{"Trace", "HeadAttention", "Hover"} }

// Show takes a trace, the attention of a head, or the step that another screen points at.
func (a *arcs) Show(event any, now time.Time) {
	if a.show(event, now) && a.Zoomed() {
		l := a.line()
		at := float64(a.step()+1) * l.unit
		if l.vertical {
			a.Reveal(draw.Box{Y: at, H: l.unit})
		} else {
			a.Reveal(draw.Box{X: at, W: l.unit})
		}
	}
}

// Caption says what is drawn.
func (a *arcs) Caption() string {
	if a.count() < 2 {
		return "Arcs between steps: no trace yet."
	}
	grouped := ""
	if g := a.line().group(); g > 1 {
		grouped = fmt.Sprintf(" Of each %d neighbouring steps the strongest arc is drawn, %d in all; zoom in for more.", g, mostLinks)
	}
	return fmt.Sprintf("Arcs: which of %d steps looks back at which, %s, down to %s of the largest attention; %s are left out.%s", len(a.trace.Steps), a.source(), draw.Number(a.threshold), a.leftOut(), grouped)
}

// Table is every pair that can have an arc, also below the threshold.
func (a *arcs) Table() session.Table {
	return a.table(func(j, k int) bool { return !a.neighbours(j, k) })
}

// Key moves the step, and the threshold by More and Fewer. Next shows all readers, or the strongest again.
func (a *arcs) Key(key Key) bool {
	switch key {
	case More:
		a.threshold = max(0, a.threshold-0.05)
	case Fewer:
		a.threshold = min(1, a.threshold+0.05)
	case Next:
		a.readers = strongest - a.readers
	default:
		return a.moveStep(key)
	}
	return true
}

// Draw draws the line, the arcs, the steps, and below a horizontal line their FCI.
func (a *arcs) Draw(s *draw.Scene) {
	n := a.count()
	if n < 2 {
		s.Empty("No trace yet.", "Generate one, and its steps appear here.")
		return
	}
	largest := a.largest()
	ramp := a.heading(s, "Who looks back at whom", a.leftOut()+" left out", largest, false, s.Palette.Mark)
	if ramp.W > 0 {
		a.addThreshold(s, ramp)
	}
	l := a.line()
	base := draw.Arc{X0: l.from, Y0: l.across, X1: l.to, Y1: l.across, Width: 1, Color: s.Palette.Line}
	if l.vertical {
		base.X0, base.Y0, base.X1, base.Y1 = l.across, l.from, l.across, l.to
	}
	s.Add(base)
	focus := a.focused()
	for i := range n {
		s.AddTarget(a.rowTarget(l.slot(i), i))
	}
	a.addArcs(s, n, largest, focus, l)
	for i := range n {
		a.addNode(s, i, focus, l)
	}
	if l.bars > 0 {
		a.addBars(s, focus, l)
	}
}

// Of a long trace mostLinks arcs are drawn, and mostOwn of the focused step.
const mostLinks, mostOwn = 150, 40

// grouped leaves one link, the strongest, between two groups of so many neighbouring rows. links has the weakest first, and so has what
// is left.
func grouped(links []session.Link, group int) (left []session.Link) {
	seen := map[[2]int]bool{}
	for _, k := range slices.Backward(links) {
		if at := [2]int{k.Reader / group, k.Read / group}; !seen[at] {
			seen[at] = true
			left = append(left, k)
		}
	}
	slices.Reverse(left)
	return left
}

// addThreshold marks the threshold on the legend. A press there moves it.
func (a *arcs) addThreshold(s *draw.Scene, ramp draw.Box) {
	x := ramp.X + a.threshold*ramp.W
	s.Add(draw.Fill{Box: draw.Box{X: math.Round(x) - 1, Y: ramp.Y - 3, W: 2, H: ramp.H + 6}, Color: s.Palette.Ink})
	s.AddTarget(draw.Target{Box: draw.Box{X: ramp.X - 6, W: ramp.W + 12, H: 26}, Row: -2, Col: -1, // of no row
		Tip: func() []string {
			return []string{"Arcs weaker than " + draw.Number(a.threshold) + " of the largest", "are left out; press to change."}
		},
		Press: func(x, _ float64) { a.threshold = math.Round(20*max(0, min(1, (x-ramp.X)/ramp.W))) / 20 }})
}

// addArcs draws weak ones first, each with an arrow at the row that is looked at. Of the focused row all arcs are shown down to a
// fifth of the threshold: coloured to it, muted from it.
func (a *arcs) addArcs(s *draw.Scene, n int, largest float64, focus int, l line) {
	if focus >= n { // of a longer trace before
		focus = -1
	}
	touches := func(k session.Link) bool { return focus >= 0 && (k.Reader == focus || k.Read == focus) }
	var links, near []session.Link
	for _, k := range session.Links(n, a.apart(), a.readers, a.shown) {
		if k.Attention >= a.threshold*largest && !touches(k) && (l.sees(k.Reader) || l.sees(k.Read)) {
			links = append(links, k)
		}
	}
	if focus >= 0 {
		near = session.LinksOf(focus, n, a.apart(), a.threshold/5*largest, a.shown)
	}
	if g := l.group(); g > 1 {
		links, near = grouped(links, g), near[max(0, len(near)-mostOwn):]
		links = links[max(0, len(links)-mostLinks):]
	}
	links = append(links[max(0, len(links)-600):], near...)
	var top []draw.Shape // the arc under the pointer is in front
	for _, k := range links {
		share := min(1, k.Attention/max(largest, 1e-12))
		arc := l.arc(k.Reader, k.Read)
		arc.Width, arc.Color = 0.75+3.5*share, s.Palette.Mark(share)
		switch {
		case focus >= 0 && !touches(k):
			arc.Width, arc.Color = 1, s.Palette.Line
		case k.Reader == focus:
			arc.Color = s.Palette.Muted
		}
		under := a.under != nil && a.under.Arc != nil && a.Hovered(k.Reader, k.Read)
		if under {
			arc.Width, arc.Color = arc.Width+1, s.Palette.Ink
		}
		shapes := append([]draw.Shape{arc}, l.arrow(arc)...)
		t := a.pairTarget(draw.Box{}, k.Reader, k.Read)
		t.Arc = &arc
		s.AddTarget(t)
		if under {
			top = append(top, shapes...)
		} else {
			s.Add(shapes...)
		}
	}
	s.Add(top...)
}

// addNode draws a row: badge and number, and its text beside a vertical line.
func (a *arcs) addNode(s *draw.Scene, i, focus int, l line) {
	if !l.sees(i) {
		return
	}
	ink := s.Palette.Muted
	if i == focus {
		ink = s.Palette.Ink
	}
	w, x := min(16, l.unit-2), l.at(i)
	if near := focus >= 0 && math.Abs(l.at(i)-l.at(focus)) < 14; l.group() > 1 && i != focus && (i%l.tick() != 0 || near) {
		return // of a long trace some rows are named
	}
	w = max(3, w)
	box := draw.Box{X: x - w/2, Y: l.across + 5, W: w, H: 16}
	if l.vertical {
		box = draw.Box{X: l.across - 20, Y: x - w/2, W: 16, H: w}
	}
	a.badge(s, i, box)
	if a.step() >= 0 && a.step()+1 == i {
		s.Add(draw.Frame{Box: box.Grow(2), Width: 2, Color: s.Palette.Accent})
	}
	name := draw.Label{X: x, Y: l.across + 34, Text: a.shortName(i), Size: draw.Small, Mono: true, Align: 0.5, Color: ink}
	isStep := i > 0 && i <= len(a.trace.Steps)
	if l.vertical {
		if l.unit < 12 && l.group() == 1 {
			return
		}
		name.X, name.Y, name.Align = draw.Margin+24, x+4, 1
		s.Add(name)
		if isStep {
			text := draw.Fit(a.stepText(i), true, draw.Small, box.X-draw.Margin-36)
			s.Add(draw.Label{X: draw.Margin + 32, Y: x + 4, Text: text, Size: draw.Small, Mono: true, Color: ink})
		}
		return
	}
	// Numbers that would touch their neighbours are left out, but not the focused one.
	every := 1 + int(18/max(1, l.unit))
	if l.group() > 1 {
		every = l.tick()
	}
	crowded := focus > 0 && i != focus && max(i-focus, focus-i) < every
	if isStep && i%every == 0 && !crowded || i == focus {
		s.Add(name)
	}
}

// addBars draws the FCI of each step below the line, in the selected head or its maximum
// over heads.
func (a *arcs) addBars(s *draw.Scene, focus int, l line) {
	top := l.across + 42
	var largest float64
	for k := range a.trace.Steps {
		if fci, _ := a.fci(k); fci > largest && !math.IsInf(fci, 0) {
			largest = fci
		}
	}
	s.Add(draw.Arc{X0: l.from, Y0: top, X1: l.to, Y1: top, Width: 1, Color: s.Palette.Line})
	for k := range a.trace.Steps {
		fci, _ := a.fci(k)
		if w := max(1, min(16, l.unit-2)); !a.trace.Scored(k) {
			if l.sees(k + 1) {
				s.Hatch(draw.Box{X: l.at(k+1) - w/2, Y: top + 1, W: w, H: min(10, l.bars-2)}, s.Palette.Line)
			}
			continue
		}
		if share := fci / largest; largest > 0 && share <= 1 && l.sees(k+1) {
			w := max(1, min(16, l.unit-2))
			fill := s.Palette.Mark(share)
			if focus >= 0 && focus != k+1 {
				fill = s.Palette.Muted
			}
			s.Add(draw.Fill{Box: draw.Box{X: l.at(k+1) - w/2, Y: top + 1, W: w, H: max(1, (l.bars-2)*share)}, Color: fill})
		}
	}
	s.Add(draw.Label{X: l.to, Y: s.Height - 6, Text: "FCI, longest bar " + draw.Number(largest), Size: draw.Small, Align: 1, Color: s.Palette.Muted})
}
