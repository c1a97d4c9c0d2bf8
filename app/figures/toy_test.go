package figures

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"attnlab/app/figures/draw"
	"attnlab/app/session"
)

// toy is what docs/add-a-figure.md adds: a bar for each step of the trace, as long as its text.
// It is one type and one line of the list; everything else is shared.
type toy struct {
	*View
	trace session.Trace
	tall  bool
}

func newToy(v *View) Figure { return &toy{View: v} }

var toyEntry = Entry{"toy", "Lengths of steps", newToy}

func (f *toy) Follows() []string { return []string{"Trace"} }

func (f *toy) Show(event any, _ time.Time) {
	if t, ok := event.(session.Trace); ok {
		f.trace = t
		f.Ease(f.lengths())
	}
}

func (f *toy) lengths() (lengths []float64) {
	for _, s := range f.trace.Steps {
		lengths = append(lengths, float64(len(s.Text)))
	}
	return lengths
}

func (f *toy) Table() session.Table {
	t := session.NewTable("step characters")
	for k, v := range f.lengths() {
		t.Add(k+1, v)
	}
	return t
}

func (f *toy) Set(name, value string) {
	if name == "tall" {
		f.tall = value == "yes"
	}
}

func (f *toy) Draw(s *draw.Scene) {
	if len(f.Values()) == 0 {
		s.Empty("No trace yet.", "Generate one, and its steps appear here.")
		return
	}
	s.Heading("Lengths of steps", "characters", false, s.Width-2*draw.Margin)
	high := 4.0
	if f.tall {
		high = 8
	}
	longest := max(1, slices.Max(f.Values()))
	for i, v := range f.Values() {
		box := draw.Rect(draw.Margin, draw.Header+high*float64(i), v/longest*(s.Width-2*draw.Margin), high-1)
		s.Add(draw.Fill{Box: box, Color: s.Palette.Accent})
		to := f.Selection
		to.Step = i
		s.AddTarget(draw.Target{Box: box, Row: i, Col: i, Select: &to, Hover: &session.Hover{Step: i}, Tip: func() []string { return []string{fmt.Sprintf("step %d", i+1)} }})
	}
}

func (f *toy) Caption() string {
	return fmt.Sprintf("Bars: the lengths of %d steps.", len(f.trace.Steps))
}

// A figure is added by one type and one line of the list: it then has pointer, selection,
// motion, options, the explanation under the pointer and the keys of the host.
func TestToyFigure(t *testing.T) {
	list := append(slices.Clone(Figures), toyEntry)
	h, err := newOf(list, "toy")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New("toy"); err == nil {
		t.Error("the toy is in the list of the program")
	}
	h.Resize(300, 200)
	check(t, "the toy without a trace", h)
	h.Show(session.Tree{Nodes: []session.TreeNode{{}}}, start) // it does not follow trees
	h.Show(trace(5, 2, 2, true), start)
	if _, changed, moving := h.Scene(start); !changed || !moving {
		t.Error("a new trace does not move")
	}
	scene, _, _ := h.Scene(start.Add(time.Second))
	if bars := len(scene.Targets); bars != 5 {
		t.Fatalf("%d bars of 5 steps", bars)
	}
	at := scene.Targets[3].Box
	h.Hover(at.X+2, at.Y+1)
	if h.Pointed() != 3 || !h.Pressable() {
		t.Errorf("the pointer is at step %d", h.Pointed())
	}
	scene, _, _ = h.Scene(start.Add(time.Second))
	if !slices.ContainsFunc(scene.Shapes, func(s draw.Shape) bool { l, ok := s.(draw.Label); return ok && l.Text == "step 4" }) {
		t.Error("nothing explains what is under the pointer")
	}
	want := session.NoSelection
	want.Step = 3
	if s := h.Press(at.X+2, at.Y+1, start); s == nil || *s != want {
		t.Errorf("a press selects %v", s)
	}
	if s := h.Key(Back, start); s == nil || *s != session.NoSelection {
		t.Errorf("Back leads to %v", s)
	}
	h.Set("tall", "yes", start)
	if scene, _, _ = h.Scene(start.Add(2 * time.Second)); scene.Targets[0].H != 7 {
		t.Error("the option changes nothing")
	}
	if h.Zoomable() {
		t.Error("a figure without Content can be zoomed")
	}
	legible(t, toyEntry)
}
