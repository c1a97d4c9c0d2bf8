package figures

import "image/color"

// matrix draws what each range (row) pays to a token of each range (column).
func (f *Figure) matrix() {
	n := f.ranges()
	if n < 2 {
		f.empty("No trace yet.", "Generate one, and its steps appear here.")
		return
	}
	largest := f.largest(n)
	f.heading("Each row looks at columns", largest, f.palette.Score, nil)
	view := f.matrixView()
	w, h := f.cell(n)
	body := Box{view.X - f.panX, view.Y - f.panY, w * float64(n), h * float64(n)}

	colors := make([]color.RGBA, n*n)
	for j := range n {
		for k := range n {
			colors[j*n+k] = f.palette.Surface // nothing looks ahead
			if k <= j {
				colors[j*n+k] = f.palette.Score(f.shown(j, k) / max(largest, 1e-12))
			}
		}
	}
	seen := body.Meet(view)
	f.scene.add(Cells{Box: body, Columns: n, Rows: n, Colors: colors, Clip: seen})
	f.addCells(n, w, h, body, seen, colors)
	f.addEdges(n, w, h, body, seen)

	row, col := f.row, f.focused()
	if t := f.under; t != nil && t.key.row >= 0 && t.key.row < n {
		row, col = t.key.row, t.key.col
	}
	edge := func(b Box, width float64) {
		if b = b.Meet(seen); b.W > 0 && b.H > 0 {
			f.scene.add(Frame{b, width, f.palette.Accent})
		}
	}
	if step := f.step(); step >= 0 {
		edge(Box{body.X + float64(step+1)*w, body.Y, w, body.H}, 1)
	}
	if row >= 0 && row < n && col >= 0 {
		edge(Box{body.X + float64(col)*w, body.Y + float64(row)*h, w, h}, 2)
	}
}

const (
	matrixLeft = 54.0
	matrixTop  = header + 34
)

// matrixView is where cells can be seen.
func (f *Figure) matrixView() Box {
	return Box{matrixLeft, matrixTop, f.width - matrixLeft - margin, f.height - matrixTop - margin}
}

// cell is the size of a cell in pixels: as near to a square as fills the figure.
func (f *Figure) cell(n int) (w, h float64) {
	view := f.matrixView()
	w, h = max(1, view.W/float64(n)), max(1, view.H/float64(n))
	return min(w, 1.8*h) * f.zoom, min(h, 1.8*w) * f.zoom
}

// addCells makes cells explain themselves, with their value in them where it fits.
func (f *Figure) addCells(n int, w, h float64, body, seen Box, colors []color.RGBA) {
	for j := range n {
		for k := range j + 1 {
			box := Box{body.X + float64(k)*w, body.Y + float64(j)*h, w, h}
			if part := box.Meet(seen); part.W > 0 && part.H > 0 {
				f.scene.Targets = append(f.scene.Targets, target(part, func() []string { return f.pairTip(j, k) }, f.selectStep(k), j, k))
				if w >= 46 && h >= 18 && part == box {
					f.scene.add(Label{X: box.X + w/2, Y: box.Y + h/2 + 4, Text: number(f.shown(j, k)), Size: small, Mono: true, Align: 0.5, Color: f.palette.On(colors[j*n+k])})
				}
			}
		}
	}
}

// addEdges draws names and badges at the left and above.
func (f *Figure) addEdges(n int, w, h float64, body, seen Box) {
	focus := f.focused()
	named := func(i int, size, room float64) bool { // names that would touch are left out
		every := 1 + int(room/max(1, size))
		return i == 0 || i == n-1 || i == focus || i%every == 0 && i < n-every && (focus < 0 || abs(i-focus) >= every)
	}
	isStep := func(i int) bool { return i > 0 && i < n-1 } // the badges of prompt and answer name them
	f.scene.add(Label{X: seen.X - 4, Y: seen.Y - 22, Text: "step", Size: small, Align: 1, Color: f.palette.Muted})
	for i := range n {
		ink := f.palette.Muted
		if i == focus {
			ink = f.palette.Ink
		}
		if y := body.Y + (float64(i)+0.5)*h; y >= seen.Y && y < seen.Y+seen.H {
			f.drawBadge(i, Box{seen.X - 18, y - min(14, h-1)/2, 14, min(14, h-1)})
			if isStep(i) && named(i, h, 12) {
				f.scene.add(Label{X: seen.X - 22, Y: y + 4, Text: f.shortName(i), Size: small, Mono: true, Align: 1, Color: ink})
			}
			f.scene.Targets = append(f.scene.Targets, target(Box{0, y - h/2, seen.X - 2, h}, func() []string { return f.stepTip(i) }, f.selectStep(i), i, i))
		}
		if x := body.X + (float64(i)+0.5)*w; x >= seen.X && x < seen.X+seen.W {
			f.drawBadge(i, Box{x - min(14, w-1)/2, seen.Y - 18, min(14, w-1), 14})
			if isStep(i) && named(i, w, 17) {
				f.scene.add(Label{X: x, Y: seen.Y - 22, Text: f.shortName(i), Size: small, Mono: true, Align: 0.5, Color: ink})
			}
			f.scene.Targets = append(f.scene.Targets, target(Box{x - w/2, seen.Y - 34, w, 32}, func() []string { return f.stepTip(i) }, f.selectStep(i), i, i))
		}
	}
}
