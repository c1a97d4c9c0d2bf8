package figures

import (
	"fmt"
	"math"
	"strings"
	"time"

	"attnlab/app/figures/draw"
	"attnlab/app/session"
	"attnlab/rl/stat"
)

// losses draws for each step of a trace three bars: the accuracy that is lost without it, with its standard error, its FCI, and its
// place. Below are the rank correlations of the last two with the first.
type losses struct {
	*View
	session.StepLosses
	hovered int
}

func newLosses(v *View) Figure { return &losses{View: v, hovered: -1} }

// mostSteps is how many steps a figure of bars draws.
const mostSteps = 2000

// Follows lists what the figure draws.
func (l *losses) Follows() []string { return []string{"StepLosses", "Hover"} }

// Show takes the losses so far, the step that another screen points at, or a selection.
func (l *losses) Show(event any, _ time.Time) {
	switch e := event.(type) {
	case session.StepLosses:
		if len(e.Steps) <= mostSteps {
			l.StepLosses = e
		}
	case session.Hover:
		l.hovered = e.Step
	case session.Selection:
		if y := float64(e.Step) * l.unit(); l.Zoomed() && e.Step >= 0 && e.Step < len(l.Steps) {
			l.Reveal(draw.Box{Y: y, H: l.unit()})
		}
	}
}

// measured counts the steps that were cut.
func (l *losses) measured() (n int) {
	for _, s := range l.Steps {
		if s.Cut.N > 0 {
			n++
		}
	}
	return n
}

// Caption says what is drawn.
func (l *losses) Caption() string {
	if len(l.Steps) == 0 {
		return "Measured loss of each step: nothing was cut yet."
	}
	text := fmt.Sprintf("Bars: accuracy lost without each of %d steps of %d, beside their FCI and their place", l.measured(), len(l.Steps))
	if r := l.Ranking; r != nil {
		text += fmt.Sprintf("; rank correlation with the loss over %d steps: FCI %s, position %s", r.N, rho(r.FCI), rho(r.Position))
	}
	return text + "."
}

// rho writes a rank correlation, a dash for one that is not known.
func rho(c session.Correlation) string {
	if c.Rho == nil {
		return "–"
	}
	return stat.Coefficient(max(-1, min(1, *c.Rho)))
}

// Key selects the next step or the one before.
func (l *losses) Key(key Key) bool {
	k, ok := moved(key, l.Selection.Step, len(l.Steps))
	if ok && len(l.Steps) > 0 {
		l.Select(l.selecting(k))
	}
	return ok
}

func (l *losses) selecting(k int) session.Selection {
	s := l.Selection
	s.Step, s.Token = k, -1
	return s
}

// columns are where the parts of a row are, as boxes of its full height.
type columns struct {
	badge, text, loss, fci, place draw.Box
}

const (
	lossesTop    = draw.Header + 18
	lossesBottom = 26.0
)

func (l *losses) layout() (c columns) {
	x, gap := draw.Margin, 18.0
	next := func(w float64) draw.Box {
		b := draw.Box{X: x, W: w}
		x += w + gap
		return b
	}
	c.badge = next(40)
	x -= gap - 8
	if l.Width >= 620 {
		c.text = next(0.3 * l.Width)
	}
	rest := l.Width - draw.Margin - x - 2*gap
	c.loss, c.fci, c.place = next(0.46*rest), next(0.3*rest), next(0.24*rest)
	return c
}

// Content is the place and the size of the rows.
func (l *losses) Content() (view draw.Box, width, height float64) {
	view = draw.Box{X: 0, Y: lossesTop, W: l.Width, H: max(1, l.Height-lossesTop-lossesBottom)}
	return view, view.W, l.unit() * float64(len(l.Steps))
}

// unit is the height of a row.
func (l *losses) unit() float64 {
	room := max(1, l.Height-lossesTop-lossesBottom)
	return min(26, room/float64(max(1, len(l.Steps)))) * l.zoom
}

// Draw draws the heads of the columns, the rows, and the correlations.
func (l *losses) Draw(s *draw.Scene) {
	if len(l.Steps) == 0 {
		s.Empty("No step was cut yet.", "Cut every step, and its loss appears here.")
		return
	}
	p := s.Palette
	s.Heading("Lost without the step, beside its scores", fmt.Sprintf("%d of %d steps cut, %d pairs each; ± 1 standard error", l.measured(), len(l.Steps), max(0, l.Samples)), false, s.Width-2*draw.Margin)
	c, view := l.layout(), draw.Box{Y: lossesTop, W: s.Width, H: max(0, s.Height-lossesTop-lossesBottom)}
	head := func(b draw.Box, text string) {
		s.Add(draw.Label{X: b.X, Y: lossesTop - 5, Text: draw.Fit(text, false, draw.Small, b.W), Size: draw.Small, Color: p.Muted})
	}
	low, high := l.span()
	largest := 0.0
	for _, step := range l.Steps {
		if step.FCI != nil && *step.FCI > largest && !math.IsInf(*step.FCI, 0) {
			largest = *step.FCI
		}
	}
	head(c.loss, "accuracy lost, to "+stat.Decimals(high, 2))
	head(c.fci, "FCI, to "+draw.Number(largest))
	head(c.place, "earlier")
	zero := c.loss.X + (0-low)/(high-low)*c.loss.W
	unit := l.unit()
	for k, step := range l.Steps {
		row := draw.Box{X: draw.Margin, Y: view.Y + float64(k)*unit - l.panY, W: s.Width - 2*draw.Margin, H: unit}
		if row.Y < view.Y-0.5 || row.Y+row.H > view.Y+view.H+0.5 {
			continue
		}
		if k == l.Selection.Step || k == l.hovered {
			s.Add(draw.Fill{Box: row, Color: p.Ground})
		}
		l.addName(s, c, row, k)
		thick := max(1, min(10, unit-4))
		at := row.Y + (unit-thick)/2
		l.addLoss(s, draw.Box{X: c.loss.X, Y: at, W: c.loss.W, H: thick}, step, zero, low, high)
		fci := draw.Box{X: c.fci.X, Y: at, W: c.fci.W, H: thick}
		switch {
		case step.FCI == nil:
			s.Hatch(fci, p.Line)
			if unit >= 13 {
				notScored(s, fci, row)
			}
		case largest > 0 && *step.FCI >= 0 && *step.FCI <= largest:
			share := *step.FCI / largest
			s.Add(draw.Fill{Box: draw.Box{X: fci.X, Y: at, W: max(1, share*fci.W), H: thick}, Color: p.Mark(share)})
		}
		place := float64(len(l.Steps)-k) / float64(len(l.Steps))
		s.Add(draw.Fill{Box: draw.Box{X: c.place.X, Y: at, W: place * c.place.W, H: thick}, Color: p.Muted})
		selection := l.selecting(k)
		s.AddTarget(draw.Target{Box: row.Meet(view), Row: k, Col: -1, Tip: func() []string { return l.tip(k) }, Select: &selection, Hover: &session.Hover{Step: k}})
		if k == l.Selection.Step {
			s.Add(draw.Frame{Box: row, Width: 1, Color: p.Accent})
		}
	}
	s.Add(draw.Line(zero, view.Y, zero, view.Y+view.H, 1, p.Muted))
	l.addCorrelations(s, c)
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

// span is the scale of the losses: from 0, or the most negative loss less its error, to 1 or less.
func (l *losses) span() (low, high float64) {
	high = 0.1
	for _, step := range l.Steps {
		if loss, se, ok := lossOf(step); ok {
			low, high = min(low, loss-se), max(high, loss+se)
		}
	}
	return max(-1, low), min(1, high)
}

// lossOf is the loss of a step and its error; ok is false where it was not cut or the numbers are broken.
func lossOf(step session.StepLoss) (loss, se float64, ok bool) {
	loss, se = step.Cut.Loss, step.Cut.LossSE
	return loss, se, step.Cut.N > 0 && loss >= -1 && loss <= 1 && se >= 0 && se <= 1
}

// addLoss draws a loss as a bar from zero with its error.
func (l *losses) addLoss(s *draw.Scene, b draw.Box, step session.StepLoss, zero, low, high float64) {
	p := s.Palette
	loss, se, ok := lossOf(step)
	if !ok {
		s.Hatch(b, p.Line)
		return
	}
	at := func(v float64) float64 { return b.X + (max(low, min(high, v))-low)/(high-low)*b.W }
	fill := p.Signed(-1) // lost
	if loss < 0 {
		fill = p.Signed(1)
	}
	x := at(loss)
	s.Add(draw.Fill{Box: draw.Box{X: min(zero, x), Y: b.Y, W: max(1, math.Abs(x-zero)), H: b.H}, Color: fill})
	if se > 0 {
		y, a, z := b.Y+b.H/2, at(loss-se), at(loss+se)
		s.Add(draw.Line(a, y, z, y, 1.5, p.Ink), draw.Line(a, y-3, a, y+3, 1.5, p.Ink), draw.Line(z, y-3, z, y+3, 1.5, p.Ink))
	}
}

// addName draws the number of a step, its label as a badge, and its text where there is a column for it.
func (l *losses) addName(s *draw.Scene, c columns, row draw.Box, k int) {
	step, p := l.Steps[k], s.Palette
	if row.H < 13 {
		return
	}
	ink := p.Muted
	if k == l.Selection.Step {
		ink = p.Ink
	}
	y := row.Y + row.H/2 + 4
	s.Add(draw.Label{X: c.badge.X + 18, Y: y, Text: fmt.Sprint(k + 1), Size: draw.Small, Mono: true, Align: 1, Color: ink})
	if step.Label != "" {
		addLabel(s, step.Label, draw.Box{X: c.badge.X + 23, Y: row.Y + (row.H-13)/2, W: 13, H: 13})
	}
	if c.text.W > 0 {
		s.Add(draw.Label{X: c.text.X, Y: y, Text: draw.Fit(strings.Join(strings.Fields(step.Text), " "), true, draw.Small, c.text.W), Size: draw.Small, Mono: true, Color: ink})
	}
}

// addCorrelations draws below each score its rank correlation with the losses.
func (l *losses) addCorrelations(s *draw.Scene, c columns) {
	r, y, p := l.Ranking, s.Height-9, s.Palette
	if r == nil {
		return
	}
	name := fmt.Sprintf("rank correlation with it, n = %d", max(0, r.N))
	s.Add(draw.Line(c.loss.X, y-15, s.Width-draw.Margin, y-15, 1, p.Line),
		draw.Label{X: c.fci.X - 18, Y: y, Text: draw.Fit(name, false, draw.Small, c.fci.X-18-draw.Margin), Size: draw.Small, Align: 1, Color: p.Muted})
	for _, one := range []struct {
		draw.Box
		session.Correlation
	}{{c.fci, r.FCI}, {c.place, r.Position}} {
		s.Add(draw.Label{X: one.X, Y: y, Text: draw.Fit("ρ = "+rho(one.Correlation), true, draw.Small, one.W), Size: draw.Small, Mono: true, Color: p.Ink})
	}
}

// tip explains a row.
func (l *losses) tip(k int) []string {
	step := l.Steps[k]
	tip := []string{fmt.Sprintf("step %d · %s", k+1, step.Label), strings.TrimSpace(step.Text)}
	if loss, se, ok := lossOf(step); ok {
		tip = append(tip, fmt.Sprintf("lost %s ± %s, n = %d", stat.Decimals(loss, 3), stat.Decimals(se, 3), step.Cut.N),
			fmt.Sprintf("accuracy %s, cut %s", stat.Decimals(step.Cut.Control, 3), stat.Decimals(step.Cut.Disrupted, 3)))
	} else {
		tip = append(tip, "not cut")
	}
	if step.FCI == nil {
		return append(tip, "FCI: not scored")
	}
	return append(tip, "FCI "+stat.Decimals(*step.FCI, 3))
}
