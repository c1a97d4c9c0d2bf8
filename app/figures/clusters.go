package figures

import (
	"math"
	"slices"

	"attnlab/app/figures/draw"
	"attnlab/app/session"
	"attnlab/rl/runs"
)

// cluster is runs that repeat each other.
type cluster struct {
	name   string
	points [][2]float64 // think tokens and accuracy of each run
	mean   [2]float64
	sd     [2]float64  // over the runs; of one run over its last steps; NaN of one step
	base   *[2]float64 // of the model that the runs started from, nil if unknown
	first  session.KeptRun
}

// bar is how far the error bar of an axis reaches from the mean: 0 where the spread is not known.
func (c *cluster) bar(axis int) float64 {
	if math.IsNaN(c.sd[axis]) {
		return 0
	}
	return c.sd[axis]
}

// newClusters makes a cluster of each group of runs that have both metrics.
func newClusters(chosen []session.KeptRun, active session.Run) (list []cluster) {
	var groups [][]session.KeptRun
	for _, group := range session.GroupRepeats(chosen) {
		c := cluster{}
		var ends [2][]float64
		for _, r := range group {
			accuracy, think := runs.Recent(column(r.Metrics, "accuracy"), runs.RecentSteps), runs.Recent(column(r.Metrics, "think_tokens"), runs.RecentSteps)
			if accuracy.N == 0 || think.N == 0 {
				continue
			}
			if len(c.points) == 0 {
				c.sd, c.first = [2]float64{float64(think.SD), float64(accuracy.SD)}, r
			}
			point := [2]float64{float64(think.Mean), float64(accuracy.Mean)}
			c.points = append(c.points, point)
			for axis := range 2 {
				ends[axis] = append(ends[axis], point[axis])
			}
		}
		if len(c.points) == 0 {
			continue
		}
		c.base = baseOf(c.first.Settings, active)
		for axis := range 2 {
			over := runs.SpreadOf(ends[axis])
			if c.mean[axis] = float64(over.Mean); over.N > 1 {
				c.sd[axis] = float64(over.SD)
			}
		}
		list, groups = append(list, c), append(groups, group)
	}
	for i, name := range session.NamesOf(groups) {
		list[i].name = name
	}
	return list
}

// baseOf is where runs with these settings began, if the active run began there too.
func baseOf(s session.RunSettings, active session.Run) *[2]float64 {
	a := active.Settings
	think, accuracy := column(active.Base, "think_tokens"), column(active.Base, "accuracy")
	if len(think) == 0 || len(accuracy) == 0 || math.IsNaN(think[0]+accuracy[0]) ||
		s.Model != a.Model || s.Task != a.Task || s.Teacher != a.Teacher || s.Difficulty != a.Difficulty {
		return nil
	}
	return &[2]float64{think[0], accuracy[0]}
}

// extent is what the axes span, x then y: all points with their bars, and the bases. It is
// nil without any.
func extent(clusters []cluster) []float64 {
	var values, bars [2][]float64 // of x and y
	for _, c := range clusters {
		points := c.points
		if c.base != nil {
			points = append(slices.Clone(points), *c.base)
		}
		for axis := range 2 {
			for _, p := range points {
				values[axis] = append(values[axis], p[axis])
			}
			bars[axis] = append(bars[axis], c.mean[axis]-c.bar(axis), c.mean[axis]+c.bar(axis))
		}
	}
	if len(bars[0]) == 0 {
		return nil
	}
	span := func(axis int, least, ceiling float64) (lo, hi float64) {
		lo, hi = slices.Min(values[axis]), slices.Max(values[axis])
		floor, ceiling := min(0, lo), max(ceiling, hi) // bars are cut there, values are not
		lo, hi = min(lo, slices.Min(bars[axis])), max(hi, slices.Max(bars[axis]))
		pad := 0.08 * (hi - lo)
		lo, hi = draw.Widen(lo-pad, hi+pad, least, -inf, inf)
		return max(lo, floor), min(hi, ceiling)
	}
	x0, x1 := span(0, 8, inf)
	y0, y1 := span(1, 0.1, 1)
	return []float64{x0, x1, y0, y1}
}
