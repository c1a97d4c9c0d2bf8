package figures

import (
	"fmt"
	"image/color"
	"math"

	"attnlab/app/figures/draw"
	"attnlab/app/session"
	"attnlab/app/theme"
	"attnlab/rl/stat"
)

// group is runs that repeat each other: they differ only in their seed.
type group struct {
	name    string
	method  string
	variant int   // how many groups of the method come before it: they share its colour
	runs    []int // places among the chosen runs
}

// newGroups groups the chosen runs.
func newGroups(chosen []session.KeptRun) (list []group) {
	at := map[string]int{} // place of a run by its id
	for i, r := range chosen {
		at[r.Info.ID] = i
	}
	repeats, variants := session.GroupRepeats(session.InSeries(chosen)), map[string]int{}
	for i, name := range session.NamesOf(repeats) {
		method := repeats[i][0].Settings.Method
		g := group{name: name, method: method, variant: variants[method]}
		variants[method]++
		for _, r := range repeats[i] {
			g.runs = append(g.runs, at[r.Info.ID])
		}
		list = append(list, g)
	}
	return list
}

// label is the group's name with its number of runs.
func (g group) label() string {
	if len(g.runs) == 1 {
		return g.name
	}
	return fmt.Sprintf("%s, n = %d", g.name, len(g.runs))
}

// hue is the colour of the group's method, which it has in every figure.
func (g group) hue(p theme.Palette) color.RGBA { return p.Method(g.method) }

// dash is the length of the dashes of the group's line, 0 for an unbroken one: it tells groups of one method apart.
func (g group) dash() float64 {
	return []float64{0, 7, 2.5}[min(g.variant, 2)]
}

// band is the mean of several curves and its spread, at the places of the first that all of them reach.
type band struct {
	x, mean, sd []float64 // [N]; NaN where one curve has a gap
}

// newBand averages curves x[i], y[i] with straight lines between their points. Runs with a budget of tokens do not have the same
// places along a token axis.
func newBand(x, y [][]float64) (b band) {
	for _, at := range x[0] {
		var values []float64
		for i := range x {
			values = append(values, between(x[i], y[i], at))
		}
		mean := stat.Mean(values) // NaN where one is
		for _, v := range values {
			if math.IsNaN(v) {
				mean = math.NaN()
			}
		}
		b.x, b.mean, b.sd = append(b.x, at), append(b.mean, mean), append(b.sd, stat.StdDev(values))
	}
	for n := len(b.x); n > 0 && math.IsNaN(b.mean[n-1]); n-- { // beyond the shortest curve
		b.x, b.mean, b.sd = b.x[:n-1], b.mean[:n-1], b.sd[:n-1]
	}
	return b
}

// between is the value at a place of a curve with rising x, NaN beyond its ends and within a gap.
func between(x, y []float64, at float64) float64 {
	for i := range x {
		switch {
		case x[i] == at:
			return y[i]
		case i > 0 && x[i-1] < at && at < x[i]:
			t := (at - x[i-1]) / (x[i] - x[i-1])
			return y[i-1] + t*(y[i]-y[i-1])
		}
	}
	return math.NaN()
}

// ends are the lower and the upper end of a group's spread.
func (b band) ends() (low, high []float64) {
	for i := range b.x {
		low, high = append(low, b.mean[i]-b.sd[i]), append(high, b.mean[i]+b.sd[i])
	}
	return low, high
}

// ending is where a group's line ends and what is written there.
type ending struct {
	x, y float64
	text string
	hue  color.RGBA
	dash float64
}

// addEndings writes names beside the ends of lines, from left on, without overlap, between top and bottom. It leaves out those
// for which there is no place.
func addEndings(s *draw.Scene, list []ending, left, width, top, bottom float64) {
	const row = 14
	for _, e := range apart(list, top+row/2, bottom-row/2, row) {
		text := draw.Fit(e.text, false, draw.Small, width-16)
		s.Add(draw.Line(e.x+3, e.y, left+4, e.at, 1, draw.Faint(e.hue, s.Palette.Surface)))
		addDashed(s, [][2]float64{{left + 4, e.at}, {left + 13, e.at}}, e.dash, 2, e.hue)
		s.Add(draw.Label{X: left + 17, Y: e.at + 4, Text: text, Size: draw.Small, Color: s.Palette.Ink})
	}
}

type placedEnding struct {
	ending
	at float64 // height of its text
}

// apart moves endings apart by at least row, in the order of their heights, within top and bottom.
func apart(list []ending, top, bottom, row float64) (placed []placedEnding) {
	most := int((bottom-top)/row) + 1
	for _, e := range list {
		i := 0
		for i < len(placed) && placed[i].y <= e.y {
			i++
		}
		placed = append(placed[:i], append([]placedEnding{{e, e.y}}, placed[i:]...)...)
	}
	placed = placed[:max(0, min(len(placed), most))]
	low := top
	for i := range placed {
		placed[i].at = max(placed[i].at, low)
		low = placed[i].at + row
	}
	high := bottom
	for i := len(placed) - 1; i >= 0; i-- {
		placed[i].at = min(placed[i].at, high)
		high = placed[i].at - row
	}
	return placed
}

// addDashed draws a line through points in dashes; 0 is an unbroken line.
func addDashed(s *draw.Scene, points [][2]float64, dash, width float64, c color.RGBA) {
	if len(points) < 2 {
		return
	}
	if dash == 0 {
		s.Add(draw.Path{Points: points, Width: width, Color: c})
		return
	}
	left, on, piece := dash, true, [][2]float64{points[0]}
	for i := 1; i < len(points); i++ {
		from, to := points[i-1], points[i]
		for {
			d := math.Hypot(to[0]-from[0], to[1]-from[1])
			if d < left || len(s.Shapes) > 20_000 {
				left -= d
				piece = append(piece, to)
				break
			}
			t := left / d
			cut := [2]float64{from[0] + t*(to[0]-from[0]), from[1] + t*(to[1]-from[1])}
			if piece = append(piece, cut); on {
				s.Add(draw.Path{Points: piece, Width: width, Color: c})
			}
			from, piece, on, left = cut, [][2]float64{cut}, !on, dash
		}
	}
	if on && len(piece) > 1 {
		s.Add(draw.Path{Points: piece, Width: width, Color: c})
	}
}
