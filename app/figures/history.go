package figures

import (
	"math"
	"slices"
	"time"

	"attnlab/app/session"
)

// history is the runs that curves and scatter draw.
type history struct {
	run    session.Run  // at work
	runs   session.Runs // all others
	only   []string     // ids of those wanted; empty for the run at work, or in scatter for all
	smooth float64      // 0 to 0.95, what a smoothed point keeps of the one before
	tokens bool         // curves over generated tokens and not over steps
	cursor float64      // where the keys or a press have put the reading, NaN for nowhere

	chosen []session.KeptRun
	charts []chart
	groups []cluster
}

// chart is one metric of the chosen runs.
type chart struct {
	metric
	lines  []line
	base   float64 // of the model that the run started from, NaN where unknown
	lo, hi float64
}

// line is a run's values, one a step; NaN where there is none.
type line struct {
	run            int // place in history.chosen
	x, raw, smooth []float64
}

// metric is what is known of a column besides its values.
type metric struct {
	name           string // as in metrics.jsonl
	title, unit    string
	decimals       int
	large          bool
	least          float64 // span of its axis, so that noise does not look like a trend
	floor, ceiling float64
}

// metrics are the curves, the most telling first.
var metrics = []metric{
	{"accuracy", "accuracy", "share of responses", 3, true, 0.1, 0, 1},
	{"think_tokens", "think tokens", "a response", 1, true, 4, 0, inf},
	{"reward", "reward", "mean", 3, false, 0.1, -inf, inf},
	{"redundant_steps", "redundant steps", "a response", 2, false, 0.5, 0, inf},
	{"essential_kept", "essential kept", "share of base", 2, false, 0.1, 0, inf},
	{"groups.valid", "valid groups", "a step", 0, false, 2, 0, inf},
	{"kl", "KL", "nats a token", 4, false, 1e-4, 0, inf},
	{"entropy", "entropy", "nats a token", 3, false, 0.02, 0, inf},
	{"gradient_norm", "gradient norm", "before clipping", 3, false, 0.01, 0, inf},
	{"tokens_per_second", "speed", "tokens a second", 0, false, 10, 0, inf},
	{"loss", "loss", "nats a token", 3, true, 0.05, -inf, inf},
	{"lr", "learning rate", "a step", 5, false, 1e-5, 0, inf},
}

var inf = math.Inf(1)

// pretraining has a loss in nats; that of other runs is a surrogate whose value says nothing.
func (m metric) of(s session.RunSettings) bool {
	if s.Method == "pretrain" {
		return m.name == "loss" || m.name == "lr" || m.name == "gradient_norm" || m.name == "tokens_per_second"
	}
	return m.name != "loss" && m.name != "lr"
}

// SetRuns chooses the runs that curves and scatter draw, by id; none for the run at
// work, or in scatter for all. SetSmooth chooses the smoothing of curves, 0 to 0.95,
// and SetTokens whether they go over generated tokens instead of steps.
func (f *Figure) SetRuns(ids []string, now time.Time) {
	if !slices.Equal(ids, f.history.only) {
		f.history.only = slices.Clone(ids)
		f.rescale(now)
	}
}

// SetSmooth: see [Figure.SetRuns].
func (f *Figure) SetSmooth(share float64, now time.Time) {
	if share = max(0, min(0.95, share)); share != f.history.smooth && !math.IsNaN(share) {
		f.history.smooth = share
		f.rescale(now)
	}
}

// SetTokens: see [Figure.SetRuns].
func (f *Figure) SetTokens(tokens bool, now time.Time) {
	if tokens != f.history.tokens {
		f.history.tokens, f.history.cursor = tokens, math.NaN()
		f.rescale(now)
	}
}

// rescale lets the axes go to where the runs now are.
func (f *Figure) rescale(now time.Time) {
	if f.name != "curves" && f.name != "scatter" {
		return
	}
	f.history.gather(f.name == "scatter")
	f.news, f.row = true, min(f.row, len(f.history.groups)-1)
	if to := f.truth(); f.still || len(to) != len(f.values.now) { // other charts
		f.values.jump(to)
	} else {
		f.values.start(to, now)
	}
}

// column is a run's values by name, nil where it has none at all.
func column(metrics []session.Metric, name string) []float64 {
	i := slices.IndexFunc(metrics, func(m session.Metric) bool { return m.Name == name })
	if i < 0 {
		return nil
	}
	values, any := make([]float64, len(metrics[i].Values)), false
	for k, v := range metrics[i].Values {
		if values[k] = math.NaN(); v != nil && math.Abs(*v) < 1e300 {
			values[k], any = *v, true
		}
	}
	if !any {
		return nil
	}
	return values
}

// gather chooses the runs and makes their curves, or in scatter their groups.
func (h *history) gather(scatter bool) {
	all := slices.Clone(h.runs.Runs)
	if h.run.Info.ID != "" { // newer than its copy in the list
		now := session.KeptRun{Info: h.run.Info, Settings: h.run.Settings, Metrics: h.run.Metrics}
		if i := slices.IndexFunc(all, func(r session.KeptRun) bool { return r.Info.ID == now.Info.ID }); i >= 0 {
			all[i] = now
		} else {
			all = append(all, now)
		}
	}
	h.chosen = nil
	wanted := h.only
	if len(wanted) == 0 && !scatter {
		wanted = []string{h.run.Info.ID}
	}
	for _, r := range all {
		if len(wanted) == 0 && r.Settings.Method != "pretrain" {
			h.chosen = append(h.chosen, r)
		}
	}
	for _, id := range wanted { // in the order asked for
		if i := slices.IndexFunc(all, func(r session.KeptRun) bool { return r.Info.ID == id }); i >= 0 && id != "" {
			h.chosen = append(h.chosen, all[i])
		}
	}
	if scatter {
		h.groups = h.clusters()
		return
	}
	h.charts = nil
	for _, m := range metrics {
		if c, ok := h.chart(m); ok {
			h.charts = append(h.charts, c)
		}
	}
}

// chart makes the curves of a metric; there is none where no run has a value.
func (h *history) chart(m metric) (chart, bool) {
	c := chart{metric: m, base: math.NaN(), lo: inf, hi: -inf}
	for i, r := range h.chosen {
		raw, x := column(r.Metrics, m.name), h.along(r)
		n := min(len(raw), len(x))
		if n == 0 || !m.of(r.Settings) {
			continue
		}
		c.lines = append(c.lines, line{i, x[:n], raw[:n], smoothed(column(r.Metrics, "step"), raw[:n], h.smooth)})
		for _, v := range raw[:n] {
			if !math.IsNaN(v) {
				c.lo, c.hi = min(c.lo, v), max(c.hi, v)
			}
		}
	}
	if c.lo > c.hi {
		return c, false
	}
	if len(h.chosen) == 1 && h.chosen[0].Info.ID == h.run.Info.ID {
		if base := column(h.run.Base, m.name); len(base) > 0 && !math.IsNaN(base[0]) {
			c.base, c.lo, c.hi = base[0], min(c.lo, base[0]), max(c.hi, base[0])
		}
	}
	c.lo, c.hi = widen(c.lo, c.hi, m.least, m.floor, m.ceiling)
	return c, true
}

// along is what the curves of a run go to the right with.
func (h *history) along(r session.KeptRun) []float64 {
	if !h.tokens {
		return column(r.Metrics, "step")
	}
	if tokens := column(r.Metrics, "generated_tokens"); tokens != nil {
		return tokens
	}
	return column(r.Metrics, "tokens")
}

// axis is the name of what goes to the right.
func (h *history) axis() string {
	if !h.tokens {
		return "step"
	}
	if len(h.chosen) > 0 && h.chosen[0].Settings.Method == "pretrain" {
		return "tokens read"
	}
	return "tokens generated"
}

// scales are the ends of the axes as they should be: x, then y of each chart.
func (h *history) scales() []float64 {
	lo, hi := inf, -inf
	for _, c := range h.charts {
		for _, l := range c.lines {
			for _, x := range l.x {
				if !math.IsNaN(x) {
					lo, hi = min(lo, x), max(hi, x)
				}
			}
		}
	}
	if lo > hi {
		lo, hi = 0, 0
	}
	if lo == hi {
		hi++
	}
	values := []float64{lo, hi}
	for _, c := range h.charts {
		values = append(values, c.lo, c.hi)
	}
	return values
}

// smoothed is the exponential moving average that keeps s of the one before from a step to the next, freed of
// the bias of its beginning; a gap stays a gap. Where older steps are told with gaps between them it keeps as much less.
func smoothed(steps, values []float64, s float64) []float64 {
	out := make([]float64, len(values))
	var sum, weight float64
	for i, v := range values {
		if out[i] = v; !math.IsNaN(v) {
			keep := s
			if n := len(steps); i > 0 && n == len(values) {
				keep = math.Pow(s, (steps[i]-steps[i-1])/(steps[n-1]-steps[n-2]))
			}
			sum, weight = keep*sum+(1-keep)*v, keep*weight+(1-keep)
			out[i] = sum / weight
		}
	}
	return out
}

// at is the index of the step nearest to a place on the axis; of the last for nowhere.
func (l line) at(x float64) int {
	if math.IsNaN(x) {
		return len(l.x) - 1
	}
	return nearest(l.x, x)
}

// reaches says whether a run has come, or has begun, as far as a place on the axis.
func (l line) reaches(x float64) bool {
	apart := 0.51 * (l.x[len(l.x)-1] - l.x[0]) / max(1, float64(len(l.x)-1))
	return math.IsNaN(x) || x >= l.x[0]-apart && x <= l.x[len(l.x)-1]+apart
}

// nearest is the index of the value nearest to x among rising ones.
func nearest(rising []float64, x float64) int {
	best := 0
	for i, v := range rising {
		if math.Abs(v-x) < math.Abs(rising[best]-x) || math.IsNaN(rising[best]) {
			best = i
		}
	}
	return best
}
