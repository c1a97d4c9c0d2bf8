package figures

import (
	"math"
	"slices"

	"attnlab/app/figures/draw"
	"attnlab/app/session"
	"attnlab/rl/runs"
	"attnlab/rl/stat"
)

// cluster is runs that repeat each other, from their bases to their ends. Points are think tokens and accuracy.
type cluster struct {
	group
	points [][2]float64 // the end of each run
	mean   [2]float64
	sd     [2]float64 // over the runs; of one run over its last steps; NaN of one step
	paths  [][][2]float64
	path   [][2]float64 // the mean of paths, where all have a point
	base   *origin      // mean of the runs' own bases, nil where one is unknown
	first  session.KeptRun
}

// origin is where runs began: the base of each on its own problems.
type origin struct {
	at       [2]float64
	error    [2]float64 // standard errors, NaN where one was not recorded
	problems int        // of one run
}

// bar is how far the error bar of an axis reaches from the mean: 0 where the spread is not known.
func (c *cluster) bar(axis int) float64 {
	if math.IsNaN(c.sd[axis]) {
		return 0
	}
	return c.sd[axis]
}

// course is the mean course of the runs, or that of the only one.
func (c *cluster) course() [][2]float64 {
	if c.path == nil {
		return c.paths[0]
	}
	return c.path
}

// newClusters makes a cluster of each group of runs that have both metrics.
func newClusters(chosen []session.KeptRun) (list []cluster) {
	for _, g := range newGroups(chosen) {
		c := cluster{group: g}
		var ends [2][]float64
		var begun []session.KeptRun
		for _, i := range g.runs {
			r := chosen[i]
			accuracy, think := column(r.Metrics, "accuracy"), column(r.Metrics, "think_tokens")
			a, t := runs.Recent(accuracy, runs.RecentSteps), runs.Recent(think, runs.RecentSteps)
			if a.N == 0 || t.N == 0 {
				continue
			}
			if len(c.points) == 0 {
				c.sd, c.first = [2]float64{float64(t.SD), float64(a.SD)}, r
			}
			point := [2]float64{float64(t.Mean), float64(a.Mean)}
			c.points, begun = append(c.points, point), append(begun, r)
			for axis := range 2 {
				ends[axis] = append(ends[axis], point[axis])
			}
			c.paths = append(c.paths, pathOf(r, think, accuracy))
		}
		if len(c.points) == 0 {
			continue
		}
		c.base = startOf(begun)
		for axis := range 2 {
			over := runs.SpreadOf(ends[axis])
			if c.mean[axis] = float64(over.Mean); over.N > 1 {
				c.sd[axis] = float64(over.SD)
			}
		}
		c.path = meanPath(c.paths)
		list = append(list, c)
	}
	return list
}

// pathPoints is how many points a course has at most after its base: more would draw noise.
const pathPoints = 12

// pathOf is the course of a run: its base, then means of as many steps as its end is the mean of, evenly spaced, up to its end.
func pathOf(r session.KeptRun, think, accuracy []float64) (path [][2]float64) {
	if s := startOf([]session.KeptRun{r}); s != nil {
		path = append(path, s.at)
	}
	rows := min(len(think), len(accuracy))
	first := min(rows-1, runs.RecentSteps-1)
	n := min(pathPoints, rows-first)
	for i := range n {
		row := first
		if n > 1 {
			row += i * (rows - 1 - first) / (n - 1)
		}
		t, a := runs.Recent(think[:row+1], runs.RecentSteps), runs.Recent(accuracy[:row+1], runs.RecentSteps)
		if t.N > 0 && a.N > 0 {
			path = append(path, [2]float64{float64(t.Mean), float64(a.Mean)})
		}
	}
	return path
}

// meanPath is the mean of paths at equal shares of their lengths: runs with a budget of tokens take a few steps more or less.
func meanPath(paths [][][2]float64) (mean [][2]float64) {
	shortest := math.MaxInt
	for _, p := range paths {
		shortest = min(shortest, len(p))
	}
	if len(paths) < 2 || shortest < 2 {
		return nil
	}
	for i := range shortest {
		var sum [2]float64
		for _, p := range paths {
			at := float64(i) * float64(len(p)-1) / float64(shortest-1)
			k := min(int(at), len(p)-2)
			for axis := range 2 {
				sum[axis] += (p[k][axis] + (at-float64(k))*(p[k+1][axis]-p[k][axis])) / float64(len(paths))
			}
		}
		mean = append(mean, sum)
	}
	return mean
}

// startOf is the mean of the runs' bases, nil where one is not known.
func startOf(list []session.KeptRun) *origin {
	var s origin
	for i, r := range list {
		think, thinkError, n := session.BaseValue(r.Base, "think_tokens")
		accuracy, accuracyError, _ := session.BaseValue(r.Base, "accuracy")
		if math.IsNaN(think+accuracy) || math.IsInf(think+accuracy, 0) {
			return nil
		}
		if i == 0 {
			s.problems = n
		}
		at, errors, k := [2]float64{think, accuracy}, [2]float64{thinkError, accuracyError}, float64(i)
		for axis := range 2 { // errors of means of i+1 values
			s.at[axis] = (s.at[axis]*k + at[axis]) / (k + 1)
			s.error[axis] = stat.DifferenceError(s.error[axis]*k, errors[axis]) / (k + 1)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return &s
}

// extent is what the axes span, x then y: all points with their bars, the bases and the paths. It is nil without any.
func extent(clusters []cluster) []float64 {
	var values, bars [2][]float64 // of x and y
	for _, c := range clusters {
		points := slices.Clone(c.points)
		if c.base != nil {
			points = append(points, c.base.at)
		}
		for _, path := range c.paths {
			points = append(points, path...)
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
		pad := 0.04 * (hi - lo)
		lo, hi = lo-pad, hi+pad
		if missing := max(least, 0.02*math.Abs(hi)) - (hi - lo); missing > 0 {
			lo, hi = lo-missing/2, hi+missing/2
		}
		step := draw.TickStep(lo, hi, 8) // half of what ticks are apart, so that little stays empty
		lo, hi = step*math.Floor(lo/step+1e-9), step*math.Ceil(hi/step-1e-9)
		return max(lo, floor), min(hi, ceiling)
	}
	x0, x1 := span(0, 8, inf)
	y0, y1 := span(1, 0.1, 1)
	return []float64{x0, x1, y0, y1}
}
