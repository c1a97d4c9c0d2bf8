package figures

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"attnlab/app/figures/draw"
	"attnlab/app/session"
)

// measuredRun is a run with distributions in each step, and held-out problems in every third.
func measuredRun(id string, seed uint64) session.Run {
	r := someRun(id, "grpo", seed, 12)
	add := func(name string, of func(step int) *float64) {
		m := session.Metric{Name: name}
		for s := range 12 {
			m.Values = append(m.Values, of(s+1))
		}
		r.Metrics = append(r.Metrics, m)
	}
	for _, name := range []string{"reward", "response_length", "advantage"} {
		for i, q := range []string{"p10", "p50", "p90"} {
			add("quantiles."+name+"."+q, func(step int) *float64 { return ref(float64(10*i+step) / 10) })
		}
	}
	third := func(v float64) func(int) *float64 {
		return func(step int) *float64 {
			if step%3 == 0 {
				return ref(v + float64(step)/100)
			}
			return nil
		}
	}
	add("held_out.accuracy", third(0.5))
	add("held_out.standard_error", third(0))
	add("held_out_base.accuracy", func(step int) *float64 {
		if step == 1 {
			return ref(0.45)
		}
		return nil
	})
	return r
}

// A run alone has the band of each distribution, and of what is measured now and then a point with its error for each measurement.
func TestDistributionsOfARun(t *testing.T) {
	h, f := of[*curves](t, "curves", 1200, 900, measuredRun("r", 1))
	check(t, "distributions", h)
	places, missing := f.places()
	if missing > 0 {
		t.Fatalf("%d curves have no place", missing)
	}
	for _, c := range []struct {
		name      string
		at        []float64 // steps
		low, high func(step float64) float64
		dots      int
	}{
		{"reward", steps12(1), func(s float64) float64 { return s / 10 }, func(s float64) float64 { return 2 + s/10 }, 0},
		{"quantiles.response_length.p50", steps12(1), func(s float64) float64 { return s / 10 }, func(s float64) float64 { return 2 + s/10 }, 0},
		{"quantiles.advantage.p50", steps12(1), func(s float64) float64 { return s / 10 }, func(s float64) float64 { return 2 + s/10 }, 0},
		{"held_out.accuracy", steps12(3), func(s float64) float64 { return 0.5 }, func(s float64) float64 { return 0.5 + 2*s/100 }, 4},
	} {
		i := slices.IndexFunc(f.charts, func(chart chart) bool { return chart.Name == c.name })
		if i < 0 {
			t.Fatalf("there is no curve of %s", c.name)
		}
		p, _ := f.plot(i, places[i])
		var want [][3]float64
		for _, s := range c.at {
			x, high := p.At(s, c.high(s))
			_, low := p.At(s, c.low(s))
			want = append(want, [3]float64{x, high, low})
		}
		near := func(a, b [3]float64) bool { return math.Hypot(a[0]-b[0], math.Hypot(a[1]-b[1], a[2]-b[2])) < 1e-6 }
		if !slices.ContainsFunc(f.scene.Shapes, func(s draw.Shape) bool {
			band, ok := s.(draw.Band)
			return ok && slices.EqualFunc(band.Points, want, near)
		}) {
			t.Errorf("%s has no band through %v", c.name, want)
		}
		dots := 0
		for _, s := range f.scene.Shapes {
			if d, ok := s.(draw.Dot); ok && d.Radius == 1.75 && p.Contains(min(d.X, p.X+p.W-1), d.Y) {
				dots++
			}
		}
		if dots != c.dots {
			t.Errorf("%s has %d points, want %d", c.name, dots, c.dots)
		}
	}
	if got := f.bandsSay(); got != "bands: ± 1 s.e., 10 to 90 %" {
		t.Errorf("the heading says %q", got)
	}
	held := f.charts[slices.IndexFunc(f.charts, func(c chart) bool { return c.Name == "held_out.accuracy" })]
	if held.base != 0.45 || held.plusMinus(held.curves[0], 3) != " ± 0.120 s.e." {
		t.Errorf("held-out accuracy from %v, %q", held.base, held.plusMinus(held.curves[0], 3))
	}
	h.Set("smooth", "0.9", start)
	for _, c := range f.charts {
		smoothed := !slices.Equal(c.curves[0].smooth, c.curves[0].raw)
		if c.Name == "held_out.accuracy" && smoothed || c.Name == "reward" && !smoothed {
			t.Errorf("%s is smoothed %v", c.Name, smoothed)
		}
	}
}

func steps12(every int) (at []float64) {
	for s := every; s <= 12; s += every {
		at = append(at, float64(s))
	}
	return at
}

// A tip has the quantiles of the step. Of several runs distributions are left out, and errors of held-out problems stay.
func TestDistributionsOfRuns(t *testing.T) {
	_, f := of[*curves](t, "curves", 1200, 900, measuredRun("r", 1))
	reward := slices.IndexFunc(f.charts, func(c chart) bool { return c.Name == "reward" })
	places, _ := f.places()
	p, _ := f.plot(reward, places[reward])
	f.px, _ = p.At(5, 0)
	if tip := strings.Join(f.chartTip(reward, p), "\n"); !strings.HasSuffix(tip, "\n10, 50, 90 %: 0.500, 1.500, 2.500") {
		t.Errorf("the tip is\n%s", tip)
	}
	other := measuredRun("s", 2)
	other.Settings.Method, other.Settings.Series.Method = "dapo", "dapo"
	h, f := of[*curves](t, "curves", 1200, 900, saved(measuredRun("r", 1), other))
	h.Set("runs", "r,s", start)
	h.Scene(start.Add(time.Second))
	bands := 0
	for _, s := range f.scene.Shapes {
		if _, ok := s.(draw.Band); ok {
			bands++
		}
	}
	if bands != 2 {
		t.Errorf("two runs of two methods have %d bands, want one of held-out problems each", bands)
	}
	same := measuredRun("s", 2)
	same.Metrics = slices.DeleteFunc(same.Metrics, func(m session.Metric) bool { return strings.HasPrefix(m.Name, "quantiles.") })
	h, f = of[*curves](t, "curves", 1200, 900, saved(measuredRun("r", 1), same))
	h.Set("runs", "r,s", start)
	check(t, "seeds of which one has no distributions", h)
}
