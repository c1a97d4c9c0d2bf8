package figures

import (
	"math"

	"attnlab/app/figures/draw"
)

// line is where the rows of a trace stand: from left to right, or from top to bottom if that
// leaves more pixels to a row.
type line struct {
	vertical    bool
	first, unit float64 // centre of row 0, and from one row to the next
	across      float64 // coordinate of the line on the other axis
	most        float64 // how far arcs can bulge
	span        float64 // largest bulge in use
	bars        float64 // height of the bars below, 0 for none
	n           int
	from, to    float64 // what is visible along the line
	size        draw.Box
}

// isVertical reports whether the line goes down.
func (a *arcs) isVertical() bool {
	return (a.Width-2*draw.Margin)/float64(a.count()) < 19 && a.Height > a.Width
}

// Content is the place and the size of the line.
func (a *arcs) Content() (view draw.Box, width, height float64) {
	view = draw.Box{X: draw.Margin, Y: draw.Header + 4, W: a.Width - 2*draw.Margin, H: a.Height - draw.Header - 4 - draw.Margin}
	if a.isVertical() {
		return view, view.W, view.H * a.zoom
	}
	return view, view.W * a.zoom, view.H
}

func (a *arcs) line() line {
	l := line{vertical: a.isVertical(), n: a.count(), size: draw.Box{W: a.Width, H: a.Height}}
	scroll := a.panX
	if l.vertical {
		l.from, l.to, scroll = draw.Header+4, a.Height-draw.Margin, a.panY
		l.across, l.most = 0.42*a.Width, 0.58*a.Width-draw.Margin
	} else {
		l.from, l.to = draw.Margin, a.Width-draw.Margin
		if a.Height >= 230 {
			l.bars = min(44, a.Height/7)
		}
		l.across = a.Height - 42 - l.bars
		if l.bars > 0 {
			l.across -= 12
		}
		l.most = l.across - draw.Header - 6
	}
	l.unit = (l.to - l.from) / float64(l.n) * a.zoom
	l.first = l.from + l.unit/2 - scroll
	l.span = min(l.most, 0.6*float64(l.n-1)*l.unit)
	return l
}

// at is the centre of a row along the line.
func (l line) at(i int) float64 { return l.first + float64(i)*l.unit }

// group is how many neighbouring rows share an arc: as many as are leastUnit pixels long.
func (l line) group() int {
	if l.n <= manyRows {
		return 1
	}
	return max(1, int(math.Ceil(leastUnit/l.unit-1e-9)))
}

// tick is how many rows lie between two that are named.
func (l line) tick() int {
	for _, every := range []int{1, 2, 5, 10, 20, 50, 100, 200, 500} {
		if float64(every)*l.unit >= 30 {
			return every
		}
	}
	return 1000
}

// leastUnit is the least distance of two arcs, in pixels.
const leastUnit = 6.0

// sees reports whether a row is in the visible part of the line.
func (l line) sees(i int) bool { return l.at(i) > l.from-1 && l.at(i) < l.to+1 }

// slot is all that belongs to a row across the line.
func (l line) slot(i int) draw.Box {
	if l.vertical {
		return draw.Box{Y: l.at(i) - l.unit/2, W: l.across + 6, H: l.unit}.Meet(draw.Box{Y: l.from, W: l.size.W, H: l.to - l.from})
	}
	return draw.Box{X: l.at(i) - l.unit/2, Y: l.across - 6, W: l.unit, H: l.size.H - l.across}.Meet(draw.Box{X: l.from, W: l.to - l.from, H: l.size.H})
}

// arc goes from row j back to row k. The further, the higher.
func (l line) arc(j, k int) draw.Arc {
	// A power below one keeps neighbours apart from the line when far arcs are squashed.
	high := l.span * math.Pow(float64(j-k)/float64(l.n-1), 0.85)
	if l.vertical {
		return draw.Arc{X0: l.across, Y0: l.at(j), X1: l.across, Y1: l.at(k), BX: high}
	}
	return draw.Arc{X0: l.at(j), Y0: l.across, X1: l.at(k), Y1: l.across, BY: -high}
}

// arrow is the head of an arc, where it meets the row that is looked at.
func (l line) arrow(a draw.Arc) []draw.Shape {
	const long, wide = 6.0, 3.0
	x, y := a.X1, a.Y1
	if l.vertical {
		return []draw.Shape{draw.Line(x+long, y-wide, x, y, 1.5, a.Color), draw.Line(x+long, y+wide, x, y, 1.5, a.Color)}
	}
	return []draw.Shape{draw.Line(x-wide, y-long, x, y, 1.5, a.Color), draw.Line(x+wide, y-long, x, y, 1.5, a.Color)}
}
