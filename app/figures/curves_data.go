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
	others session.Runs
	only   []string // ids of the wanted runs; empty for the figure's default
}

// take takes a snapshot of runs. It returns false for any other message.
func (r *runsShown) take(event any) bool {
	switch e := event.(type) {
	case session.Run:
		r.active = e
	case session.Runs:
		r.others = e
	default:
		return false
	}
	return true
}

// all lists every run. The active one is newer than its copy among the others.
func (r *runsShown) all() []session.KeptRun {
	all := slices.Clone(r.others.Runs)
	if r.active.Info.ID == "" {
		return all
	}
	now := session.KeptRun{Info: r.active.Info, Settings: r.active.Settings, Metrics: r.active.Metrics}
	if i := indexOf(all, now.Info.ID); i >= 0 {
		all[i] = now
		return all
	}
	return append(all, now)
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
// if the run has none at all.
func column(metrics []session.Metric, name string) []float64 {
	i := slices.IndexFunc(metrics, func(m session.Metric) bool { return m.Name == name })
	if i < 0 {
		return nil
	}
	values := optional(metrics[i].Values)
	if !slices.ContainsFunc(values, func(v float64) bool { return !math.IsNaN(v) }) {
		return nil
	}
	return values
}

// metric is a column of the log and how to draw it.
type metric struct {
	name           string // as in metrics.jsonl
	title, unit    string
	decimals       int
	large          bool
	least          float64 // smallest span of the axis, so that noise does not look like a trend
	floor, ceiling float64 // values end here
}

var inf = math.Inf(1)

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

// of reports whether a run has the metric. Pretraining has a loss in nats; that of other runs
// is a surrogate whose value means nothing.
func (m metric) of(s session.RunSettings) bool {
	if s.Method == runs.Pretrain {
		return m.name == "loss" || m.name == "lr" || m.name == "gradient_norm" || m.name == "tokens_per_second"
	}
	return m.name != "loss" && m.name != "lr"
}

// chart is one metric of the chosen runs.
type chart struct {
	metric
	curves []curve
	base   float64 // of the model that the run started from, NaN if unknown
	lo, hi float64 // ends of the axis
}

// curve is a metric of one run over steps or tokens, one value a row of the log; NaN where
// there is none.
type curve struct {
	run            int // place among the chosen runs
	x, raw, smooth []float64
	breaks         []bool // rows are missing before this one
}

// newChart makes the chart of a metric. It returns false if no run has a value. base are the
// measurements of the model that a single run started from.
func newChart(m metric, chosen []session.KeptRun, base []session.Metric, tokens bool, smooth float64) (chart, bool) {
	c := chart{metric: m, base: math.NaN(), lo: inf, hi: -inf}
	for i, r := range chosen {
		steps, raw, x := column(r.Metrics, "step"), column(r.Metrics, m.name), along(r, tokens)
		n := min(len(raw), len(x))
		if n == 0 || !m.of(r.Settings) {
			continue
		}
		for len(steps) < n { // a log without steps has one a row
			steps = append(steps, float64(len(steps)))
		}
		c.curves = append(c.curves, curve{i, x[:n], raw[:n], smoothed(steps[:n], raw[:n], smooth), gaps(steps[:n])})
		for _, v := range raw[:n] {
			if !math.IsNaN(v) {
				c.lo, c.hi = min(c.lo, v), max(c.hi, v)
			}
		}
	}
	if c.lo > c.hi {
		return c, false
	}
	if base := column(base, m.name); len(base) > 0 && !math.IsNaN(base[0]) {
		c.base, c.lo, c.hi = base[0], min(c.lo, base[0]), max(c.hi, base[0])
	}
	c.lo, c.hi = draw.Widen(c.lo, c.hi, m.least, m.floor, m.ceiling)
	return c, true
}

// along is the horizontal axis of a run's curves.
func along(r session.KeptRun, tokens bool) []float64 {
	if !tokens {
		return column(r.Metrics, "step")
	}
	if generated := column(r.Metrics, "generated_tokens"); generated != nil {
		return generated
	}
	return column(r.Metrics, "tokens")
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
