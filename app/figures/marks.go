package figures

import (
	"cmp"
	"math"
	"slices"

	"attnlab/app/figures/draw"
)

// mark is a point of a plot that explains itself.
type mark struct {
	x, y float64 // pixels
	tip  []string
}

// marks are the points of a plot; the arrows go from one to the next, from left to right.
type marks struct {
	chosen int // mark that keys have chosen, counted from 1; 0 for none
	count  int // of the marks drawn last
}

// key chooses another mark.
func (m *marks) key(key Key) bool {
	switch key {
	case Back:
		m.chosen = 0
		return false
	case Left, Down:
		if m.chosen--; m.chosen < 0 {
			m.chosen = m.count
		}
	case Right, Up:
		m.chosen++
	case First:
		m.chosen = 1
	case Last:
		m.chosen = m.count
	case Enter:
	default:
		return false
	}
	m.chosen = max(0, min(m.count, m.chosen))
	return true
}

// add makes marks the targets of a scene, and explains the chosen one unless the pointer is on another.
func (m *marks) add(s *draw.Scene, v *View, list []mark) {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b mark) int { return cmp.Compare(a.x, b.x) })
	for i, one := range list {
		s.AddTarget(draw.Target{Box: draw.Rect(one.x-9, one.y-9, 18, 18), Row: i, Col: 1, Tip: func() []string { return one.tip }, Press: func(float64, float64) { m.chosen = i + 1 }})
	}
	if i := m.chosen - 1; v.under == nil && i >= 0 && i < len(list) {
		s.Explain(list[i].tip, list[i].x, list[i].y)
	}
}

// usable reports whether a number can be drawn on a logarithmic axis.
func usable(values ...float64) bool {
	return !slices.ContainsFunc(values, func(x float64) bool { return !(x > 1e-12 && x < 1e18) })
}

// lineBoxes are boxes over the line between two points, for names that must not cover it.
func lineBoxes(a, b [2]float64) (boxes []draw.Box) {
	n := min(200, 1+int((math.Abs(b[0]-a[0])+math.Abs(b[1]-a[1]))/6))
	for i := range n {
		t := float64(i) / float64(n)
		boxes = append(boxes, draw.Rect(a[0]+t*(b[0]-a[0])-3, a[1]+t*(b[1]-a[1])-3, 6, 6))
	}
	return boxes
}

// covered is the share of a box that others cover.
func covered(box draw.Box, others []draw.Box) (share float64) {
	for _, other := range others {
		m := box.Meet(other)
		share += m.W * m.H / max(1, box.W*box.H)
	}
	return share
}
