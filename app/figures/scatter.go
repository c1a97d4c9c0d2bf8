package figures

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"
	"time"

	"attnlab/app/figures/draw"
	"attnlab/app/session"
	"attnlab/rl/runs"
	"attnlab/rl/stat"
)

// scatter draws accuracy against think tokens: the course of each run from its own base, and for runs that differ only in
// their seed the mean course and a dot at its end with bars of one standard deviation.
type scatter struct {
	*View
	runsShown
	groups []cluster
	chosen int // group that keys or a press have chosen, -1 for none
}

func newScatter(v *View) Figure {
	v.Pace = pace
	return &scatter{View: v, chosen: -1}
}

// Follows lists what the figure draws.
func (f *scatter) Follows() []string { return []string{"Run", "Beside", "Runs"} }

// Show takes the active run, or the list of runs.
func (f *scatter) Show(event any, _ time.Time) {
	if f.take(event) {
		f.update()
	}
}

// Set sets an option: runs=ID,ID, by default all runs but those of pretraining.
func (f *scatter) Set(name, value string) {
	if ids := splitIDs(value); name == "runs" && !slices.Equal(ids, f.only) {
		f.only = ids
		f.update()
	}
}

// update groups the chosen runs, and lets the axes go to their new scales.
func (f *scatter) update() {
	chosen := f.pick(f.only)
	if len(f.only) == 0 {
		chosen = slices.DeleteFunc(f.all(), func(r session.KeptRun) bool { return r.Settings.Method == runs.Pretrain })
	}
	f.groups = newClusters(chosen)
	f.chosen = min(f.chosen, len(f.groups)-1)
	if to := extent(f.groups); len(to) == len(f.Values()) {
		f.Ease(to)
	} else {
		f.Jump(to)
	}
}

// Caption says what is drawn.
func (f *scatter) Caption() string {
	if len(f.groups) == 0 {
		return "Accuracy against think tokens: no run yet."
	}
	text := fmt.Sprintf("Accuracy against think tokens of %s", count(len(f.groups), "group of runs", "groups of runs"))
	for i, c := range f.groups {
		if i == 6 {
			return text + ", and more."
		}
		text += fmt.Sprintf("; %s: %s with %s", c.label(), withSpread(c.mean[1], c.sd[1], 3), withSpread(c.mean[0], c.sd[0], 1))
	}
	return text + "; ± is one standard deviation, over runs or of a single run over its last steps."
}

// withSpread is a mean with its standard deviation, where that is known.
func withSpread(mean, sd float64, places int) string {
	if math.IsNaN(sd) {
		return stat.Decimals(mean, places)
	}
	return stat.Decimals(mean, places) + " ± " + stat.Decimals(sd, places)
}

// Table is the mean of each group of runs with its spread: over runs, or of a single run over its last steps; then the end of each run.
func (f *scatter) Table() session.Table {
	t := session.NewTable("group n accuracy accuracy_sd think_tokens think_tokens_sd base_accuracy base_think_tokens base_problems")
	for _, c := range f.groups {
		accuracy, think, problems := math.NaN(), math.NaN(), ""
		if c.base != nil {
			accuracy, think, problems = c.base.at[1], c.base.at[0], fmt.Sprint(c.base.problems)
		}
		t.Add(c.name, len(c.points), c.mean[1], c.sd[1], c.mean[0], c.sd[0], accuracy, think, problems)
		if len(c.points) > 1 {
			for i, p := range c.points {
				t.Add(fmt.Sprintf("%s, run %d", c.name, i+1), 1, p[1], "", p[0], "", "", "", "")
			}
		}
	}
	return t
}

// Key goes to the next longer or shorter group. Back chooses none.
func (f *scatter) Key(key Key) bool {
	order := make([]int, len(f.groups))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(f.groups[a].mean[0], f.groups[b].mean[0]) })
	at := slices.Index(order, f.chosen)
	switch key {
	case Back:
		f.chosen = -1
		return false
	case Left, Down:
		if at--; at < -1 {
			at = len(order) - 1
		}
	case Right, Up:
		at++
	case First:
		at = 0
	case Last:
		at = len(order) - 1
	case Enter:
	default:
		return false
	}
	if len(order) > 0 {
		f.chosen = order[max(0, min(len(order)-1, at))]
	}
	return true
}

// Draw draws axes, bases, groups and their names.
func (f *scatter) Draw(s *draw.Scene) {
	v := f.Values()
	if len(f.groups) == 0 || len(v) != 4 {
		s.Empty("No run to compare yet.", "Train one, or import its metrics.jsonl.")
		return
	}
	n := 0
	for _, c := range f.groups {
		n += len(c.points)
	}
	detail := fmt.Sprintf("%s, each from its own base; a point is the mean of %d steps; thin: each seed; bars: ± s.d. over seeds, of one run over steps", count(n, "run", "runs"), runs.RecentSteps)
	if s.Width < 460 {
		detail = fmt.Sprintf("%s, means of %d steps; bars: ± s.d. of seeds", count(n, "run", "runs"), runs.RecentSteps)
	}
	width := s.Width - 2*draw.Margin
	s.Heading("Accuracy against length", detail, false, width)
	ticks := int(max(3, min(7, s.Height/60)))
	left := draw.Margin + draw.Gutter(v[2], v[3], ticks)
	p := draw.Plot{Box: draw.Rect(left, draw.Header+26, max(1, s.Width-left-draw.Margin), max(1, s.Height-draw.Header-26-42)), Along: [2]float64{v[0], v[1]}, Up: [2]float64{v[2], v[3]}}
	s.Add(draw.Label{X: draw.Margin, Y: draw.Header + 16, Text: draw.Fit("accuracy, share of responses", false, draw.Small, width), Size: draw.Small, Color: s.Palette.Muted})
	s.Axes(p, ticks, "think tokens per response", true)

	f.addPaths(s, p)
	f.addBases(s, p)
	for i := range f.groups {
		f.addGroup(s, i, p)
	}
	f.addNames(s, p)
	if f.under == nil && f.chosen >= 0 && f.chosen < len(f.groups) {
		x, y := p.At(f.groups[f.chosen].mean[0], f.groups[f.chosen].mean[1])
		s.Explain(f.groupTip(f.chosen), x, y)
	}
}

// addPaths draws the course of each run thin, and that of each group bold.
func (f *scatter) addPaths(s *draw.Scene, p draw.Plot) {
	pixels := func(path [][2]float64) [][2]float64 {
		at := make([][2]float64, len(path))
		for i, v := range path {
			at[i][0], at[i][1] = p.At(v[0], v[1])
		}
		return at
	}
	for _, c := range f.groups {
		if c.path != nil {
			for _, path := range c.paths {
				addDashed(s, pixels(path), 0, 1, draw.Faint(c.hue(s.Palette), s.Palette.Surface))
			}
		}
	}
	for _, c := range f.groups {
		addDashed(s, pixels(c.course()), c.dash(), 1.75, c.hue(s.Palette))
	}
}

// addBases draws where the runs began, each base once, with the standard error of its accuracy.
func (f *scatter) addBases(s *draw.Scene, p draw.Plot) {
	seen, muted := map[[2]float64]bool{}, s.Palette.Muted
	for _, c := range f.groups {
		if c.base == nil || seen[c.base.at] {
			continue
		}
		seen[c.base.at] = true
		x, y := p.At(c.base.at[0], c.base.at[1])
		if e := c.base.error[1]; e > 0 {
			_, high := p.At(c.base.at[0], c.base.at[1]+e)
			_, low := p.At(c.base.at[0], c.base.at[1]-e)
			s.Add(draw.Line(x, low, x, high, 1.25, muted))
		}
		s.Add(draw.Dot{X: x, Y: y, Radius: 5.5, Color: muted}, draw.Dot{X: x, Y: y, Radius: 4, Color: s.Palette.Surface})
	}
}

func (f *scatter) addGroup(s *draw.Scene, i int, p draw.Plot) {
	c, hue := &f.groups[i], f.groups[i].hue(s.Palette)
	x, y := p.At(c.mean[0], c.mean[1])
	width := 2.0
	if len(c.points) == 1 {
		width = 1
	}
	x0, y0 := p.At(c.mean[0]-c.bar(0), c.mean[1]-c.bar(1))
	x1, y1 := p.At(c.mean[0]+c.bar(0), c.mean[1]+c.bar(1))
	x0, x1 = max(p.X, x0), min(p.X+p.W, x1)
	s.Add(draw.Line(x0, y, x1, y, width, hue), draw.Line(x, y0, x, y1, width, hue))
	if len(c.points) > 1 {
		for _, point := range c.points {
			px, py := p.At(point[0], point[1])
			s.Add(draw.Dot{X: px, Y: py, Radius: 2.5, Color: hue})
		}
	}
	if f.chosen == i || f.Hovered(i, i) {
		s.Add(draw.Dot{X: x, Y: y, Radius: 9, Color: s.Palette.Ink}, draw.Dot{X: x, Y: y, Radius: 7.5, Color: s.Palette.Surface})
	}
	s.Add(draw.Dot{X: x, Y: y, Radius: 5.5, Color: hue})
	s.AddTarget(draw.Target{Box: draw.Rect(x-14, y-14, 28, 28), Row: i, Col: i, Tip: func() []string { return f.groupTip(i) }, Press: func(_, _ float64) { f.chosen = i }})
}

// addNames writes names beside the dots, on the side where they cover least.
func (f *scatter) addNames(s *draw.Scene, p draw.Plot) {
	var taken []draw.Box
	dot := func(x, y float64) { taken = append(taken, draw.Rect(x-7, y-7, 14, 14)) }
	var bases [][2]float64
	for _, c := range f.groups {
		x, y := p.At(c.mean[0], c.mean[1])
		dot(x, y)
		w, h := c.bar(0)/(p.Along[1]-p.Along[0])*p.W, c.bar(1)/(p.Up[1]-p.Up[0])*p.H
		taken = append(taken, draw.Rect(x-w, y-2, 2*w, 4), draw.Rect(x-2, y-h, 4, 2*h))
		for _, point := range c.points {
			dot(p.At(point[0], point[1]))
		}
		course := c.course()
		for i := 1; i < len(course); i++ { // in pieces of a few pixels
			ax, ay := p.At(course[i-1][0], course[i-1][1])
			bx, by := p.At(course[i][0], course[i][1])
			pieces := max(1, min(100, math.Ceil(math.Hypot(bx-ax, by-ay)/8))) // a file can say anything
			for k := range int(pieces) {
				t := (float64(k) + 0.5) / pieces
				taken = append(taken, draw.Rect(ax+t*(bx-ax)-4, ay+t*(by-ay)-4, 8, 8))
			}
		}
		if c.base != nil && !slices.Contains(bases, c.base.at) {
			bases = append(bases, c.base.at)
			dot(p.At(c.base.at[0], c.base.at[1]))
		}
	}
	name := func(text string, x, y float64, ink color.RGBA) {
		text = draw.Fit(text, false, draw.Small, min(240, p.W/2))
		if box, ok := beside(x, y, draw.Width(text, false, draw.Small), draw.Rect(p.X, p.Y-12, p.W, p.H+10), taken); ok {
			taken = append(taken, box)
			if nx, ny := max(box.X, min(box.X+box.W, x)), max(box.Y, min(box.Y+box.H, y)); math.Hypot(nx-x, ny-y) > 16 { // a line leads to a name that is not beside its dot
				s.Add(draw.Line(x, y, nx, ny, 0.75, s.Palette.Muted))
			}
			s.Add(draw.Label{X: box.X, Y: box.Y + 11, Text: text, Size: draw.Small, Color: ink})
		}
	}
	for _, c := range f.groups {
		x, y := p.At(c.mean[0], c.mean[1])
		name(c.label(), x, y, s.Palette.Ink)
	}
	for _, b := range bases {
		x, y := p.At(b[0], b[1])
		name("base", x, y, s.Palette.Muted)
	}
}

// beside is the box of a text w wide beside a point that covers least of what is taken, and is near. It returns false if none lies
// within bounds: the name is then shown only for the point under the pointer.
func beside(x, y, w float64, bounds draw.Box, taken []draw.Box) (best draw.Box, ok bool) {
	least := math.Inf(1)
	try := func(left, top, cost float64) {
		box := draw.Rect(left, top, w, 14)
		if m := bounds.Meet(box); m.W*m.H < 0.999*box.W*box.H {
			return
		}
		for _, other := range taken {
			m := other.Meet(box)
			cost += m.W * m.H
		}
		if cost < least {
			best, least = box, cost
		}
	}
	try(x+10, y-7, 0)
	try(x-10-w, y-7, 1)
	for away := 11.0; away < 90; away += 13 {
		cost := away / 2
		for _, top := range []float64{y - 14 - away, y + away} {
			for _, left := range []float64{x + 8, x - w/2, x - 8 - w, x - w/4, x - 3*w/4} {
				try(left, top, cost)
				cost += 0.1
			}
		}
	}
	return best, !math.IsInf(least, 1)
}

// groupTip explains a group.
func (f *scatter) groupTip(i int) []string {
	c := &f.groups[i]
	over := fmt.Sprintf("n = %d, ± s.d. over seeds", len(c.points))
	if len(c.points) == 1 {
		over = fmt.Sprintf("n = 1, ± s.d. over its last %d steps", runs.RecentSteps)
	}
	number := func(axis, digits int) string {
		if math.IsNaN(c.sd[axis]) {
			return stat.Decimals(c.mean[axis], digits)
		}
		return stat.Decimals(c.mean[axis], digits) + " ± " + stat.Decimals(c.sd[axis], digits)
	}
	tip := []string{c.name, "accuracy " + number(1, 3), "think tokens " + number(0, 1), over}
	if b := c.base; b != nil {
		text := "own base: accuracy " + stat.Decimals(b.at[1], 3)
		if b.error[1] > 0 {
			text += " ± " + stat.Decimals(b.error[1], 3) + " s.e."
		}
		tip = append(tip, text+", think tokens "+stat.Decimals(b.at[0], 1))
		if b.problems > 0 {
			tip = append(tip, fmt.Sprintf("of %d problems a run", b.problems))
		}
	}
	return tip
}
