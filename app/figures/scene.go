package figures

import (
	"image/color"
	"math"

	"attnlab/app/session"
)

// Scene is what is to be seen, in CSS pixels: shapes from back to front, and what
// the pointer can meet.
type Scene struct {
	Ground  color.RGBA
	Shapes  []Shape
	Targets []Target
}

// Shape is one of [Fill], [Frame], [Arc], [Path], [Dot], [Label] and [Cells].
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
func (Dot) shape()   {}
func (Label) shape() {}
func (Cells) shape() {}

// Target is a place that explains itself under the pointer and selects when clicked.
type Target struct {
	Box                           // where it is, unless it has an Arc
	Arc    *Arc                   //
	Tip    func() []string        // what it says
	Select *session.Selection     // what a click selects, nil for nothing
	Click  func(x, y float64)     // what else a click does, nil for nothing
	key    struct{ row, col int } // ranges or head it stands for
}

// Contains says whether a point is in the box.
func (b Box) Contains(x, y float64) bool {
	return x >= b.X && x < b.X+b.W && y >= b.Y && y < b.Y+b.H
}

// Meet is what two boxes share; it has no area where they do not touch.
func (b Box) Meet(c Box) Box {
	x, y := max(b.X, c.X), max(b.Y, c.Y)
	return Box{x, y, max(0, min(b.X+b.W, c.X+c.W)-x), max(0, min(b.Y+b.H, c.Y+c.H)-y)}
}

// At is the index of the front-most target at a point, -1 for none. A line is met up
// to a finger's breadth away, reach in CSS pixels, the nearest first.
func (s Scene) At(x, y, reach float64) int {
	best, nearest := -1, reach
	for i, t := range s.Targets {
		if t.Arc == nil {
			if t.Contains(x, y) {
				best, nearest = i, 0
			}
		} else if d := t.Arc.distance(x, y); d <= nearest && nearest > 0 {
			best, nearest = i, d
		}
	}
	return best
}

// Point is where the arc is at t in 0..1.
func (a Arc) Point(t float64) (x, y float64) {
	// Half an ellipse: the chord is walked by a cosine and the bulge by a sine.
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

func (s *Scene) add(shapes ...Shape) { s.Shapes = append(s.Shapes, shapes...) }
