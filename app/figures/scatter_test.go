package figures

import (
	"slices"
	"testing"

	"attnlab/app/figures/draw"
	"attnlab/app/session"
)

// Of groups that end near each other every name is shown; none covers another or the dot of a group, wide and narrow. The runs fill the
// chart.
func TestScatterNames(t *testing.T) {
	var list []session.Run
	for i, method := range []string{"attnpo", "grpo", "tlmre", "rea-rl", "dapo"} {
		for seed := range uint64(3) {
			r := someRun(method+string('a'+rune(seed)), method, seed+1, 36)
			for _, m := range r.Metrics {
				for k, v := range m.Values { // to ends some tokens and hundredths apart
					switch m.Name {
					case "think_tokens":
						*v = 92 - float64(k)*(0.8+0.012*float64(i)) - 0.2*float64(seed)
					case "accuracy":
						*v = 0.72 + float64(k)*0.005 + 0.001*float64(i) + 0.004*float64(seed)
					}
				}
			}
			r.Base = []session.Metric{{Name: "accuracy", Values: []*float64{ref(0.72)}}, {Name: "think_tokens", Values: []*float64{ref(92)}}, {Name: "problems", Values: []*float64{ref(256)}}}
			list = append(list, r)
		}
	}
	for _, width := range []float64{1000, 358} {
		h, f := of[*scatter](t, "scatter", width, 420, saved(list...))
		h.Scene(start)
		var names []draw.Box
		for _, g := range f.groups {
			at := slices.IndexFunc(f.scene.Shapes, func(s draw.Shape) bool { l, ok := s.(draw.Label); return ok && l.Text == g.label() })
			if at < 0 {
				t.Errorf("%v wide: no name %q", width, g.label())
				continue
			}
			l := f.scene.Shapes[at].(draw.Label)
			names = append(names, draw.Rect(l.X, l.Y-10, draw.Width(l.Text, false, l.Size), 12))
		}
		v := f.Values()
		left := draw.Margin + draw.Gutter(v[2], v[3], 7)
		for i, box := range names {
			for k, other := range names[:i] {
				if m := box.Meet(other); m.W*m.H > 0 {
					t.Errorf("%v wide: the names of %s and %s overlap", width, f.groups[i].name, f.groups[k].name)
				}
			}
			for _, s := range f.scene.Shapes {
				if d, ok := s.(draw.Dot); ok && d.Radius >= 5 {
					if m := box.Meet(draw.Rect(d.X-d.Radius, d.Y-d.Radius, 2*d.Radius, 2*d.Radius)); m.W*m.H > 4 {
						t.Errorf("%v wide: the name of %s covers a dot", width, f.groups[i].name)
					}
				}
			}
			if box.X < left-1 || box.X+box.W > width {
				t.Errorf("%v wide: the name of %s leaves the chart", width, f.groups[i].name)
			}
		}
		lo, hi := 1.0, 0.0
		for _, g := range f.groups {
			for _, path := range g.paths {
				for _, p := range path {
					lo, hi = min(lo, p[1]), max(hi, p[1])
				}
			}
		}
		if share := (hi - lo) / (v[3] - v[2]); share < 0.6 {
			t.Errorf("the runs fill %.2f of the height of the chart, from %v to %v of %v", share, lo, hi, v)
		}
	}
}
