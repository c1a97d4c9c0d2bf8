package figures

import (
	"fmt"
	"image/color"
	"math"
	"strings"

	"attnlab/app/figures/draw"
	"attnlab/rl/runs"
)

// Draw draws the charts, or explains why there are none.
func (c *curves) Draw(s *draw.Scene) {
	switch {
	case len(c.chosen) == 0:
		s.Empty("No run yet.", "Start one, and its curves appear here.")
		return
	case len(c.charts) == 0 && c.tokens:
		s.Empty("No curve over tokens.", "Choose steps, or wait for the first one.")
		return
	case !c.drawable():
		s.Empty("No step yet.", "The first step gives the first points.")
		return
	}
	places, missing := c.places()
	x := c.reading(places)
	c.addHeading(s, x, missing)
	for i, box := range places {
		if box.W > 0 {
			c.addChart(s, i, box, x)
		}
	}
}

// drawable reports whether there are charts and their scales.
func (c *curves) drawable() bool {
	return len(c.charts) > 0 && len(c.Values()) == 2+2*len(c.charts)
}

// places are the boxes of the charts, large ones first, and how many small ones have none
// because they could not be read.
func (c *curves) places() (boxes []draw.Box, missing int) {
	large := 0
	for _, chart := range c.charts {
		if chart.large {
			large++
		}
	}
	const share, least = 1.8, 84.0 // height of a large chart over a small one; smallest height
	w, h := c.Width-2*draw.Margin, c.Height-draw.Header-8
	across, columns := 1, max(2, min(5, int(w/190)))
	if w >= 620 && large > 1 {
		across = large
	}
	rows, below := (large+across-1)/across, (len(c.charts)-large+columns-1)/columns
	for below > 0 && h/(share*float64(rows)+float64(below)) < least {
		below--
	}
	low := h / max(1, share*float64(rows)+float64(below))
	high := share * low
	if below == 0 {
		high = h / max(1, float64(rows))
	}
	boxes = make([]draw.Box, len(c.charts))
	put := func(i, nth, columns int, top, height float64) {
		wide := (w + 16) / float64(columns)
		boxes[i] = draw.Rect(draw.Margin+float64(nth%columns)*wide, top+float64(nth/columns)*height, wide-16, height-8)
	}
	nthLarge, nthSmall := 0, 0
	for i, chart := range c.charts {
		switch {
		case chart.large:
			put(i, nthLarge, across, draw.Header+8, high)
			nthLarge++
			continue
		case nthSmall < below*columns:
			put(i, nthSmall, columns, draw.Header+8+high*float64(rows), low)
		default:
			missing++
		}
		nthSmall++
	}
	return boxes, missing
}

// plot is a chart's plot now, on its way to new scales, and the number of its ticks.
func (c *curves) plot(i int, box draw.Box) (p draw.Plot, ticks int) {
	v := c.Values()
	lo, hi := v[2+2*i], v[3+2*i]
	ticks = int(max(2, min(5, (box.H-58)/22)))
	gutter := draw.Gutter(lo, hi, ticks)
	inner := draw.Rect(box.X+gutter, box.Y+40, max(1, box.W-gutter-2), max(1, box.H-40-18)) // below two lines of text
	return draw.Plot{Box: inner, Along: [2]float64{v[0], v[1]}, Up: [2]float64{lo, hi}}, ticks
}

// reading is the place on the axis whose values are shown: under the pointer, or else where
// keys or a press have put it; NaN for nowhere.
func (c *curves) reading(places []draw.Box) float64 {
	if c.under != nil {
		for i, box := range places {
			if box.Contains(c.px, c.py) {
				p, _ := c.plot(i, box)
				return p.Value(c.px)
			}
		}
	}
	return c.cursor
}

// hue distinguishes runs by colour. The number at the end of a curve does so without colour.
func hue(s *draw.Scene, i int) color.RGBA { return s.Palette.Series[i%len(s.Palette.Series)] }

func (c *curves) addHeading(s *draw.Scene, x float64, missing int) {
	first := c.chosen[0]
	title := first.Info.Name
	var detail []string
	if len(c.chosen) > 1 {
		title = fmt.Sprintf("%d runs", len(c.chosen))
	} else {
		if math.IsNaN(x) {
			detail = append(detail, fmt.Sprintf("step %d", first.Info.Step))
			if steps := first.Settings.Steps; steps > 0 {
				detail[0] += fmt.Sprintf(" of %d", steps)
			}
		}
		detail = append(detail, fmt.Sprintf("seed %d", first.Settings.Seed), "n = 1 run")
	}
	if c.smooth > 0 {
		detail = append(detail, fmt.Sprintf("smoothing %.2g", c.smooth))
	}
	if !math.IsNaN(x) {
		detail = append([]string{"at " + c.axis() + " " + c.named(x)}, detail...)
	}
	if missing > 0 {
		detail = append(detail, count(missing, "more curve", "more curves")+" in a larger window")
	}
	s.Heading(title, strings.Join(detail, " · "), true, s.Width-2*draw.Margin)
	if len(c.chosen) == 1 {
		return
	}
	at := draw.Margin + draw.Width(title, false, draw.Normal) + 16
	for i, r := range c.chosen {
		text := draw.Fit(fmt.Sprintf("%d %s", i+1, r.Info.Name), false, draw.Small, min(220, s.Width-draw.Margin-at-14))
		if text == "" {
			break
		}
		s.Add(draw.Fill{Box: draw.Rect(at, 12, 10, 3), Color: hue(s, i)}, draw.Label{X: at + 14, Y: 17, Text: text, Size: draw.Small, Color: s.Palette.Ink})
		at += 14 + draw.Width(text, false, draw.Small) + 14
	}
}

// named is the step or the tokens nearest to a place on the axis.
func (c *curves) named(x float64) string {
	first := c.charts[0].curves[0].x
	return draw.Decimals(first[nearest(first, x)], 0)
}

// addChart draws a metric: name and unit, the values at x or the latest, and the curves.
func (c *curves) addChart(s *draw.Scene, i int, box draw.Box, x float64) {
	chart, muted := &c.charts[i], s.Palette.Muted
	s.Add(draw.Label{X: box.X, Y: box.Y + 11, Text: draw.Fit(chart.title, false, draw.Normal, box.W), Size: draw.Normal, Color: s.Palette.Ink})
	if at := draw.Width(chart.title, false, draw.Normal) + 8; at < box.W-24 {
		s.Add(draw.Label{X: box.X + at, Y: box.Y + 11, Text: draw.Fit(chart.unit, false, draw.Small, box.W-at), Size: draw.Small, Color: muted})
	}
	c.addReadings(s, chart, draw.Rect(box.X, box.Y+14, box.W, 14), x)
	p, ticks := c.plot(i, box)
	if p.H < 12 || p.W < 24 {
		return
	}
	s.Axes(p, ticks, c.axis(), false)
	if !math.IsNaN(chart.base) {
		_, y := p.At(p.Along[0], chart.base)
		for at := p.X; at < p.X+p.W; at += 6 {
			s.Add(draw.Line(at, y, min(at+3, p.X+p.W), y, 1, muted))
		}
		if p.H > 60 {
			s.Add(draw.Label{X: p.X + p.W, Y: max(p.Y+9, y-4), Text: "base", Size: draw.Small, Align: 1, Color: muted})
		}
	}
	if at := x; !math.IsNaN(at) {
		if first := chart.curves[0]; len(chart.curves) == 1 && !math.IsNaN(first.x[first.at(x)]) {
			at = first.x[first.at(x)]
		}
		px, _ := p.At(at, p.Up[0])
		s.Add(draw.Line(px, p.Y, px, p.Y+p.H, 1, muted))
	}
	if c.smooth > 0 {
		for _, l := range chart.curves {
			s.Curve(p, l.x, l.raw, l.breaks, false, 1, draw.Faint(hue(s, l.run), s.Palette.Surface))
		}
	}
	for _, l := range chart.curves {
		s.Curve(p, l.x, l.smooth, l.breaks, c.smooth > 0, 1.75, hue(s, l.run))
	}
	for _, l := range chart.curves {
		row, v := l.value(x)
		if math.IsNaN(v) || math.IsNaN(l.x[row]) {
			continue
		}
		px, py := p.At(l.x[row], l.smooth[row])
		s.Add(draw.Dot{X: px, Y: py, Radius: 2.75, Color: hue(s, l.run)})
		if len(c.chosen) > 1 && chart.large {
			s.Add(draw.Label{X: min(px, p.X+p.W-2), Y: max(p.Y+9, py-5), Text: fmt.Sprint(l.run + 1), Size: draw.Small, Mono: true, Align: 1, Color: s.Palette.Ink})
		}
	}
	s.AddTarget(draw.Target{Box: box, Row: i, Col: i, Tip: func() []string { return c.chartTip(i, p) }, Press: func(px, _ float64) { c.cursor = p.Value(px) }})
}

// addReadings writes the second line of a chart: a number for each run, as many as fit. A
// single run has the mean of its last steps and their deviation too, if they fit.
func (c *curves) addReadings(s *draw.Scene, chart *chart, box draw.Box, x float64) {
	at := box.X
	for _, l := range chart.curves {
		_, v := l.value(x)
		text, swatch := draw.Fixed(v, chart.decimals), 0.0
		if len(c.chosen) > 1 {
			text, swatch = fmt.Sprintf("%d %s", l.run+1, text), 12
		}
		w := draw.Width(text, true, draw.Small)
		if at+swatch+w > box.X+box.W {
			break
		}
		if swatch > 0 {
			s.Add(draw.Fill{Box: draw.Rect(at, box.Y+7, 8, 3), Color: hue(s, l.run)})
		}
		s.Add(draw.Label{X: at + swatch, Y: box.Y + 12, Text: text, Size: draw.Small, Mono: true, Color: s.Palette.Ink})
		at += swatch + w + 10
	}
	if len(c.chosen) == 1 && math.IsNaN(x) {
		last := runs.Recent(chart.curves[0].raw, runs.RecentSteps)
		text := fmt.Sprintf("last %d: %s ± %s", last.N, draw.Fixed(float64(last.Mean), chart.decimals), draw.Fixed(float64(last.SD), chart.decimals))
		if last.N > 1 && at+draw.Width(text, true, draw.Small) <= box.X+box.W {
			s.Add(draw.Label{X: at, Y: box.Y + 12, Text: text, Size: draw.Small, Mono: true, Color: s.Palette.Muted})
		}
	}
}

// chartTip explains the values under the pointer.
func (c *curves) chartTip(i int, p draw.Plot) []string {
	chart, x := &c.charts[i], p.Value(c.px)
	tip := []string{chart.title + ", " + chart.unit + ", at " + c.axis() + " " + c.named(x)}
	for _, l := range chart.curves {
		text := "no value"
		if row, v := l.value(x); !math.IsNaN(v) {
			if text = draw.Fixed(v, chart.decimals); c.smooth > 0 {
				text += ", smoothed " + draw.Fixed(l.smooth[row], chart.decimals)
			}
		}
		if len(c.chosen) > 1 {
			text = fmt.Sprintf("%d %s: %s", l.run+1, c.chosen[l.run].Info.Name, text)
		}
		tip = append(tip, text)
	}
	return tip
}
