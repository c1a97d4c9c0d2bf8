package draw

import "image/color"

// Hatch fills a box with slanted lines: there is no number here, which is another thing than 0. The lines lie on one grid for the
// whole scene, so that neighbouring boxes join.
func (s *Scene) Hatch(b Box, c color.RGBA) {
	const apart = 5.0
	if b.W <= 0 || b.H <= 0 {
		return
	}
	first := apart * float64(int((b.X+b.Y)/apart))
	for sum := first; sum < b.X+b.W+b.Y+b.H; sum += apart { // the line x + y = sum, cut to the box
		x0, x1 := max(b.X, sum-b.Y-b.H), min(b.X+b.W, sum-b.Y)
		if x1 > x0 {
			s.Add(Line(x0, sum-x0, x1, sum-x1, 1, c))
		}
	}
}
