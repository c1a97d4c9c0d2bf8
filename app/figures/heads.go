package figures

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"time"

	"attnlab/app/figures/draw"
	"attnlab/app/session"
	"attnlab/rl/score"
	"attnlab/rl/stat"
)

// heads draws every head of the model as a cell, a row a layer, coloured by a score of heads.
type heads struct {
	rows
	probe session.HeadsView
	by    string // name in score.HeadScores
}

func newHeads(v *View) Figure { return &heads{rows: newRows(v), by: score.HeadScores[0].Name} }

// Follows lists what the figure draws.
func (h *heads) Follows() []string { return []string{"Trace", "StepDetail", "HeadsView"} }

// Show takes a trace, or the measurements of heads.
func (h *heads) Show(event any, now time.Time) {
	switch e := event.(type) {
	case session.Trace:
		if h.take(e, now) {
			h.move(now, h.values())
		}
	case session.StepDetail:
		if h.trace.TakeDetail(e) {
			h.Ease(h.values())
		}
	case session.HeadsView:
		n := len(e.SRA)
		if e.Layers < 0 || e.Layers > mostHeads || e.Heads < 0 || e.Heads > mostHeads || e.Layers*e.Heads != n || len(e.Kurtosis) != n {
			return
		}
		h.probe = e
		h.Jump(h.values())
	case session.Selection:
		h.Ease(h.values())
	}
}

// Set chooses the score: by= and a name of score.HeadScores.
func (h *heads) Set(name, value string) {
	if value == "" {
		value = score.HeadScores[0].Name
	}
	if name == "by" && value != h.by && slices.ContainsFunc(score.HeadScores, func(s score.HeadScore) bool { return s.Name == value }) {
		h.by = value
		h.Ease(h.values())
	}
}

func (h *heads) score() score.HeadScore { return score.HeadScores[h.index()] }

// values is the chosen score of every head, [L,H].
func (h *heads) values() []float64 {
	switch q := h.score(); {
	case q.Name == "sra":
		return optional(h.probe.SRA)
	case q.Name == "kurtosis":
		return optional(h.probe.Kurtosis)
	case !q.OfTrace && h.step() >= 0 && (q.EveryStep || h.trace.Scored(h.step())):
		if values := h.trace.HeadsAt(q.Name, h.step()); values != nil {
			return optional(values)
		}
	}
	return optional(h.trace.HeadMeans(h.by))
}

func (h *heads) index() int {
	return slices.IndexFunc(score.HeadScores, func(s score.HeadScore) bool { return s.Name == h.by })
}

// size returns the layers, and the heads of each, that the chosen score has values for.
func (h *heads) size() (layers, heads int) {
	if h.score().ManyTraces {
		return h.probe.Layers, h.probe.Heads
	}
	return h.trace.Layers, h.trace.Heads
}

// Caption says what is drawn.
func (h *heads) Caption() string {
	layers, heads := h.size()
	if layers*heads == 0 {
		return "Heads: " + h.score().Symbol + ", not measured yet."
	}
	return fmt.Sprintf("Heads: %s of %d layers with %d heads each, %s%s.", h.score().Symbol, layers, heads, h.about(), h.spread())
}

// spread is the widest 95 % interval of a head's ranking accuracy, as a caption has it; other scores have none.
func (h *heads) spread() string {
	widest := 0.0
	for i := range h.probe.SRALow {
		if half := (valueAt(h.probe.SRAHigh, i) - valueAt(h.probe.SRALow, i)) / 2; h.score().Name == "sra" && half > widest && half <= 1 {
			widest = half
		}
	}
	if widest == 0 {
		return ""
	}
	return fmt.Sprintf("; 95 %% intervals within ± %.2f", widest)
}

// Table is the chosen score of every head, with its interval and n where it is a mean over responses.
func (h *heads) Table() session.Table {
	t := session.NewTable("layer head score value low high n")
	layers, heads := h.size()
	values := h.values()
	for i := range min(layers*heads, len(values)) {
		low, high, n := math.NaN(), math.NaN(), ""
		if h.score().Name == "sra" {
			low, high, n = valueAt(h.probe.SRALow, i), valueAt(h.probe.SRAHigh, i), fmt.Sprint(h.probe.Ranked)
		}
		t.Add(i/heads, i%heads, h.score().Name, values[i], low, high, n)
	}
	return t
}

// valueAt is the i-th value, NaN where there is none.
func valueAt(values []*float64, i int) float64 {
	if i >= len(values) || values[i] == nil {
		return math.NaN()
	}
	return *values[i]
}

// Key moves to another head; Next chooses the next score.
func (h *heads) Key(key Key) bool {
	if key == Next {
		h.Set("by", score.HeadScores[(h.index()+1)%len(score.HeadScores)].Name)
		return true
	}
	layers, heads := h.size()
	return h.moveHead(key, layers, heads)
}

// tipWidth is the width of the meaning of a score, in pixels.
const tipWidth = 190

// optional returns the values, NaN for those that are missing or too large to draw.
func optional(score []*float64) []float64 {
	values := make([]float64, len(score))
	for i, s := range score {
		if values[i] = math.NaN(); s != nil && math.Abs(*s) < largestValue {
			values[i] = *s
		}
	}
	return values
}

// largestValue bounds what is drawn: sums, differences and squares of such values are finite.
const largestValue = 1e100

// Draw draws the tabs of quantities and the cells.
func (h *heads) Draw(s *draw.Scene) {
	end := h.addTabs(s)
	q, values := h.score(), h.Values()
	layers, heads := h.size()
	if layers == 0 || heads == 0 || len(values) != layers*heads {
		if q.ManyTraces {
			s.Empty("The heads are not scored yet.", "Find the key-focus heads, and each gets a colour.")
		} else {
			s.Empty("No trace yet.", "Generate one, and each head gets a colour.")
		}
		return
	}
	low, high := scaleOf(q, values)
	ramp := s.Palette.Score
	if q.Chance > 0 {
		ramp = func(x float64) color.RGBA { return s.Palette.Signed(2*x - 1) }
	}
	s.Legend(end, legendNumber(low), legendNumber(high), h.about(), ramp)
	h.addHeads(s, layers, heads, func(v float64) color.RGBA { return ramp((v - low) / max(high-low, 1e-12)) })
}

// scaleOf returns the values at the ends of the ramp.
func scaleOf(q score.HeadScore, values []float64) (low, high float64) {
	if q.Chance > 0 {
		return 0, 1
	}
	for _, v := range values {
		if math.Abs(v) < largestValue {
			low, high = min(low, v), max(high, v)
		}
	}
	return low, high
}

func legendNumber(x float64) string {
	if x == math.Trunc(x) && math.Abs(x) < 1e6 {
		return fmt.Sprint(int(x))
	}
	return draw.Number(x)
}

// about names what the values are averages of.
func (h *heads) about() string {
	switch q := h.score(); {
	case q.Chance > 0:
		return fmt.Sprintf("%d pairs, n = %d problems", h.probe.Pairs, h.probe.Problems)
	case q.ManyTraces:
		return fmt.Sprintf("mean of %d problems", h.probe.Problems)
	case q.OfTrace:
		return "this trace"
	case h.step() >= 0:
		return h.name(h.step() + 1)
	}
	return fmt.Sprintf("mean of %d steps", len(h.trace.Steps))
}

// addTabs draws the scores to choose from. It returns where they end.
func (h *heads) addTabs(s *draw.Scene) (x float64) {
	x = draw.Margin
	for _, q := range h.tabs(s.Width - 2*draw.Margin) {
		w := draw.Width(q.Symbol, false, draw.Normal)
		ink := s.Palette.Muted
		if q.Name == h.by {
			ink = s.Palette.Ink
			s.Add(draw.Fill{Box: draw.Box{X: x, Y: 24, W: w, H: 2}, Color: s.Palette.Accent})
		}
		s.Add(draw.Label{X: x, Y: 17, Text: q.Symbol, Size: draw.Normal, Color: ink})
		s.AddTarget(draw.Target{Box: draw.Box{X: x - 6, W: w + 12, H: 34}, Row: -2, Col: -1, // of no head
			Tip: func() []string { return draw.Wrap(q.Meaning, tipWidth) }, Press: func(_, _ float64) { h.Set("by", q.Name) }})
		x += w + tabGap
	}
	return x - tabGap
}

// tabGap lies between two tabs, in pixels.
const tabGap = 14

// tabs are the scores whose tabs fit a width: all of them, or the chosen one with as many before it, and then after it, as fit.
func (h *heads) tabs(width float64) []score.HeadScore {
	room := func(from, to int) float64 {
		w := -float64(tabGap)
		for _, q := range score.HeadScores[from:to] {
			w += draw.Width(q.Symbol, false, draw.Normal) + tabGap
		}
		return w
	}
	from, to := h.index(), h.index()+1
	for to < len(score.HeadScores) && room(from, to+1) <= width {
		to++
	}
	for from > 0 && room(from-1, to) <= width {
		from--
	}
	return score.HeadScores[from:to]
}

// addHeads draws the cells.
func (h *heads) addHeads(s *draw.Scene, layers, heads int, fill func(v float64) color.RGBA) {
	left, top := draw.Margin+22, draw.Header+22.0
	w, high := (s.Width-draw.Margin-left)/float64(heads), (s.Height-draw.Margin-top)/float64(layers)
	w, high = min(w, 96), min(high, 64)
	each := 1 + int(20/max(1, w)) // names that would touch are left out
	for head := 0; head < heads; head += each {
		s.Add(draw.Label{X: left + (float64(head)+0.5)*w, Y: top - 6, Text: fmt.Sprintf("H%d", head), Size: draw.Small, Mono: true, Align: 0.5, Color: s.Palette.Muted})
	}
	each = 1 + int(11/max(1, high))
	for layer := range layers {
		if layer%each == 0 {
			s.Add(draw.Label{X: left - 6, Y: top + (float64(layer)+0.5)*high + 4, Text: fmt.Sprintf("L%d", layer), Size: draw.Small, Mono: true, Align: 1, Color: s.Palette.Muted})
		}
		for head := range heads {
			box := draw.Box{X: left + float64(head)*w + 1, Y: top + float64(layer)*high + 1, W: w - 2, H: high - 2}
			h.addHead(s, layer, head, h.Values()[layer*heads+head], box, fill)
		}
	}
}

func (h *heads) addHead(s *draw.Scene, layer, head int, v float64, box draw.Box, ramp func(v float64) color.RGBA) {
	q, fill := h.score(), s.Palette.Surface
	text := draw.Number(v)
	if q.ManyTraces {
		text = stat.Decimals(v, 2)
	}
	if math.Abs(v) < largestValue {
		fill = ramp(v)
	}
	s.Add(draw.Fill{Box: box, Color: fill})
	if draw.Width(text, true, draw.Small) <= box.W-4 && box.H >= 14 {
		s.Add(draw.Label{X: box.X + box.W/2, Y: box.Y + box.H/2 + 4, Text: text, Size: draw.Small, Mono: true, Align: 0.5, Color: s.Palette.On(fill)})
	}
	tip := []string{headName(layer, head), q.Symbol + " " + text}
	frame := func(by, width float64, c color.RGBA) {
		s.Add(draw.Frame{Box: box.Grow(by), Width: width, Color: c})
	}
	if slices.Contains(h.probe.KeyFocus, [2]int{layer, head}) {
		tip = append(tip, "key-focus head")
		frame(-2, 2, s.Palette.On(fill))
	}
	if h.Hovered(layer, head) {
		frame(0, 1, s.Palette.Accent)
	}
	to := h.Selection
	if to.Layer == layer && to.Head == head {
		frame(2, 2, s.Palette.Accent)
		to.Layer, to.Head = -1, -1 // a second press gives it up
	} else {
		to.Layer, to.Head = layer, head
	}
	s.AddTarget(draw.Target{Box: box.Grow(1), Row: layer, Col: head, Tip: func() []string { return tip }, Select: &to})
}
