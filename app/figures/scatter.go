package figures

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"

	"attnlab/app/session"
)

// scatter draws accuracy against think tokens: a small dot a run, and for the runs
// that differ in their seed only a large one at their mean with bars of one standard
// deviation. An arrow comes from the base.
func (f *Figure) scatter() {
	h := &f.history
	if len(h.groups) == 0 || len(f.values.now) != 4 {
		f.empty("No run to compare yet.", "Train one, or import its metrics.jsonl.")
		return
	}
	runs := 0
	for _, c := range h.groups {
		runs += len(c.points)
	}
	noun := "runs"
	if runs == 1 {
		noun = "run"
	}
	title, says := "Accuracy against length", fmt.Sprintf("%d %s, mean of the last %d steps; bars: s.d. over seeds; thin: over steps", runs, noun, recent)
	if f.width < 460 {
		says = fmt.Sprintf("%d %s, last %d steps; bars: s.d. of seeds; thin: of steps", runs, noun, recent)
	}
	room := f.width - 2*margin
	f.scene.add(Label{X: margin, Y: 17, Text: fit(title, false, normal, room), Size: normal, Color: f.palette.Ink},
		Label{X: margin, Y: 32, Text: fit(says, false, small, room), Size: small, Color: f.palette.Muted})
	v := f.values.now
	n := int(max(3, min(7, f.height/60)))
	left := margin + gutter(v[2], v[3], n)
	p := plot{Box{left, header + 26, max(1, f.width-left-margin), max(1, f.height-header-26-42)}, [2]float64{v[0], v[1]}, [2]float64{v[2], v[3]}}
	f.scene.add(Label{X: margin, Y: header + 16, Text: fit("accuracy, share of responses", false, small, room), Size: small, Color: f.palette.Muted})
	f.axes(p, n, "think tokens a response", true)

	f.addBases(p)
	for i := range h.groups {
		f.addCluster(i, p)
	}
	f.nameClusters(p)
}

// addBases draws where the runs began, each base once, and the ways from there.
func (f *Figure) addBases(p plot) {
	seen := map[[2]float64]bool{}
	for _, c := range f.history.groups {
		if c.base == nil {
			continue
		}
		x0, y0 := p.at(c.base[0], c.base[1])
		x1, y1 := p.at(c.mean[0], c.mean[1])
		if d := math.Hypot(x1-x0, y1-y0); d > 24 {
			ux, uy := (x1-x0)/d, (y1-y0)/d
			x1, y1 = x1-11*ux, y1-11*uy
			f.scene.add(Arc{x0 + 8*ux, y0 + 8*uy, x1, y1, 0, 0, 1.25, f.palette.Muted},
				Path{[][2]float64{{x1 - 7*ux - 4*uy, y1 - 7*uy + 4*ux}, {x1, y1}, {x1 - 7*ux + 4*uy, y1 - 7*uy - 4*ux}}, 1.25, f.palette.Muted})
		}
		if !seen[*c.base] {
			seen[*c.base] = true
			f.scene.add(Dot{x0, y0, 5, f.palette.Muted}, Dot{x0, y0, 3.5, f.palette.Surface})
		}
	}
}

func (f *Figure) addCluster(i int, p plot) {
	c, hue := &f.history.groups[i], f.hue(i)
	x, y := p.at(c.mean[0], c.mean[1])
	width := 2.0
	if len(c.points) == 1 {
		width = 1
	}
	x0, y0 := p.at(c.mean[0]-c.sd[0], c.mean[1]-c.sd[1])
	x1, y1 := p.at(c.mean[0]+c.sd[0], c.mean[1]+c.sd[1])
	x0, x1 = max(p.X, x0), min(p.X+p.W, x1)
	f.scene.add(Arc{x0, y, x1, y, 0, 0, width, hue}, Arc{x, y0, x, y1, 0, 0, width, hue})
	if len(c.points) > 1 {
		for _, point := range c.points {
			px, py := p.at(point[0], point[1])
			f.scene.add(Dot{px, py, 2.5, hue})
		}
	}
	if f.row == i || f.hoveredKey(i, i) {
		f.scene.add(Dot{x, y, 9, f.palette.Ink}, Dot{x, y, 7.5, f.palette.Surface})
	}
	f.scene.add(Dot{x, y, 5.5, hue})
	t := target(Box{x - 14, y - 14, 28, 28}, func() []string { return f.clusterTip(i) }, nil, i, i)
	t.Click = func(_, _ float64) { f.row = i }
	f.scene.Targets = append(f.scene.Targets, t)
}

// nameClusters writes names beside the dots, on the side where they meet least.
func (f *Figure) nameClusters(p plot) {
	var taken []Box
	dot := func(x, y float64) { taken = append(taken, Box{x - 7, y - 7, 14, 14}) }
	var bases [][2]float64
	for _, c := range f.history.groups {
		x, y := p.at(c.mean[0], c.mean[1])
		dot(x, y)
		w, h := c.sd[0]/(p.x[1]-p.x[0])*p.W, c.sd[1]/(p.y[1]-p.y[0])*p.H
		taken = append(taken, Box{x - w, y - 2, 2 * w, 4}, Box{x - 2, y - h, 4, 2 * h})
		for _, point := range c.points {
			dot(p.at(point[0], point[1]))
		}
		if c.base != nil { // the arrow
			x0, y0 := p.at(c.base[0], c.base[1])
			for t := range 40 {
				at := float64(t) / 40
				taken = append(taken, Box{x0 + at*(x-x0) - 2, y0 + at*(y-y0) - 2, 4, 4})
			}
		}
		if c.base != nil && !slices.Contains(bases, *c.base) {
			bases = append(bases, *c.base)
			dot(p.at(c.base[0], c.base[1]))
		}
	}
	name := func(text string, x, y float64, ink color.RGBA) {
		text = fit(text, false, small, min(240, p.W/2))
		w := Width(text, false, small)
		best, least := Box{}, math.Inf(1)
		for side, at := range [][2]float64{{x + 10, y - 7}, {x - 10 - w, y - 7}, {x - w/2, y - 25}, {x - w/2, y + 11}, {x + 8, y - 23}, {x + 8, y + 9},
			{x - 8 - w, y - 23}, {x - 8 - w, y + 9}, {x + 8, y - 40}, {x + 8, y + 26}} {
			box := Box{at[0], at[1], w, 14}
			cost := float64(side) * 0.1
			for _, other := range taken {
				m := other.Meet(box)
				cost += m.W * m.H
			}
			if m := (Box{p.X, p.Y - 12, p.W, p.H + 10}).Meet(box); m.W*m.H < 0.999*box.W*box.H {
				cost += 1e6
			}
			if cost < least {
				best, least = box, cost
			}
		}
		if least >= 1e6 {
			return // nowhere within: the point itself tells its name
		}
		taken = append(taken, best)
		f.scene.add(Label{X: best.X, Y: best.Y + 11, Text: text, Size: small, Color: ink})
	}
	for _, c := range f.history.groups {
		x, y := p.at(c.mean[0], c.mean[1])
		text := c.name
		if n := len(c.points); n > 1 {
			text = fmt.Sprintf("%s, n = %d", c.name, n)
		}
		name(text, x, y, f.palette.Ink)
	}
	for _, b := range bases {
		x, y := p.at(b[0], b[1])
		name("base", x, y, f.palette.Muted)
	}
}

func (f *Figure) clusterTip(i int) []string {
	c := &f.history.groups[i]
	over := fmt.Sprintf("n = %d, ± s.d. over seeds", len(c.points))
	if len(c.points) == 1 {
		over = fmt.Sprintf("n = 1, ± s.d. over its last %d steps", recent)
	}
	tip := []string{c.name, fmt.Sprintf("accuracy %.3f ± %.3f", c.mean[1], c.sd[1]), fmt.Sprintf("think tokens %.1f ± %.1f", c.mean[0], c.sd[0]), over}
	if c.base != nil {
		tip = append(tip, fmt.Sprintf("base: %.3f with %.1f think tokens", c.base[1], c.base[0]))
	}
	return tip
}

// moveCluster goes from one to the next longer or shorter.
func (f *Figure) moveCluster(key Key) *session.Selection {
	groups := f.history.groups
	order := make([]int, len(groups))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(groups[a].mean[0], groups[b].mean[0]) })
	at := slices.Index(order, f.row)
	switch key {
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
	}
	if len(order) > 0 {
		f.row, f.stale = order[max(0, min(len(order)-1, at))], true
	}
	return nil
}
