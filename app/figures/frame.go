package figures

import (
	"image/color"
	"math"
	"strings"

	"attnlab/app/session"
)

// What all figures share: the header, the empty state and the explanation under the
// pointer.

func target(box Box, tip func() []string, selects *session.Selection, row, col int) Target {
	t := Target{Box: box, Tip: tip, Select: selects}
	t.key.row, t.key.col = row, col
	return t
}

// heading draws the title and what is drawn, and the legend of densities from 0 to
// largest. A press on the legend chooses a share below which nothing is drawn.
func (f *Figure) heading(title string, largest float64, ramp func(x float64) color.RGBA, choose func(share float64)) {
	f.scene.add(
		Label{X: margin, Y: 17, Text: title, Size: normal, Color: f.palette.Ink},
		Label{X: margin, Y: 32, Text: f.title(), Size: small, Mono: true, Color: f.palette.Muted},
	)
	f.legend(margin+Width(title, false, normal), "0", number(largest), "attention a token", ramp, choose)
}

// legend draws a ramp with its ends in the top right corner, as far as there is room
// right of the title's end.
func (f *Figure) legend(title float64, low, high, what string, ramp func(x float64) color.RGBA, choose func(share float64)) {
	p, right := f.palette, f.width-margin
	f.scene.add(Label{X: right, Y: 32, Text: what, Size: small, Align: 1, Color: p.Muted})
	lowW, highW := Width(low, true, small), Width(high, true, small)
	w := min(96, right-highW-lowW-12-title-margin)
	if w < 24 {
		return
	}
	bar := Box{right - highW - 6 - w, 9, w, 9}
	colors := make([]color.RGBA, 32)
	for i := range colors {
		colors[i] = ramp(float64(i) / float64(len(colors)-1))
	}
	f.scene.add(Cells{Box: bar, Columns: len(colors), Rows: 1, Colors: colors, Clip: bar},
		Label{X: bar.X - 6, Y: 17, Text: low, Size: small, Mono: true, Align: 1, Color: p.Muted},
		Label{X: right, Y: 17, Text: high, Size: small, Mono: true, Align: 1, Color: p.Muted})
	if choose == nil {
		return
	}
	x := bar.X + f.threshold*bar.W
	f.scene.add(Fill{Box{math.Round(x) - 1, bar.Y - 3, 2, bar.H + 6}, p.Ink})
	f.scene.Targets = append(f.scene.Targets, Target{Box: Box{bar.X - 6, 0, bar.W + 12, 26},
		Tip: func() []string {
			return []string{"Arcs weaker than " + number(f.threshold) + " of the largest", "are left out; press to change."}
		},
		Click: func(x, _ float64) { choose(math.Round(20*max(0, min(1, (x-bar.X)/bar.W))) / 20) },
		key:   legendKey})
}

// legendKey stands for no range.
var legendKey = struct{ row, col int }{-2, -1}

// empty says what is missing and what to do.
func (f *Figure) empty(title, next string) {
	y := f.height / 2
	f.scene.add(Label{X: f.width / 2, Y: y - 4, Text: fit(title, false, normal, f.width-2*margin), Size: normal, Align: 0.5, Color: f.palette.Ink},
		Label{X: f.width / 2, Y: y + 14, Text: fit(next, false, small, f.width-2*margin), Size: small, Align: 0.5, Color: f.palette.Muted})
}

// tip explains what is under the pointer, or else where the keys have gone.
func (f *Figure) tip() {
	if f.under != nil {
		f.explain(f.under.Tip(), f.px, f.py)
	} else if f.name == "scatter" && f.row >= 0 {
		for _, t := range f.scene.Targets {
			if t.key.row == f.row {
				f.explain(t.Tip(), t.X+t.W/2, t.Y+t.H/2)
			}
		}
	} else if f.name == "matrix" && f.row >= 0 && f.row < f.ranges() && f.step() >= 0 {
		w, h := f.cell(f.ranges())
		f.explain(f.pairTip(f.row, f.step()+1), matrixLeft-f.panX+(float64(f.step())+1.5)*w, matrixTop-f.panY+(float64(f.row)+0.5)*h)
	}
}

// explain draws lines of text beside a point.
func (f *Figure) explain(tip []string, x, y float64) {
	p, widest := f.palette, 0.0
	var lines []string
	for _, line := range tip {
		line = fit(strings.TrimSpace(line), true, small, f.width-2*margin-16)
		if line != "" {
			lines, widest = append(lines, line), max(widest, Width(line, true, small))
		}
	}
	box := Box{x + 14, y + 16, widest + 16, 15*float64(len(lines)) + 9}
	if box.X+box.W > f.width-4 {
		box.X = max(4, x-box.W-10)
	}
	if box.Y+box.H > f.height-4 {
		box.Y = max(4, y-box.H-10)
	}
	box.X, box.Y = math.Round(box.X), math.Round(box.Y)
	f.scene.add(Fill{box, p.Ground}, Frame{box, 1, p.Muted})
	for i, line := range lines {
		color := p.Ink
		if i > 0 {
			color = p.Muted
		}
		f.scene.add(Label{X: box.X + 8, Y: box.Y + 16 + 15*float64(i), Text: line, Size: small, Mono: true, Color: color})
	}
}

// stepText is the text of a step on one line.
func (f *Figure) stepText(i int) string {
	return strings.Join(strings.Fields(f.trace.Steps[i-1].Text), " ")
}
