package figures

import (
	"fmt"
	"image/color"
	"slices"
	"time"

	"attnlab/app/figures/draw"
	"attnlab/app/session"
	"attnlab/rl/stat"
)

// samples draws many responses to one problem as bars on one scale of tokens, a piece for each step in the colour of its label: right ones first, then the
// shorter ones. A line marks the token where they first part. Below are histograms of their answers, lengths and
// rewards.
type samples struct {
	*View
	session.Samples
	order   []int // of the responses
	longest int   // tokens
}

func newSamples(v *View) Figure { return &samples{View: v} }

// Follows lists what the figure draws.
func (m *samples) Follows() []string { return []string{"Samples"} }

// mostResponses is how many bars the figure draws.
const mostResponses = 2 * session.MaxResponses

// Show takes the responses so far. It ignores those whose ranges contradict each other.
func (m *samples) Show(event any, _ time.Time) {
	e, ok := event.(session.Samples)
	if !ok || len(e.Responses) > mostResponses {
		return
	}
	order, longest := []int{}, 1
	for i, r := range e.Responses {
		at := 0
		for _, s := range r.Steps {
			if s.Start < at || s.End < s.Start {
				return
			}
			at = s.End
		}
		if r.Tokens < at || r.Tokens > 1<<20 {
			return
		}
		order, longest = append(order, i), max(longest, r.Tokens)
	}
	slices.SortStableFunc(order, func(a, b int) int {
		x, y := e.Responses[a], e.Responses[b]
		if x.Right != y.Right {
			return map[bool]int{true: -1, false: 1}[x.Right]
		}
		return x.Tokens - y.Tokens
	})
	m.Samples, m.order, m.longest = e, order, longest
}

// Caption says what is drawn.
func (m *samples) Caption() string {
	if len(m.Responses) == 0 {
		return "Many responses to one problem: none was sampled yet."
	}
	text := fmt.Sprintf("Bars: the steps of %d responses to one problem by their labels, from %d to %d tokens", len(m.Responses), m.shortest(), m.longest)
	if m.Judged {
		text += fmt.Sprintf(", of which %d are right", m.RightOnes())
	}
	if s := m.Split; s != nil && s.Step >= 0 {
		text += fmt.Sprintf("; they part at step %d", s.Step+1)
	}
	return text + "."
}

// shortest is the tokens of the shortest response.
func (m *samples) shortest() int {
	least := m.longest
	for _, r := range m.Responses {
		least = min(least, r.Tokens)
	}
	return least
}

const (
	samplesTop = draw.Header + 6
	histograms = 126.0 // height of the three below the bars, with their heads, scales and the meaning of colours
)

// bars is the place of the bars, and of the scale that they share.
func (m *samples) bars() draw.Box {
	x := draw.Margin + 44
	return draw.Box{X: x, Y: samplesTop, W: max(1, m.Width-draw.Margin-x), H: max(1, m.Height-samplesTop-histograms)}
}

// Content is the place and the size of the bars.
func (m *samples) Content() (view draw.Box, width, height float64) {
	b := m.bars()
	return draw.Box{Y: b.Y, W: m.Width, H: b.H}, m.Width, m.unit() * float64(len(m.order))
}

// unit is the height of a row.
func (m *samples) unit() float64 {
	return min(18, m.bars().H/float64(max(1, len(m.order)))) * m.zoom
}

// Draw draws the bars and the histograms.
func (m *samples) Draw(s *draw.Scene) {
	if len(m.Responses) == 0 {
		s.Empty("Nothing was sampled yet.", "Sample many responses, and they appear here.")
		return
	}
	p, b, unit := s.Palette, m.bars(), m.unit()
	s.Heading("Responses, a piece for each step", m.subtitle(), false, s.Width-2*draw.Margin)
	perToken := b.W / float64(m.longest)
	for row, i := range m.order {
		r := m.Responses[i]
		y := b.Y + float64(row)*unit - m.panY
		if y < b.Y-0.5 || y+unit > b.Y+b.H+0.5 {
			continue
		}
		box := draw.Box{X: b.X, Y: y + min(2, unit/6), W: float64(r.Tokens) * perToken, H: max(1, unit-2*min(2, unit/6))}
		s.Add(draw.Fill{Box: box, Color: p.Line}) // the answer, and what is no step
		for _, step := range r.Steps {
			piece := draw.Box{X: b.X + float64(step.Start)*perToken, Y: box.Y, W: max(0.5, float64(step.End-step.Start)*perToken-0.7), H: box.H}
			if piece.W >= 11 && unit >= 15 {
				addLabel(s, step.Label, piece)
			} else {
				s.Add(draw.Fill{Box: piece, Color: p.Label(step.Label)})
			}
		}
		if unit >= 12 {
			mark, ink := fmt.Sprint(i+1), p.Muted
			if m.Judged {
				mark += map[bool]string{true: " ✓", false: " ✗"}[r.Right]
				ink = map[bool]color.RGBA{true: p.Ink, false: p.Wrong}[r.Right]
			}
			s.Add(draw.Label{X: b.X - 6, Y: y + unit/2 + 4, Text: mark, Size: draw.Small, Mono: true, Align: 1, Color: ink})
		}
		s.AddTarget(draw.Target{Box: draw.Box{X: draw.Margin, Y: y, W: s.Width - 2*draw.Margin, H: unit}.Meet(draw.Box{Y: b.Y, W: s.Width, H: b.H}), Row: i, Col: -1, Tip: func() []string { return m.tip(i) }})
	}
	if split := m.Split; split != nil && split.Token > 0 && split.Token < m.longest {
		x := b.X + float64(split.Token)*perToken
		s.Add(draw.Line(x, b.Y-3, x, b.Y+min(b.H, unit*float64(len(m.order))), 1.5, p.Accent))
	}
	m.drawHistograms(s)
}

func (m *samples) subtitle() string {
	text := fmt.Sprintf("%d of %d responses", len(m.Responses), max(0, m.Of))
	if m.Judged {
		text += fmt.Sprintf(", %d right", m.RightOnes())
	}
	if m.Split != nil && m.Split.Token > 0 {
		text += "; the line is where they first part"
	}
	return text
}

// tip explains a row.
func (m *samples) tip(i int) []string {
	r := m.Responses[i]
	tip := []string{fmt.Sprintf("response %d · %d steps, %d tokens", i+1, len(r.Steps), r.Tokens)}
	if m.Judged {
		tip = append(tip, map[bool]string{true: "right", false: "wrong"}[r.Right]+", answer "+r.Answer)
	}
	if r.Reward != nil {
		tip = append(tip, "reward "+stat.Decimals(*r.Reward, 3))
	}
	return tip
}
