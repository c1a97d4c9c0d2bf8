package figures

import (
	"fmt"
	"image/color"
	"math"
	"time"

	"attnlab/app/figures/draw"
	"attnlab/app/session"
)

// matrix draws what each row of a trace pays to each column.
type matrix struct {
	rows
	row   int  // where the keys have gone, -1 for nowhere
	drawn grid // of many rows
}

func newMatrix(v *View) Figure { return &matrix{rows: newRows(v), row: -1} }

// Follows lists what the figure draws.
func (m *matrix) Follows() []string { return []string{"Trace", "HeadAttention", "Hover"} }

// Show takes a trace, the attention of a head, or the step that another screen points at.
func (m *matrix) Show(event any, now time.Time) {
	before := m.drawing
	moved := m.show(event, now)
	if _, another := event.(session.Trace); another || m.drawing != before {
		m.drawn = grid{}
	}
	if moved && m.Zoomed() {
		w, _ := m.cell(m.count())
		m.Reveal(draw.Box{X: float64(m.step()+1) * w, W: w})
	}
}

// Caption says what is drawn.
func (m *matrix) Caption() string {
	if m.count() < 2 {
		return "A matrix of steps: no trace yet."
	}
	grouped := ""
	if g := m.group(m.count()); m.count() > manyRows && g > 1 {
		grouped = fmt.Sprintf("; a cell is the largest of %d × %d neighbouring steps", g, g)
	}
	return fmt.Sprintf("A matrix: attention from each of %d steps, the prompt and the answer to those before it, %s%s.", len(m.trace.Steps), m.source(), grouped)
}

// Table is every cell up to the diagonal.
func (m *matrix) Table() session.Table { return m.table(func(int, int) bool { return true }) }

// Key moves the column by Left and Right, the row by Up and Down.
func (m *matrix) Key(key Key) bool {
	switch key {
	case Down:
		m.row = min(m.count()-1, m.row+1)
	case Up:
		m.row = max(0, m.row-1)
	case Back:
		m.row = -1
		return false
	default:
		return m.moveStep(key)
	}
	return true
}

// Draw draws cells, their edges and what is selected.
func (m *matrix) Draw(s *draw.Scene) {
	n := m.count()
	if n < 2 {
		s.Empty("No trace yet.", "Generate one, and its steps appear here.")
		return
	}
	if n > manyRows {
		m.drawMany(s, n)
		return
	}
	largest, clipped := m.largest(), false
	view := m.view()
	w, h := m.cell(n)
	body := draw.Box{X: view.X - m.panX, Y: view.Y - m.panY, W: w * float64(n), H: h * float64(n)}

	colors := make([]color.RGBA, n*n)
	for j := range n {
		for k := range n {
			colors[j*n+k] = s.Palette.Surface // nothing looks ahead
			if v := m.shown(j, k); k <= j && !m.neighbours(j, k) && !math.IsNaN(v) {
				colors[j*n+k] = s.Palette.Score(v / max(largest, 1e-12))
			}
			clipped = clipped || k <= j && m.shown(j, k) > largest
		}
	}
	m.heading(s, "Each row looks at columns", m.leftOut()+" hatched", largest, clipped, s.Palette.Score)
	seen := body.Meet(view)
	s.Add(draw.Cells{Box: body, Columns: n, Rows: n, Colors: colors, Clip: seen})
	m.addCells(s, n, w, h, body, seen, colors)
	m.addEdges(s, n, w, h, body, seen)

	row, col := m.row, m.focused()
	if t := m.under; t != nil && t.Row >= 0 && t.Row < n {
		row, col = t.Row, t.Col
	}
	frame := func(b draw.Box, width float64) {
		if b = b.Meet(seen); b.W > 0 && b.H > 0 {
			s.Add(draw.Frame{Box: b, Width: width, Color: s.Palette.Accent})
		}
	}
	if step := m.step(); step >= 0 {
		frame(draw.Box{X: body.X + float64(step+1)*w, Y: body.Y, W: w, H: body.H}, 1)
	}
	if row >= 0 && row < n && col >= 0 {
		frame(draw.Box{X: body.X + float64(col)*w, Y: body.Y + float64(row)*h, W: w, H: h}, 2)
	}
	if step := m.step(); m.under == nil && m.row >= 0 && m.row < n && step >= 0 {
		s.Explain(m.pairTip(m.row, step+1), body.X+(float64(step)+1.5)*w, body.Y+(float64(m.row)+0.5)*h)
	}
}

const (
	matrixLeft = 54.0
	matrixTop  = draw.Header + 34
)

// view is where cells are visible.
func (m *matrix) view() draw.Box {
	return draw.Box{X: matrixLeft, Y: matrixTop, W: m.Width - matrixLeft - draw.Margin, H: m.Height - matrixTop - draw.Margin}
}

// Content is the place and the size of the cells.
func (m *matrix) Content() (view draw.Box, width, height float64) {
	n := m.count()
	w, h := m.cell(n)
	return m.view(), w * float64(n), h * float64(n)
}

// cell is the size of one of n × n cells in pixels: as near to a square as fills the figure.
func (m *matrix) cell(n int) (w, h float64) {
	view := m.view()
	w, h = view.W/float64(n), view.H/float64(n)
	if n <= manyRows {
		w, h = max(1, w), max(1, h)
	}
	return min(w, 1.8*h) * m.zoom, min(h, 1.8*w) * m.zoom
}

// addCells adds the targets of cells, and their values where they fit.
func (m *matrix) addCells(s *draw.Scene, n int, w, h float64, body, seen draw.Box, colors []color.RGBA) {
	for j := range n {
		for k := range j + 1 {
			box := draw.Box{X: body.X + float64(k)*w, Y: body.Y + float64(j)*h, W: w, H: h}
			part := box.Meet(seen)
			if part.W <= 0 || part.H <= 0 {
				continue
			}
			s.AddTarget(m.pairTarget(part, j, k))
			if m.neighbours(j, k) {
				s.Hatch(part, s.Palette.Line)
				continue
			}
			if w >= 46 && h >= 18 && part == box {
				s.Add(draw.Label{X: box.X + w/2, Y: box.Y + h/2 + 4, Text: draw.Number(m.shown(j, k)), Size: draw.Small, Mono: true, Align: 0.5, Color: s.Palette.On(colors[j*n+k])})
			}
		}
	}
}

// addEdges draws names and badges at the left and above.
func (m *matrix) addEdges(s *draw.Scene, n int, w, h float64, body, seen draw.Box) {
	focus := m.focused()
	named := func(i int, size, least float64) bool { // names that would touch are left out
		every := 1 + int(least/max(1, size))
		return i == 0 || i == n-1 || i == focus || i%every == 0 && i < n-every && (focus < 0 || max(i-focus, focus-i) >= every)
	}
	isStep := func(i int) bool { return i > 0 && i < n-1 } // the badges of prompt and answer name them
	s.Add(draw.Label{X: seen.X - 4, Y: seen.Y - 22, Text: "step", Size: draw.Small, Align: 1, Color: s.Palette.Muted})
	for i := range n {
		ink := s.Palette.Muted
		if i == focus {
			ink = s.Palette.Ink
		}
		if y := body.Y + (float64(i)+0.5)*h; y >= seen.Y && y < seen.Y+seen.H {
			m.badge(s, i, draw.Box{X: seen.X - 18, Y: y - min(14, h-1)/2, W: 14, H: min(14, h-1)})
			if isStep(i) && named(i, h, 12) {
				s.Add(draw.Label{X: seen.X - 22, Y: y + 4, Text: m.shortName(i), Size: draw.Small, Mono: true, Align: 1, Color: ink})
			}
			s.AddTarget(m.rowTarget(draw.Box{X: 0, Y: y - h/2, W: seen.X - 2, H: h}, i))
		}
		if x := body.X + (float64(i)+0.5)*w; x >= seen.X && x < seen.X+seen.W {
			m.badge(s, i, draw.Box{X: x - min(14, w-1)/2, Y: seen.Y - 18, W: min(14, w-1), H: 14})
			if isStep(i) && named(i, w, 17) {
				s.Add(draw.Label{X: x, Y: seen.Y - 22, Text: m.shortName(i), Size: draw.Small, Mono: true, Align: 0.5, Color: ink})
			}
			s.AddTarget(m.rowTarget(draw.Box{X: x - w/2, Y: seen.Y - 34, W: w, H: 32}, i))
		}
	}
}
