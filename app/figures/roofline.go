package figures

import (
	"fmt"
	"math"
	"slices"
	"time"

	"attnlab/app/figures/draw"
	"attnlab/app/session"
	"attnlab/model/speed"
)

// roofline draws what each kernel of a training step reached against the operations that it does with a byte, and the ceilings
// of the device: a slope where memory is the limit, level where arithmetic is. A dot is as large as the kernel's share of the
// time.
type roofline struct {
	*View
	marks
	rows    []speed.Row
	backend string // as asked for; empty for that of an adapter, if there is one
}

func newRoofline(v *View) Figure {
	v.Pace = pace
	return &roofline{View: v}
}

// Follows lists what the figure draws.
func (f *roofline) Follows() []string { return []string{"Speeds"} }

// Show takes the rows so far.
func (f *roofline) Show(event any, _ time.Time) {
	if e, ok := event.(session.Speeds); ok {
		f.rows = e.Rows
	}
}

// Set sets an option: backend=host or webgpu.
func (f *roofline) Set(name, value string) {
	if name == "backend" {
		f.backend = value
	}
}

// shown is the backend that is drawn.
func (f *roofline) shown() string { return speed.KernelBackend(f.rows, f.backend) }

// A kernel is left out below these shares of the time and of the highest rate, so that the others are not pressed together: the
// table has it.
const leastShare, leastRate = 0.001, 0.001

// drawn are the kernels of the backend that are drawn, the slowest first, and how many are not: those without operations, which
// have no place on a logarithmic axis, and those with hardly any time or rate.
func (f *roofline) drawn() (kernels []speed.Row, without int) {
	all, total, most := speed.Kernels(f.rows, f.shown()), 0.0, 0.0
	for _, r := range all {
		if usable(r.MedianMs) {
			total += r.MedianMs
		}
	}
	for _, r := range all { // the rate of what hardly takes time is that of the clock
		if usable(r.OperationRate()) && r.MedianMs > leastShare*total {
			most = max(most, r.OperationRate())
		}
	}
	for _, r := range all {
		if usable(r.MedianMs, r.Operations, r.Bytes, r.Intensity(), r.OperationRate()) && r.MedianMs > leastShare*total && r.OperationRate() > leastRate*most {
			kernels = append(kernels, r)
		} else {
			without++
		}
	}
	return kernels, without
}

// ceilings are those of the backend, or false if they cannot be drawn.
func (f *roofline) ceilings() (speed.Ceilings, bool) {
	c := speed.CeilingsOf(f.rows, f.shown())
	return c, usable(c.Operations, c.Bytes, c.Operations/c.Bytes)
}

// Caption says what is drawn.
func (f *roofline) Caption() string {
	kernels, without := f.drawn()
	if len(kernels) == 0 {
		return "Roofline of the kernels: nothing is measured yet."
	}
	text := fmt.Sprintf("Roofline of %s on %s, on logarithmic axes; the slowest is %s", count(len(kernels), "kernel", "kernels"), speed.BackendTitle(f.shown()), kernels[0].KernelName())
	if c, ok := f.ceilings(); ok {
		text += fmt.Sprintf("; the ceilings are %s operations and %s bytes per second", speed.Count(c.Operations), speed.Count(c.Bytes))
	}
	if apart := slowestByFastest(kernels); apart > 0 {
		text += fmt.Sprintf("; the slowest run of a kernel took up to %.1f times as long as its fastest", apart)
	}
	if without > 0 {
		text += fmt.Sprintf("; %s without operations or of little weight %s left out", count(without, "kernel", "kernels"), verb(without))
	}
	return text + "."
}

// Table is a row a kernel, those too that are not drawn, and the ceilings.
func (f *roofline) Table() session.Table {
	t := session.NewTable("kernel backend runs median_ms min_ms max_ms operations bytes operations_per_byte operations_per_second share_of_ceiling drawn")
	drawn, _ := f.drawn()
	for _, r := range speed.Kernels(f.rows, f.shown()) {
		is := slices.ContainsFunc(drawn, func(d speed.Row) bool { return d.Name == r.Name && d.Shape == r.Shape })
		t.Add(r.KernelName(), r.Backend, r.Runs, r.MedianMs, r.MinMs, r.MaxMs, r.Operations, r.Bytes, r.Intensity(), r.OperationRate(), r.Share, is)
	}
	if c, ok := f.ceilings(); ok && len(t.Rows) > 0 {
		t.Add("ceiling of a copy", f.shown(), "", "", "", "", "", c.Bytes, "", "", "", true)
		t.Add("ceiling of a product", f.shown(), "", "", "", "", c.Operations, "", "", c.Operations, "", true)
	}
	return t
}

// slowestByFastest is how many times as long as its fastest run the slowest run of a kernel took, at most; 0 where that was not measured.
func slowestByFastest(kernels []speed.Row) (apart float64) {
	for _, r := range kernels {
		if usable(r.MinMs, r.MaxMs) {
			apart = max(apart, r.MaxMs/r.MinMs)
		}
	}
	return apart
}

func verb(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// Key goes to the next kernel.
func (f *roofline) Key(key Key) bool { return f.key(key) }

// Draw draws the axes, the ceilings and the kernels.
func (f *roofline) Draw(s *draw.Scene) {
	kernels, _ := f.drawn()
	if len(kernels) == 0 {
		f.count = 0
		s.Empty("No kernels yet.", "Measure kernels, and each becomes a dot under the ceilings.")
		return
	}
	width := s.Width - 2*draw.Margin
	n, total := 0, 0.0
	var across, up []float64
	for _, r := range kernels {
		total += r.MedianMs
		n = max(n, r.Runs)
		across, up = append(across, r.Intensity()), append(up, r.OperationRate()/1e9)
	}
	c, limited := f.ceilings()
	if limited {
		across, up = append(across, c.Operations/c.Bytes), append(up, c.Operations/1e9)
	}
	detail := fmt.Sprintf("on %s; a dot a kernel of a training step, as large as its share of the time; n = %d", speed.BackendTitle(f.shown()), n)
	if s.Width < 520 {
		detail = fmt.Sprintf("on %s; dot size: share of time; n = %d", speed.BackendTitle(f.shown()), n)
	}
	s.Heading("Kernels against the ceilings of the device", detail, false, width)
	span, rise := draw.LogSpan(across...), draw.LogSpan(up...)
	ticks := int(max(2, min(7, s.Height/60)))
	left := draw.Margin + draw.LogGutter(math.Pow(10, rise[0]), math.Pow(10, rise[1]), ticks)
	p := draw.LogPlot{Plot: draw.Plot{Box: draw.Rect(left, draw.Header+26, max(1, s.Width-left-draw.Margin), max(1, s.Height-draw.Header-26-42)), Along: span, Up: rise}}
	s.Add(draw.Label{X: draw.Margin, Y: draw.Header + 16, Text: draw.Fit("GFLOP/s", false, draw.Small, width), Size: draw.Small, Color: s.Palette.Muted})
	s.LogAxes(p, ticks, "operations per byte")
	var taken []draw.Box
	if limited {
		taken = f.drawCeilings(s, p, c)
	}
	var list []mark
	ink := backendColor(s.Palette, f.shown())
	for _, r := range kernels {
		x, y := p.At(r.Intensity(), r.OperationRate()/1e9)
		radius := 3 + 9*math.Sqrt(r.MedianMs/total)
		s.Add(draw.Dot{X: x, Y: y, Radius: radius, Color: draw.Faint(ink, s.Palette.Surface)}, draw.Dot{X: x, Y: y, Radius: 2.5, Color: ink})
		taken = append(taken, draw.Rect(x-radius, y-radius, 2*radius, 2*radius))
		list = append(list, mark{x, y, kernelTip(r)})
	}
	names := int(max(2, min(8, s.Width/110)))
	for i, r := range kernels[:min(names, len(kernels))] {
		text := draw.Fit(r.KernelName(), true, draw.Small, p.W/2)
		if at, ok := beside(list[i].x, list[i].y, draw.Width(text, true, draw.Small), p.Box, taken); ok && covered(at, taken) < 0.15 {
			taken = append(taken, at.Grow(2))
			s.Add(draw.Label{X: at.X, Y: at.Y + 11, Text: text, Size: draw.Small, Mono: true, Color: s.Palette.Ink})
		}
	}
	f.count = len(list)
	f.add(s, f.View, list)
}

// drawCeilings draws the slope of memory and the level of arithmetic with their rates, and returns where their names are.
func (f *roofline) drawCeilings(s *draw.Scene, p draw.LogPlot, c speed.Ceilings) (taken []draw.Box) {
	ridge := c.Operations / c.Bytes
	lo, hi := math.Pow(10, p.Along[0]), math.Pow(10, p.Along[1])
	least := max(lo, math.Pow(10, p.Up[0])*1e9/c.Bytes) // where the slope enters the plot
	x0, y0 := p.At(least, least*c.Bytes/1e9)
	x1, y1 := p.At(ridge, c.Operations/1e9)
	x2, _ := p.At(hi, 1)
	points := [][2]float64{{x1, y1}, {x2, y1}}
	if least < ridge {
		points = append([][2]float64{{x0, y0}}, points...)
	}
	s.Add(draw.Path{Points: points, Width: 1.5, Color: s.Palette.Muted})
	for i := 1; i < len(points); i++ {
		taken = append(taken, lineBoxes(points[i-1], points[i])...)
	}
	name := func(text string, place func(w float64) (x, bottom float64)) {
		text = draw.Fit(text, false, draw.Small, p.W/2)
		w := draw.Width(text, false, draw.Small)
		x, bottom := place(w)
		box := draw.Rect(x, max(p.Y-14, bottom-14), w, 14)
		taken = append(taken, box)
		s.Add(draw.Label{X: box.X, Y: box.Y + 11, Text: text, Size: draw.Small, Color: s.Palette.Muted})
	}
	name(speed.Count(c.Operations/1e9)+" GFLOP/s", func(w float64) (x, bottom float64) { return max(p.X, x2-w), y1 - 4 })
	if least < ridge { // left of the slope and above it, where no kernel can be
		name(speed.Count(c.Bytes/1e9)+" GB/s", func(w float64) (x, bottom float64) {
			at := min(x0+w+12, x1)
			return max(p.X, at-w-8), y0 + (y1-y0)*(at-x0)/max(1, x1-x0) - 2
		})
	}
	return taken
}

// kernelTip explains a kernel.
func kernelTip(r speed.Row) []string {
	share := "share of ceiling not known"
	if usable(r.Share) {
		share = fmt.Sprintf("%.0f %% of the ceiling", 100*min(r.Share, 1e6))
	}
	return []string{
		draw.Fit(r.KernelName(), true, draw.Small, 240),
		fmt.Sprintf("%s ms, n = %d, %s dispatches", speed.Digits(r.MedianMs), max(0, r.Runs), speed.Digits(r.Dispatches)),
		fmt.Sprintf("%s operations on %s bytes: %s per byte", speed.Count(r.Operations), speed.Count(r.Bytes), speed.Digits(r.Intensity())),
		fmt.Sprintf("%s GFLOP/s, %s GB/s, %s", speed.Digits(r.OperationRate()/1e9), speed.Digits(r.ByteRate()/1e9), share),
	}
}
