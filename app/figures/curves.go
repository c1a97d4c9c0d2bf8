package figures

import (
	"fmt"
	"math"
	"strings"

	"attnlab/app/session"
)

// curves draws metrics of runs as small multiples over one axis, the most telling
// large. What is read off in one is read off in all.
func (f *Figure) curves() {
	h := &f.history
	switch {
	case len(h.chosen) == 0:
		f.empty("No run yet.", "Begin one, and its curves appear here.")
		return
	case len(h.charts) == 0 && h.tokens:
		f.empty("No curve over tokens.", "Choose steps, or wait for the first one.")
		return
	case len(h.charts) == 0 || len(f.values.now) != 2+2*len(h.charts):
		f.empty("No step yet.", "The first step gives the first points.")
		return
	}
	places, missing := f.places()
	x := f.reading(places)
	f.curvesHeading(x, missing)
	for i, box := range places {
		if box.W > 0 {
			f.chart(i, box, x)
		}
	}
}

// places are the boxes of charts, large ones first, and how many small ones find none
// in which they could be read.
func (f *Figure) places() (boxes []Box, missing int) {
	charts := f.history.charts
	large := 0
	for _, c := range charts {
		if c.large {
			large++
		}
	}
	const share, least = 1.8, 84.0
	w, h := f.width-2*margin, f.height-header-8
	across, columns := 1, max(2, min(5, int(w/190)))
	if w >= 620 && large > 1 {
		across = large
	}
	rows, below := (large+across-1)/across, (len(charts)-large+columns-1)/columns
	for below > 0 && h/(share*float64(rows)+float64(below)) < least {
		below--
	}
	low := h / max(1, share*float64(rows)+float64(below))
	high := share * low
	if below == 0 {
		high = h / max(1, float64(rows))
	}
	boxes = make([]Box, len(charts))
	put := func(i, nth, columns int, top, height float64) {
		wide := (w + 16) / float64(columns)
		boxes[i] = Box{margin + float64(nth%columns)*wide, top + float64(nth/columns)*height, wide - 16, height - 8}
	}
	first, then := 0, 0
	for i, c := range charts {
		if c.large {
			put(i, first, across, header+8, high)
			first++
		} else {
			if then < below*columns {
				put(i, then, columns, header+8+high*float64(rows), low)
			} else {
				missing++
			}
			then++
		}
	}
	return boxes, missing
}

// plotIn is where a chart's points are in its box, below its two lines of text.
func plotIn(box Box, gutter float64) Box {
	return Box{box.X + gutter, box.Y + 40, max(1, box.W-gutter-2), max(1, box.H-40-18)}
}

// frame is a chart's plot as it is now, on its way to new scales.
func (f *Figure) frame(i int, box Box) (p plot, n int) {
	v := f.values.now
	n = int(max(2, min(5, (box.H-58)/22)))
	lo, hi := v[2+2*i], v[3+2*i]
	return plot{plotIn(box, gutter(lo, hi, n)), [2]float64{v[0], v[1]}, [2]float64{lo, hi}}, n
}

// reading is the place on the axis that is read off: under the pointer, or else where
// keys or a press have put it; NaN for nowhere.
func (f *Figure) reading(places []Box) float64 {
	if f.under != nil {
		for i, box := range places {
			if box.Contains(f.px, f.py) {
				p, _ := f.frame(i, box)
				return p.value(f.px)
			}
		}
	}
	return f.history.cursor
}

func (f *Figure) curvesHeading(x float64, missing int) {
	h, p := &f.history, f.palette
	first := h.chosen[0]
	title := first.Info.Name
	var says []string
	if len(h.chosen) > 1 {
		title = fmt.Sprintf("%d runs", len(h.chosen))
	} else {
		if math.IsNaN(x) {
			says = append(says, fmt.Sprintf("step %d", first.Info.Step))
			if steps := first.Settings.Steps; steps > 0 {
				says[0] += fmt.Sprintf(" of %d", steps)
			}
		}
		says = append(says, fmt.Sprintf("seed %d", first.Settings.Seed), "n = 1 run")
	}
	if h.smooth > 0 {
		says = append(says, fmt.Sprintf("smoothing %.2g", h.smooth))
	}
	if !math.IsNaN(x) {
		says = append([]string{"at " + h.axis() + " " + h.named(x)}, says...)
	}
	if missing > 0 {
		says = append(says, fmt.Sprintf("%d more curves where there is room", missing))
	}
	room := f.width - 2*margin
	title = fit(title, false, normal, room)
	f.scene.add(Label{X: margin, Y: 17, Text: title, Size: normal, Color: p.Ink},
		Label{X: margin, Y: 32, Text: fit(strings.Join(says, " · "), true, small, room), Size: small, Mono: true, Color: p.Muted})
	if len(h.chosen) == 1 {
		return
	}
	at := margin + Width(title, false, normal) + 16
	for i, r := range h.chosen {
		text := fit(fmt.Sprintf("%d %s", i+1, r.Info.Name), false, small, min(220, f.width-margin-at-14))
		if text == "" {
			break
		}
		f.scene.add(Fill{Box{at, 12, 10, 3}, f.hue(i)}, Label{X: at + 14, Y: 17, Text: text, Size: small, Color: p.Ink})
		at += 14 + Width(text, false, small) + 14
	}
}

// named writes the step or the tokens that are nearest to a place on the axis.
func (h *history) named(x float64) string {
	for _, c := range h.charts {
		for _, l := range c.lines {
			return fmt.Sprint(int64(l.x[nearest(l.x, x)]))
		}
	}
	return ""
}

// chart draws a metric: name and unit, the values at x or the latest, and the curves.
func (f *Figure) chart(i int, box Box, x float64) {
	h, c, colors := &f.history, &f.history.charts[i], f.palette
	f.scene.add(Label{X: box.X, Y: box.Y + 11, Text: fit(c.title, false, normal, box.W), Size: normal, Color: colors.Ink})
	if at := Width(c.title, false, normal) + 8; at < box.W-24 {
		f.scene.add(Label{X: box.X + at, Y: box.Y + 11, Text: fit(c.unit, false, small, box.W-at), Size: small, Color: colors.Muted})
	}
	f.readings(c, Box{box.X, box.Y + 14, box.W, 14}, x)
	p, ticks := f.frame(i, box)
	if p.H < 12 || p.W < 24 {
		return
	}
	f.axes(p, ticks, h.axis(), false)
	if _, y := p.at(0, c.base); !math.IsNaN(c.base) {
		for at := p.X; at < p.X+p.W; at += 6 {
			f.scene.add(Arc{at, y, min(at+3, p.X+p.W), y, 0, 0, 1, colors.Muted})
		}
		if name := "base"; p.H > 60 {
			f.scene.add(Label{X: p.X + p.W, Y: max(p.Y+9, y-4), Text: name, Size: small, Align: 1, Color: colors.Muted})
		}
	}
	if !math.IsNaN(x) {
		at, _ := p.at(x, 0)
		if len(c.lines) == 1 {
			at, _ = p.at(c.lines[0].x[nearest(c.lines[0].x, x)], 0)
		}
		f.scene.add(Arc{at, p.Y, at, p.Y + p.H, 0, 0, 1, colors.Muted})
	}
	if h.smooth > 0 {
		for _, l := range c.lines {
			f.addCurve(p, l.x, l.raw, false, 1, faint(f.hue(l.run), colors.Surface))
		}
	}
	for _, l := range c.lines {
		f.addCurve(p, l.x, l.smooth, h.smooth > 0, 1.75, f.hue(l.run))
	}
	for _, l := range c.lines {
		k := l.at(x)
		if v := l.smooth[k]; !math.IsNaN(v) && l.reaches(x) {
			px, py := p.at(l.x[k], v)
			f.scene.add(Dot{px, py, 2.75, f.hue(l.run)})
			if len(h.chosen) > 1 && c.large {
				f.scene.add(Label{X: min(px, p.X+p.W-2), Y: max(p.Y+9, py-5), Text: fmt.Sprint(l.run + 1), Size: small, Mono: true, Align: 1, Color: colors.Ink})
			}
		}
	}
	t := target(box, func() []string { return f.chartTip(i) }, nil, i, i)
	t.Click = func(px, _ float64) { h.cursor = p.value(px) }
	f.scene.Targets = append(f.scene.Targets, t)
}

// readings is the second line of a chart: a number for each run, as many as fit. That
// of a single run has the mean of its last steps and their deviation where there is room.
func (f *Figure) readings(c *chart, box Box, x float64) {
	at := box.X
	for _, l := range c.lines {
		text := "–"
		if v := l.raw[l.at(x)]; !math.IsNaN(v) && l.reaches(x) {
			text = fixed(v, c.decimals)
		}
		swatch := 0.0
		if len(f.history.chosen) > 1 {
			text, swatch = fmt.Sprintf("%d %s", l.run+1, text), 12
		}
		w := Width(text, true, small)
		if at+swatch+w > box.X+box.W {
			break
		}
		if swatch > 0 {
			f.scene.add(Fill{Box{at, box.Y + 7, 8, 3}, f.hue(l.run)})
		}
		f.scene.add(Label{X: at + swatch, Y: box.Y + 12, Text: text, Size: small, Mono: true, Color: f.palette.Ink})
		at += swatch + w + 10
	}
	if len(f.history.chosen) == 1 && math.IsNaN(x) {
		mean, deviation, n := lately(c.lines[0].raw)
		text := fmt.Sprintf("last %d: %s ± %s", n, fixed(mean, c.decimals), fixed(deviation, c.decimals))
		if n > 1 && at+Width(text, true, small) <= box.X+box.W {
			f.scene.add(Label{X: at, Y: box.Y + 12, Text: text, Size: small, Mono: true, Color: f.palette.Muted})
		}
	}
}

// chartTip tells the values where a chart is read off.
func (f *Figure) chartTip(i int) []string {
	h, c := &f.history, &f.history.charts[i]
	v := f.values.now
	if len(v) != 2+2*len(h.charts) || len(c.lines) == 0 {
		return nil
	}
	places, _ := f.places()
	p, _ := f.frame(i, places[i])
	x := p.value(f.px)
	tip := []string{c.title + ", " + c.unit + ", at " + h.axis() + " " + h.named(x)}
	for _, l := range c.lines {
		k, text := l.at(x), "no value"
		if v := l.raw[k]; !math.IsNaN(v) && l.reaches(x) {
			if text = fixed(v, c.decimals); h.smooth > 0 {
				text += ", smoothed " + fixed(l.smooth[k], c.decimals)
			}
		}
		if len(h.chosen) > 1 {
			text = fmt.Sprintf("%d %s: %s", l.run+1, h.chosen[l.run].Info.Name, text)
		}
		tip = append(tip, text)
	}
	return tip
}

// moveReading goes to another step of the first curve.
func (f *Figure) moveReading(key Key) *session.Selection {
	h := &f.history
	if len(h.charts) == 0 || len(h.charts[0].lines) == 0 {
		return nil
	}
	x := h.charts[0].lines[0].x
	at := len(x) - 1
	if !math.IsNaN(h.cursor) {
		at = nearest(x, h.cursor)
		switch key {
		case Left, Down:
			at--
		case Right, Up:
			at++
		}
	}
	switch key {
	case First:
		at = 0
	case Last:
		at = len(x) - 1
	}
	h.cursor, f.stale = x[max(0, min(len(x)-1, at))], true
	return nil
}
