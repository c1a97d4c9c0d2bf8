package figures

import (
	"fmt"
	"image/color"
	"math"
	"time"

	"attnlab/app/figures/draw"
	"attnlab/app/session"
	"attnlab/app/theme"
	"attnlab/model/speed"
)

// speeds draws tokens a second against the size of the model, a plot for training and one for each way of decoding, with a line
// for each backend and the size at which they cross.
type speeds struct {
	*View
	marks
	rows []speed.Row
}

func newSpeeds(v *View) Figure {
	v.Pace = pace
	return &speeds{View: v}
}

// Follows lists what the figure draws.
func (f *speeds) Follows() []string { return []string{"Speeds"} }

// Show takes the rows so far.
func (f *speeds) Show(event any, _ time.Time) {
	if e, ok := event.(session.Speeds); ok {
		f.rows = e.Rows
	}
}

// works are the plots that have a point: training, and decoding by at most two numbers of sequences, the largest ones.
func (f *speeds) works() (list []speed.Work) {
	for _, w := range speed.Works(f.rows) {
		for _, p := range w.Pairs {
			if p.Parameters > 0 && (timed(p.Host) || timed(p.WebGPU)) {
				list = append(list, w)
				break
			}
		}
	}
	if n := len(list); n > 3 {
		list = append(list[:1:1], list[n-2:]...)
	}
	return list
}

// timed reports whether a row has a speed that can be drawn.
func timed(r speed.Row) bool {
	return usable(r.TokensPerSecond, r.MedianMs, r.MinMs, r.MaxMs) && usable(r.Fastest(), r.Slowest())
}

// backendColor is the colour of a backend: that of an adapter is the accent.
func backendColor(p theme.Palette, backend string) color.RGBA {
	if backend == "host" {
		return p.Series[5]
	}
	return p.Accent
}

// Caption says which backend is faster.
func (f *speeds) Caption() string {
	works := f.works()
	if len(works) == 0 {
		return "Tokens per second by the size of the model: nothing is measured yet."
	}
	most := 0
	for _, w := range works {
		for _, p := range w.Pairs {
			most = max(most, p.Host.Runs, p.WebGPU.Runs)
		}
	}
	text := fmt.Sprintf("Tokens per second by the size of the model, on logarithmic axes; medians, n = %d runs at most, with bars from the fastest to the slowest.", most)
	for _, w := range works {
		text += fmt.Sprintf(" %s: %s", capital(w.Title), w.Says())
	}
	return text
}

func capital(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}

// Table is a row for each model, way and backend.
func (f *speeds) Table() session.Table {
	t := session.NewTable("work model parameters backend adapter runs tokens_per_second slowest fastest")
	for _, w := range f.works() {
		for _, p := range w.Pairs {
			for _, r := range []speed.Row{p.Host, p.WebGPU} {
				if timed(r) {
					t.Add(w.Title, p.Model, p.Parameters, r.Backend, r.Adapter, r.Runs, r.TokensPerSecond, r.Slowest(), r.Fastest())
				}
			}
		}
	}
	return t
}

// Key goes to the next point.
func (f *speeds) Key(key Key) bool { return f.key(key) }

// Draw draws a plot for each way, beside each other where there is room.
func (f *speeds) Draw(s *draw.Scene) {
	works := f.works()
	if len(works) == 0 {
		f.count = 0
		s.Empty("No speeds yet.", "Press Measure, and they appear here row by row.")
		return
	}
	width := s.Width - 2*draw.Margin
	s.Heading("Tokens per second by size of the model", "median; bars: fastest and slowest run; both axes logarithmic", false, width)
	columns := 1
	if s.Width/float64(len(works)) >= 240 {
		columns = len(works)
	}
	rows := (len(works) + columns - 1) / columns
	w, h := (width-24*float64(columns-1))/float64(columns), (s.Height-draw.Header-8)/float64(rows)
	var list []mark
	for i, work := range works {
		box := draw.Rect(draw.Margin+float64(i%columns)*(w+24), draw.Header+float64(i/columns)*h, w, h)
		if box.H >= 90 {
			list = append(list, drawWork(s, work, box)...)
		}
	}
	f.count = len(list)
	f.add(s, f.View, list)
}

// drawWork draws one plot in a box and returns its points.
func drawWork(s *draw.Scene, work speed.Work, box draw.Box) (list []mark) {
	var sizes, rates []float64
	for _, p := range work.Pairs {
		for _, r := range []speed.Row{p.Host, p.WebGPU} {
			if p.Parameters > 0 && timed(r) {
				sizes, rates = append(sizes, float64(p.Parameters)), append(rates, r.Fastest(), r.Slowest())
			}
		}
	}
	span, up := draw.LogSpan(sizes...), draw.LogSpan(rates...)
	up[0] -= 0.12 * (up[1] - up[0]) // for the models' names
	ticks := int(max(2, min(6, box.H/40)))
	left := draw.LogGutter(math.Pow(10, up[0]), math.Pow(10, up[1]), ticks)
	p := draw.LogPlot{Plot: draw.Plot{Box: draw.Rect(box.X+left, box.Y+26, max(1, box.W-left-4), max(1, box.H-26-36)), Along: span, Up: up}}
	s.Add(draw.Label{X: box.X, Y: box.Y + 16, Text: draw.Fit(work.Title+", tokens/s", false, draw.Small, box.W), Size: draw.Small, Color: s.Palette.Ink})
	s.LogAxes(p, ticks, "parameters of the model")
	if at, ok := work.Crossing(); ok && usable(at) {
		x, _ := p.At(at, 1)
		for y := p.Y; y < p.Y+p.H; y += 6 {
			s.Add(draw.Line(x, y, x, min(y+3, p.Y+p.H), 1, s.Palette.Muted))
		}
		text := draw.Fit("equal at "+speed.Count(at), false, draw.Small, p.W)
		wide := draw.Width(text, false, draw.Small)
		s.Add(draw.Label{X: max(p.X, min(x+5, p.X+p.W-wide)), Y: p.Y + 8, Text: text, Size: draw.Small, Color: s.Palette.Muted})
	}
	end := -1.0 // of the last name of a model
	for _, pair := range work.Pairs {
		if pair.Parameters <= 0 || !timed(pair.Host) && !timed(pair.WebGPU) {
			continue
		}
		x, _ := p.At(float64(pair.Parameters), 1)
		text := draw.Fit(pair.Model, false, draw.Small, min(72, p.W))
		half := draw.Width(text, false, draw.Small) / 2
		if at := max(p.X+half, min(p.X+p.W-half, x)); at-half > end+4 {
			end = at + half
			s.Add(draw.Label{X: at, Y: p.Y + p.H - 5, Text: text, Size: draw.Small, Align: 0.5, Color: s.Palette.Muted})
		}
	}
	var taken []draw.Box // by points and lines, so that no name covers them
	var ends [][2]float64
	var names []string
	for _, backend := range []string{"host", "webgpu"} {
		ink := backendColor(s.Palette, backend)
		var points [][2]float64
		for _, pair := range work.Pairs {
			r := pair.Host
			if backend == "webgpu" {
				r = pair.WebGPU
			}
			if pair.Parameters <= 0 || !timed(r) {
				continue
			}
			x, y := p.At(float64(pair.Parameters), r.TokensPerSecond)
			_, top := p.At(1, r.Fastest())
			_, bottom := p.At(1, r.Slowest())
			s.Add(draw.Line(x, top, x, bottom, 1.5, ink), draw.Dot{X: x, Y: y, Radius: 4, Color: ink})
			taken = append(taken, draw.Rect(x-5, min(y-5, top), 10, max(10, bottom-top)))
			points = append(points, [2]float64{x, y})
			list = append(list, mark{x, y, []string{
				fmt.Sprintf("%s, %s on %s", draw.Fit(pair.Model, true, draw.Small, 120), work.Title, speed.BackendTitle(backend)),
				draw.Fit(r.Adapter, true, draw.Small, 320),
				fmt.Sprintf("%s tokens/s, %s to %s, n = %d", speed.Count(r.TokensPerSecond), speed.Count(r.Slowest()), speed.Count(r.Fastest()), max(0, r.Runs)),
				fmt.Sprintf("%s parameters", speed.Count(float64(pair.Parameters))),
			}})
		}
		if len(points) == 0 {
			continue
		}
		if len(points) > 1 {
			s.Add(draw.Path{Points: points, Width: 1.5, Color: ink})
		}
		for i := 1; i < len(points); i++ {
			taken = append(taken, lineBoxes(points[i-1], points[i])...)
		}
		ends, names = append(ends, points[len(points)-1]), append(names, speed.BackendTitle(backend))
	}
	for i, end := range ends {
		if at, ok := beside(end[0], end[1], draw.Width(names[i], false, draw.Small), draw.Rect(p.X, p.Y, p.W, p.H-18), taken); ok {
			taken = append(taken, at.Grow(3))
			s.Add(draw.Label{X: at.X, Y: at.Y + 11, Text: names[i], Size: draw.Small, Color: s.Palette.Ink})
		}
	}
	return list
}
