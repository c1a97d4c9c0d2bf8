package draw

import (
	"image/color"
	"math"
	"strings"
)

// Sizes that all figures share, in CSS pixels.
const (
	Margin = 12.0
	Header = 40.0 // height of title and legend
	Small  = 11.0 // text
	Normal = 12.0 // text of titles
)

// Heading draws a title and below it a line of detail, cut to a width.
func (s *Scene) Heading(title, detail string, mono bool, width float64) {
	s.Add(Label{X: Margin, Y: 17, Text: Fit(title, false, Normal, s.Width-2*Margin), Size: Normal, Color: s.Palette.Ink},
		Label{X: Margin, Y: 32, Text: Fit(detail, mono, Small, width), Size: Small, Mono: mono, Color: s.Palette.Muted})
}

// Legend draws a ramp with the numbers of its ends and its name in the top right corner.
// It returns where the ramp is; a box without width if the title, which ends at titleEnd,
// leaves no place for it.
func (s *Scene) Legend(titleEnd float64, low, high, name string, ramp func(x float64) color.RGBA) Box {
	p, right := s.Palette, s.Width-Margin
	s.Add(Label{X: right, Y: 32, Text: name, Size: Small, Align: 1, Color: p.Muted})
	lowWidth, highWidth := Width(low, true, Small), Width(high, true, Small)
	w := min(96, right-highWidth-lowWidth-16-titleEnd-Margin)
	if w < 24 {
		return Box{}
	}
	bar := Box{right - highWidth - 10 - w, 9, w, 9}
	colors := make([]color.RGBA, 32)
	for i := range colors {
		colors[i] = ramp(float64(i) / float64(len(colors)-1))
	}
	s.Add(Cells{Box: bar, Columns: len(colors), Rows: 1, Colors: colors, Clip: bar},
		Label{X: bar.X - 6, Y: 17, Text: low, Size: Small, Mono: true, Align: 1, Color: p.Muted},
		Label{X: right, Y: 17, Text: high, Size: Small, Mono: true, Align: 1, Color: p.Muted})
	return bar
}

// Empty says what is missing and what to do.
func (s *Scene) Empty(title, next string) {
	x, y, width := s.Width/2, s.Height/2, s.Width-2*Margin
	s.Add(Label{X: x, Y: y - 4, Text: Fit(title, false, Normal, width), Size: Normal, Align: 0.5, Color: s.Palette.Ink},
		Label{X: x, Y: y + 14, Text: Fit(next, false, Small, width), Size: Small, Align: 0.5, Color: s.Palette.Muted})
}

// Explain draws lines of text in a box beside a point.
func (s *Scene) Explain(tip []string, x, y float64) {
	p, widest := s.Palette, 0.0
	var lines []string
	for _, line := range tip {
		line = Fit(strings.TrimSpace(line), true, Small, s.Width-2*Margin-16)
		if line != "" {
			lines, widest = append(lines, line), max(widest, Width(line, true, Small))
		}
	}
	box := Box{x + 14, y + 16, widest + 16, 15*float64(len(lines)) + 9}
	if box.X+box.W > s.Width-4 {
		box.X = x - box.W - 10
	}
	if box.Y+box.H > s.Height-4 {
		box.Y = y - box.H - 10
	}
	box.X = math.Round(max(4, min(s.Width-4-box.W, box.X))) // the point can be out of sight
	box.Y = math.Round(max(4, min(s.Height-4-box.H, box.Y)))
	s.Add(Fill{box, p.Ground}, Frame{box, 1, p.Muted})
	for i, line := range lines {
		ink := p.Ink
		if i > 0 {
			ink = p.Muted
		}
		s.Add(Label{X: box.X + 8, Y: box.Y + 16 + 15*float64(i), Text: line, Size: Small, Mono: true, Color: ink})
	}
}
