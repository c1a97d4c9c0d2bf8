package figures

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"attnlab/app/session"
	"attnlab/app/theme"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func probe(layers, heads int) session.HeadsView {
	v := session.HeadsView{Problems: 8, Of: 200, Layers: layers, Heads: heads, Pairs: 80, KeyFocus: [][2]int{{0, 1}}}
	for i := range layers * heads {
		sra, kurtosis, fci := float64(i)/float64(layers*heads), 12-float64(i), 0.1
		v.SRA, v.Kurtosis, v.MeanFCI = append(v.SRA, &sra), append(v.Kurtosis, &kurtosis), append(v.MeanFCI, &fci)
	}
	v.SRA[0] = nil
	return v
}

func figure(t *testing.T, name string, width, height float64, events ...any) *Figure {
	t.Helper()
	f, err := New(name)
	if err != nil {
		t.Fatal(err)
	}
	f.SetStill(true)
	f.Resize(width, height)
	for _, e := range events {
		f.Show(e, start)
	}
	f.Scene(start)
	return f
}

func TestNew(t *testing.T) {
	if _, err := New("pie"); err == nil || !strings.Contains(err.Error(), "arcs, matrix, heads") {
		t.Errorf("an unknown figure: %v", err)
	}
}

// Whatever is shown at whatever size: texts lie within the figure, are at least 11
// pixels high and stand out from what is under them, and no number is broken.
func TestLegible(t *testing.T) {
	sizes := [][2]float64{{366, 300}, {390, 844}, {460, 380}, {1200, 700}, {300, 200}, {900, 240}}
	for _, name := range Names {
		for _, by := range Quantities {
			if name != "heads" && by != Quantities[0] {
				continue
			}
			for _, K := range []int{0, 1, 8, 25, 130} {
				for i, size := range sizes {
					f := figure(t, name, size[0], size[1], trace(K, 4, 6, K%2 == 0), probe(4, 6))
					f.SetDark(i%2 == 0)
					f.SetBy(by, start)
					f.Key(Right, start)
					if K == 25 {
						f.Zoom(3, 100, 100)
					}
					f.Hover(size[0]-30, size[1]/2)
					f.Scene(start)
					check(t, fmt.Sprintf("%s by %s, %d steps, %v", name, by, K, size), f)
				}
			}
		}
	}
}

func check(t *testing.T, what string, f *Figure) {
	t.Helper()
	scene, _, _ := f.Scene(start)
	if len(scene.Shapes) == 0 {
		t.Errorf("%s: nothing to see", what)
	}
	for i, shape := range scene.Shapes {
		if strings.Contains(fmt.Sprint(shape), "NaN") || strings.Contains(fmt.Sprint(shape), "Inf") {
			t.Fatalf("%s: a broken number in %T%+v", what, shape, shape)
		}
		l, ok := shape.(Label)
		if !ok || l.Text == "" {
			continue
		}
		w := Width(l.Text, l.Mono, l.Size)
		left := l.X - l.Align*w
		if left < -0.5 || left+w > f.width+0.5 || l.Y > f.height || l.Y < l.Size*0.7 {
			t.Fatalf("%s: %q is not within: %.1f to %.1f, baseline %.1f", what, l.Text, left, left+w, l.Y)
		}
		if l.Size < 11 {
			t.Fatalf("%s: %q is %v pixels high", what, l.Text, l.Size)
		}
		// Arcs may run behind a text only where it floats; what matters is what it stands on.
		if c := theme.Contrast(l.Color, under(scene, i, left+w/2, l.Y-4)); c < 4.5 {
			t.Fatalf("%s: %q has a contrast of %.2f", what, l.Text, c)
		}
	}
	title, legend := math.Inf(-1), math.Inf(1)
	for _, shape := range scene.Shapes {
		if l, ok := shape.(Label); ok && l.Y == 17 {
			if l.Align == 0 {
				title = max(title, l.X+Width(l.Text, l.Mono, l.Size))
			} else {
				legend = min(legend, l.X-Width(l.Text, l.Mono, l.Size))
			}
		}
	}
	if title > legend {
		t.Fatalf("%s: the title ends at %.0f and the legend begins at %.0f", what, title, legend)
	}
}

// under is the colour below a point, of the shapes before index i.
func under(scene Scene, i int, x, y float64) color.RGBA {
	for _, shape := range slices.Backward(scene.Shapes[:i]) {
		switch s := shape.(type) {
		case Fill:
			if s.Contains(x, y) {
				return s.Color
			}
		case Cells:
			if s.Clip.Contains(x, y) {
				return s.Colors[int((y-s.Y)/s.H*float64(s.Rows))*s.Columns+int((x-s.X)/s.W*float64(s.Columns))]
			}
		}
	}
	return scene.Ground
}

func TestEmptyAndDamaged(t *testing.T) {
	for _, name := range Names {
		f := figure(t, name, 400, 300)
		check(t, name+" without a trace", f)
		damaged := trace(5, 2, 2, true)
		damaged.Attention = damaged.Attention[1:]
		short := trace(5, 2, 2, true)
		short.FCIHeads = nil
		negative := trace(5, 2, 2, true)
		negative.Layers, negative.Heads = -2, -2
		for _, bad := range []any{damaged, short, negative, session.HeadsView{Layers: 2, Heads: 2}, session.Status{}, nil, 7} {
			f.Show(bad, start)
		}
		if len(f.trace.Steps) != 0 || f.probe.Layers != 0 {
			t.Errorf("%s took a damaged snapshot", name)
		}
		unscored := trace(5, 2, 2, true)
		unscored.Attention, unscored.All = nil, nil
		f.Show(unscored, start)
		f.Show(session.Selection{Step: 99, Token: 5, Layer: 77, Head: -3}, start)
		f.Show(session.Select{Selection: session.Selection{Step: 2, Token: -1, Layer: 1, Head: 1}}, start)
		check(t, name+" not scored", f)
		for key := Left; key <= Next; key++ {
			f.Key(key, start)
			check(t, name+" not scored, with keys", f)
		}
		f.Resize(10, 10)
		f.Scene(start)
	}
}

// The cells' colours are the attention, of the chosen head or the largest over all.
func TestMatrixColours(t *testing.T) {
	tr := trace(6, 2, 3, true)
	n := 8
	for _, chosen := range [][2]int{{-1, -1}, {1, 2}} {
		f := figure(t, "matrix", 500, 500, tr, session.Selection{Step: -1, Token: -1, Layer: chosen[0], Head: chosen[1]})
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
				if j > k {
					largest = max(largest, want(j, k))
				}
			}
		}
		var cells Cells
		for _, s := range f.scene.Shapes {
			if c, ok := s.(Cells); ok && c.Rows > 1 {
				cells = c
			}
		}
		if cells.Rows != n {
			t.Fatalf("%d rows, want %d", cells.Rows, n)
		}
		for j := range n {
			for k := range n {
				color := theme.Light.Surface
				if k <= j {
					color = theme.Light.Score(want(j, k) / largest)
				}
				if got := cells.Colors[j*n+k]; got != color {
					t.Fatalf("head %v: cell %d, %d is %v, want %v", chosen, j, k, got, color)
				}
			}
		}
	}
}

// Arcs are the pairs from Δ steps on, with no weaker one than the threshold.
func TestArcs(t *testing.T) {
	tr := trace(12, 2, 2, true)
	f := figure(t, "arcs", 600, 400, tr)
	arcs := func() (list []Target) {
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
	for _, a := range arcs() {
		j, k := a.key.row, a.key.col
		if j-k < tr.Delta {
			t.Errorf("an arc from %d to %d, nearer than Δ", j, k)
		}
		if share := f.shown(j, k) / f.largest(14); share < f.threshold {
			t.Errorf("an arc of share %v", share)
		}
		x, y := a.Arc.Point(0.5)
		if i := f.scene.At(x, y, reach); i < 0 || f.scene.Targets[i].Arc == nil {
			t.Errorf("the arc from %d to %d is not met at its middle", j, k)
		}
	}
	f.Key(Fewer, start)
	f.Scene(start)
	if len(arcs()) >= all {
		t.Errorf("%d arcs, then with a higher threshold %d", all, len(arcs()))
	}
	f.threshold = 1
	f.Key(Right, start)
	f.Scene(start)
	for _, a := range arcs() {
		if share := f.shown(a.key.row, a.key.col) / f.largest(14); share < 0.2 || share < 1 && a.key.row != 1 && a.key.col != 1 {
			t.Errorf("with step 1 selected, an arc of share %v from %d to %d", share, a.key.row, a.key.col)
		}
	}
	if len(arcs()) < 2 {
		t.Error("the selected step's weaker arcs are not shown")
	}
	f.Key(Back, start)
	f.Scene(start)
	tip := strings.Join(f.pairTip(9, 3), "; ")
	a, of := f.attention(9, 3, -1, -1)
	if want := fmt.Sprintf("step 9 looks at step 3; %s a token, L%d·H%d", number(a), of/2, of%2); tip != want {
		t.Errorf("the arc says %q, want %q", tip, want)
	}
	fci, best := tr.FCI[4], 0
	for h := range 4 {
		if tr.FCIHeads[h*12+4] == fci {
			best = h
		}
	}
	if got, want := f.stepTip(5)[2], fmt.Sprintf("FCI %.3f, from L%d·H%d", fci, best/2, best%2); got != want {
		t.Errorf("the step says %q, want %q", got, want)
	}
}

func TestClicksSelect(t *testing.T) {
	for _, name := range []string{"arcs", "matrix"} {
		for _, size := range [][2]float64{{600, 400}, {380, 800}} {
			f := figure(t, name, size[0], size[1], trace(20, 2, 3, true), session.Selection{Step: -1, Token: 4, Layer: 1, Head: 2})
			for i := 1; i <= 20; i++ {
				var at Target
				for _, target := range f.scene.Targets {
					if target.Arc == nil && target.key.row == i && target.key.col == i {
						at = target
					}
				}
				got := f.Press(at.X+at.W/2, at.Y+at.H/2, start)
				if want := (session.Selection{Step: i - 1, Token: -1, Layer: 1, Head: 2}); got == nil || *got != want {
					t.Fatalf("%s %v: pressing step %d selects %v", name, size, i, got)
				}
				f.Scene(start)
				if again := f.Press(at.X+at.W/2, at.Y+at.H/2, start); again != nil {
					t.Fatalf("%s: pressing the selected step tells the engine again", name)
				}
			}
		}
	}
	f := figure(t, "heads", 500, 300, trace(4, 2, 3, true), probe(2, 3))
	press := func(row, col int) *session.Selection {
		f.Scene(start)
		for _, target := range f.scene.Targets {
			if target.key.row == row && target.key.col == col {
				return f.Press(target.X+3, target.Y+3, start)
			}
		}
		t.Fatalf("no head %d, %d", row, col)
		return nil
	}
	if s := press(1, 2); s == nil || s.Layer != 1 || s.Head != 2 {
		t.Errorf("pressing a head selects %v", s)
	}
	if s := press(1, 2); s == nil || s.Layer != -1 || s.Head != -1 {
		t.Errorf("pressing it again selects %v", s)
	}
	for i, by := range Quantities {
		f.Scene(start)
		var tabs []Target
		for _, target := range f.scene.Targets {
			if target.Click != nil {
				tabs = append(tabs, target)
			}
		}
		f.Press(tabs[i].X+8, tabs[i].Y+8, start)
		if f.by != by {
			t.Errorf("the tab of %s shows %s", by, f.by)
		}
	}
}

func TestLegendChoosesThreshold(t *testing.T) {
	f := figure(t, "arcs", 600, 400, trace(12, 2, 2, true))
	for _, target := range f.scene.Targets {
		if target.Click != nil {
			f.Press(target.X+6+0.6*96, 10, start)
		}
	}
	if math.Abs(f.threshold-0.6) > 0.05 {
		t.Errorf("the threshold is %v, want 0.6", f.threshold)
	}
}

func TestKeys(t *testing.T) {
	f := figure(t, "arcs", 600, 400, trace(3, 2, 3, true))
	for i, step := range []struct {
		key  Key
		want int
	}{{Right, 0}, {Right, 1}, {Right, 2}, {Right, 2}, {Left, 1}, {First, 0}, {Left, 0}, {Last, 2}, {Up, 1}, {Down, 2}, {Back, -1}, {Left, 2}} {
		f.Key(step.key, start)
		if f.selection.Step != step.want {
			t.Errorf("after key %d step %d is selected, want %d", i, f.selection.Step, step.want)
		}
	}
	f.Show(session.Selection{Step: 1, Token: 3, Layer: 1, Head: 1, Node: -1}, start)
	f.Key(Back, start)
	if want := (session.Selection{Step: -1, Token: -1, Layer: 1, Head: 1, Node: -1}); f.selection != want {
		t.Errorf("back once: %v", f.selection)
	}
	f.Key(Back, start)
	if f.selection != session.NoSelection {
		t.Errorf("back twice: %v", f.selection)
	}
	if f.Key(Back, start) != nil {
		t.Error("nothing to go back from, and the engine is told")
	}
	f = figure(t, "matrix", 600, 400, trace(8, 2, 3, true))
	for _, key := range []Key{First, Right, Down, Down, Down, Down, Down, Up, Down} { // column of step 2, row of step 4
		f.Key(key, start)
	}
	f.Scene(start)
	if !slices.ContainsFunc(f.scene.Shapes, func(s Shape) bool { l, ok := s.(Label); return ok && l.Text == "step 4 looks at step 2" }) {
		t.Error("the matrix does not say where the keys have gone")
	}
	f = figure(t, "heads", 600, 400, trace(3, 2, 3, true))
	for _, key := range []Key{Right, Right, Right, Right, Down, Down, Left} {
		f.Key(key, start)
	}
	if f.selection.Layer != 1 || f.selection.Head != 1 {
		t.Errorf("the keys lead to %v", f.selection)
	}
}

func TestZoom(t *testing.T) {
	for _, name := range []string{"arcs", "matrix"} {
		f := figure(t, name, 600, 400, trace(40, 2, 3, true))
		for _, step := range [][3]float64{{3, 200, 200}, {5, 10, 390}, {0.2, 300, 100}, {100, 599, 399}, {0.0001, 0, 0}} {
			f.Zoom(step[0], step[1], step[2])
			f.Pan(1e5, 1e5)
			if f.panX != 0 || f.panY != 0 {
				t.Errorf("%s can be dragged past its beginning to %v, %v", name, f.panX, f.panY)
			}
			f.Pan(-30, -40)
			check(t, name+" zoomed", f)
			if f.zoom < 1 || f.zoom > 12 {
				t.Errorf("zoom %v", f.zoom)
			}
		}
		if f.Zoomed() || f.panX != 0 || f.panY != 0 {
			t.Errorf("%s does not come back: zoom %v at %v, %v", name, f.zoom, f.panX, f.panY)
		}
	}
	// What is under the pointer stays there.
	f := figure(t, "matrix", 600, 600, trace(40, 2, 3, true))
	at := func() struct{ row, col int } {
		f.Scene(start)
		return f.scene.Targets[f.scene.At(200, 400, 0)].key
	}
	before := at()
	if f.Zoom(4, 200, 400); at() != before {
		t.Errorf("zooming goes from cell %v to %v", before, at())
	}
}

func TestSelectionIsRevealed(t *testing.T) {
	for _, name := range []string{"arcs", "matrix"} {
		for _, size := range [][2]float64{{600, 400}, {300, 900}} {
			f := figure(t, name, size[0], size[1], trace(40, 2, 3, true))
			f.Zoom(6, 0, 0)
			for _, step := range []int{39, 3, 20} {
				f.Show(session.Selection{Step: step, Token: -1, Layer: -1, Head: -1}, start)
				f.Scene(start)
				if !slices.ContainsFunc(f.scene.Targets, func(t Target) bool {
					return t.Arc == nil && t.key.row == step+1 && t.key.col == step+1 && t.W > 5 && t.H > 5
				}) {
					t.Errorf("%s %v: step %d is selected and cannot be seen", name, size, step)
				}
			}
		}
	}
}

func TestMotion(t *testing.T) {
	f := figure(t, "matrix", 500, 500, trace(3, 1, 2, true))
	if _, changed, moving := f.Scene(start); changed || moving {
		t.Error("something is drawn although nothing happened")
	}
	f.SetStill(false)
	f.Show(session.Selection{Step: -1, Token: -1, Layer: 0, Head: 1}, start.Add(time.Second))
	want, _ := f.attention(3, 1, 0, 1)
	old := f.shown(3, 1)
	seen := []float64{}
	for _, after := range []int{0, 40, 80, 120, 160, 199, 200, 240} {
		f.Scene(start.Add(time.Second + time.Duration(after)*time.Millisecond))
		seen = append(seen, math.Abs(f.shown(3, 1)-old))
	}
	if !slices.IsSorted(seen) || seen[0] != 0 || seen[2] == 0 || f.shown(3, 1) != want {
		t.Errorf("from %v to %v by way of changes %v", old, want, seen)
	}
	if _, changed, moving := f.Scene(start.Add(2 * time.Second)); changed || moving {
		t.Error("it still moves")
	}
	f.SetStill(true)
	f.Show(session.NoSelection, start.Add(3*time.Second))
	if want, _ := f.attention(3, 1, -1, -1); f.shown(3, 1) != want {
		t.Error("reduced motion moves")
	}
	// A trace that grows fast is drawn as it is.
	f.SetStill(false)
	f.Show(trace(4, 1, 2, true), start.Add(4*time.Second))
	f.Show(trace(5, 1, 2, true), start.Add(4100*time.Millisecond))
	if f.values.moving {
		t.Error("live snapshots move")
	}
}

// onDemand is a trace without the heads that a file has, and the attention of one of
// its heads.
func onDemand(number uint64, layer, head int) (session.Trace, session.HeadAttention) {
	tr := trace(6, 2, 3, true)
	h := session.HeadAttention{Number: number + 1, Trace: number, Layer: layer, Head: head, Attention: tr.InHead(layer, head)}
	tr.Number, tr.All = number, nil
	return tr, h
}

// A selected head is drawn once its attention has come, in whatever order it and its
// trace come, and the largest over the heads until then. That of another trace is
// not drawn.
func TestAHeadIsDrawnWhenItHasCome(t *testing.T) {
	tr, h := onDemand(5, 1, 2)
	of := func(d session.Densities, j, k int) float64 { return float64(d[j*8+k]) }
	selection := session.Selection{Step: -1, Token: -1, Layer: 1, Head: 2, Node: -1}
	for _, order := range [][]any{{selection, tr, h}, {selection, h, tr}, {h, tr, selection}} {
		f := figure(t, "matrix", 500, 500)
		for i, event := range order {
			f.Show(event, start)
			if i == 1 && f.trace.Number == 5 && f.trace.InHead(1, 2) == nil && f.shown(7, 3) != of(tr.Attention, 7, 3) {
				t.Errorf("without the head %g is drawn, want the largest %g", f.shown(7, 3), of(tr.Attention, 7, 3))
			}
		}
		if f.shown(7, 3) != of(h.Attention, 7, 3) || f.title() != "L1·H2" {
			t.Errorf("%s: %g is drawn, want %g", f.title(), f.shown(7, 3), of(h.Attention, 7, 3))
		}
		other := h
		other.Trace, other.Attention = 4, make(session.Densities, 64)
		f.Show(other, start)
		if f.shown(7, 3) != of(h.Attention, 7, 3) {
			t.Error("the attention of another trace is drawn")
		}
		damaged := h
		damaged.Attention = damaged.Attention[:10]
		f.Show(damaged, start)
		check(t, "a damaged head", f)
		if f.title() != "largest of 6 heads" {
			t.Errorf("a damaged head is drawn as %s", f.title())
		}
	}
}

func TestArcGeometry(t *testing.T) {
	a := Arc{X0: 0, Y0: 100, X1: 200, Y1: 100, BY: -100}
	for _, p := range [][3]float64{{100, 0, 0}, {100, 10, 10}, {0, 100, 0}, {200, 100, 0}, {100, 100, 100}, {29.29, 29.29, 0}} {
		if d := a.distance(p[0], p[1]); math.Abs(d-p[2]) > 0.5 {
			t.Errorf("%v, %v is %.2f away, want %v", p[0], p[1], d, p[2])
		}
	}
}
