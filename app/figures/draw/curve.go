package draw

import (
	"image/color"
	"math"
)

// Curve draws a line through values. It breaks at a value that is not finite and before
// each i with breaks[i]; a value alone between two breaks is a dot. Where a pixel has many
// values the line goes through their extremes, or through their mean if they are smooth.
// Lengths: x, y [N]; breaks [N] or nil.
func (s *Scene) Curve(p Plot, x, y []float64, breaks []bool, smooth bool, width float64, c color.RGBA) {
	var points [][2]float64
	end := func() {
		switch {
		case len(points) == 1 || len(points) == 2 && points[0] == points[1]:
			s.Add(Dot{points[0][0], points[0][1], max(1.25, width*0.9), c})
		case len(points) > 1:
			s.Add(Path{points, width, c})
		}
		points = nil
	}
	dense := float64(len(x)) > 2*p.W
	column, sum, n := math.NaN(), 0.0, 0.0
	for i := range x {
		known := finite(x[i]) && finite(y[i])
		if !known || breaks != nil && breaks[i] {
			end()
			column = math.NaN()
		}
		if !known {
			continue
		}
		px, py := p.At(x[i], y[i])
		if !dense {
			points = append(points, [2]float64{px, py})
			continue
		}
		if px = math.Floor(px); px != column {
			column, sum, n = px, 0, 0
			points = append(points, [2]float64{px, py}, [2]float64{px, py})
		}
		low, high := &points[len(points)-2][1], &points[len(points)-1][1]
		if sum, n = sum+py, n+1; smooth {
			*low, *high = sum/n, sum/n
		} else {
			*low, *high = min(*low, py), max(*high, py)
		}
	}
	end()
}

// Faint is a colour most of the way to the paper.
func Faint(c, paper color.RGBA) color.RGBA {
	mix := func(a, b uint8) uint8 { return uint8((3*int(a) + 7*int(b)) / 10) }
	return color.RGBA{mix(c.R, paper.R), mix(c.G, paper.G), mix(c.B, paper.B), 255}
}
