package figures

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"attnlab/app/session"
	"attnlab/rl/runs"
)

// pace is the shortest time between two drawings of training runs.
const pace = 100 * time.Millisecond

// curves draws metrics of runs as small multiples over one axis, the most telling large.
// A reading in one is a reading in all.
type curves struct {
	*View
	runsShown
	smooth float64 // 0 to 0.95
	over   runs.Axis
	ghost  string  // id of a run that is drawn behind the chosen one, or in its place; empty for none
	beat   bool    // the ghost began from the model that a run would begin from
	cursor float64 // where keys or a press have put the reading, NaN for nowhere

	chosen []session.KeptRun
	groups []group
	charts []chart
}

func newCurves(v *View) Figure {
	v.Pace = pace
	return &curves{View: v, cursor: math.NaN(), over: runs.AxisOf("")}
}

// Follows lists what the figure draws.
func (c *curves) Follows() []string { return []string{"Run", "Beside", "Runs"} }

// Show takes the active run, or the list of runs.
func (c *curves) Show(event any, _ time.Time) {
	if c.take(event) {
		c.update()
	}
}

// Set sets an option: runs=ID,ID, by default the active run; ghost=ID, a run to beat; beat=this where it began from the same model; smooth=0..0.95; x=the name of one of [runs.Axes].
func (c *curves) Set(name, value string) {
	switch name {
	case "runs":
		ids := splitIDs(value)
		if slices.Equal(ids, c.only) {
			return
		}
		c.only = ids
	case "ghost":
		if value == c.ghost {
			return
		}
		c.ghost = value
	case "beat":
		c.beat = value == "this"
	case "smooth":
		share, err := strconv.ParseFloat(value, 64)
		if err != nil || math.IsNaN(share) {
			share = 0
		}
		if share = max(0, min(0.95, share)); share == c.smooth {
			return
		}
		c.smooth = share
	case "x":
		over := runs.AxisOf(value)
		if over.Name == c.over.Name {
			return
		}
		c.over, c.cursor = over, math.NaN()
	default:
		return
	}
	c.update()
}

func splitIDs(value string) []string {
	return strings.FieldsFunc(value, func(r rune) bool { return r == ',' })
}

// update makes the charts of the chosen runs, and lets the axes go to their new scales.
func (c *curves) update() {
	ids := c.only
	if len(ids) == 0 {
		ids = []string{c.active.Info.ID}
	}
	c.chosen, c.charts = c.pick(ids), nil
	ghost := c.pick([]string{c.ghost})
	if len(c.chosen) == 1 && len(ghost) == 1 && c.chosen[0].Info.Step == 0 { // until its first step
		c.chosen = nil
	}
	if len(c.chosen) == 1 && len(ghost) == 1 && (c.chosen[0].Info.ID == c.ghost || c.chosen[0].Settings.Series.Base != ghost[0].Settings.Series.Base) {
		ghost = nil // itself, or from another base
	}
	if len(c.chosen) == 0 {
		c.chosen, ghost = ghost, nil
	}
	c.groups = newGroups(c.chosen)
	var base []session.Metric
	if len(c.chosen) == 1 {
		base = c.chosen[0].Base
	}
	for _, m := range drawn {
		if chart, ok := newChart(m, c.chosen, c.groups, base, c.over, c.smooth); ok {
			if len(ghost) == 1 && len(c.chosen) == 1 {
				chart.addGhost(ghost[0], c.over)
			}
			c.charts = append(c.charts, chart)
		}
	}
	if to := c.scales(); len(to) == len(c.Values()) {
		c.Ease(to)
	} else { // other charts
		c.Jump(to)
	}
}

// scales are the ends of the axes: of the horizontal one, then of each chart's vertical one.
func (c *curves) scales() []float64 {
	lo, hi := inf, -inf
	for _, chart := range c.charts {
		for _, curve := range append(chart.curves[:len(chart.curves):len(chart.curves)], chart.ghost) {
			low, high := ends(curve.x)
			lo, hi = min(lo, low), max(hi, high)
		}
	}
	if lo > hi {
		lo, hi = 0, 0
	}
	if lo == hi {
		hi++
	}
	values := []float64{lo, hi}
	for _, chart := range c.charts {
		values = append(values, chart.lo, chart.hi)
	}
	return values
}

// axis is the name of the horizontal axis.
func (c *curves) axis() string {
	if c.over.Columns[len(c.over.Columns)-1] == "tokens" && len(c.chosen) > 0 && c.chosen[0].Settings.Method == runs.Pretrain {
		return "tokens read"
	}
	return c.over.Label
}

// Caption says what is drawn.
func (c *curves) Caption() string {
	if len(c.charts) == 0 {
		return "Curves of runs: there is none yet."
	}
	var names []string
	for _, chart := range c.charts {
		names = append(names, chart.Title)
	}
	var groups []string
	for _, g := range c.groups {
		groups = append(groups, g.label())
	}
	return fmt.Sprintf("Curves of %s (%s) over the axis %s: %s.", count(len(c.chosen), "run", "runs"), strings.Join(groups, "; "), c.axis(), strings.Join(names, ", "))
}

// Table is a row for each place of each curve, then of each mean over runs with one standard deviation. Low and high are what is drawn around a
// value: for a mean its standard deviation, for others what the metric has.
func (c *curves) Table() session.Table {
	t := session.NewTable("metric run n " + c.over.Name + " value smoothed low high")
	at := func(values []float64, i int) float64 {
		if i >= len(values) {
			return math.NaN()
		}
		return values[i]
	}
	for _, chart := range c.charts {
		for _, l := range chart.curves {
			for i := range l.raw {
				t.Add(chart.Name, c.chosen[l.run].Info.Name, 1, l.x[i], l.raw[i], at(l.smooth, i), at(l.around[low], i), at(l.around[high], i))
			}
		}
		for g := range c.groups {
			b := chart.bands[g]
			for i := range b.x {
				t.Add(chart.Name, c.groups[g].name, len(c.groups[g].runs), b.x[i], "", b.mean[i], b.mean[i]-b.sd[i], b.mean[i]+b.sd[i])
			}
		}
	}
	return t
}

// Key moves the reading to another step of the first curve. Back takes it away.
func (c *curves) Key(key Key) bool {
	if key == Back {
		c.cursor = math.NaN()
		return false
	}
	if key > Enter || len(c.charts) == 0 {
		return false
	}
	var x []float64 // of the first curve
	for _, v := range c.charts[0].curves[0].x {
		if !math.IsNaN(v) {
			x = append(x, v)
		}
	}
	if len(x) == 0 {
		return false
	}
	at := len(x) - 1
	if !math.IsNaN(c.cursor) {
		at = nearest(x, c.cursor)
		switch key {
		case Left, Down:
			at--
		case Right, Up:
			at++
		}
	}
	switch key {
	case First:
		at = 0
	case Last:
		at = len(x) - 1
	}
	c.cursor = x[max(0, min(len(x)-1, at))]
	return true
}
