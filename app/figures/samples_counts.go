package figures

import (
	"fmt"
	"image/color"
	"slices"
	"strconv"

	"attnlab/app/figures/draw"
	"attnlab/app/session"
	"attnlab/rl/stat"
)

// drawHistograms draws how many responses have which answer, which length, and which reward.
func (m *samples) drawHistograms(s *draw.Scene) {
	var lengths, rewards []float64
	for _, r := range m.Responses {
		lengths = append(lengths, float64(r.Tokens))
		if r.Reward != nil {
			rewards = append(rewards, *r.Reward)
		}
	}
	gap := min(28, s.Width/24)
	w := (s.Width - 2*draw.Margin - 2*gap) / 3
	at := draw.Box{X: draw.Margin, Y: s.Height - histograms + 26, W: max(1, w), H: histograms - 26 - 36}
	m.answers(s, at, -4)
	at.X += w + gap
	m.histogram(s, at, "tokens", lengths, -2)
	at.X += w + gap
	m.histogram(s, at, "reward, "+m.Method, rewards, -3)
}

// histogram draws one, with the ends of its scale.
func (m *samples) histogram(s *draw.Scene, b draw.Box, name string, x []float64, row int) {
	p := s.Palette
	ground(s, b, name)
	bins, most := stat.Bins(x, 12), 0
	for _, bin := range bins {
		most = max(most, bin.N)
	}
	if most == 0 || len(bins) > 20 {
		s.Add(draw.Label{X: b.X, Y: b.Y + b.H/2, Text: draw.Fit("none", false, draw.Small, b.W), Size: draw.Small, Color: p.Muted})
		return
	}
	each := b.W / float64(len(bins))
	for i, bin := range bins {
		h := float64(bin.N) / float64(most) * b.H
		box := draw.Box{X: b.X + float64(i)*each, Y: b.Y + b.H - h, W: max(1, each-1), H: h}
		if bin.N > 0 {
			s.Add(draw.Fill{Box: box, Color: p.Mark(0.6)})
		}
		s.AddTarget(draw.Target{Box: draw.Box{X: box.X, Y: b.Y, W: each, H: b.H}, Row: row, Col: i, Tip: func() []string {
			return []string{name, fmt.Sprintf("%s to below %s: %d of %d", edge(bin.Low), edge(bin.High), bin.N, len(x))}
		}})
	}
	s.Add(draw.Label{X: b.X, Y: b.Y + b.H + 14, Text: draw.Fit(edge(bins[0].Low), true, draw.Small, b.W/2), Size: draw.Small, Mono: true, Color: p.Muted},
		draw.Label{X: b.X + b.W, Y: b.Y + b.H + 14, Text: draw.Fit(edge(bins[len(bins)-1].High), true, draw.Small, b.W/2), Size: draw.Small, Mono: true, Align: 1, Color: p.Muted})
}

// edge writes the end of a bin, a round number.
func edge(x float64) string { return stat.Minus(strconv.FormatFloat(x, 'g', 6, 64)) }

// answerCount is how many responses give an answer, and how many of these are right.
type answerCount struct {
	answer   string
	n, right int
}

// answerCounts are the answers, the most frequent first; equally frequent ones in the order of sampling.
func answerCounts(responses []session.Response) (counts []answerCount) {
	for _, r := range responses {
		i := slices.IndexFunc(counts, func(c answerCount) bool { return c.answer == r.Answer })
		if i < 0 {
			i, counts = len(counts), append(counts, answerCount{answer: r.Answer})
		}
		if counts[i].n++; r.Right {
			counts[i].right++
		}
	}
	slices.SortStableFunc(counts, func(a, b answerCount) int { return b.n - a.n })
	return counts
}

// answers draws how many responses give which answer: the right ones in the colour of needed steps, with a mark. The last bar holds what has no
// bar of its own. Where answers are judged, the colours are named below.
func (m *samples) answers(s *draw.Scene, b draw.Box, row int) {
	const narrow = 16.0 // pixels of a bar at least
	p := s.Palette
	counts := answerCounts(m.Responses)
	ground(s, b, fmt.Sprintf("answers, %d in all", len(counts)))
	if most := max(2, int(b.W/narrow)); len(counts) > most {
		rest := answerCount{answer: "…"}
		for _, c := range counts[most-1:] {
			rest.n, rest.right = rest.n+c.n, rest.right+c.right
		}
		counts = append(counts[:most-1:most-1], rest)
	}
	tallest := 1
	for _, c := range counts {
		tallest = max(tallest, c.n)
	}
	each := min(b.W/float64(max(1, len(counts))), 64)
	for i, c := range counts {
		x, unit := b.X+float64(i)*each, b.H/float64(tallest)
		right, other := float64(c.right)*unit, float64(c.n-c.right)*unit
		s.Add(draw.Fill{Box: draw.Box{X: x, Y: b.Y + b.H - right, W: max(1, each-1), H: right}, Color: p.Essential},
			draw.Fill{Box: draw.Box{X: x, Y: b.Y + b.H - right - other, W: max(1, each-1), H: other}, Color: p.Mark(0.6)})
		text, ink := c.answer, p.Muted
		if text == "" {
			text = "none"
		}
		tip := []string{"answer " + text, fmt.Sprintf("%d of %d", c.n, len(m.Responses))}
		if m.Judged {
			tip[1] += fmt.Sprintf(", %d right", c.right)
		}
		if c.right > 0 {
			text, ink = text+"✓", p.Ink
		}
		s.Add(draw.Label{X: x + each/2, Y: b.Y + b.H + 14, Text: draw.Fit(text, true, draw.Small, each), Size: draw.Small, Mono: true, Align: 0.5, Color: ink})
		s.AddTarget(draw.Target{Box: draw.Box{X: x, Y: b.Y, W: each, H: b.H}, Row: row, Col: i, Tip: func() []string { return tip }})
	}
	if m.Judged {
		x, y := b.X, b.Y+b.H+28
		for _, k := range []struct {
			means string
			color color.RGBA
		}{{"right", p.Essential}, {"wrong", p.Mark(0.6)}} {
			s.Add(draw.Fill{Box: draw.Box{X: x, Y: y - 8, W: 8, H: 8}, Color: k.color}, draw.Label{X: x + 12, Y: y, Text: k.means, Size: draw.Small, Color: p.Muted})
			x += 24 + draw.Width(k.means, false, draw.Small)
		}
	}
}

// ground is the name of a histogram and the line that it stands on.
func ground(s *draw.Scene, b draw.Box, name string) {
	s.Add(draw.Label{X: b.X, Y: b.Y - 8, Text: draw.Fit(name, false, draw.Small, b.W), Size: draw.Small, Color: s.Palette.Muted}, draw.Line(b.X, b.Y+b.H, b.X+b.W, b.Y+b.H, 1, s.Palette.Line))
}
