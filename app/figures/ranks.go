package figures

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"attnlab/app/figures/draw"
	"attnlab/app/session"
	"attnlab/rl/stat"
)

// ranks draws the step ranking accuracy of every head, the best first, with its interval, beside chance and beside what the place of a
// step alone has.
type ranks struct {
	*View
	probe session.HeadsView
	order []int // heads by accuracy, layer·H + head
}

func newRanks(v *View) Figure { return &ranks{View: v} }

// Follows lists what the figure draws.
func (r *ranks) Follows() []string { return []string{"HeadsView"} }

// Show takes the measurements of heads.
func (r *ranks) Show(event any, _ time.Time) {
	e, ok := event.(session.HeadsView)
	n := len(e.SRA)
	if !ok || e.Layers < 0 || e.Layers > mostHeads || e.Heads < 0 || e.Heads > mostHeads || e.Layers*e.Heads != n || len(e.SRALow) != len(e.SRAHigh) || len(e.SRALow) != 0 && len(e.SRALow) != n {
		return
	}
	r.probe, r.order = e, nil
	values := optional(e.SRA)
	for i, v := range values {
		if v >= 0 && v <= 1 {
			r.order = append(r.order, i)
		}
	}
	slices.SortStableFunc(r.order, func(a, b int) int { return cmp.Compare(values[b], values[a]) })
	r.news = true
}

// Caption says what is drawn.
func (r *ranks) Caption() string {
	if len(r.order) == 0 {
		return "Heads ranked by step ranking accuracy: not measured yet."
	}
	best := r.order[0]
	return fmt.Sprintf("%d heads ranked by step ranking accuracy over %s; the best is %s with %s.", len(r.order), count(r.probe.Ranked, "response", "responses"),
		headName(best/r.probe.Heads, best%r.probe.Heads), stat.Decimals(*r.probe.SRA[best], 3))
}

// Table is every ranked head, the best first, and last the place of a step alone.
func (r *ranks) Table() session.Table {
	t := session.NewTable("rank layer head sra low high n key_focus")
	for rank, i := range r.order {
		layer, head := i/r.probe.Heads, i%r.probe.Heads
		t.Add(rank+1, layer, head, r.probe.SRA[i], valueAt(r.probe.SRALow, i), valueAt(r.probe.SRAHigh, i), r.probe.Ranked, slices.Contains(r.probe.KeyFocus, [2]int{layer, head}))
	}
	if len(r.order) > 0 && r.probe.Position != nil {
		t.Add("position", "", "", r.probe.Position, r.probe.PositionLow, r.probe.PositionHigh, r.probe.Ranked, "")
	}
	return t
}

// Key moves to the next better or worse head.
func (r *ranks) Key(key Key) bool {
	at := -1
	if r.Selection.Layer >= 0 && r.Selection.Head >= 0 {
		at = slices.Index(r.order, r.Selection.Layer*max(1, r.probe.Heads)+r.Selection.Head)
	}
	at, ok := moved(key, at, len(r.order))
	if ok && len(r.order) > 0 {
		s := r.Selection
		s.Layer, s.Head = r.order[at]/r.probe.Heads, r.order[at]%r.probe.Heads
		r.Select(s)
	}
	return ok
}

// Draw draws a row for each head, as many as can be read.
func (r *ranks) Draw(s *draw.Scene) {
	if len(r.order) == 0 {
		s.Empty("The heads are not ranked yet.", "Find the key-focus heads, and each gets a bar.")
		return
	}
	p := s.Palette
	place := number(r.probe.Position)
	detail := fmt.Sprintf("n = %s; bar and line: mean and 95 %% interval; dashed: chance; •: key-focus", count(r.probe.Ranked, "response", "responses"))
	if !math.IsNaN(place) {
		detail += ", dotted: place alone " + stat.Decimals(place, 3)
	}
	s.Heading("Step ranking accuracy", detail, false, s.Width-2*draw.Margin)
	const least = 15.0
	left, right := draw.Margin+52, s.Width-draw.Margin-42
	top, bottom := draw.Header+8, s.Height-draw.Margin-18
	rows := max(1, min(len(r.order), int((bottom-top)/least)))
	high := min(22, (bottom-top)/float64(rows))
	x := func(v float64) float64 { return left + max(0, min(1, v))*(right-left) }
	end := top + high*float64(rows)
	for _, v := range []float64{0, 0.25, 0.5, 0.75, 1} {
		s.Add(draw.Line(x(v), top, x(v), end, 1, p.Line))
		s.Add(draw.Label{X: x(v), Y: end + 14, Text: stat.Decimals(v, 2), Size: draw.Small, Mono: true, Align: 0.5, Color: p.Muted})
	}
	if lo, hi := number(r.probe.PositionLow), number(r.probe.PositionHigh); lo < hi {
		s.Add(draw.Band{Points: [][3]float64{{x(lo), top, end}, {x(hi), top, end}}, Color: p.Muted, Opacity: 0.12})
	}
	lows, highs := optional(r.probe.SRALow), optional(r.probe.SRAHigh)
	for row, head := range r.order[:rows] {
		layer, h := head/r.probe.Heads, head%r.probe.Heads
		v, y := *r.probe.SRA[head], top+high*(float64(row)+0.5)
		fill := p.Signed(2*v - 1)
		s.Add(draw.Fill{Box: draw.Rect(min(x(0.5), x(v)), y-high*0.3, math.Abs(x(v)-x(0.5)), high*0.6), Color: fill})
		interval := "no interval"
		if len(lows) > head && lows[head] <= highs[head] {
			s.Add(draw.Line(x(lows[head]), y, x(highs[head]), y, 1.5, p.Ink))
			for _, at := range []float64{lows[head], highs[head]} {
				s.Add(draw.Line(x(at), y-3, x(at), y+3, 1.5, p.Ink))
			}
			interval = "95 %: " + stat.Decimals(lows[head], 3) + " to " + stat.Decimals(highs[head], 3)
		}
		key := slices.Contains(r.probe.KeyFocus, [2]int{layer, h})
		name := headName(layer, h)
		if key {
			name = "• " + name
		}
		s.Add(draw.Label{X: left - 6, Y: y + 4, Text: draw.Fit(name, true, draw.Small, left-8), Size: draw.Small, Mono: true, Align: 1, Color: p.Ink},
			draw.Label{X: s.Width - draw.Margin, Y: y + 4, Text: stat.Decimals(v, 3), Size: draw.Small, Mono: true, Align: 1, Color: p.Ink})
		to := r.Selection
		if to.Layer == layer && to.Head == h {
			s.Add(draw.Frame{Box: draw.Rect(2, y-high/2, s.Width-4, high), Width: 1.5, Color: p.Accent})
			to.Layer, to.Head = -1, -1
		} else {
			to.Layer, to.Head = layer, h
		}
		tip := []string{headName(layer, h), "step ranking accuracy " + stat.Decimals(v, 3), interval}
		if key {
			tip = append(tip, "key-focus head")
		}
		s.AddTarget(draw.Target{Box: draw.Rect(0, y-high/2, s.Width, high), Row: layer, Col: h, Tip: func() []string { return tip }, Select: &to})
	}
	addDashed(s, [][2]float64{{x(0.5), top}, {x(0.5), end}}, 5, 1.25, p.Ink)
	if !math.IsNaN(place) {
		addDashed(s, [][2]float64{{x(place), top}, {x(place), end}}, 2, 1.5, p.Ink)
	}
	if hidden := len(r.order) - rows; hidden > 0 {
		s.Add(draw.Label{X: draw.Margin, Y: s.Height - 4, Text: count(hidden, "more head", "more heads"), Size: draw.Small, Color: p.Muted})
	}
}

// number is a value, NaN for one that is missing or no share.
func number(v *float64) float64 {
	if v == nil || !(*v >= 0 && *v <= 1) {
		return math.NaN()
	}
	return *v
}
