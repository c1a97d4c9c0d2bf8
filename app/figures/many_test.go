package figures

import (
	"math"
	"slices"
	"strings"
	"testing"

	"attnlab/app/figures/draw"
	"attnlab/app/session"
	"attnlab/app/theme"
)

// A matrix of 300 steps has cells of several steps, coloured by the largest that FCI counts, and under the pointer that largest. Zooming in
// leads to single steps. It has no target for each cell.
func TestMatrixOfManySteps(t *testing.T) {
	tr := trace(300, 1, 2, true)
	h, m := of[*matrix](t, "matrix", 400, 380, tr)
	const n = 302
	cellsOf := func() (cells draw.Cells) {
		scene, _, _ := h.Scene(start)
		for _, s := range scene.Shapes {
			if c, ok := s.(draw.Cells); ok && c.Rows > 1 {
				cells = c
			}
		}
		if len(scene.Shapes) > 200 || len(scene.Targets) > 10 {
			t.Errorf("%d shapes and %d targets", len(scene.Shapes), len(scene.Targets))
		}
		return cells
	}
	g := m.group(n)
	cells := cellsOf()
	if g < 2 || cells.Columns != (n+g-1)/g || cells.Rows != cells.Columns || !strings.Contains(h.Caption(), "neighbouring steps") {
		t.Fatalf("groups of %d steps, %d × %d cells, %q", g, cells.Columns, cells.Rows, h.Caption())
	}
	largest := session.LargestApart(n, tr.Delta, func(j, k int) float64 { return float64(tr.Attention[j*n+k]) })
	for _, at := range [][2]int{{40, 3}, {74, 74}, {20, 19}, {10, 50}} {
		want, reader, read := -1.0, -1, -1
		for j := at[0] * g; j < min(n, (at[0]+1)*g); j++ {
			for k := at[1] * g; k < min(n, (at[1]+1)*g); k++ {
				if v := float64(tr.Attention[j*n+k]); j-k >= tr.Delta && v > want {
					want, reader, read = v, j, k
				}
			}
		}
		fill := theme.Light.Surface
		if want >= 0 {
			fill = theme.Light.Score(want / largest)
		} else if at[0] >= at[1] {
			fill = theme.Light.Line // neighbours
		}
		if got := cells.Colors[at[0]*cells.Columns+at[1]]; got != fill {
			t.Errorf("cell %v is %v, want %v", at, got, fill)
		}
		w, high := m.cell(n)
		x, y := matrixLeft+(float64(at[1]*g)+0.5)*w, matrixTop+(float64(at[0]*g)+0.5)*high
		target := h.figure.At(x, y)
		switch {
		case at[0] < at[1]:
			if target != nil {
				t.Errorf("cell %v, which looks ahead, has a target", at)
			}
		case want >= 0:
			if target == nil || target.Row != reader || target.Col != read || target.Select == nil || target.Select.Step != read-1 || !strings.Contains(strings.Join(target.Tip(), " "), "the largest of") {
				t.Errorf("the target of cell %v is %+v, want %d, %d", at, target, reader, read)
			}
		}
	}
	if target := h.figure.At(10, matrixTop+100); target == nil || target.Row != target.Col {
		t.Errorf("left of the cells is %+v", target)
	}
	h.Zoom(12, 100, 300)
	if cells = cellsOf(); m.group(n) != 1 || cells.Columns > 60 {
		t.Errorf("zoomed in, groups of %d, %d columns", m.group(n), cells.Columns)
	}
	before := slices.Clone(cells.Colors)
	other := trace(300, 1, 2, true)
	for i := range other.Attention {
		other.Attention[i] /= float32(1 + i%3)
	}
	h.Show(other, start)
	if slices.Equal(cellsOf().Colors, before) {
		t.Error("the cells of another trace are those of the first")
	}
	h.SetDark(true)
	if cells = cellsOf(); slices.Equal(cells.Colors, before) {
		t.Error("the cells do not follow the colours")
	}
}

// Of a long trace few arcs are drawn, at most one between two groups of neighbouring steps, and those of the selected step.
func TestArcsOfManySteps(t *testing.T) {
	for _, size := range [][2]float64{{1100, 420}, {300, 700}} {
		h, a := of[*arcs](t, "arcs", size[0], size[1], trace(300, 1, 2, true))
		h.Key(Next, start) // all readers
		for range 8 {
			h.Key(More, start)
		}
		count := func() (arcs int, seen map[[2]int]bool) {
			scene, _, _ := h.Scene(start)
			seen = map[[2]int]bool{}
			g := a.line().group()
			for _, target := range scene.Targets {
				if target.Arc != nil {
					arcs++
					if at := [2]int{target.Row / g, target.Col / g}; seen[at] {
						t.Errorf("two arcs between groups %v", at)
					} else {
						seen[at] = true
					}
				}
			}
			for _, s := range scene.Shapes {
				if f, ok := s.(draw.Fill); ok && (f.W <= 0 || f.H <= 0 || math.IsNaN(f.W+f.H)) {
					t.Errorf("a box of %g × %g", f.W, f.H)
				}
			}
			return arcs, seen
		}
		if n, _ := count(); n == 0 || n > mostLinks || a.line().group() < 2 {
			t.Errorf("%d arcs in groups of %d", n, a.line().group())
		}
		if !strings.Contains(h.Caption(), "neighbouring steps") {
			t.Errorf("the caption is %q", h.Caption())
		}
		sel := session.NoSelection
		sel.Step = 100
		h.Show(sel, start)
		scene, _, _ := h.Scene(start)
		own := 0
		for _, target := range scene.Targets {
			if target.Arc != nil && (target.Row == 101 || target.Col == 101) {
				own++
			}
		}
		if own == 0 || own > mostOwn {
			t.Errorf("the selected step has %d arcs", own)
		}
	}
}
