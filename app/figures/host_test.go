package figures

import (
	"fmt"
	"image/color"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"attnlab/app/figures/draw"
	"attnlab/app/lab/labtest"
	"attnlab/app/session"
	"attnlab/app/theme"
	"attnlab/rl/score"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func probe(layers, heads int) session.HeadsView {
	v := session.HeadsView{Problems: 8, Of: 200, Layers: layers, Heads: heads, Pairs: 80, KeyFocus: [][2]int{{0, 1}}}
	for i := range layers * heads {
		sra, kurtosis := float64(i)/float64(layers*heads), 12-float64(i)
		low, high := sra-.1, sra+.1
		v.SRA, v.Kurtosis = append(v.SRA, &sra), append(v.Kurtosis, &kurtosis)
		v.SRALow, v.SRAHigh = append(v.SRALow, &low), append(v.SRAHigh, &high)
	}
	v.SRA[0], v.SRALow[0], v.SRAHigh[0] = nil, nil, nil
	return v
}

// host makes a figure of a name that has got some messages and was drawn.
func host(t *testing.T, name string, width, height float64, events ...any) *Host {
	t.Helper()
	h, err := New(name)
	if err != nil {
		t.Fatal(err)
	}
	h.SetStill(true)
	h.Resize(width, height)
	for _, e := range events {
		h.Show(e, start)
	}
	h.Scene(start)
	return h
}

// of makes a figure as host does, and returns it too.
func of[F Figure](t *testing.T, name string, width, height float64, events ...any) (*Host, F) {
	t.Helper()
	h := host(t, name, width, height, events...)
	return h, h.figure.(F)
}

func TestNew(t *testing.T) {
	if _, err := New("pie"); err == nil || !strings.Contains(err.Error(), "arcs, matrix, heads") {
		t.Errorf("an unknown figure: %v", err)
	}
	names := map[string]bool{}
	for _, e := range Figures {
		if names[e.Name] || e.Title == "" {
			t.Errorf("%q is listed twice or without a title", e.Name)
		}
		names[e.Name] = true
	}
}

// everything is one message of each kind that figures follow.
func everything(K int) []any {
	return []any{trace(K, 4, 6, K%2 == 0), probe(4, 6), lossesOf(K), importancesOf(K), labtest.Samples(K), labtest.Followed(K), branchTree(1+K/5, min(1+K/5, K/8), 2),
		saved(someRun("a", "attnpo", 1, 100), someRun("b", "attnpo", 2, 80), someRun("p", "pretrain", 1, 300)), someRun("a", "attnpo", 1, 1+K), labtest.Speeds(K)}
}

// options are values of every figure's options.
var options = [][2]string{{"at", "1"}, {"by", "focus"}, {"by", "sra"}, {"by", "kurtosis"}, {"smooth", "0.9"}, {"x", "tokens"}, {"x", "compute"}, {"runs", "b,nobody,a"}, {"backend", "host"}, {"backend", "webgpu"}}

// Every figure, whatever is shown at whatever size: texts lie within the figure, are at least
// 11 pixels high and stand out from what is under them, and no number is broken.
func TestLegible(t *testing.T) {
	for _, e := range Figures {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			legible(t, e)
		})
	}
}

func legible(t *testing.T, e Entry) {
	t.Helper()
	for _, K := range []int{0, 1, 8, 25, 130} {
		for i, size := range [][2]float64{{366, 300}, {390, 844}, {460, 380}, {1200, 700}, {300, 200}, {900, 240}} {
			h := newHost(e)
			h.SetStill(true)
			h.Resize(size[0], size[1])
			check(t, e.Name+" of nothing", h)
			for _, event := range everything(K) {
				h.Show(event, start)
			}
			h.SetDark(i%2 == 0)
			for _, option := range append([][2]string{{"", ""}}, options...) {
				h.Set(option[0], option[1], start)
				h.Key(Right, start)
				if K == 25 {
					h.Zoom(3, 100, 100)
				}
				h.Hover(size[0]-30, size[1]/2)
				check(t, fmt.Sprintf("%s with %v, %d steps, %v", e.Name, option, K, size), h)
				h.Key(Fit, start)
			}
			if caption := h.Caption(); len(caption) < 20 || !strings.HasSuffix(caption, ".") || strings.Contains(caption, "NaN") {
				t.Errorf("%s has the caption %q", e.Name, caption)
			}
		}
	}
}

// undrawable reports whether a value holds a number that cannot be drawn.
func undrawable(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Float32, reflect.Float64:
		return math.IsNaN(v.Float()) || math.IsInf(v.Float(), 0)
	case reflect.String:
		return strings.Contains(v.String(), "NaN") || strings.Contains(v.String(), "Inf")
	case reflect.Struct:
		for i := range v.NumField() {
			if undrawable(v.Field(i)) {
				return true
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if undrawable(v.Index(i)) {
				return true
			}
		}
	case reflect.Pointer, reflect.Interface:
		return !v.IsNil() && undrawable(v.Elem())
	}
	return false
}

func check(t *testing.T, what string, h *Host) {
	t.Helper()
	scene, _, _ := h.Scene(start)
	if len(scene.Shapes) == 0 {
		t.Fatalf("%s: nothing to see", what)
	}
	for i, shape := range scene.Shapes {
		if undrawable(reflect.ValueOf(shape)) {
			t.Fatalf("%s: a broken number in %T%+v", what, shape, shape)
		}
		l, ok := shape.(draw.Label)
		if !ok || l.Text == "" {
			continue
		}
		w := draw.Width(l.Text, l.Mono, l.Size)
		left := l.X - l.Align*w
		if left < -0.5 || left+w > scene.Width+0.5 || l.Y > scene.Height || l.Y < l.Size*0.7 {
			t.Fatalf("%s: %q is not within: %.1f to %.1f, baseline %.1f", what, l.Text, left, left+w, l.Y)
		}
		if l.Size < 11 {
			t.Fatalf("%s: %q is %v pixels high", what, l.Text, l.Size)
		}
		// Arcs may run behind a text only where it floats; what matters is what is under it.
		if c := theme.Contrast(l.Color, under(scene, i, left+w/2, l.Y-4)); c < 4.5 {
			t.Fatalf("%s: %q has a contrast of %.2f", what, l.Text, c)
		}
	}
	title, legend := math.Inf(-1), math.Inf(1)
	for _, shape := range scene.Shapes {
		if l, ok := shape.(draw.Label); ok && l.Y == 17 {
			if l.Align == 0 {
				title = max(title, l.X+draw.Width(l.Text, l.Mono, l.Size))
			} else {
				legend = min(legend, l.X-draw.Width(l.Text, l.Mono, l.Size))
			}
		}
	}
	if title > legend {
		t.Fatalf("%s: the title ends at %.0f and the legend begins at %.0f", what, title, legend)
	}
}

// under is the colour below a point, of the shapes before index i.
func under(scene draw.Scene, i int, x, y float64) color.RGBA {
	for _, shape := range slices.Backward(scene.Shapes[:i]) {
		switch s := shape.(type) {
		case draw.Fill:
			if s.Contains(x, y) {
				return s.Color
			}
		case draw.Cells:
			if s.Clip.Contains(x, y) {
				return s.Colors[int((y-s.Y)/s.H*float64(s.Rows))*s.Columns+int((x-s.X)/s.W*float64(s.Columns))]
			}
		}
	}
	return scene.Palette.Surface
}

// Of snapshots that are damaged, or not yet complete, each figure draws what it can.
func TestDamagedSnapshots(t *testing.T) {
	damaged, short, negative, huge := trace(5, 2, 2, true), trace(5, 2, 2, true), trace(5, 2, 2, true), trace(5, 2, 2, true)
	damaged.Attention = damaged.Attention[1:]
	short.FCIHeads = short.FCIHeads[1:]
	negative.Layers, negative.Heads = -2, -2
	huge.Layers, huge.Heads = 1<<62+1, 4 // 4 heads in all, by overflow
	headless := trace(5, 2, 2, true)
	headless.Of[7] = -1
	for _, e := range Figures {
		h := newHost(e)
		h.Resize(400, 300)
		for _, bad := range []any{damaged, short, negative, huge, headless, session.HeadsView{Layers: 2, Heads: 2}, session.HeadsView{Layers: 1 << 33, Heads: 1 << 31}, session.Status{}, nil, 7} {
			h.Show(bad, start)
			check(t, e.Name+" of damaged snapshots", h)
		}
		unscored := trace(5, 2, 2, true)
		unscored.Attention, unscored.All = nil, nil
		h.Show(unscored, start)
		h.Show(session.Selection{Step: 99, Token: 5, Layer: 77, Head: -3}, start)
		h.Show(session.Select{Selection: session.Selection{Step: 2, Token: -1, Layer: 1, Head: 1}}, start)
		check(t, e.Name+" not scored", h)
		for key := Left; key <= Next; key++ {
			h.Key(key, start)
			check(t, e.Name+" not scored, with keys", h)
		}
		h.Resize(10, 10)
		h.Scene(start)
	}
	for _, bad := range []session.Trace{damaged, short, negative, huge, headless} {
		if _, f := of[*matrix](t, "matrix", 400, 300, bad); len(f.trace.Steps) != 0 {
			t.Errorf("the matrix takes a trace of %d × %d heads with %d numbers", bad.Layers, bad.Heads, len(bad.Attention))
		}
	}
}

func TestClicksSelect(t *testing.T) {
	for _, name := range []string{"arcs", "matrix"} {
		for _, size := range [][2]float64{{600, 400}, {380, 800}} {
			h := host(t, name, size[0], size[1], trace(20, 2, 3, true), session.Selection{Step: -1, Token: 4, Layer: 1, Head: 2})
			for i := 1; i <= 20; i++ {
				var at draw.Target
				for _, target := range h.view.scene.Targets {
					if target.Arc == nil && target.Row == i && target.Col == i {
						at = target
					}
				}
				got := h.Press(at.X+at.W/2, at.Y+at.H/2, start)
				if want := (session.Selection{Step: i - 1, Token: -1, Layer: 1, Head: 2}); got == nil || *got != want {
					t.Fatalf("%s %v: pressing step %d selects %v", name, size, i, got)
				}
				h.Scene(start)
				if again := h.Press(at.X+at.W/2, at.Y+at.H/2, start); again != nil {
					t.Fatalf("%s: pressing the selected step selects it again", name)
				}
			}
		}
	}
	h, f := of[*heads](t, "heads", 500, 300, trace(4, 2, 3, true), probe(2, 3))
	press := func(row, col int) *session.Selection {
		h.Scene(start)
		for _, target := range f.scene.Targets {
			if target.Row == row && target.Col == col {
				return h.Press(target.X+3, target.Y+3, start)
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
	for i, q := range score.HeadScores {
		h.Scene(start)
		var tabs []draw.Target
		for _, target := range f.scene.Targets {
			if target.Press != nil {
				tabs = append(tabs, target)
			}
		}
		h.Press(tabs[i].X+8, tabs[i].Y+8, start)
		if f.by != q.Name {
			t.Errorf("the tab of %s shows %s", q.Name, f.by)
		}
	}
}

func TestLegendChoosesThreshold(t *testing.T) {
	h, f := of[*arcs](t, "arcs", 600, 400, trace(12, 2, 2, true))
	for _, target := range f.scene.Targets {
		if target.Press != nil {
			h.Press(target.X+6+0.6*96, 10, start)
		}
	}
	if math.Abs(f.threshold-0.6) > 0.05 {
		t.Errorf("the threshold is %v, want 0.6", f.threshold)
	}
}

func TestKeys(t *testing.T) {
	h, f := of[*arcs](t, "arcs", 600, 400, trace(3, 2, 3, true))
	for i, step := range []struct {
		key  Key
		want int
	}{{Right, 0}, {Right, 1}, {Right, 2}, {Right, 2}, {Left, 1}, {First, 0}, {Left, 0}, {Last, 2}, {Up, 1}, {Down, 2}, {Back, -1}, {Left, 2}} {
		h.Key(step.key, start)
		if f.Selection.Step != step.want {
			t.Errorf("after key %d step %d is selected, want %d", i, f.Selection.Step, step.want)
		}
	}
	h.Show(session.Selection{Step: 1, Token: 3, Layer: 1, Head: 1, Node: -1}, start)
	h.Key(Back, start)
	if want := (session.Selection{Step: -1, Token: -1, Layer: 1, Head: 1, Node: -1}); f.Selection != want {
		t.Errorf("back once: %v", f.Selection)
	}
	h.Key(Back, start)
	if f.Selection != session.NoSelection {
		t.Errorf("back twice: %v", f.Selection)
	}
	if h.Key(Back, start) != nil {
		t.Error("Back selects nothing again")
	}
	h = host(t, "matrix", 600, 400, trace(8, 2, 3, true))
	for _, key := range []Key{First, Right, Down, Down, Down, Down, Down, Up, Down} { // column of step 2, row of step 4
		h.Key(key, start)
	}
	h.Scene(start)
	if !slices.ContainsFunc(h.view.scene.Shapes, func(s draw.Shape) bool { l, ok := s.(draw.Label); return ok && l.Text == "step 4 looks at step 2" }) {
		t.Error("the matrix does not say where the keys have gone")
	}
	h = host(t, "heads", 600, 400, trace(3, 2, 3, true))
	for _, key := range []Key{Right, Right, Right, Right, Down, Down, Left} {
		h.Key(key, start)
	}
	if s := h.view.Selection; s.Layer != 1 || s.Head != 1 {
		t.Errorf("the keys lead to %v", s)
	}
}

func TestZoom(t *testing.T) {
	for _, name := range []string{"arcs", "matrix"} {
		h := host(t, name, 600, 400, trace(40, 2, 3, true))
		v := h.view
		for _, step := range [][3]float64{{3, 200, 200}, {5, 10, 390}, {0.2, 300, 100}, {100, 599, 399}, {0.0001, 0, 0}} {
			h.Zoom(step[0], step[1], step[2])
			h.Pan(1e5, 1e5)
			if v.panX != 0 || v.panY != 0 {
				t.Errorf("%s can be dragged past its beginning to %v, %v", name, v.panX, v.panY)
			}
			h.Pan(-30, -40)
			check(t, name+" zoomed", h)
			if v.zoom < 1 || v.zoom > 12 {
				t.Errorf("zoom %v", v.zoom)
			}
		}
		if h.Zoomed() || v.panX != 0 || v.panY != 0 {
			t.Errorf("%s does not come back: zoom %v at %v, %v", name, v.zoom, v.panX, v.panY)
		}
	}
	// What is under the pointer stays there.
	h := host(t, "matrix", 600, 600, trace(40, 2, 3, true))
	at := func() [2]int {
		h.Scene(start)
		cell := h.view.At(200, 400)
		return [2]int{cell.Row, cell.Col}
	}
	before := at()
	if h.Zoom(4, 200, 400); at() != before {
		t.Errorf("zooming goes from cell %v to %v", before, at())
	}
}

func TestSelectionIsRevealed(t *testing.T) {
	for _, name := range []string{"arcs", "matrix"} {
		for _, size := range [][2]float64{{600, 400}, {300, 900}} {
			h := host(t, name, size[0], size[1], trace(40, 2, 3, true))
			h.Zoom(6, 0, 0)
			for _, step := range []int{39, 3, 20} {
				h.Show(session.Selection{Step: step, Token: -1, Layer: -1, Head: -1}, start)
				h.Scene(start)
				if !slices.ContainsFunc(h.view.scene.Targets, func(t draw.Target) bool {
					return t.Arc == nil && t.Row == step+1 && t.Col == step+1 && t.W > 5 && t.H > 5
				}) {
					t.Errorf("%s %v: step %d is selected and cannot be seen", name, size, step)
				}
			}
		}
	}
}

func TestMotion(t *testing.T) {
	h, f := of[*matrix](t, "matrix", 500, 500, trace(3, 1, 2, true))
	if _, changed, moving := h.Scene(start); changed || moving {
		t.Error("something is drawn although nothing happened")
	}
	h.SetStill(false)
	h.Show(session.Selection{Step: -1, Token: -1, Layer: 0, Head: 1}, start.Add(time.Second))
	want, _ := f.attention(3, 1, 0, 1)
	old := f.shown(3, 1)
	seen := []float64{}
	for _, after := range []int{0, 40, 80, 120, 160, 199, 200, 240} {
		h.Scene(start.Add(time.Second + time.Duration(after)*time.Millisecond))
		seen = append(seen, math.Abs(f.shown(3, 1)-old))
	}
	if !slices.IsSorted(seen) || seen[0] != 0 || seen[2] == 0 || f.shown(3, 1) != want {
		t.Errorf("from %v to %v by way of changes %v", old, want, seen)
	}
	if _, changed, moving := h.Scene(start.Add(2 * time.Second)); changed || moving {
		t.Error("it still moves")
	}
	h.SetStill(true)
	h.Show(session.NoSelection, start.Add(3*time.Second))
	if want, _ := f.attention(3, 1, -1, -1); f.shown(3, 1) != want {
		t.Error("reduced motion moves")
	}
	// A trace that grows fast is drawn as it is.
	h.SetStill(false)
	h.Show(trace(4, 1, 2, true), start.Add(4*time.Second))
	h.Show(trace(5, 1, 2, true), start.Add(4100*time.Millisecond))
	if f.values.moving {
		t.Error("live snapshots move")
	}
}

// onDemand is a trace without the heads that a file has, and the attention of one of its
// heads.
func onDemand(number uint64, layer, head int) (session.Trace, session.HeadAttention) {
	tr := trace(6, 2, 3, true)
	h := session.HeadAttention{Number: number + 1, Trace: number, Layer: layer, Head: head, Attention: tr.InHead(layer, head)}
	tr.Number, tr.All = number, nil
	return tr, h
}

// A selected head is drawn once its attention has come, in whatever order it and its trace
// come, and the largest over the heads until then. That of another trace is not drawn.
func TestAHeadIsDrawnWhenItHasCome(t *testing.T) {
	tr, in := onDemand(5, 1, 2)
	at := func(d session.Densities, j, k int) float64 { return float64(d[j*8+k]) }
	selection := session.Selection{Step: -1, Token: -1, Layer: 1, Head: 2, Node: -1}
	for _, order := range [][]any{{selection, tr, in}, {selection, in, tr}, {in, tr, selection}} {
		h, f := of[*matrix](t, "matrix", 500, 500)
		for i, event := range order {
			h.Show(event, start)
			if i == 1 && f.trace.Number == 5 && f.trace.InHead(1, 2) == nil && f.shown(7, 3) != at(tr.Attention, 7, 3) {
				t.Errorf("without the head %g is drawn, want the largest %g", f.shown(7, 3), at(tr.Attention, 7, 3))
			}
		}
		if f.shown(7, 3) != at(in.Attention, 7, 3) || f.source() != "L1·H2" {
			t.Errorf("%s: %g is drawn, want %g", f.source(), f.shown(7, 3), at(in.Attention, 7, 3))
		}
		other := in
		other.Trace, other.Attention = 4, make(session.Densities, 64)
		h.Show(other, start)
		if f.shown(7, 3) != at(in.Attention, 7, 3) {
			t.Error("the attention of another trace is drawn")
		}
		damaged := in
		damaged.Attention = damaged.Attention[:10]
		h.Show(damaged, start)
		check(t, "a damaged head", h)
		if f.source() != "largest of 6 heads" {
			t.Errorf("a damaged head is drawn as %s", f.source())
		}
	}
}

// The figure has values for every score of heads, and shows its meaning as package score states it.
func TestEveryHeadScoreIsDrawn(t *testing.T) {
	h, f := of[*heads](t, "heads", 500, 300, trace(4, 2, 3, true), probe(2, 3))
	for i, q := range score.HeadScores {
		f.Set("by", q.Name)
		if got := f.values(); f.by != q.Name || len(got) != 6 || math.IsNaN(got[5]) {
			t.Errorf("%s: values %v of 6 heads", q.Name, got)
		}
		h.Scene(start)
		var tips []string
		for _, target := range f.scene.Targets {
			if target.Press != nil {
				tips = append(tips, strings.Join(target.Tip(), " "))
			}
		}
		if tips[i] != q.Meaning || !strings.Contains(f.Caption(), q.Symbol) {
			t.Errorf("%s: the tab says %q, the caption %q", q.Name, tips[i], f.Caption())
		}
	}
}
