package draw

import "strings"

// WithNotes is the scene with lines of text below it, broken at its width: what an exported picture says about itself.
func (s Scene) WithNotes(notes ...string) Scene {
	const leading = 15.0
	var lines []string
	for _, note := range notes {
		lines = append(lines, Wrap(note, s.Width-2*Margin)...)
	}
	out := s
	out.Shapes = append([]Shape(nil), s.Shapes...)
	for i, line := range lines {
		out.Add(Label{X: Margin, Y: s.Height + leading*float64(i+1), Text: line, Size: Small, Color: s.Palette.Muted})
	}
	if len(lines) > 0 {
		out.Height += leading*float64(len(lines)) + Margin
	}
	return out
}

// Wrap breaks a text between words, and words that are wider than the line.
func Wrap(text string, width float64) (lines []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		joined := strings.TrimSpace(line + " " + word)
		if Width(joined, false, Small) <= width {
			line = joined
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		for line = word; Width(line, false, Small) > width && len([]rune(line)) > 1; {
			n := len([]rune(line)) - 1
			for n > 1 && Width(string([]rune(line)[:n]), false, Small) > width {
				n--
			}
			lines = append(lines, string([]rune(line)[:n]))
			line = string([]rune(line)[n:])
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
