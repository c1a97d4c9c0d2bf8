package figures

import (
	"math"
	"slices"

	"attnlab/app/session"
	"attnlab/rl/stat"
)

// recent is how many steps a run is judged by.
const recent = 5

// lately is mean and standard deviation (n - 1) of the last steps that have a value,
// and how many these are.
func lately(values []float64) (mean, deviation float64, n int) {
	var last []float64
	for _, v := range slices.Backward(values) {
		if !math.IsNaN(v) && len(last) < recent {
			last = append(last, v)
		}
	}
	mean, deviation = spread(last)
	return mean, deviation, len(last)
}

// spread is the mean and the standard deviation, which is 0 of a single value.
func spread(values []float64) (mean, deviation float64) {
	switch len(values) {
	case 0:
		return 0, 0
	case 1:
		return values[0], 0
	}
	return stat.Mean(values), stat.StdDev(values)
}

// cluster is runs that repeat each other.
type cluster struct {
	name   string
	points [][2]float64 // think tokens and accuracy of each
	mean   [2]float64
	sd     [2]float64 // over the runs; of one run over its last steps
	base   *[2]float64
	first  session.KeptRun
}

func (h *history) clusters() []cluster {
	var list []cluster
	for _, r := range h.chosen {
		accuracy, an, n := lately(column(r.Metrics, "accuracy"))
		think, tn, m := lately(column(r.Metrics, "think_tokens"))
		if n == 0 || m == 0 {
			continue
		}
		at := slices.IndexFunc(list, func(c cluster) bool { return c.first.Repeats(r) })
		if at < 0 {
			at = len(list)
			list = append(list, cluster{name: r.Info.Name, sd: [2]float64{tn, an}, base: h.baseOf(r.Settings), first: r})
		} else {
			if list[at].name = r.Settings.Method; r.Settings.FocusHeads != "" {
				list[at].name += ", heads " + r.Settings.FocusHeads
			}
		}
		list[at].points = append(list[at].points, [2]float64{think, accuracy})
	}
	named := map[string]int{}
	for _, c := range list {
		named[c.name]++
	}
	for i := range list {
		c := &list[i]
		if named[c.name] > 1 && len(c.points) > 1 {
			c.name += " on " + c.first.Settings.Model
		}
		for axis := range 2 {
			var values []float64
			for _, p := range c.points {
				values = append(values, p[axis])
			}
			mean, sd := spread(values)
			if c.mean[axis] = mean; len(values) > 1 {
				c.sd[axis] = sd
			}
		}
	}
	return list
}

// baseOf is where runs with these settings began, as far as the run at work tells.
func (h *history) baseOf(s session.RunSettings) *[2]float64 {
	w := h.run.Settings
	think, accuracy := column(h.run.Base, "think_tokens"), column(h.run.Base, "accuracy")
	if len(think) == 0 || len(accuracy) == 0 || s.Model != w.Model || s.Task != w.Task || s.Teacher != w.Teacher || s.Difficulty != w.Difficulty {
		return nil
	}
	return &[2]float64{think[0], accuracy[0]}
}

// extent is what scatter's axes span: all points with their bars, and the bases.
func (h *history) extent() []float64 {
	x0, x1, y0, y1 := inf, -inf, inf, -inf
	take := func(x, y float64) { x0, x1, y0, y1 = min(x0, x), max(x1, x), min(y0, y), max(y1, y) }
	for _, c := range h.groups {
		take(c.mean[0]-c.sd[0], c.mean[1]-c.sd[1])
		take(c.mean[0]+c.sd[0], c.mean[1]+c.sd[1])
		for _, p := range c.points {
			take(p[0], p[1])
		}
		if c.base != nil {
			take(c.base[0], c.base[1])
		}
	}
	if x0 > x1 {
		return nil
	}
	padX, padY := 0.08*(x1-x0), 0.08*(y1-y0)
	x0, x1 = widen(x0-padX, x1+padX, 8, 0, inf)
	y0, y1 = widen(y0-padY, y1+padY, 0.1, 0, 1)
	return []float64{x0, x1, y0, y1}
}
