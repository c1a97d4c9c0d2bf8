package figures

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"attnlab/app/figures/draw"
	"attnlab/rl/runs"
	"attnlab/rl/stat"
)

// Draw draws the charts, or explains why there are none.
func (c *curves) Draw(s *draw.Scene) {
	switch {
	case len(c.chosen) == 0:
		s.Empty("No run yet.", "Start one, and its curves appear here.")
		return
	case len(c.charts) == 0 && c.over.Name != runs.Axes[0].Name:
		s.Empty("No curve over "+c.over.Title+".", "Choose steps, or wait for the first one. Older logs may not have it.")
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
		if chart.Show.Has(runs.LargeCurve) {
			large++
		}
	}
	const share, least = 1.8, 84.0 // height of a large chart over a small one; smallest height
	top := draw.Header + 8 + legendRow*float64(len(c.legend()))
	w, h := c.Width-2*draw.Margin, c.Height-top
	across, columns := 1, max(2, min(5, int(w/190)))
	if w >= 520 && large > 1 {
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
		case chart.Show.Has(runs.LargeCurve):
			put(i, nthLarge, across, top, high)
			nthLarge++
			continue
		case nthSmall < below*columns:
			put(i, nthSmall, columns, top+high*float64(rows), low)
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
	gutter, right := draw.Gutter(lo, hi, ticks), 2.0
	if c.charts[i].Show.Has(runs.LargeCurve) {
		right += c.endingsWidth(box.W)
	}
	inner := draw.Rect(box.X+gutter, box.Y+40, max(1, box.W-gutter-right), max(1, box.H-40-18)) // below two lines of text
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

func (c *curves) addHeading(s *draw.Scene, x float64, missing int) {
	first := c.chosen[0]
	title := first.Info.Name
	var detail []string
	if len(c.chosen) > 1 {
		title = fmt.Sprintf("%d runs, %s", len(c.chosen), count(len(c.groups), "group", "groups"))
	} else {
		if math.IsNaN(x) {
			detail = append(detail, fmt.Sprintf("step %d", first.Info.Step))
			if steps := first.Settings.Steps; steps > 0 {
				detail[0] += fmt.Sprintf(" of %d", steps)
			}
		}
		detail = append(detail, fmt.Sprintf("seed %d", first.Settings.Seed), "n = 1 run")
	}
	if ghost := c.pick([]string{c.ghost}); len(ghost) == 1 {
		switch {
		case len(c.chosen) == 1 && c.chosen[0].Info.ID == c.ghost && c.active.Info.Step == 0:
			if title = "For example: " + ghost[0].Info.Name + ", from " + ghost[0].Settings.Model; c.beat {
				title = "Beat this: " + ghost[0].Info.Name
			}
		case len(c.charts) > 0 && len(c.charts[0].ghost.x) > 0:
			detail = append(detail, "grey: "+ghost[0].Info.Name)
		}
	}
	if says := c.bandsSay(); says != "" && len(c.bands()) == 0 {
		detail = append(detail, says)
	}
	if c.smooth > 0 {
		detail = append(detail, fmt.Sprintf("smoothing %.2g", c.smooth))
	}
	if !math.IsNaN(x) {
		detail = append([]string{"at " + c.axis() + " " + c.valueOf(x)}, detail...)
	}
	if missing > 0 {
		detail = append(detail, count(missing, "more curve", "more curves")+" in a larger window")
	}
	if len(c.bands()) > 0 {
		detail = append(detail, "bold: mean of seeds; band: ± s.d.; thin: each seed")
	}
	s.Heading(title, strings.Join(detail, " · "), true, s.Width-2*draw.Margin)
	for i, row := range c.legend() {
		for _, e := range row {
			y := draw.Header + 11 + legendRow*float64(i)
			addDashed(s, [][2]float64{{e.x, y - 4}, {e.x + 14, y - 4}}, e.dash, 2.5, e.hue)
			s.Add(draw.Label{X: e.x + 19, Y: y, Text: e.text, Size: draw.Small, Color: s.Palette.Ink})
		}
	}
}

// bands are those of the first chart.
func (c *curves) bands() map[int]band {
	if len(c.charts) == 0 {
		return nil
	}
	return c.charts[0].bands
}

const legendRow = 15.0

// legend is rows of names of the groups, none where names stand at the ends of lines or there is only one group.
func (c *curves) legend() (rows [][]ending) {
	if len(c.groups) < 2 || c.named() {
		return nil
	}
	x := c.Width
	for _, g := range c.groups {
		text := draw.Fit(g.label(), false, draw.Small, c.Width-2*draw.Margin-19)
		w := 19 + draw.Width(text, false, draw.Small) + 14
		if x+w-14 > c.Width-draw.Margin {
			rows, x = append(rows, nil), draw.Margin
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], ending{x: x, text: text, hue: g.hue(c.Palette), dash: g.dash()})
		x += w
	}
	if most := int((c.Height - 140) / legendRow); len(rows) > max(0, most) {
		rows = rows[:max(0, most)]
	}
	return rows
}

// named reports whether the names of groups stand at the ends of the lines of large charts.
func (c *curves) named() bool { return len(c.groups) > 1 && c.Width >= 620 }

// endingsWidth is the place beside a large chart for names.
func (c *curves) endingsWidth(width float64) float64 {
	if !c.named() {
		return 0
	}
	widest := 0.0
	for _, g := range c.groups {
		widest = max(widest, draw.Width(g.name, false, draw.Small)+20)
	}
	return min(widest, 0.48*width)
}

// valueOf is the step or the tokens nearest to a place on the axis.
func (c *curves) valueOf(x float64) string {
	first := c.charts[0].curves[0].x
	return stat.Decimals(first[nearest(first, x)], 0)
}

// addChart draws a metric: name and unit, the values at x or the latest, and the curves.
func (c *curves) addChart(s *draw.Scene, i int, box draw.Box, x float64) {
	chart, muted := &c.charts[i], s.Palette.Muted
	s.Add(draw.Label{X: box.X, Y: box.Y + 11, Text: draw.Fit(chart.Title, false, draw.Normal, box.W), Size: draw.Normal, Color: s.Palette.Ink})
	if at := draw.Width(chart.Title, false, draw.Normal) + 8; at < box.W-24 {
		s.Add(draw.Label{X: box.X + at, Y: box.Y + 11, Text: draw.Fit(chart.Unit, false, draw.Small, box.W-at), Size: draw.Small, Color: muted})
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
	c.addCurves(s, chart, box, p, x)
	s.AddTarget(draw.Target{Box: box, Row: i, Col: i, Tip: func() []string { return c.chartTip(i, p) }, Press: func(px, _ float64) { c.cursor = p.Value(px) }})
}

// addCurves draws the curves of a chart: those of a group thin around its mean and band, a run that is alone bold.
func (c *curves) addCurves(s *draw.Scene, chart *chart, box draw.Box, p draw.Plot, x float64) {
	if len(chart.ghost.x) > 0 {
		s.Curve(p, chart.ghost.x, chart.ghost.smooth, chart.ghost.breaks, true, 2.5, draw.Faint(s.Palette.Muted, s.Palette.Surface))
	}
	for at, g := range c.groups {
		if b, ok := chart.bands[at]; ok {
			low, high := b.ends()
			addBand(s, p, b.x, low, high, nil, g.hue(s.Palette))
		} else if l := chart.course(at, g); l.spread[low] != nil && l.spread[high] != nil {
			addBand(s, p, l.x, l.spread[low], l.spread[high], l.breaks, g.hue(s.Palette))
		}
	}
	var ends []ending
	for at, g := range c.groups {
		hue := g.hue(s.Palette)
		_, many := chart.bands[at]
		for _, l := range chart.curves {
			switch {
			case !slices.Contains(g.runs, l.run):
				continue
			case many:
				s.Curve(p, l.x, l.smooth, l.breaks, c.smooth > 0, 1, draw.Faint(hue, s.Palette.Surface))
			default:
				if c.smooth > 0 {
					s.Curve(p, l.x, l.raw, l.breaks, false, 1, draw.Faint(hue, s.Palette.Surface))
				}
				if l.spread[middle] != nil && chart.Around.Middle != chart.Name {
					s.Curve(p, l.x, l.spread[middle], l.breaks, c.smooth > 0, 1, hue)
				}
				s.Curve(p, l.x, l.smooth, l.breaks, c.smooth > 0, 1.75, hue)
				if chart.Around.Error != "" {
					addMeasurements(s, p, l, hue)
				}
			}
		}
	}
	for at, g := range c.groups {
		line := chart.course(at, g)
		if len(line.x) == 0 {
			continue
		}
		hue := g.hue(s.Palette)
		if _, many := chart.bands[at]; many {
			var points [][2]float64
			for i := range line.x {
				if !math.IsNaN(line.smooth[i]) {
					px, py := p.At(line.x[i], line.smooth[i])
					points = append(points, [2]float64{px, py})
				} else {
					addDashed(s, points, g.dash(), 2.25, hue)
					points = nil
				}
			}
			addDashed(s, points, g.dash(), 2.25, hue)
		}
		row, v := line.value(x)
		if !math.IsNaN(v) && !math.IsNaN(line.x[row]) {
			px, py := p.At(line.x[row], line.smooth[row])
			s.Add(draw.Dot{X: px, Y: py, Radius: 2.75, Color: hue})
		}
		if row, v := line.value(math.NaN()); chart.Show.Has(runs.LargeCurve) && c.named() && !math.IsNaN(v+line.x[row]+line.smooth[row]) {
			px, py := p.At(line.x[row], line.smooth[row])
			ends = append(ends, ending{px, py, g.name, hue, g.dash()})
		}
	}
	addEndings(s, ends, p.X+p.W, c.endingsWidth(box.W), p.Y, p.Y+p.H)
}

// course is the line of a group: its mean, or its only run.
func (c *chart) course(at int, g group) curve {
	if b, ok := c.bands[at]; ok {
		return curve{x: b.x, raw: b.mean, smooth: b.mean}
	}
	for _, l := range c.curves {
		if slices.Contains(g.runs, l.run) {
			return l
		}
	}
	return curve{}
}

// addReadings writes the second line of a chart: a number for each group, as many as fit. A
// single run has the mean of its last steps and their deviation too, if they fit.
func (c *curves) addReadings(s *draw.Scene, chart *chart, box draw.Box, x float64) {
	at := box.X
	for i, g := range c.groups {
		line := chart.course(i, g)
		if len(line.x) == 0 {
			continue
		}
		_, v := line.value(x)
		text, swatch := draw.Fixed(v, chart.Form.Decimals()), 0.0
		if row, _ := line.value(x); len(c.groups) == 1 && !math.IsNaN(v) {
			text += chart.plusMinus(line, row)
		}
		if len(c.groups) > 1 {
			swatch = 12
		}
		w := draw.Width(text, true, draw.Small)
		if at+swatch+w > box.X+box.W {
			break
		}
		if swatch > 0 {
			addDashed(s, [][2]float64{{at, box.Y + 8}, {at + 9, box.Y + 8}}, min(g.dash(), 3), 3, g.hue(s.Palette))
		}
		s.Add(draw.Label{X: at + swatch, Y: box.Y + 12, Text: text, Size: draw.Small, Mono: true, Color: s.Palette.Ink})
		at += swatch + w + 10
	}
	if len(c.chosen) == 1 && math.IsNaN(x) && chart.Around.Error == "" {
		last := runs.Recent(chart.curves[0].raw, runs.RecentSteps)
		text := fmt.Sprintf("last %d: %s ± %s", last.N, draw.Fixed(float64(last.Mean), chart.Form.Decimals()), draw.Fixed(float64(last.SD), chart.Form.Decimals()))
		if last.N > 1 && at+draw.Width(text, true, draw.Small) <= box.X+box.W {
			s.Add(draw.Label{X: at, Y: box.Y + 12, Text: text, Size: draw.Small, Mono: true, Color: s.Palette.Muted})
		}
	}
}

// chartTip explains the values under the pointer.
func (c *curves) chartTip(i int, p draw.Plot) []string {
	chart, x := &c.charts[i], p.Value(c.px)
	tip := []string{chart.Title + ", " + chart.Unit + ", at " + c.axis() + " " + c.valueOf(x)}
	for at, g := range c.groups {
		line, text, quantiles := chart.course(at, g), "no value", ""
		if len(line.x) == 0 {
			continue
		}
		if row, v := line.value(x); !math.IsNaN(v) {
			text = draw.Fixed(v, chart.Form.Decimals())
			switch b, many := chart.bands[at]; {
			case many:
				text += " ± " + draw.Fixed(b.sd[row], chart.Form.Decimals()) + " s.d."
			case chart.Around.Error != "":
				text += chart.plusMinus(line, row)
			case c.smooth > 0:
				text += ", smoothed " + draw.Fixed(line.smooth[row], chart.Form.Decimals())
			}
			quantiles = chart.quantiles(line, row)
		}
		if len(c.groups) > 1 {
			text = g.label() + ": " + text
		}
		if tip = append(tip, text); quantiles != "" {
			tip = append(tip, quantiles)
		}
	}
	return tip
}
