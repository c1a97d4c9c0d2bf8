package figures

import (
	"math"
	"slices"
	"strings"
	"testing"

	"attnlab/app/figures/draw"
	"attnlab/app/lab/labtest"
	"attnlab/app/theme"
)

// texts are the labels of a scene.
func texts(s draw.Scene) (all []string) {
	for _, shape := range s.Shapes {
		if l, ok := shape.(draw.Label); ok {
			all = append(all, l.Text)
		}
	}
	return all
}

// dots are the discs of a colour.
func dots(s draw.Scene, p func(draw.Dot) bool) (all []draw.Dot) {
	for _, shape := range s.Shapes {
		if d, ok := shape.(draw.Dot); ok && p(d) {
			all = append(all, d)
		}
	}
	return all
}

// A point stands for each model and backend, faster ones are higher, and the size of equal speed lies between the two models
// around it.
func TestSpeeds(t *testing.T) {
	h := host(t, "speeds", 900, 320, labtest.Speeds(3))
	scene, _, _ := h.Scene(start)
	blue := dots(scene, func(d draw.Dot) bool { return d.Color == theme.Light.Accent })
	other := dots(scene, func(d draw.Dot) bool { return d.Color == backendColor(theme.Light, "host") })
	if len(blue) != 9 || len(other) != 9 { // training, 8 and 64 sequences of three models
		t.Fatalf("%d and %d points", len(blue), len(other))
	}
	if !(other[0].Y < blue[0].Y && other[2].Y > blue[2].Y && blue[0].X < blue[1].X) || other[0].X != blue[0].X {
		t.Errorf("training: host %v, webgpu %v", other[:3], blue[:3])
	}
	if !slices.ContainsFunc(texts(scene), func(s string) bool { return strings.HasPrefix(s, "equal at ") }) {
		t.Errorf("no crossing among %q", texts(scene))
	}
	if got := h.Caption(); !strings.Contains(got, "Training: The adapter is faster from about") || !strings.Contains(got, "Decoding, 64 sequences: The processor is faster for every") {
		t.Errorf("the caption is %q", got)
	}
	narrow := host(t, "speeds", 366, 700, labtest.Speeds(3))
	scene, _, _ = narrow.Scene(start)
	if n := len(dots(scene, func(d draw.Dot) bool { return d.Color == theme.Light.Accent })); n != 9 {
		t.Errorf("%d points in a narrow figure", n)
	}
	// The arrows go from point to point and explain each.
	h.Key(First, start)
	scene, _, _ = h.Scene(start)
	if !slices.ContainsFunc(texts(scene), func(s string) bool { return strings.HasPrefix(s, "tiny, training on") }) {
		t.Errorf("nothing explains the first point: %q", texts(scene))
	}
}

// A dot stands for each kernel with operations, below the ceilings where its share is below 1; the option chooses the backend.
func TestRoofline(t *testing.T) {
	h, f := of[*roofline](t, "roofline", 700, 420, labtest.Speeds(5))
	kernels, without := f.drawn()
	if len(kernels) != 4 || without != 1 || f.shown() != "webgpu" {
		t.Fatalf("%d kernels, %d without, on %s", len(kernels), without, f.shown())
	}
	scene, _, _ := h.Scene(start)
	drawn := dots(scene, func(d draw.Dot) bool { return d.Color == theme.Light.Accent })
	if len(drawn) != 4 {
		t.Fatalf("%d dots", len(drawn))
	}
	for i, r := range kernels {
		for j, other := range kernels {
			if (r.Intensity() > other.Intensity()) != (drawn[i].X > drawn[j].X) || (r.OperationRate() > other.OperationRate()) != (drawn[i].Y < drawn[j].Y) {
				t.Errorf("%s at %v, %s at %v", r.Name, drawn[i], other.Name, drawn[j])
			}
		}
	}
	level := 0.0
	for _, shape := range scene.Shapes {
		if path, ok := shape.(draw.Path); ok && path.Color == theme.Light.Muted {
			level = path.Points[len(path.Points)-1][1]
		}
	}
	for _, d := range drawn {
		if level == 0 || d.Y < level {
			t.Errorf("a kernel at %v, the ceiling at %g", d, level)
		}
	}
	for _, size := range [][2]float64{{820, 500}, {360, 300}, {1600, 700}, {1100, 300}, {500, 700}, {900, 900}} { // the rates of the ceilings do not lie on them
		wide, _ := of[*roofline](t, "roofline", size[0], size[1], labtest.Speeds(5))
		scene, _, _ := wide.Scene(start)
		var line draw.Path
		names := 0
		for _, shape := range scene.Shapes {
			if path, ok := shape.(draw.Path); ok && path.Color == theme.Light.Muted {
				line = path
			}
		}
		for _, shape := range scene.Shapes {
			l, ok := shape.(draw.Label)
			if !ok || !strings.HasSuffix(l.Text, " GB/s") && !strings.HasSuffix(l.Text, " GFLOP/s") {
				continue
			}
			names++
			box := draw.Rect(l.X, l.Y-10, draw.Width(l.Text, false, draw.Small), 12)
			for i := 1; i < len(line.Points); i++ {
				a, b := line.Points[i-1], line.Points[i]
				for k := range 201 {
					share := float64(k) / 200
					x, y := a[0]+share*(b[0]-a[0]), a[1]+share*(b[1]-a[1])
					if x > box.X && x < box.X+box.W && y > box.Y && y < box.Y+box.H {
						t.Fatalf("at %v %q lies on the ceiling at %.0f, %.0f", size, l.Text, x, y)
					}
				}
			}
		}
		if names != 2 {
			t.Errorf("at %v the ceilings have %d rates", size, names)
		}
	}
	odd := labtest.Speeds(5) // one that is too short for the clock does not leave out the others
	for i := range odd.Rows {
		if r := &odd.Rows[i]; r.Name == "kernel-some_4" {
			r.MedianMs = 1e-7
		}
	}
	if _, f := of[*roofline](t, "roofline", 700, 420, odd); drawnBy(f) != 3 {
		t.Errorf("beside a kernel without time %d others are drawn", drawnBy(f))
	}
	if got := h.Caption(); !strings.Contains(got, "4 kernels on WebGPU") || !strings.Contains(got, "1 kernel without operations or of little weight is left out") {
		t.Errorf("the caption is %q", got)
	}
	h.Set("backend", "host", start)
	scene, _, _ = h.Scene(start)
	if n := len(dots(scene, func(d draw.Dot) bool { return d.Color == backendColor(theme.Light, "host") })); n != 4 || !strings.Contains(h.Caption(), "on CPU") {
		t.Errorf("%d dots of the host, %q", n, h.Caption())
	}
}

// Ticks of a logarithmic axis are round, few and within it.
func TestLogTicks(t *testing.T) {
	for _, c := range []struct {
		lo, hi float64
		n      int
		want   []float64
	}{
		{10, 100, 6, []float64{10, 20, 50, 100}}, {1, 1000, 7, []float64{1, 3, 10, 30, 100, 300, 1000}}, {1, 1000, 4, []float64{1, 10, 100, 1000}},
		{1, 1e6, 4, []float64{1, 100, 1e4, 1e6}}, {0, 1, 4, nil}, {math.NaN(), 1, 4, nil},
	} {
		got := draw.LogTicks(c.lo, c.hi, c.n)
		if len(got) != len(c.want) {
			t.Errorf("%g to %g: %v, want %v", c.lo, c.hi, got, c.want)
			continue
		}
		for i := range got {
			if math.Abs(got[i]/c.want[i]-1) > 1e-9 {
				t.Errorf("%g to %g: %v, want %v", c.lo, c.hi, got, c.want)
			}
		}
	}
	for x, want := range map[float64]string{0.05: "0.05", 20: "20", 5000: "5 k", 1e6: "1 M", 2e9: "2 G"} {
		if got := draw.Magnitude(x); got != want {
			t.Errorf("%g is %q, want %q", x, got, want)
		}
	}
}

// drawnBy is how many kernels a roofline draws.
func drawnBy(f *roofline) int {
	kernels, _ := f.drawn()
	return len(kernels)
}
