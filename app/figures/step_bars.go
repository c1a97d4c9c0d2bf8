package figures

import (
	"fmt"
	"math"
	"strings"

	"attnlab/app/figures/draw"
	"attnlab/app/session"
	"attnlab/rl/stat"
)

// stepBars draws a row for each step of a trace: a measured value as a bar from zero with its interval, scores of the step as bars, and its
// place.
type stepBars struct {
	*View
	rows    []stepRow
	scores  []string // names of the scores, without the place
	good    float64  // the sign whose colour a value above zero has
	hovered int
}

// stepRow is what is drawn of a step.
type stepRow struct {
	label, text      string
	measured         bool
	value, low, high float64
	scores           []*float64 // nil for one that the step does not have
}

// mostSteps is how many steps a figure of bars draws.
const mostSteps = 2000

// takeSteps takes a snapshot that says something of each step, a row a step, or what else a figure of bars receives.
func takeSteps[E, S any](b *stepBars, event any, to *E, steps func(E) []S, row func(S) stepRow) {
	e, ok := event.(E)
	if !ok {
		b.point(event)
		return
	}
	list := steps(e)
	if len(list) > mostSteps {
		return
	}
	*to, b.rows = e, nil
	for _, s := range list {
		b.rows = append(b.rows, row(s))
	}
}

// about is the beginning of what explains a row: its step.
func (b *stepBars) about(k int) []string {
	return []string{fmt.Sprintf("step %d · %s", k+1, b.rows[k].label), strings.TrimSpace(b.rows[k].text)}
}

// point takes the step that another screen points at, or a selection.
func (b *stepBars) point(event any) {
	switch e := event.(type) {
	case session.Hover:
		b.hovered = e.Step
	case session.Selection:
		if y := float64(e.Step) * b.unit(); b.Zoomed() && e.Step >= 0 && e.Step < len(b.rows) {
			b.Reveal(draw.Box{Y: y, H: b.unit()})
		}
	}
}

// rho writes a rank correlation, a dash for one that is not known.
func rho(c session.Correlation) string {
	if c.Rho == nil {
		return "–"
	}
	return stat.Coefficient(max(-1, min(1, *c.Rho)))
}

// Key selects the next step or the one before.
func (b *stepBars) Key(key Key) bool {
	k, ok := moved(key, b.Selection.Step, len(b.rows))
	if ok && len(b.rows) > 0 {
		b.Select(b.selecting(k))
	}
	return ok
}

func (b *stepBars) selecting(k int) session.Selection {
	s := b.Selection
	s.Step, s.Token = k, -1
	return s
}

// columns are where the parts of a row are, as boxes of its full height: after the scores comes the place.
type columns struct {
	badge, text, value draw.Box
	scores             []draw.Box
}

const (
	barsTop    = draw.Header + 18
	barsBottom = 26.0
)

func (b *stepBars) layout() (c columns) {
	x, gap := draw.Margin, 18.0
	next := func(w float64) draw.Box {
		box := draw.Box{X: x, W: w}
		x += w + gap
		return box
	}
	c.badge = next(40)
	x -= gap - 8
	shares := []float64{0.46, 0.3, 0.24} // of the value, one score and the place
	if len(b.scores) > 1 {
		shares, gap = []float64{0.44, 0.2, 0.2, 0.16}, 14
	}
	if b.Width >= 620 {
		c.text = next(0.3 * b.Width)
	}
	rest := b.Width - draw.Margin - x - float64(len(shares)-1)*gap
	c.value = next(shares[0] * rest)
	for _, share := range shares[1:] {
		c.scores = append(c.scores, next(share*rest))
	}
	return c
}

// Content is the place and the size of the rows.
func (b *stepBars) Content() (view draw.Box, width, height float64) {
	view = draw.Box{X: 0, Y: barsTop, W: b.Width, H: max(1, b.Height-barsTop-barsBottom)}
	return view, view.W, b.unit() * float64(len(b.rows))
}

// unit is the height of a row.
func (b *stepBars) unit() float64 {
	room := max(1, b.Height-barsTop-barsBottom)
	return min(26, room/float64(max(1, len(b.rows)))) * b.zoom
}

// drawRows draws the heads of the columns and the rows. what is measured, and tip explains a row.
func (b *stepBars) drawRows(s *draw.Scene, what string, tip func(k int) []string) {
	p := s.Palette
	c, view := b.layout(), draw.Box{Y: barsTop, W: s.Width, H: max(0, s.Height-barsTop-barsBottom)}
	head := func(box draw.Box, text string) {
		s.Add(draw.Label{X: box.X, Y: barsTop - 5, Text: draw.Fit(text, false, draw.Small, box.W), Size: draw.Small, Color: p.Muted})
	}
	low, high := b.span()
	head(c.value, what+", to "+stat.Decimals(high, 2))
	largest := make([]float64, len(b.scores))
	for i, name := range b.scores {
		for _, row := range b.rows {
			if v := row.scores[i]; v != nil && *v > largest[i] && !math.IsInf(*v, 0) {
				largest[i] = *v
			}
		}
		if long := name + ", to " + draw.Number(largest[i]); draw.Width(long, false, draw.Small) <= c.scores[i].W {
			name = long
		}
		head(c.scores[i], name)
	}
	head(c.scores[len(b.scores)], "earlier")
	zero := c.value.X + (0-low)/(high-low)*c.value.W
	unit := b.unit()
	for k, row := range b.rows {
		box := draw.Box{X: draw.Margin, Y: view.Y + float64(k)*unit - b.panY, W: s.Width - 2*draw.Margin, H: unit}
		if box.Y < view.Y-0.5 || box.Y+box.H > view.Y+view.H+0.5 {
			continue
		}
		if k == b.Selection.Step || k == b.hovered {
			s.Add(draw.Fill{Box: box, Color: p.Ground})
		}
		b.addName(s, c, box, k)
		thick := max(1, min(10, unit-4))
		at := box.Y + (unit-thick)/2
		b.addValue(s, draw.Box{X: c.value.X, Y: at, W: c.value.W, H: thick}, row, zero, low, high)
		for i, v := range row.scores {
			score := draw.Box{X: c.scores[i].X, Y: at, W: c.scores[i].W, H: thick}
			switch {
			case v == nil:
				s.Hatch(score, p.Line)
				if unit >= 13 {
					notScored(s, score, box)
				}
			case largest[i] > 0 && *v >= 0 && *v <= largest[i]:
				share := *v / largest[i]
				s.Add(draw.Fill{Box: draw.Box{X: score.X, Y: at, W: max(1, share*score.W), H: thick}, Color: p.Mark(share)})
			}
		}
		place := c.scores[len(b.scores)]
		s.Add(draw.Fill{Box: draw.Box{X: place.X, Y: at, W: float64(len(b.rows)-k) / float64(len(b.rows)) * place.W, H: thick}, Color: p.Muted})
		selection := b.selecting(k)
		s.AddTarget(draw.Target{Box: box.Meet(view), Row: k, Col: -1, Tip: func() []string { return tip(k) }, Select: &selection, Hover: &session.Hover{Step: k}})
		if k == b.Selection.Step {
			s.Add(draw.Frame{Box: box, Width: 1, Color: p.Accent})
		}
	}
	s.Add(draw.Line(zero, view.Y, zero, view.Y+view.H, 1, p.Muted))
}

// notScored says so where the words fit.
func notScored(s *draw.Scene, b, row draw.Box) {
	text := "not scored"
	w := draw.Width(text, false, draw.Small)
	if w+8 > b.W {
		return
	}
	s.Add(draw.Fill{Box: draw.Box{X: b.X, Y: row.Y + 1, W: w + 6, H: row.H - 2}, Color: s.Palette.Surface},
		draw.Label{X: b.X, Y: row.Y + row.H/2 + 4, Text: text, Size: draw.Small, Color: s.Palette.Muted})
}

// span is the scale of the values: from 0, or the lowest limit, to 1 or less.
func (b *stepBars) span() (low, high float64) {
	high = 0.1
	for _, row := range b.rows {
		if row.measured {
			low, high = min(low, row.low), max(high, row.high)
		}
	}
	return max(-1, low), min(1, high)
}

// addValue draws a value as a bar from zero with its interval.
func (b *stepBars) addValue(s *draw.Scene, box draw.Box, row stepRow, zero, low, high float64) {
	p := s.Palette
	if !row.measured {
		s.Hatch(box, p.Line)
		return
	}
	at := func(v float64) float64 { return box.X + (max(low, min(high, v))-low)/(high-low)*box.W }
	fill := p.Signed(b.good)
	if row.value < 0 {
		fill = p.Signed(-b.good)
	}
	x := at(row.value)
	s.Add(draw.Fill{Box: draw.Box{X: min(zero, x), Y: box.Y, W: max(1, math.Abs(x-zero)), H: box.H}, Color: fill})
	if row.high > row.low {
		y, a, z := box.Y+box.H/2, at(row.low), at(row.high)
		s.Add(draw.Line(a, y, z, y, 1.5, p.Ink), draw.Line(a, y-3, a, y+3, 1.5, p.Ink), draw.Line(z, y-3, z, y+3, 1.5, p.Ink))
	}
}

// addName draws the number of a step, its label as a badge, and its text where there is a column for it.
func (b *stepBars) addName(s *draw.Scene, c columns, box draw.Box, k int) {
	row, p := b.rows[k], s.Palette
	if box.H < 13 {
		return
	}
	ink := p.Muted
	if k == b.Selection.Step {
		ink = p.Ink
	}
	y := box.Y + box.H/2 + 4
	s.Add(draw.Label{X: c.badge.X + 18, Y: y, Text: fmt.Sprint(k + 1), Size: draw.Small, Mono: true, Align: 1, Color: ink})
	if row.label != "" {
		addLabel(s, row.label, draw.Box{X: c.badge.X + 23, Y: box.Y + (box.H-13)/2, W: 13, H: 13})
	}
	if c.text.W > 0 {
		s.Add(draw.Label{X: c.text.X, Y: y, Text: draw.Fit(strings.Join(strings.Fields(row.text), " "), true, draw.Small, c.text.W), Size: draw.Small, Mono: true, Color: ink})
	}
}

// addCorrelations draws below each score, and below the place, its rank correlation with the values of n steps.
func (b *stepBars) addCorrelations(s *draw.Scene, n int, with []session.Correlation) {
	c, y, p := b.layout(), s.Height-9, s.Palette
	name := fmt.Sprintf("rank correlation with it, n = %d", max(0, n))
	first := c.scores[0].X - 18
	s.Add(draw.Line(c.value.X, y-15, s.Width-draw.Margin, y-15, 1, p.Line),
		draw.Label{X: first, Y: y, Text: draw.Fit(name, false, draw.Small, first-draw.Margin), Size: draw.Small, Align: 1, Color: p.Muted})
	for i, one := range with {
		s.Add(draw.Label{X: c.scores[i].X, Y: y, Text: draw.Fit("ρ = "+rho(one), true, draw.Small, c.scores[i].W), Size: draw.Small, Mono: true, Color: p.Ink})
	}
}

// scoreTips say the scores of a row.
func (b *stepBars) scoreTips(k int) (tips []string) {
	for i, name := range b.scores {
		if v := b.rows[k].scores[i]; v != nil {
			tips = append(tips, name+" "+stat.Decimals(*v, 3))
		} else {
			tips = append(tips, name+": not scored")
		}
	}
	return tips
}
