package figures

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"attnlab/app/figures/draw"
	"attnlab/app/session"
	"attnlab/rl/runs"
)

// someRun has a number of steps: each metric is a line with a wave on it, so that runs of
// other seeds differ.
func someRun(id, method string, seed uint64, steps int) session.Run {
	r := session.Run{Info: session.RunInfo{ID: id, Name: fmt.Sprintf("%s, seed %d", method, seed), Step: steps},
		Settings: session.RunSettings{Method: method, Model: "chain-small", Task: "chain", Seed: runs.Seed(seed), Steps: 100, Series: runs.Series{Method: method, Base: "chain-small", Task: "chain", Plan: "steps=100"}}}
	type wavy struct {
		name            string
		at, slope, wave float64
	}
	columns := []wavy{
		{"step", 0, 1, 0}, {"generated_tokens", 0, 1500, 0}, {"accuracy", 0.5, 0.002, 0.04}, {"think_tokens", 90, -0.3, 5}, {"reward", 0.4, 0.003, 0.1},
		{"redundant_steps", 3.6, -0.02, 0.2}, {"essential_steps", 2.6, 0, 0.03}, {"kl", 0, 2e-5, 0}, {"entropy", 0.3, -0.001, 0.01}, {"gradient_norm", 0.4, 0, 0.1},
		{"groups.valid", 12, 0, 3}, {"tokens_per_second", 3100, 0, 200}, {"loss", 0.01, 0, 0.001},
	}
	if method == "pretrain" {
		columns = []wavy{columns[0], columns[9], columns[11], {"loss", 3, -0.001, 0.05}, {"lr", 3e-3, -3e-7, 0}}
	}
	for _, c := range columns {
		m := session.Metric{Name: c.name}
		for s := 1; s <= steps; s++ {
			m.Values = append(m.Values, ref(c.at+c.slope*float64(s)+c.wave*math.Sin(float64(s)*1.7+float64(seed))))
		}
		r.Metrics = append(r.Metrics, m)
	}
	r.Base = []session.Metric{{Name: "accuracy", Values: []*float64{ref(0.495)}}, {Name: "think_tokens", Values: []*float64{ref(91 + float64(seed))}}, {Name: "problems", Values: []*float64{ref(256)}}}
	return r
}

func saved(of ...session.Run) (list session.Runs) {
	for _, r := range of {
		list.Runs = append(list.Runs, session.KeptRun{Info: r.Info, Settings: r.Settings, Base: r.Base, Metrics: r.Metrics})
	}
	return list
}

func values(r session.Run, name string) []float64 { return column(r.Metrics, name) }

// The average of equal values is that value from the first step on, and each value
// counts 1-s times what follows it s times.
func TestSmoothing(t *testing.T) {
	nan := math.NaN()
	if got := smoothed([]float64{1, 2, 3, 4}, []float64{2, 2, nan, 2}, 0.9); math.Abs(got[0]-2) > 1e-12 || math.Abs(got[1]-2) > 1e-12 || !math.IsNaN(got[2]) || math.Abs(got[3]-2) > 1e-12 {
		t.Errorf("equal values become %v", got)
	}
	if got, want := smoothed([]float64{1, 2}, []float64{1, 4}, 0.5)[1], 3.0; math.Abs(got-want) > 1e-12 { // (.25 + .5·4) / .75
		t.Errorf("1, 4 smooth to %v, want %v", got, want)
	}
	every, thinned := smoothed([]float64{1, 2, 3, 4, 5, 6}, []float64{1, 1, 4, 4, 4, 4}, 0.5), smoothed([]float64{1, 3, 5, 6}, []float64{1, 4, 4, 4}, 0.5)
	if last := thinned[3]; math.Abs(last-every[5]) > 0.1 {
		t.Errorf("with every second of the older steps the end is %v, with all %v", last, every[5])
	}
	raw := []float64{3, 1, 4, 1, 5}
	if got := smoothed([]float64{1, 2, 3, 4, 5}, raw, 0); !slices.Equal(got, raw) {
		t.Errorf("without smoothing %v", got)
	}
}

// Rows that a log lacks, or whose steps go back, break the curve. Even distances larger than
// one do not, which long logs come with.
func TestGaps(t *testing.T) {
	for _, c := range []struct {
		what  string
		steps []float64
		want  []int // rows before which the curve breaks
	}{
		{"every step", []float64{1, 2, 3, 4, 5}, nil},
		{"every twentieth", []float64{20, 40, 60, 80}, nil},
		{"thinned", []float64{4, 8, 12, 16, 20, 24, 28, 31, 32, 33, 34, 35}, nil},
		{"rows are missing", []float64{1, 2, 3, 10, 11, 12}, []int{3}},
		{"one row is missing", []float64{1, 2, 3, 5, 6, 7}, []int{3}},
		{"alone between two gaps", []float64{1, 2, 3, 10, 17, 18, 19}, []int{3, 4}},
		{"a thinned row is missing", []float64{4, 8, 12, 20, 24, 28}, []int{3}},
		{"written twice", []float64{20, 40, 60, 40, 60, 80}, []int{3}},
		{"repeated", []float64{1, 2, 2, 3}, []int{2}},
		{"two rows", []float64{1, 50}, nil},
		{"no number", []float64{1, 2, math.NaN(), 4, 5}, []int{2, 3}},
		{"one row", []float64{1}, nil},
		{"none", nil, nil},
	} {
		var got []int
		for i, b := range gaps(c.steps) {
			if b {
				got = append(got, i)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: the curve breaks before %v, want %v", c.what, got, c.want)
		}
	}
}

// Rows missing from a log, values missing from a row and steps without a number are drawn as
// gaps in every metric, with smoothing or without: no piece spans them, and no value beside
// them is lost.
func TestGapsAreDrawn(t *testing.T) {
	run := someRun("r", "grpo", 1, 40)
	for i := range run.Metrics {
		m := &run.Metrics[i]
		m.Values = slices.Delete(m.Values, 20, 26) // steps 21 to 26
		m.Values[9], m.Values[11] = nil, ref(math.NaN())
	}
	run.Metrics[0].Values[30] = ref(math.NaN()) // a step
	for _, option := range [][2]string{{"smooth", "0"}, {"smooth", "0.9"}, {"x", "tokens"}} {
		h, f := of[*curves](t, "curves", 1000, 700, run)
		h.Set(option[0], option[1], start)
		h.Scene(start.Add(time.Second))
		check(t, fmt.Sprint("gaps with ", option), h)
		places, _ := f.places()
		if len(f.charts) != 10 {
			t.Fatalf("%v: %d charts", option, len(f.charts))
		}
		for i, c := range f.charts {
			p, _ := f.plot(i, places[i])
			x := func(row int) float64 { at, _ := p.At(c.curves[0].x[row], 0); return at }
			met := map[int]bool{}
			piece := func(points [][2]float64) {
				for row := range c.curves[0].x {
					met[row] = met[row] || slices.ContainsFunc(points, func(q [2]float64) bool { return math.Abs(q[0]-x(row)) < 1e-6 })
				}
				for _, gap := range [][2]float64{{x(8), x(10)}, {x(10), x(12)}, {x(19), x(20)}} {
					if points[0][0] <= gap[0]+1e-6 && points[len(points)-1][0] >= gap[1]-1e-6 {
						t.Errorf("%v, %s: a piece from %v to %v spans the gap %v", option, c.Name, points[0][0], points[len(points)-1][0], gap)
					}
				}
			}
			for _, shape := range f.scene.Shapes {
				switch s := shape.(type) {
				case draw.Path:
					if s.Width == 1.75 && p.Contains(s.Points[0][0], s.Points[0][1]) {
						piece(s.Points)
					}
				case draw.Dot:
					if s.Radius < 2 && p.Contains(s.X, s.Y) {
						piece([][2]float64{{s.X, s.Y}})
					}
				}
			}
			for row, v := range c.curves[0].raw {
				if want := !math.IsNaN(v) && !math.IsNaN(c.curves[0].x[row]); met[row] != want {
					t.Errorf("%v, %s: row %d with %v is drawn %v", option, c.Name, row, v, met[row])
				}
			}
		}
	}
}

// A number missing from the steps does not spoil what is smoothed after it.
func TestSmoothingOverGaps(t *testing.T) {
	nan := math.NaN()
	for _, steps := range [][]float64{{1, 2, nan, 4, 5}, {1, nan, nan, nan, nan}, {5, 4, 3, 2, 1}, {1, 1, 1, 1, 1}, {1, 2, 3, 4, nan}, {math.Inf(1), 2, 3, 4, 5}} {
		for i, v := range smoothed(steps, []float64{2, 2, 2, 2, 2}, 0.9) {
			if math.Abs(v-2) > 1e-12 {
				t.Errorf("steps %v: value %d of 2, 2, 2, 2, 2 becomes %v", steps, i, v)
			}
		}
	}
	// A value counts by the steps since then, whether their rows have values or not.
	full := smoothed([]float64{1, 2, 3, 4}, []float64{8, nan, nan, 4}, 0.5)[3]
	if want := (0.125*0.5*8 + 0.875*4) / (0.125*0.5 + 0.875); math.Abs(full-want) > 1e-12 {
		t.Errorf("after a hole of two steps %v, want %v", full, want)
	}
}

// A curve goes through its values, in the units of its axes.
func TestCurves(t *testing.T) {
	run := someRun("r", "attnpo", 1, 20)
	_, f := of[*curves](t, "curves", 900, 640, run)
	var names []string
	for _, c := range f.charts {
		names = append(names, c.Name)
	}
	if want := []string{"accuracy", "think_tokens", "redundant_steps", "essential_steps", "reward", "groups.valid", "kl", "entropy", "gradient_norm", "tokens_per_second"}; !slices.Equal(names, want) {
		t.Fatalf("curves of %v, want %v", names, want)
	}
	places, missing := f.places()
	if missing != 0 {
		t.Errorf("%d curves are missing", missing)
	}
	for i, c := range f.charts {
		p, _ := f.plot(i, places[i])
		raw := values(run, c.Name)
		want := draw.Path{Width: 1.75, Color: f.Palette.Method("attnpo")}
		for k, y := range raw {
			if y < p.Up[0] || y > p.Up[1] {
				t.Errorf("%s %v is outside of %v", c.Name, y, p.Up)
			}
			want.Points = append(want.Points, [2]float64{p.X + float64(k)/19*p.W, p.Y + p.H*(p.Up[1]-y)/(p.Up[1]-p.Up[0])})
		}
		if !slices.ContainsFunc(f.scene.Shapes, func(s draw.Shape) bool {
			path, ok := s.(draw.Path)
			return ok && path.Width == want.Width && slices.EqualFunc(path.Points, want.Points, func(a, b [2]float64) bool { return math.Hypot(a[0]-b[0], a[1]-b[1]) < 1e-6 })
		}) {
			t.Errorf("no curve of %s", c.Name)
		}
	}
	latest := draw.Fixed(values(run, "think_tokens")[19], 1)
	if !slices.ContainsFunc(f.scene.Shapes, func(s draw.Shape) bool { l, ok := s.(draw.Label); return ok && l.Text == latest }) {
		t.Errorf("the latest think tokens, %s, are not printed", latest)
	}
	_, pre := of[*curves](t, "curves", 900, 640, someRun("p", "pretrain", 1, 50))
	if c := pre.charts; len(c) != 4 || c[0].Name != "loss" || !c[0].Show.Has(runs.LargeCurve) {
		t.Errorf("pretraining has the curves %+v", c)
	}
}

func TestRunsAreLegible(t *testing.T) {
	gaps := someRun("g", "grpo", 3, 9)
	for i := range gaps.Metrics[2].Values {
		if i%3 == 0 {
			gaps.Metrics[2].Values[i] = nil
		}
	}
	one := someRun("one", "grpo", 1, 1)
	all := saved(someRun("a", "attnpo", 1, 100), someRun("b", "attnpo", 2, 80), gaps, one, someRun("p", "pretrain", 1, 3000))
	for _, name := range []string{"curves", "scatter"} {
		for i, size := range [][2]float64{{366, 300}, {390, 760}, {760, 640}, {1200, 700}, {300, 200}} {
			for k, set := range []func(h *Host){
				func(*Host) {},
				func(h *Host) { h.Set("runs", "p", start) },
				func(h *Host) { h.Set("runs", "one", start) },
				func(h *Host) { h.Set("runs", "a,g,nobody,p,b", start); h.Set("x", "tokens", start) },
			} {
				h := host(t, name, size[0], size[1], all, someRun("a", "attnpo", 1, 100))
				h.SetDark(i%2 == 0)
				h.Set("smooth", "0.9", start)
				set(h)
				h.Scene(start.Add(time.Second))
				check(t, fmt.Sprintf("%s %v, %d", name, size, k), h)
				h.Key(Right, start)
				h.Hover(size[0]/3, size[1]/2)
				h.Scene(start.Add(2 * time.Second))
				check(t, fmt.Sprintf("%s %v, %d, read off", name, size, k), h)
			}
		}
	}
	damaged := someRun("x", "grpo", 1, 3)
	damaged.Metrics = append(damaged.Metrics[1:], session.Metric{Name: "step"})
	for _, name := range []string{"curves", "scatter"} {
		check(t, name+" of a damaged run", host(t, name, 500, 400, damaged, session.Runs{Runs: []session.KeptRun{{}}}))
	}
}

// Which runs are drawn, and over what, can be changed at any time.
func TestChoices(t *testing.T) {
	old, now := someRun("a", "attnpo", 1, 5), someRun("a", "attnpo", 1, 8)
	h, f := of[*curves](t, "curves", 800, 600, saved(old, someRun("b", "grpo", 1, 6)))
	if len(f.chosen) != 0 {
		t.Error("curves without an active run")
	}
	h.Show(now, start)
	if c := f.charts; len(c) == 0 || len(c[0].curves) != 1 || len(c[0].curves[0].x) != 8 {
		t.Errorf("the active run has the curves %+v", c)
	}
	h.Set("runs", "b,a", start)
	if c := f.charts[0]; len(c.curves) != 2 || len(c.curves[0].x) != 6 || len(c.curves[1].x) != 8 || !math.IsNaN(c.base) {
		t.Errorf("both runs: %+v", c)
	}
	h.Set("x", "tokens", start)
	if got := f.scales()[:2]; !slices.Equal(got, []float64{1500, 12000}) {
		t.Errorf("over tokens from %v", got)
	}
	h.Set("smooth", "7", start)
	if f.smooth != 0.95 {
		t.Errorf("smoothing %v", f.smooth)
	}
	for _, step := range []struct {
		key  Key
		want float64
	}{{Left, 9000}, {Left, 7500}, {First, 1500}, {Left, 1500}, {Right, 3000}, {Last, 9000}} {
		if h.Key(step.key, start); f.cursor != step.want {
			t.Errorf("the keys read at %v, want %v", f.cursor, step.want)
		}
	}
	if h.Key(Back, start); !math.IsNaN(f.cursor) {
		t.Error("back leaves the reading")
	}

	// Compute is an axis for runs whose logs have it: others have no curve over it.
	if h.Set("x", "compute", start); len(f.charts) != 0 {
		t.Errorf("%d charts over a column that no log has", len(f.charts))
	}
	counted := someRun("c", "grpo", 1, 3)
	compute := []float64{11, 23, 34}
	counted.Metrics = append(counted.Metrics, session.Metric{Name: "training_gflop", Values: []*float64{&compute[0], &compute[1], &compute[2]}})
	h.Show(saved(old, counted), start)
	h.Set("runs", "a,c", start)
	if got := f.scales(); len(got) == 0 || !slices.Equal(got[:2], []float64{11, 34}) || len(f.charts[0].curves) != 1 || f.axis() != "training, GFLOP" || f.Table().Columns[3] != "compute" {
		t.Errorf("over compute: %v, %s", got, f.axis())
	}
}

// An active run is drawn ten times a second at most, and its axes do not jump.
func TestPace(t *testing.T) {
	h, f := of[*curves](t, "curves", 800, 600, someRun("r", "attnpo", 1, 20))
	h.SetStill(false)
	now, drawn, last := start.Add(time.Second), 0, 0.0
	for ms := range 1000 {
		if ms%50 == 0 && ms < 600 {
			h.Show(someRun("r", "attnpo", 1, 21+ms/50), now.Add(time.Duration(ms)*time.Millisecond))
		}
		before := f.Values()[1]
		_, changed, moving := h.Scene(now.Add(time.Duration(ms) * time.Millisecond))
		if changed {
			drawn++
		}
		if f.values.moving && !moving {
			t.Fatal("it still moves, and Scene says that it does not")
		}
		if last = f.Values()[1]; last-before > 1 {
			t.Errorf("the axis jumps from %v to %v", before, last)
		}
	}
	if drawn < 5 || drawn > 10 {
		t.Errorf("drawn %d times in a second", drawn)
	}
	if last != 32 {
		t.Errorf("the axis ends at %v, want 32", last)
	}
	h.Hover(300, 200)
	if _, changed, _ := h.Scene(now.Add(999 * time.Millisecond)); !changed {
		t.Error("a pointer waits")
	}
}

// Runs of one method and settings are one point: its mean, its deviation over seeds.
func TestClusters(t *testing.T) {
	a, b, c := someRun("a", "attnpo", 1, 30), someRun("b", "attnpo", 2, 30), someRun("c", "grpo", 1, 30)
	other := someRun("d", "attnpo", 1, 30)
	other.Settings.Series.Hyper = "beta=0.1"
	other.Base = nil
	elsewhere := someRun("e", "grpo", 1, 30)
	elsewhere.Settings.Model, elsewhere.Settings.Series.Base = "chain-tiny", "chain-tiny"
	h, f := of[*scatter](t, "scatter", 800, 500, saved(a, b, c, other, elsewhere, someRun("p", "pretrain", 1, 30)), a)
	if len(f.groups) != 4 {
		t.Fatalf("%d points, want 4", len(f.groups))
	}
	g := f.groups[0]
	last := func(r session.Run) (mean float64) {
		for _, v := range values(r, "accuracy")[25:] {
			mean += v / 5
		}
		return mean
	}
	x, y := last(a), last(b)
	if math.Abs(g.mean[1]-(x+y)/2) > 1e-12 || math.Abs(g.sd[1]-math.Abs(x-y)/math.Sqrt2) > 1e-12 || len(g.points) != 2 || g.name != "attnpo" {
		t.Errorf("two seeds give %+v, want %v and %v", g, x, y)
	}
	if g.base == nil || g.base.at != [2]float64{92.5, 0.495} || g.base.problems != 256 || math.Abs(g.base.error[1]-math.Sqrt(0.495*0.505/255/2)) > 1e-12 {
		t.Errorf("two runs began at %+v", g.base)
	}
	for i, p := range g.paths { // from its own base to its own end
		if first := p[0]; first != [2]float64{92 + float64(i), 0.495} || p[len(p)-1] != g.points[i] || len(p) != 1+pathPoints {
			t.Errorf("run %d goes from %v to %v in %d points", i, first, p[len(p)-1], len(p))
		}
	}
	if at := g.path[len(g.path)-1]; math.Hypot(at[0]-g.mean[0], at[1]-g.mean[1]) > 1e-9 {
		t.Errorf("the mean course ends at %v, not at %v", at, g.mean)
	}
	if f.groups[1].base != nil || f.groups[1].paths[0][0] == [2]float64{92, 0.495} {
		t.Errorf("a run whose base is unknown begins at %+v", f.groups[1].base)
	}
	order := []int{0, 1, 2, 3}
	slices.SortStableFunc(order, func(i, j int) int {
		return int(math.Copysign(1, f.groups[i].mean[0]-f.groups[j].mean[0]))
	})
	for i, key := range []Key{First, Right, Right, Right, Right} {
		h.Key(key, start)
		if want := f.groups[order[min(i, 3)]].mean[0]; f.groups[f.chosen].mean[0] != want {
			t.Errorf("key %d leads to %v think tokens, want %v", i, f.groups[f.chosen].mean[0], want)
		}
	}
	h.Set("runs", "c", start)
	if len(f.groups) != 1 || f.groups[0].name != "grpo" {
		t.Errorf("one run: %+v", f.groups)
	}
}

// A method keeps its colour whatever is drawn beside it, groups of one method differ by their dashes, and every group is named.
func TestColoursStay(t *testing.T) {
	a, b, c := someRun("a", "attnpo", 1, 30), someRun("b", "attnpo", 2, 30), someRun("c", "grpo", 1, 30)
	other := someRun("d", "attnpo", 1, 30)
	other.Settings.Series.FocusHeads = "0.0,0.2"
	all := saved(c, a, b, other)
	for _, width := range []float64{1000, 390} {
		for _, only := range []string{"a,b,c,d", "d,a,b", "c", "b"} {
			h, f := of[*curves](t, "curves", width, 800, all)
			h.Set("runs", only, start)
			h.Scene(start)
			dashes := map[string]bool{}
			for _, g := range f.groups {
				if g.hue(f.Palette) != f.Palette.Method(g.method) {
					t.Errorf("%s: %s is drawn in another colour", only, g.name)
				}
				if key := fmt.Sprint(g.method, g.dash()); dashes[key] {
					t.Errorf("%s: two groups of %s look the same", only, g.method)
				} else {
					dashes[key] = true
				}
				named := slices.ContainsFunc(f.scene.Shapes, func(s draw.Shape) bool {
					l, ok := s.(draw.Label)
					return ok && (l.Text == g.label() || l.Text == g.name)
				})
				if len(f.groups) > 1 && !named {
					t.Errorf("%s, %v wide: no name %q", only, width, g.label())
				}
			}
		}
	}
}

// The band of a group is the mean and the deviation of its curves, with straight lines between points; beyond the shortest curve
// and in a gap there is none.
func TestBands(t *testing.T) {
	b := newBand([][]float64{{1, 2, 3, 4}, {0, 2, 4}}, [][]float64{{1, 2, 3, 4}, {0, 4, 8}})
	if want := []float64{1.5, 3, 4.5, 6}; !slices.Equal(b.mean, want) || math.Abs(b.sd[0]-math.Abs(1-2)/math.Sqrt2) > 1e-12 {
		t.Errorf("mean %v, want %v; deviation %v", b.mean, want, b.sd)
	}
	b = newBand([][]float64{{1, 2, 3, 4}, {1, 2, 3}}, [][]float64{{1, math.NaN(), 3, 4}, {1, 2, 3}})
	if len(b.mean) != 3 || !math.IsNaN(b.mean[1]) || b.mean[2] != 3 {
		t.Errorf("with a gap and a short curve: %v", b.mean)
	}
}

// Names beside the ends of lines do not overlap and stay within the chart.
func TestEndingsApart(t *testing.T) {
	var list []ending
	for i := range 9 {
		list = append(list, ending{y: 50 + float64(i%3), text: fmt.Sprint(i)})
	}
	placed := apart(list, 10, 100, 14)
	if len(placed) != 7 {
		t.Errorf("%d names where seven have a place", len(placed))
	}
	for i, e := range placed {
		if e.at < 10-1e-9 || e.at > 100+1e-9 || i > 0 && e.at-placed[i-1].at < 14-1e-9 {
			t.Errorf("name %d is at %v", i, e.at)
		}
	}
}

// A run to beat stands alone before there is an own one, and behind it from then on; a run from another base is not compared with it.
func TestGhost(t *testing.T) {
	all := saved(someRun("g", "grpo", 1, 60))
	h, f := of[*curves](t, "curves", 900, 640, all)
	h.Set("ghost", "g", start)
	h.Scene(start)
	if !slices.ContainsFunc(f.scene.Shapes, func(s draw.Shape) bool {
		l, ok := s.(draw.Label)
		return ok && l.Text == "For example: grpo, seed 1, from chain-small"
	}) {
		t.Error("a run from another model is one to beat")
	}
	h.Set("beat", "this", start)
	h.Scene(start)
	titled := func(text string) bool {
		return slices.ContainsFunc(f.scene.Shapes, func(s draw.Shape) bool { l, ok := s.(draw.Label); return ok && l.Text == text })
	}
	if len(f.chosen) != 1 || f.chosen[0].Info.ID != "g" || !titled("Beat this: grpo, seed 1") {
		t.Errorf("before an own run %d runs are drawn", len(f.chosen))
	}
	begun := someRun("a", "grpo", 7, 5)
	begun.Info.Step, begun.Metrics = 0, nil
	h.Show(begun, start)
	h.Scene(start)
	if len(f.chosen) != 1 || f.chosen[0].Info.ID != "g" || !titled("Beat this: grpo, seed 1") {
		t.Errorf("before the first step of an own run %d runs are drawn", len(f.chosen))
	}
	h.Show(someRun("a", "grpo", 7, 5), start)
	h.Scene(start.Add(time.Second))
	if len(f.chosen) != 1 || f.chosen[0].Info.ID != "a" || len(f.charts[0].ghost.x) != 60 || f.scales()[1] != 60 || titled("Beat this: grpo, seed 1") {
		t.Errorf("beside an own run: %d points of the ghost, the axis ends at %v", len(f.charts[0].ghost.x), f.scales()[1])
	}
	other := someRun("o", "grpo", 7, 5)
	other.Settings.Series.Base = "another"
	h.Show(other, start)
	if len(f.charts[0].ghost.x) != 0 {
		t.Error("a run from another base is set beside the ghost")
	}
}
