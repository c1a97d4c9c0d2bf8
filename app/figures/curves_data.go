package figures

import (
	"math"
	"slices"

	"attnlab/app/figures/draw"
	"attnlab/app/session"
	"attnlab/rl/runs"
)

// runsShown holds the runs that a figure can draw.
type runsShown struct {
	active session.Run
	second session.Run // that trains in turn with the active one
	others session.Runs
	only   []string // ids of the wanted runs; empty for the figure's default
}

// take takes a snapshot of runs. It returns false for any other message.
func (r *runsShown) take(event any) bool {
	switch e := event.(type) {
	case session.Run:
		r.active = e
	case session.Beside:
		r.second = e.Run
	case session.Runs:
		r.others = e
	default:
		return false
	}
	return true
}

// all lists every run. Those that train are newer than their copies among the others.
func (r *runsShown) all() []session.KeptRun {
	all := slices.Clone(r.others.Runs)
	for _, run := range []session.Run{r.active, r.second} {
		if run.Info.ID == "" {
			continue
		}
		now := session.KeptRun{Info: run.Info, Settings: run.Settings, Base: run.Base, Metrics: run.Metrics}
		if i := indexOf(all, now.Info.ID); i >= 0 {
			all[i] = now
		} else {
			all = append(all, now)
		}
	}
	return all
}

// pick lists the runs of the given ids, in that order. Unknown ids are skipped.
func (r *runsShown) pick(ids []string) (list []session.KeptRun) {
	all := r.all()
	for _, id := range ids {
		if i := indexOf(all, id); i >= 0 && id != "" {
			list = append(list, all[i])
		}
	}
	return list
}

func indexOf(runs []session.KeptRun, id string) int {
	return slices.IndexFunc(runs, func(r session.KeptRun) bool { return r.Info.ID == id })
}

// column is a run's values by name, one a row of its log, NaN where there is none. It is nil
// if the run has none at all, and for the empty name of what a metric does not have.
func column(metrics []session.Metric, name string) []float64 {
	i := slices.IndexFunc(metrics, func(m session.Metric) bool { return m.Name == name })
	if i < 0 || name == "" {
		return nil
	}
	values := optional(metrics[i].Values)
	if !slices.ContainsFunc(values, func(v float64) bool { return !math.IsNaN(v) }) {
		return nil
	}
	return values
}

var inf = math.Inf(1)

// drawn are the metrics that have curves, the most telling first.
var drawn = slices.DeleteFunc(slices.Clone(runs.Metrics), func(m runs.Metric) bool { return !m.Show.Has(runs.LargeCurve | runs.SmallCurve) })

// has reports whether a run has a metric.
func has(s session.RunSettings, m runs.Metric) bool {
	return m.Of == runs.EveryRun || (m.Of == runs.Pretraining) == (s.Method == runs.Pretrain)
}

// chart is one metric of the chosen runs.
type chart struct {
	runs.Metric
	curves []curve
	ghost  curve        // of a run to beat, empty for none
	bands  map[int]band // of groups of two runs or more, by their place
	base   float64      // of the model that the run started from, NaN if unknown
	lo, hi float64      // ends of the axis
}

// curve is a metric of one run over an axis, one value a row of the log; NaN where
// there is none.
type curve struct {
	run            int // place among the chosen runs
	x, raw, smooth []float64
	breaks         []bool // rows are missing before this one

	around, spread [3][]float64 // low, middle and high around the line: as logged, and smoothed like the line; nil where there is nothing
}

// newChart makes the chart of a metric. It returns false if no run has a value. base are the
// measurements of the model that a single run started from.
func newChart(m runs.Metric, chosen []session.KeptRun, groups []group, base []session.Metric, over runs.Axis, smooth float64) (chart, bool) {
	c := chart{Metric: m, base: math.NaN(), lo: inf, hi: -inf}
	for i, r := range chosen {
		steps, raw, x := column(r.Metrics, "step"), column(r.Metrics, m.Name), along(r, over)
		n := min(len(raw), len(x))
		if n == 0 || !has(r.Settings, m) {
			continue
		}
		for len(steps) < n { // a log without steps has one a row
			steps = append(steps, float64(len(steps)))
		}
		rows := measuredRows(m, raw[:n])
		smooth := smooth
		if m.Around.Error != "" {
			smooth = 0 // a mean over measurements of the same problems has no error that is known
		}
		of := func(name string) []float64 { return rowsOf(column(r.Metrics, name), rows) }
		steps, raw, x = rowsOf(steps, rows), rowsOf(raw, rows), rowsOf(x, rows)
		l := curve{run: i, x: x, raw: raw, smooth: smoothed(steps, raw, smooth), breaks: gaps(steps)}
		if m.Around.Error != "" {
			l.breaks = nil // as far apart as the tokens of a step have it
		}
		if m.Around.Error != "" || len(chosen) == 1 { // the distributions of several runs would hide each other
			l.surround(m.Around, of, steps, smooth)
		}
		c.curves = append(c.curves, l)
		for _, values := range [][]float64{raw, l.around[low], l.around[high]} {
			if lo, hi := ends(values); lo <= hi {
				c.lo, c.hi = min(c.lo, lo), max(c.hi, hi)
			}
		}
	}
	if c.lo > c.hi {
		return c, false
	}
	known := column(base, m.Name)
	if m.Around.Base != "" && len(chosen) == 1 {
		known = column(chosen[0].Metrics, m.Around.Base)
	}
	if len(known) > 0 && !math.IsNaN(known[0]) {
		c.base, c.lo, c.hi = known[0], min(c.lo, known[0]), max(c.hi, known[0])
	}
	c.bands = map[int]band{}
	for at, g := range groups {
		var x, y [][]float64
		for _, l := range c.curves {
			if slices.Contains(g.runs, l.run) {
				x, y = append(x, l.x), append(y, l.smooth)
			}
		}
		if len(x) > 1 {
			c.bands[at] = newBand(x, y)
		}
	}
	c.lo, c.hi = draw.Widen(c.lo, c.hi, m.Least, m.Floor, m.Ceiling)
	return c, true
}

// addGhost adds the curve of a run that is drawn behind the chosen one.
func (c *chart) addGhost(r session.KeptRun, over runs.Axis) {
	g, ok := newChart(c.Metric, []session.KeptRun{r}, nil, nil, over, ghostSmoothing)
	if !ok {
		return
	}
	c.ghost = g.curves[0]
	c.lo, c.hi = min(c.lo, g.lo), max(c.hi, g.hi)
}

// ghostSmoothing is that of the run to beat: its course matters, not its noise.
const ghostSmoothing = 0.8

// along is the horizontal axis of a run's curves.
func along(r session.KeptRun, over runs.Axis) []float64 {
	for _, name := range over.Columns {
		if x := column(r.Metrics, name); x != nil {
			return x
		}
	}
	return nil
}

// smoothed is the exponential moving average of values [N] at steps [N]: from a step to the
// next the share s of the average so far stays. It has no bias at its beginning. A
// gap stays a gap. Where steps are missing, s is raised to the power of their number, so that
// smoothing is the same per step.
func smoothed(steps, values []float64, s float64) []float64 {
	unit := 1.0 // the newest rows are one step apart; see session.NewestSteps
	if n := len(steps); n > 1 && steps[n-1] > steps[n-2] {
		unit = steps[n-1] - steps[n-2]
	}
	out := make([]float64, len(values))
	var sum, weight float64
	last := -1 // row of the value before
	for i, v := range values {
		if out[i] = v; math.IsNaN(v) {
			continue
		}
		keep := s
		if last >= 0 && steps[i] > steps[last] {
			keep = math.Pow(s, (steps[i]-steps[last])/unit)
		}
		sum, weight, last = keep*sum+(1-keep)*v, keep*weight+(1-keep), i
		out[i] = sum / weight
	}
	return out
}

// gaps reports for each of the rising steps of a log whether rows are missing before it: it is
// further from the one before than is usual for the three distances on each side. Long logs
// come with even distances larger than one, see [session.NewestSteps]. A step that is not
// above the one before begins a new stretch too.
func gaps(steps []float64) []bool {
	breaks := make([]bool, len(steps))
	for i := 1; i < len(steps); i++ {
		apart := steps[i] - steps[i-1]
		if !(apart > 0) {
			breaks[i] = true
			continue
		}
		var usual []float64
		for k := max(1, i-3); k <= min(len(steps)-1, i+3); k++ {
			if d := steps[k] - steps[k-1]; k != i && d > 0 {
				usual = append(usual, d)
			}
		}
		if len(usual) > 0 {
			slices.Sort(usual)
			breaks[i] = apart > 1.5*usual[len(usual)/2]
		}
	}
	return breaks
}

// at is the row nearest to a place on the axis; the last for NaN.
func (c curve) at(x float64) int {
	if math.IsNaN(x) {
		return len(c.x) - 1
	}
	return nearest(c.x, x)
}

// value is the row of a place on the axis, and the run's value there, NaN for none: the run
// does not reach there, or its log has none.
func (c curve) value(x float64) (row int, v float64) {
	row = c.at(x)
	lo, hi := ends(c.x)
	apart := 0.51 * (hi - lo) / max(1, float64(len(c.x)-1))
	if !math.IsNaN(x) && !(x >= lo-apart && x <= hi+apart) {
		return row, math.NaN()
	}
	return row, c.raw[row]
}

// ends are the smallest and largest number among values; lo > hi if there is none.
func ends(values []float64) (lo, hi float64) {
	lo, hi = inf, -inf
	for _, v := range values {
		if !math.IsNaN(v) {
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	return lo, hi
}

// nearest is the index of the value nearest to x.
func nearest(values []float64, x float64) int {
	best := 0
	for i, v := range values {
		if math.Abs(v-x) < math.Abs(values[best]-x) || math.IsNaN(values[best]) {
			best = i
		}
	}
	return best
}
