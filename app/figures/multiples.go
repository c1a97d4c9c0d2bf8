package figures

import (
	"fmt"
	"image/color"
	"math"
	"time"

	"attnlab/app/figures/draw"
	"attnlab/app/session"
)

// multiples draws the step matrix of every head small, a row a layer, on one scale.
type multiples struct {
	*View
	trace session.Trace
}

func newMultiples(v *View) Figure { return &multiples{View: v} }

// Follows lists what the figure draws.
func (m *multiples) Follows() []string { return []string{"Trace"} }

// Show takes a trace.
func (m *multiples) Show(event any, _ time.Time) {
	t, ok := event.(session.Trace)
	n := t.Ranges() * t.Ranges()
	if !ok || t.Layers < 0 || t.Heads < 0 || t.Layers > mostHeads || t.Heads > mostHeads || len(t.Steps) > 200 || len(t.All) != 0 && len(t.All) != t.Layers*t.Heads*n {
		return
	}
	m.trace, m.news = t, true
}

// Caption says what is drawn.
func (m *multiples) Caption() string {
	t := &m.trace
	if len(t.All) == 0 {
		return "Attention between steps, head by head: not shown yet."
	}
	return fmt.Sprintf("Attention between %s in %d layers with %d heads each, on one scale.", count(len(t.Steps), "step", "steps"), t.Layers, t.Heads)
}

// Table is what each range pays to each earlier one, in every head. Range 0 is the prompt, the last the answer.
func (m *multiples) Table() session.Table {
	t := session.NewTable("layer head reader read attention")
	n := m.trace.Ranges()
	if len(m.trace.All) == 0 {
		return t
	}
	for head := range m.trace.Layers * m.trace.Heads {
		for j := range n {
			for k := range j + 1 {
				t.Add(head/m.trace.Heads, head%m.trace.Heads, j, k, float64(m.trace.All[(head*n+j)*n+k]))
			}
		}
	}
	return t
}

// Key moves to another head.
func (m *multiples) Key(key Key) bool { return m.moveHead(key, m.trace.Layers, m.trace.Heads) }

// Draw draws a matrix for each head: rows look at columns, prompt first and answer last.
func (m *multiples) Draw(s *draw.Scene) {
	t := &m.trace
	if len(t.All) == 0 || t.Layers*t.Heads == 0 {
		s.Empty("No attention of every head.", "Generate a trace; of long ones, choose a head.")
		return
	}
	n, top := t.Ranges(), 0.0
	for _, v := range t.All {
		if a := float64(v); a > 0 && a < largestValue {
			top = max(top, a)
		}
	}
	width := draw.Width("Every head", false, draw.Normal)
	s.Heading("Every head", "rows look at columns: prompt, steps, answer", false, s.Width-3*draw.Margin-120)
	s.Legend(draw.Margin+width, "0", legendNumber(top), "attention, root scale", s.Palette.Score)
	left, high := draw.Margin+22, draw.Header+22.0
	w, h := (s.Width-draw.Margin-left)/float64(t.Heads), (s.Height-draw.Margin-high)/float64(t.Layers)
	side := max(2, min(w, h)-8)
	for head := range t.Heads {
		if w >= 22 {
			s.Add(draw.Label{X: left + (float64(head)+0.5)*w, Y: high - 6, Text: fmt.Sprintf("H%d", head), Size: draw.Small, Mono: true, Align: 0.5, Color: s.Palette.Muted})
		}
	}
	for layer := range t.Layers {
		if h >= 12 {
			s.Add(draw.Label{X: left - 6, Y: high + (float64(layer)+0.5)*h + 4, Text: fmt.Sprintf("L%d", layer), Size: draw.Small, Mono: true, Align: 1, Color: s.Palette.Muted})
		}
		for head := range t.Heads {
			box := draw.Rect(left+(float64(head)+0.5)*w-side/2, high+(float64(layer)+0.5)*h-side/2, side, side)
			m.addHead(s, layer, head, n, top, box)
		}
	}
}

func (m *multiples) addHead(s *draw.Scene, layer, head, n int, top float64, box draw.Box) {
	t := &m.trace
	values := t.All[(layer*t.Heads+head)*n*n:][:n*n]
	colors, strongest := make([]color.RGBA, n*n), 0.0
	for i, v := range values {
		colors[i] = s.Palette.Surface
		if row, column := i/n, i%n; column <= row {
			a := float64(v)
			if !(a > 0 && a < largestValue) {
				a = 0
			}
			strongest = max(strongest, a)
			colors[i] = s.Palette.Score(math.Sqrt(a / max(top, 1e-12)))
		}
	}
	s.Add(draw.Cells{Box: box, Columns: n, Rows: n, Colors: colors, Clip: box})
	to := m.Selection
	switch {
	case to.Layer == layer && to.Head == head:
		s.Add(draw.Frame{Box: box.Grow(3), Width: 2, Color: s.Palette.Accent})
		to.Layer, to.Head = -1, -1
	case m.Hovered(layer, head):
		s.Add(draw.Frame{Box: box.Grow(2), Width: 1, Color: s.Palette.Accent})
		to.Layer, to.Head = layer, head
	default:
		s.Add(draw.Frame{Box: box.Grow(1), Width: 1, Color: s.Palette.Line})
		to.Layer, to.Head = layer, head
	}
	s.AddTarget(draw.Target{Box: box.Grow(3), Row: layer, Col: head, Select: &to,
		Tip: func() []string { return []string{headName(layer, head), "strongest: " + draw.Number(strongest)} }})
}
