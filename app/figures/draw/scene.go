// Package draw is what figures are made of: a scene of plain shapes in CSS pixels, text and
// its width, axes, and the parts that all figures share. It knows no toolkit.
package draw

import (
	"image/color"
	"math"

	"attnlab/app/session"
	"attnlab/app/theme"
)

// Scene is a picture in CSS pixels: shapes from back to front on a ground of
// Palette.Surface, and what the pointer can meet.
type Scene struct {
	Width, Height float64
	Palette       theme.Palette
	Shapes        []Shape
	Targets       []Target
}

// Add puts shapes in front of those already there.
func (s *Scene) Add(shapes ...Shape) { s.Shapes = append(s.Shapes, shapes...) }

// AddTarget puts targets in front of those already there.
func (s *Scene) AddTarget(targets ...Target) { s.Targets = append(s.Targets, targets...) }

// Shape is one of [Fill], [Frame], [Arc], [Path], [Band], [Dot], [Label] and [Cells].
type Shape interface{ shape() }

type (
	// Box is a rectangle.
	Box struct{ X, Y, W, H float64 }
	// Fill is a filled rectangle.
	Fill struct {
		Box
		Color color.RGBA
	}
	// Frame is the inside edge of a rectangle.
	Frame struct {
		Box
		Width float64
		Color color.RGBA
	}
	// Arc is half an ellipse from one point to another, bulging by (BX, BY) at its
	// middle; a straight line where that is zero.
	Arc struct {
		X0, Y0, X1, Y1, BX, BY float64
		Width                  float64
		Color                  color.RGBA
	}
	// Path is a line through points, x and y, without gaps at its corners.
	Path struct {
		Points [][2]float64
		Width  float64
		Color  color.RGBA
	}
	// Band is the area between two lines through the same places: x, y of the upper and y of the lower line.
	Band struct {
		Points  [][3]float64
		Color   color.RGBA
		Opacity float64 // 0 to 1
	}
	// Dot is a disc about a point.
	Dot struct {
		X, Y, Radius float64
		Color        color.RGBA
	}
	// Label is one line of text with its baseline at Y.
	Label struct {
		X, Y  float64
		Text  string
		Size  float64
		Mono  bool
		Align float64 // 0 begins at X, 0.5 is centred on it, 1 ends there
		Color color.RGBA
	}
	// Cells are equal rectangles that fill a box row by row, seen through Clip.
	Cells struct {
		Box
		Columns, Rows int
		Colors        []color.RGBA // [Rows, Columns]
		Clip          Box
	}
)

func (Fill) shape()  {}
func (Frame) shape() {}
func (Arc) shape()   {}
func (Path) shape()  {}
func (Band) shape()  {}
func (Dot) shape()   {}
func (Label) shape() {}
func (Cells) shape() {}

// Target is a place that explains itself under the pointer and can be pressed.
type Target struct {
	Box                         // where it is, unless it has an Arc
	Arc      *Arc               //
	Row, Col int                // what it is the target of: the same after the next layout
	Tip      func() []string    // explanation, line by line
	Hover    *session.Hover     // sent to the other screens while the pointer is here, nil for nothing
	Select   *session.Selection // what a press selects, nil for nothing
	Press    func(x, y float64) // what a press does instead, nil for nothing
}

// Rect is a box from its top left corner and size.
func Rect(x, y, w, h float64) Box { return Box{x, y, w, h} }

// Line is a straight line between two points.
func Line(x0, y0, x1, y1, width float64, c color.RGBA) Arc {
	return Arc{x0, y0, x1, y1, 0, 0, width, c}
}

// Grow is the box with by more pixels on each side.
func (b Box) Grow(by float64) Box { return Box{b.X - by, b.Y - by, b.W + 2*by, b.H + 2*by} }

// Contains reports whether a point is in the box.
func (b Box) Contains(x, y float64) bool {
	return x >= b.X && x < b.X+b.W && y >= b.Y && y < b.Y+b.H
}

// Meet is the part that two boxes share. It has no area if they do not touch.
func (b Box) Meet(c Box) Box {
	x, y := max(b.X, c.X), max(b.Y, c.Y)
	return Box{x, y, max(0, min(b.X+b.W, c.X+c.W)-x), max(0, min(b.Y+b.H, c.Y+c.H)-y)}
}

// Reach is how far from the pointer, in CSS pixels, an arc is still met.
const Reach = 9.0

// At is the front-most target at a point, nil for none. A box wins over arcs behind it; of
// several arcs within [Reach] the nearest wins.
func (s *Scene) At(x, y float64) *Target {
	best, nearest := -1, Reach
	for i, t := range s.Targets {
		if t.Arc == nil {
			if t.Contains(x, y) {
				best, nearest = i, 0
			}
		} else if d := t.Arc.distance(x, y); d <= nearest && nearest > 0 {
			best, nearest = i, d
		}
	}
	if best < 0 {
		return nil
	}
	return &s.Targets[best]
}

// Point is where the arc is at t in 0..1.
func (a Arc) Point(t float64) (x, y float64) {
	// Half an ellipse: a cosine along the chord, a sine along the bulge.
	u, v := (1-math.Cos(math.Pi*t))/2, math.Sin(math.Pi*t)
	return a.X0 + u*(a.X1-a.X0) + v*a.BX, a.Y0 + u*(a.Y1-a.Y0) + v*a.BY
}

// distance from a point to the arc, taken as 32 straight pieces.
func (a Arc) distance(x, y float64) float64 {
	best := math.Inf(1)
	px, py := a.Point(0)
	for i := 1; i <= 32; i++ {
		qx, qy := a.Point(float64(i) / 32)
		dx, dy := qx-px, qy-py
		t := 0.0
		if n := dx*dx + dy*dy; n > 0 {
			t = min(1, max(0, ((x-px)*dx+(y-py)*dy)/n))
		}
		best = min(best, math.Hypot(x-px-t*dx, y-py-t*dy))
		px, py = qx, qy
	}
	return best
}
