package figures

import (
	"math"
	"slices"

	"attnlab/app/figures/draw"
	"attnlab/app/session"
	"attnlab/rl/stat"
)

// lately is the mean and standard deviation (n - 1) of the last values of a run, and how
// many these are: at most [session.RecentSteps].
func lately(values []float64) (mean, deviation float64, n int) {
	last := session.Recent(values)
	mean, deviation = spread(last)
	return mean, deviation, len(last)
}

// spread is the mean and standard deviation of values, which is 0 of a single value. Without any value both are NaN.
func spread(values []float64) (mean, deviation float64) {
	if len(values) == 1 {
		return values[0], 0
	}
	return stat.Mean(values), stat.StdDev(values)
}

// cluster is runs that repeat each other.
type cluster struct {
	name   string
	points [][2]float64 // think tokens and accuracy of each run
	mean   [2]float64
	sd     [2]float64  // over the runs; of one run over its last steps
	base   *[2]float64 // of the model that the runs started from, nil if unknown
	first  session.KeptRun
}

// newClusters makes a cluster of each group of runs that have both metrics.
func newClusters(chosen []session.KeptRun, active session.Run) (list []cluster) {
	for _, group := range session.GroupRepeats(chosen) {
		c := cluster{}
		for _, r := range group {
			accuracy, accuracySD, n := lately(column(r.Metrics, "accuracy"))
			think, thinkSD, m := lately(column(r.Metrics, "think_tokens"))
			if n == 0 || m == 0 {
				continue
			}
			if len(c.points) == 0 {
				c.name, c.sd, c.first = r.Info.Name, [2]float64{thinkSD, accuracySD}, r
			}
			c.points = append(c.points, [2]float64{think, accuracy})
		}
		if len(c.points) == 0 {
			continue
		}
		s := c.first.Settings
		c.base = baseOf(s, active)
		if len(c.points) > 1 {
			if c.name = s.Method; s.FocusHeads != "" {
				c.name += ", heads " + s.FocusHeads
			}
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
		list = append(list, c)
	}
	named := map[string]int{}
	for _, c := range list {
		named[c.name]++
	}
	for i, c := range list {
		if named[c.name] > 1 && len(c.points) > 1 {
			list[i].name += " on " + c.first.Settings.Model
		}
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
			bars[axis] = append(bars[axis], c.mean[axis]-c.sd[axis], c.mean[axis]+c.sd[axis])
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
