package figures

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"attnlab/app/figures/draw"
	"attnlab/app/session"
	"attnlab/app/theme"
)

// The cells' colours are the attention, of the chosen head or the largest over all, on the scale of the arcs. Neighbours, which FCI
// leaves out, are hatched and have no colour; the legend marks that some of them exceed it.
func TestMatrixColours(t *testing.T) {
	tr := trace(6, 2, 3, true)
	n := 8
	for _, chosen := range [][2]int{{-1, -1}, {1, 2}} {
		h := host(t, "matrix", 500, 500, tr, session.Selection{Step: -1, Token: -1, Layer: chosen[0], Head: chosen[1]})
		want := func(j, k int) (a float64) {
			for h := range 6 {
				if chosen[0] < 0 || h == 5 {
					a = max(a, float64(tr.All[(h*n+j)*n+k]))
				}
			}
			return a
		}
		largest := 0.0
		for j := range n {
			for k := range j {
				if j-k >= tr.Delta {
					largest = max(largest, want(j, k))
				}
			}
		}
		var cells draw.Cells
		for _, s := range h.view.scene.Shapes {
			if c, ok := s.(draw.Cells); ok && c.Rows > 1 {
				cells = c
			}
		}
		if cells.Rows != n {
			t.Fatalf("%d rows, want %d", cells.Rows, n)
		}
		for j := range n {
			for k := range n {
				color := theme.Light.Surface
				if k <= j-tr.Delta {
					color = theme.Light.Score(want(j, k) / largest)
				}
				if got := cells.Colors[j*n+k]; got != color {
					t.Fatalf("head %v: cell %d, %d is %v, want %v", chosen, j, k, got, color)
				}
			}
		}
		clipped := false
		for j := range n {
			for k := range j + 1 {
				clipped = clipped || want(j, k) > largest
			}
		}
		w, _ := h.figure.(*matrix).cell(n)
		hatched, marked, noted := map[int]bool{}, false, false
		for _, s := range h.view.scene.Shapes {
			if a, ok := s.(draw.Arc); ok && a.Color == theme.Light.Line && a.X0 != a.X1 && a.Y0 != a.Y1 {
				hatched[int(((a.X0+a.X1)/2-matrixLeft)/w)] = true
			}
			if p, ok := s.(draw.Path); ok && len(p.Points) == 3 { // the mark of a clipped scale
				marked = true
			}
			if l, ok := s.(draw.Label); ok {
				noted = noted || strings.Contains(l.Text, "steps nearer than Δ = 2 hatched")
			}
		}
		if len(hatched) != n || marked != clipped || !noted {
			t.Errorf("head %v: hatched columns %v, clipping marked %v, want %v; said %v", chosen, hatched, marked, clipped, noted)
		}
	}
}

// Arcs are the pairs from Δ steps on, with no weaker one than the threshold.
func TestArcs(t *testing.T) {
	tr := trace(12, 2, 2, true)
	h, f := of[*arcs](t, "arcs", 600, 400, tr)
	arcs := func() (list []draw.Target) {
		for _, target := range f.scene.Targets {
			if target.Arc != nil {
				list = append(list, target)
			}
		}
		return list
	}
	all := len(arcs())
	if all == 0 {
		t.Fatal("no arcs")
	}
	readers := map[int]int{}
	for _, a := range arcs() {
		j, k := a.Row, a.Col
		if j-k < tr.Delta {
			t.Errorf("an arc from %d to %d, nearer than Δ", j, k)
		}
		if share := f.shown(j, k) / f.largest(); share < f.threshold {
			t.Errorf("an arc of share %v", share)
		}
		if readers[k]++; readers[k] > strongest {
			t.Errorf("row %d has %d readers", k, readers[k])
		}
		x, y := a.Arc.Point(0.5)
		if met := f.At(x, y); met == nil || met.Arc == nil {
			t.Errorf("the arc from %d to %d is not met at its middle", j, k)
		}
	}
	arrows := func() (n int) { // short lines at an angle
		for _, s := range f.scene.Shapes {
			if l, ok := s.(draw.Arc); ok && l.BX == 0 && l.BY == 0 && l.Width == 1.5 {
				n++
			}
		}
		return n
	}
	if arrows() != 2*all {
		t.Errorf("%d lines of arrows on %d arcs", arrows(), all)
	}
	h.Key(Next, start)
	h.Scene(start)
	if len(arcs()) <= all {
		t.Errorf("all readers have %d arcs, the strongest %d", len(arcs()), all)
	}
	h.Key(Next, start)
	h.Key(Fewer, start)
	h.Scene(start)
	if len(arcs()) >= all {
		t.Errorf("%d arcs, then with a higher threshold %d", all, len(arcs()))
	}
	f.threshold = 1
	h.Key(Right, start)
	h.Scene(start)
	for _, a := range arcs() {
		if share := f.shown(a.Row, a.Col) / f.largest(); share < 0.2 || share < 1 && a.Row != 1 && a.Col != 1 {
			t.Errorf("with step 1 selected, an arc of share %v from %d to %d", share, a.Row, a.Col)
		}
	}
	if len(arcs()) < 2 {
		t.Error("the selected step's weaker arcs are not shown")
	}
	h.Key(Back, start)
	h.Scene(start)
	tip := strings.Join(f.pairTip(9, 3), "; ")
	a, head := f.attention(9, 3, -1, -1)
	if want := fmt.Sprintf("step 9 looks at step 3; %s per token, L%d·H%d", draw.Number(a), head/2, head%2); tip != want {
		t.Errorf("the arc says %q, want %q", tip, want)
	}
	fci, best := tr.FCI[4], 0
	for h := range 4 {
		if tr.FCIHeads[h*12+4] == fci {
			best = h
		}
	}
	if got, want := f.rowTip(5)[2], fmt.Sprintf("FCI %.3f, from L%d·H%d", fci, best/2, best%2); got != want {
		t.Errorf("the step says %q, want %q", got, want)
	}
}

// Bars of heads stand in the order of their accuracy, each with its interval, chance at one half and the place of a step beside them.
func TestRanks(t *testing.T) {
	p := probe(2, 3)
	p.SRA = []*float64{ref(0.9), ref(0.2), nil, ref(1), ref(0.6), ref(0.5)}
	p.SRALow, p.SRAHigh = []*float64{ref(0.8), ref(0.1), nil, ref(0.95), ref(0.5), ref(0.4)}, []*float64{ref(1), ref(0.3), nil, ref(1), ref(0.7), ref(0.6)}
	p.Ranked, p.Position, p.PositionLow, p.PositionHigh = 40, ref(0.87), ref(0.8), ref(0.92)
	h, f := of[*ranks](t, "ranks", 700, 320, p)
	if want := []int{3, 0, 4, 5, 1}; !slices.Equal(f.order, want) {
		t.Fatalf("the order is %v, want %v", f.order, want)
	}
	left, right := draw.Margin+52, 700-draw.Margin-42
	x := func(v float64) float64 { return left + v*(right-left) }
	for _, head := range f.order {
		lo, hi := x(*p.SRALow[head]), x(*p.SRAHigh[head])
		if !slices.ContainsFunc(f.scene.Shapes, func(s draw.Shape) bool {
			a, ok := s.(draw.Arc)
			return ok && math.Abs(a.X0-lo) < 1e-9 && math.Abs(a.X1-hi) < 1e-9 && a.Y0 == a.Y1
		}) {
			t.Errorf("head %d has no line for its interval", head)
		}
	}
	if !strings.Contains(f.Caption(), "the best is L1·H0 with 1.000") {
		t.Errorf("the caption is %q", f.Caption())
	}
	for _, want := range [][2]int{{1, 0}, {0, 0}, {1, 1}} {
		if h.Key(Down, start); f.Selection.Layer != want[0] || f.Selection.Head != want[1] {
			t.Errorf("down leads to L%d·H%d, want %v", f.Selection.Layer, f.Selection.Head, want)
		}
	}
}

// A step that is not scored has no FCI in any head: the heads then show what they show without a step, not a row of zeros.
func TestHeadsOfAStepThatIsNotScored(t *testing.T) {
	h, f := of[*heads](t, "heads", 500, 300, trace(6, 2, 3, true))
	mean := f.values()
	for step, scored := range map[int]bool{0: false, 2: true} {
		h.Show(session.Selection{Step: step, Token: -1, Layer: -1, Head: -1, Node: -1}, start)
		got := f.values()
		same := true
		for i := range got {
			same = same && got[i] == mean[i]
		}
		if same == scored {
			t.Errorf("step %d, scored %v: the heads are %v, the means %v", step+1, scored, got, mean)
		}
	}
}

// Each head has its own matrix, in the place of its layer and number; what a step cannot look at is empty.
func TestMultiples(t *testing.T) {
	tr := trace(6, 3, 2, true)
	_, f := of[*multiples](t, "multiples", 600, 500, tr)
	n := tr.Ranges()
	var cells []draw.Cells
	for _, s := range f.scene.Shapes {
		if c, ok := s.(draw.Cells); ok && c.Columns == n && c.Rows == n {
			cells = append(cells, c)
		}
	}
	if len(cells) != 6 {
		t.Fatalf("%d matrices of six heads", len(cells))
	}
	top := float64(slices.Max(tr.All))
	for head, c := range cells {
		for i, got := range c.Colors {
			want := f.Palette.Surface
			if i%n <= i/n {
				want = f.Palette.Score(math.Sqrt(float64(tr.All[head*n*n+i]) / top))
			}
			if got != want {
				t.Fatalf("head %d, cell %d has the colour %v, want %v", head, i, got, want)
			}
		}
	}
	if !(cells[1].X > cells[0].X && cells[1].Y == cells[0].Y && cells[2].Y > cells[0].Y) {
		t.Errorf("heads lie at %v, %v, %v", cells[0].Box, cells[1].Box, cells[2].Box)
	}
}
