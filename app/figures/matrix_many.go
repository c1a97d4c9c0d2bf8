package figures

import (
	"fmt"
	"image/color"
	"math"

	"attnlab/app/figures/draw"
	"attnlab/app/theme"
)

// A matrix of more than manyRows rows is drawn in groups of neighbouring steps, so that a cell can be seen: of each group the largest. It
// falls apart into smaller groups, and then into steps, as one zooms in.
const (
	manyRows  = 100
	leastCell = 3.0 // pixels
)

// group is how many neighbouring steps a cell stands for.
func (m *matrix) group(n int) int {
	w, h := m.cell(n)
	return max(1, int(math.Ceil(leastCell/min(w, h)-1e-9)))
}

// strongest is the largest attention between two groups of rows, between which rows that is, and whether FCI counts it: what it counts
// comes first.
func (m *matrix) strongest(values []float64, n, group, row, col int) (reader, read int, v float64, counts bool) {
	reader, read = -1, -1
	stride, apart := m.trace.Ranges(), m.apart()
	for j := row * group; j < min(n, (row+1)*group); j++ {
		for k := col * group; k < min(n, (col+1)*group) && k <= j; k++ {
			x, far := values[j*stride+k], j-k >= apart
			if reader < 0 || far && !counts || far == counts && x > v {
				reader, read, v, counts = j, k, x, far
			}
		}
	}
	return reader, read, v, counts
}

// grid is the cells that were drawn last. Those of 300 steps take longer to find than all else in the picture.
type grid struct {
	group, r0, r1, c0, c1 int
	palette               theme.Palette
	largest               float64
	colors                []color.RGBA
}

// cells are the colours of some groups, and the end of their scale.
func (m *matrix) cells(values []float64, n int, want grid) grid {
	if old := m.drawn; old.colors != nil && old.palette == want.palette && [5]int{old.group, old.r0, old.r1, old.c0, old.c1} == [5]int{want.group, want.r0, want.r1, want.c0, want.c1} {
		return old
	}
	want.largest = m.largest()
	want.colors = make([]color.RGBA, 0, max(0, want.r1-want.r0)*max(0, want.c1-want.c0))
	for row := want.r0; row < want.r1; row++ {
		for col := want.c0; col < want.c1; col++ {
			fill := want.palette.Surface // nothing looks ahead
			if reader, _, v, counts := m.strongest(values, n, want.group, row, col); counts {
				fill = want.palette.Score(v / max(want.largest, 1e-12))
			} else if reader >= 0 {
				fill = want.palette.Line
			}
			want.colors = append(want.colors, fill)
		}
	}
	m.drawn = want
	return want
}

// drawMany draws the matrix in groups.
func (m *matrix) drawMany(s *draw.Scene, n int) {
	values := m.Values()
	if stride := m.trace.Ranges(); len(values) != stride*stride {
		return
	}
	view, g := m.view(), m.group(n)
	w, h := m.cell(n)
	body := draw.Box{X: view.X - m.panX, Y: view.Y - m.panY, W: w * float64(n), H: h * float64(n)}
	seen := body.Meet(view)
	note := m.leftOut() + " grey"
	if g > 1 {
		note = fmt.Sprintf("the largest of %d × %d steps; zoom for single steps", g, g)
	}
	first := func(from, size float64) int { return max(0, int(from/(size*float64(g)))) }
	last := func(to, size float64) int { return min((n+g-1)/g, 1+int(to/(size*float64(g)))) }
	cells := m.cells(values, n, grid{group: g, r0: first(m.panY, h), r1: last(m.panY+seen.H, h), c0: first(m.panX, w), c1: last(m.panX+seen.W, w), palette: s.Palette})
	m.heading(s, "Each row looks at columns", note, cells.largest, false, s.Palette.Score)
	if len(cells.colors) > 0 {
		size := float64(g)
		s.Add(draw.Cells{Box: draw.Box{X: body.X + float64(cells.c0)*size*w, Y: body.Y + float64(cells.r0)*size*h, W: float64(cells.c1-cells.c0) * size * w, H: float64(cells.r1-cells.r0) * size * h},
			Columns: cells.c1 - cells.c0, Rows: cells.r1 - cells.r0, Colors: cells.colors, Clip: seen})
	}
	m.addTicks(s, n, w, h, body, seen)
	frame := func(b draw.Box, width float64) {
		if b = b.Meet(seen); b.W > 0 && b.H > 0 {
			s.Add(draw.Frame{Box: b.Grow(1), Width: width, Color: s.Palette.Accent})
		}
	}
	if step := m.step(); step >= 0 {
		frame(draw.Box{X: body.X + float64(step+1)*w, Y: body.Y, W: max(2, w), H: body.H}, 1)
		if m.row >= 0 && m.row < n {
			frame(draw.Box{X: body.X + float64(step+1)*w, Y: body.Y + float64(m.row)*h, W: max(4, w), H: max(4, h)}, 2)
			if m.under == nil {
				s.Explain(m.pairTip(m.row, step+1), body.X+(float64(step)+1.5)*w, body.Y+(float64(m.row)+0.5)*h)
			}
		}
	}
	if t := m.under; t != nil && t.Row >= 0 && t.Row < n && t.Col >= 0 && t.Col < n && t.Row != t.Col {
		frame(draw.Box{X: body.X + float64(t.Col/g*g)*w, Y: body.Y + float64(t.Row/g*g)*h, W: float64(g) * w, H: float64(g) * h}, 2)
	}
}

// addTicks names some rows and columns.
func (m *matrix) addTicks(s *draw.Scene, n int, w, h float64, body, seen draw.Box) {
	focus := m.focused()
	every := func(size, least float64) int {
		for _, e := range []int{1, 2, 5, 10, 20, 50, 100, 200, 500} {
			if float64(e)*size >= least {
				return e
			}
		}
		return 1000
	}
	named := func(i, every int) bool {
		return i == focus || i%every == 0 && i > 0 && i <= len(m.trace.Steps) && (focus < 0 || max(i-focus, focus-i) > every/2)
	}
	s.Add(draw.Label{X: seen.X - 4, Y: seen.Y - 22, Text: "step", Size: draw.Small, Align: 1, Color: s.Palette.Muted})
	down, across := every(h, 16), every(w, 26)
	for i := range n {
		ink := s.Palette.Muted
		if i == focus {
			ink = s.Palette.Ink
		}
		if y := body.Y + (float64(i)+0.5)*h; named(i, down) && y >= seen.Y && y < seen.Y+seen.H {
			s.Add(draw.Line(seen.X-4, y, seen.X-1, y, 1, ink), draw.Label{X: seen.X - 7, Y: y + 4, Text: m.shortName(i), Size: draw.Small, Mono: true, Align: 1, Color: ink})
		}
		if x := body.X + (float64(i)+0.5)*w; named(i, across) && x >= seen.X && x < seen.X+seen.W {
			s.Add(draw.Line(x, seen.Y-4, x, seen.Y-1, 1, ink), draw.Label{X: x, Y: seen.Y - 7, Text: m.shortName(i), Size: draw.Small, Mono: true, Align: 0.5, Color: ink})
		}
	}
}

// At is the target at a point. That of a group of many rows is where its largest attention is: a target for each of 45,000 cells would take
// longer to make than the picture.
func (m *matrix) At(x, y float64) *draw.Target {
	n := m.count()
	values, stride := m.Values(), m.trace.Ranges()
	if n <= manyRows || len(values) != stride*stride {
		return m.View.At(x, y)
	}
	view, g := m.view(), m.group(n)
	w, h := m.cell(n)
	row, col := int(math.Floor((y-view.Y+m.panY)/h)), int(math.Floor((x-view.X+m.panX)/w))
	isRow, isCol := row >= 0 && row < n, col >= 0 && col < n
	var t draw.Target
	switch {
	case x < view.X && y >= view.Y && isRow:
		t = m.rowTarget(draw.Box{Y: y - h/2, W: view.X, H: h}, row)
	case y < view.Y && y >= view.Y-34 && x >= view.X && isCol:
		t = m.rowTarget(draw.Box{X: x - w/2, Y: view.Y - 34, W: w, H: 32}, col)
	case view.Contains(x, y) && isRow && isCol:
		reader, read, _, _ := m.strongest(values, n, g, row/g, col/g)
		if reader < 0 {
			return nil
		}
		t = m.pairTarget(draw.Box{X: x - w/2, Y: y - h/2, W: w, H: h}, reader, read)
		if g > 1 {
			t.Tip = func() []string {
				return append(m.pairTip(reader, read), fmt.Sprintf("the largest of %d × %d steps here", g, g))
			}
		}
	default:
		return nil
	}
	return &t
}
