package draw

import (
	"math"
	"slices"
	"strconv"
)

// LogTicks are round values of a logarithmic axis from lo to hi, at most n: 1, 2 and 5 in each decade, or 1 and 3, or only powers of ten,
// or every second power and so on.
func LogTicks(lo, hi float64, n int) (values []float64) {
	if !(lo > 0 && hi > lo && hi/lo < 1e30) {
		return nil
	}
	first, last := int(math.Floor(math.Log10(lo))), int(math.Ceil(math.Log10(hi)))
	of := func(every int, digits ...float64) (values []float64) {
		for k := first; k <= last; k++ {
			if (k%every+every)%every != 0 {
				continue
			}
			for _, d := range digits {
				if v := d * math.Pow(10, float64(k)); v >= lo*(1-1e-9) && v <= hi*(1+1e-9) {
					values = append(values, v)
				}
			}
		}
		return values
	}
	for _, digits := range [][]float64{{1, 2, 5}, {1, 3}, {1}} {
		if values = of(1, digits...); len(values) <= n {
			return values
		}
	}
	for every := 2; every < 40; every++ {
		if values = of(every, 1); len(values) <= n {
			return values
		}
	}
	return nil
}

// Magnitude writes a round number with a unit of thousands: 0.05, 20, 5 k, 1 M, 2 G.
func Magnitude(x float64) string {
	for _, unit := range []struct {
		size float64
		name string
	}{{1e12, " T"}, {1e9, " G"}, {1e6, " M"}, {1e3, " k"}} {
		if x >= unit.size*(1-1e-9) {
			return strconv.FormatFloat(x/unit.size, 'g', 3, 64) + unit.name
		}
	}
	return strconv.FormatFloat(x, 'g', 3, 64)
}

// LogPlot is a plot whose axes are logarithmic: Along and Up are powers of ten.
type LogPlot struct{ Plot }

// At is the pixel of a value. Up is cut to the plot.
func (p LogPlot) At(x, y float64) (float64, float64) {
	return p.Plot.At(math.Log10(max(x, 1e-300)), math.Log10(max(y, 1e-300)))
}

// LogGutter is the width of the numbers left of a logarithmic axis.
func LogGutter(lo, hi float64, n int) (w float64) {
	for _, v := range LogTicks(lo, hi, n) {
		w = max(w, Width(Magnitude(v), true, Small))
	}
	return w + 6
}

// LogAxes draws about n hairlines across a plot at round values with their numbers, and the same along it, with the name of the axis along
// below.
func (s *Scene) LogAxes(p LogPlot, n int, name string) {
	line, muted := s.Palette.Line, s.Palette.Muted
	for _, v := range LogTicks(math.Pow(10, p.Up[0]), math.Pow(10, p.Up[1]), n) {
		_, y := p.At(1, v)
		s.Add(Line(p.X, y, p.X+p.W, y, 1, line), Label{X: p.X - 5, Y: y + 4, Text: Magnitude(v), Size: Small, Mono: true, Align: 1, Color: muted})
	}
	bottom, right := p.Y+p.H, p.X+p.W
	s.Add(Line(p.X, bottom, right, bottom, 1, muted), Label{X: right, Y: bottom + 31, Text: Fit(name, false, Small, p.W), Size: Small, Align: 1, Color: muted})
	ticks := LogTicks(math.Pow(10, p.Along[0]), math.Pow(10, p.Along[1]), int(max(2, p.W/52)))
	end := -1e9
	for _, v := range ticks {
		x, _ := p.At(v, 1)
		s.Add(Line(x, bottom, x, bottom+3, 1, muted))
		text := Magnitude(v)
		half := Width(text, true, Small) / 2
		if at := min(x, s.Width-half-2); at-half > max(end+6, 0) {
			end = at + half
			s.Add(Label{X: at, Y: bottom + 16, Text: text, Size: Small, Mono: true, Align: 0.5, Color: muted})
		}
	}
}

// LogSpan returns powers of ten that span positive values, a little more on either side and at least half a decade.
func LogSpan(values ...float64) [2]float64 {
	if len(values) == 0 {
		return [2]float64{0, 1}
	}
	lo, hi := math.Log10(slices.Min(values)), math.Log10(slices.Max(values))
	pad := max(0.08*(hi-lo), (0.5-(hi-lo))/2, 0.05)
	return [2]float64{lo - pad, hi + pad}
}
