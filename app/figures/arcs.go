package figures

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// arcs draws the steps in reading order on a line and an arc from each to those it
// looks back at: from left to right, or from top to bottom where that leaves more
// room for a step.
func (f *Figure) arcs() {
	n := f.ranges()
	if n < 2 {
		f.empty("No trace yet.", "Generate one, and its steps appear here.")
		return
	}
	largest := f.largest(n)
	f.heading("Who looks back at whom", largest, f.palette.Mark, func(share float64) { f.threshold, f.stale = share, true })
	f.vertical = (f.width-2*margin)/float64(n) < 19 && f.height > f.width
	axis := f.axis(n)
	f.scene.add(axis.base)

	focus := f.focused()
	for i := range n {
		f.scene.Targets = append(f.scene.Targets, target(axis.slot(i), func() []string { return f.stepTip(i) }, f.selectStep(i), i, i))
	}
	f.addArcs(n, largest, focus, axis)
	for i := range n {
		f.addNode(i, focus, axis)
	}
	if axis.bars > 0 {
		f.addBars(n, focus, axis)
	}
}

// axis is the line that the steps stand on.
type axis struct {
	vertical    bool
	first, unit float64 // centre of range 0, and from one to the next
	line        float64 // where the arcs stand
	room        float64 // how far they can bulge
	span        float64 // largest bulge in use
	bars        float64 // height left for the bars below
	n           int
	base        Arc
	size        Box
	from, to    float64 // what is visible along it
}

func (f *Figure) axis(n int) axis {
	a := axis{vertical: f.vertical, n: n, size: Box{0, 0, f.width, f.height}}
	if a.vertical {
		a.from, a.to = header+4, f.height-margin
		a.line, a.room = 0.42*f.width, 0.58*f.width-margin
	} else {
		a.from, a.to = margin, f.width-margin
		if f.height >= 230 {
			a.bars = min(44, f.height/7)
		}
		a.line = f.height - 42 - a.bars
		if a.bars > 0 {
			a.line -= 12
		}
		a.room = a.line - header - 6
	}
	a.unit = (a.to - a.from) / float64(n) * f.zoom
	scroll := f.panX
	if a.vertical {
		scroll = f.panY
	}
	a.first = a.from + a.unit/2 - scroll
	a.span = min(a.room, 0.6*float64(n-1)*a.unit)
	a.base = Arc{a.from, a.line, a.to, a.line, 0, 0, 1, f.palette.Line}
	if a.vertical {
		a.base = Arc{a.line, a.from, a.line, a.to, 0, 0, 1, f.palette.Line}
	}
	return a
}

func (a axis) at(i int) float64 { return a.first + float64(i)*a.unit }

// seen says whether a range stands in the visible part of the axis.
func (a axis) seen(i int) bool { return a.at(i) > a.from-1 && a.at(i) < a.to+1 }

// slot is all that belongs to a range across the axis.
func (a axis) slot(i int) Box {
	if a.vertical {
		return Box{0, a.at(i) - a.unit/2, a.line + 6, a.unit}.Meet(Box{0, a.from, a.size.W, a.to - a.from})
	}
	return Box{a.at(i) - a.unit/2, a.line - 6, a.unit, a.size.H - a.line}.Meet(Box{a.from, 0, a.to - a.from, a.size.H})
}

// arc goes from range j back to k; the further, the higher.
func (a axis) arc(j, k int) Arc {
	// A power below one keeps neighbours apart from the line where far arcs are squashed.
	high := a.span * math.Pow(float64(j-k)/float64(a.n-1), 0.85)
	if a.vertical {
		return Arc{X0: a.line, Y0: a.at(j), X1: a.line, Y1: a.at(k), BX: high}
	}
	return Arc{X0: a.at(j), Y0: a.line, X1: a.at(k), Y1: a.line, BY: -high}
}

// focused is the range that is under the pointer here or on another screen, or else
// selected, -1 for none.
func (f *Figure) focused() int {
	if t := f.under; t != nil && t.key.row == t.key.col {
		return t.key.row
	}
	if f.hovered >= 0 && f.hovered < len(f.trace.Steps) {
		return f.hovered + 1
	}
	if step := f.step(); step >= 0 {
		return step + 1
	}
	return -1
}

// largest is the largest drawn weight from a range to an earlier one.
func (f *Figure) largest(n int) float64 {
	var largest float64
	for j := range n {
		for k := range j {
			if j-k >= max(1, f.trace.Delta) || f.name == "matrix" {
				largest = max(largest, f.shown(j, k))
			}
		}
	}
	return largest
}

// addArcs draws weak ones first; those of the focused range are shown down to a fifth
// of the threshold. Pairs nearer than Δ do not count in a step's FCI;
// they have no colour and no arc.
func (f *Figure) addArcs(n int, largest float64, focus int, axis axis) {
	type link struct {
		j, k  int
		share float64
	}
	var links []link
	for j := range n {
		for k := range max(0, j+1-max(1, f.trace.Delta)) {
			share := f.shown(j, k) / max(largest, 1e-12)
			least := f.threshold
			if focus >= 0 && (j == focus || k == focus) {
				least /= 5
			}
			if share >= least && share > 0 && (axis.seen(j) || axis.seen(k)) {
				links = append(links, link{j, k, share})
			}
		}
	}
	touches := func(l link) bool { return focus < 0 || l.j == focus || l.k == focus }
	slices.SortStableFunc(links, func(a, b link) int {
		if touches(a) != touches(b) {
			if touches(b) {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.share, b.share)
	})
	hovered := f.under
	var top []Shape // the arc under the pointer is in front
	for _, l := range links[max(0, len(links)-600):] {
		arc := axis.arc(l.j, l.k)
		arc.Width, arc.Color = 0.75+3.5*l.share, f.palette.Mark(l.share)
		if !touches(l) {
			arc.Width, arc.Color = 1, f.palette.Line
		}
		if hovered != nil && hovered.Arc != nil && hovered.key.row == l.j && hovered.key.col == l.k {
			arc.Width, arc.Color = arc.Width+1, f.palette.Ink
			top = append(top, arc)
		}
		t := target(Box{}, func() []string { return f.pairTip(l.j, l.k) }, f.selectStep(l.k), l.j, l.k)
		t.Arc = &arc
		f.scene.add(arc)
		f.scene.Targets = append(f.scene.Targets, t)
	}
	f.scene.add(top...)
}

// addNode draws a range: badge and number, and its text where the line goes down.
func (f *Figure) addNode(i, focus int, a axis) {
	if !a.seen(i) {
		return
	}
	p, chosen := f.palette, f.step() >= 0 && f.step()+1 == i
	ink := p.Muted
	if i == focus {
		ink = p.Ink
	}
	w := min(16, a.unit-2)
	name := f.shortName(i)
	if a.vertical {
		h := min(16, a.unit-2)
		box := Box{a.line - 20, a.at(i) - h/2, 16, h}
		f.drawBadge(i, box)
		if chosen {
			f.scene.add(Frame{Box{box.X - 2, box.Y - 2, box.W + 4, box.H + 4}, 2, p.Accent})
		}
		if a.unit >= 12 {
			f.scene.add(Label{X: margin + 16, Y: a.at(i) + 4, Text: name, Size: small, Mono: true, Align: 1, Color: ink})
			if i > 0 && i <= len(f.trace.Steps) {
				text := fit(f.stepText(i), true, small, box.X-margin-28)
				f.scene.add(Label{X: margin + 24, Y: a.at(i) + 4, Text: text, Size: small, Mono: true, Color: ink})
			}
		}
		return
	}
	box := Box{a.at(i) - w/2, a.line + 5, w, 16}
	f.drawBadge(i, box)
	if chosen {
		f.scene.add(Frame{Box{box.X - 2, box.Y - 2, box.W + 4, box.H + 4}, 2, p.Accent})
	}
	// Numbers that would touch their neighbours are left out, but not the one looked at.
	every := 1 + int(18/max(1, a.unit))
	if (i > 0 && i <= len(f.trace.Steps) && i%every == 0 && !(focus > 0 && i != focus && abs(i-focus) < every)) || i == focus {
		f.scene.add(Label{X: a.at(i), Y: a.line + 34, Text: name, Size: small, Mono: true, Align: 0.5, Color: ink})
	}
}

// addBars draws the FCI of each step below the line, of the chosen head or the
// maximum over heads.
func (f *Figure) addBars(n, focus int, a axis) {
	top := a.line + 42
	var largest float64
	for k := range f.trace.Steps {
		fci, _ := f.fci(k)
		largest = max(largest, fci)
	}
	f.scene.add(Arc{a.from, top, a.to, top, 0, 0, 1, f.palette.Line})
	for k := range f.trace.Steps {
		fci, _ := f.fci(k)
		if largest == 0 || !a.seen(k+1) {
			continue
		}
		w := min(16, a.unit-2)
		fill := f.palette.Mark(fci / largest)
		if focus >= 0 && focus != k+1 {
			fill = f.palette.Muted
		}
		f.scene.add(Fill{Box{a.at(k+1) - w/2, top + 1, w, max(1, (a.bars-2)*fci/largest)}, fill})
	}
	f.scene.add(Label{X: a.to, Y: f.height - 6, Text: "FCI, longest bar " + number(largest), Size: small, Align: 1, Color: f.palette.Muted})
}

func (f *Figure) shortName(i int) string {
	switch {
	case i == 0:
		return "P"
	case i > len(f.trace.Steps):
		return "A"
	}
	return fmt.Sprint(i)
}

func abs(x int) int { return max(x, -x) }
