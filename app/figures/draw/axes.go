package draw

import (
	"math"
	"strconv"

	"attnlab/rl/stat"
)

// TickStep is a round distance (1, 2 or 5 times a power of ten) that cuts a span into at
// most n pieces.
func TickStep(lo, hi float64, n int) float64 {
	rough := (hi - lo) / float64(max(1, n))
	if !(rough > 0) || math.IsInf(rough, 0) {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(rough)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= rough*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// TickText writes a multiple of step with as many decimals as step needs.
func TickText(v, step float64) string {
	if math.Abs(v) < step/2 {
		return "0"
	}
	unit := ""
	switch {
	case math.Abs(v) >= 1e12:
		return stat.Minus(strconv.FormatFloat(v, 'e', 2, 64))
	case math.Abs(v) >= 1e6:
		v, step, unit = v/1e6, step/1e6, "M"
	case math.Abs(v) >= 1e4:
		v, step, unit = v/1e3, step/1e3, "k"
	case step < 1e-4:
		return stat.Minus(strconv.FormatFloat(v, 'e', 0, 64))
	}
	return stat.Decimals(v, int(max(0, min(9, -math.Floor(math.Log10(step)+1e-9))))) + unit
}

// Widen makes a span end at ticks and at least least wide. It stays between floor and
// ceiling, except where a value does not.
func Widen(lo, hi, least, floor, ceiling float64) (float64, float64) {
	floor, ceiling = min(floor, lo), max(ceiling, hi)
	if missing := max(least, 0.02*math.Abs(hi)) - (hi - lo); missing > 0 {
		lo, hi = lo-missing/2, hi+missing/2
	}
	step := TickStep(lo, hi, 4)
	lo, hi = step*math.Floor(lo/step+1e-9), step*math.Ceil(hi/step-1e-9)
	return max(lo, floor), min(hi, ceiling)
}

// Multiples are the multiples of step between lo and hi, at most a hundred.
func Multiples(lo, hi, step float64) (values []float64) {
	first := math.Ceil(lo/step - 1e-9)
	for i := range 100 {
		v := (first + float64(i)) * step
		if !(v <= hi+step*1e-9) {
			break
		}
		values = append(values, v)
	}
	return values
}

// Ticks are the round values of an axis, about n. For n < 3 they are its two ends.
func Ticks(lo, hi float64, n int) (values []float64, step float64) {
	if n < 3 {
		whole := func(v float64) bool { return math.Abs(v/step-math.Round(v/step)) < 1e-6 }
		for pieces := 1; pieces <= 4; pieces++ { // no more decimals than both ends need
			if step = TickStep(lo, hi, pieces); whole(lo) && whole(hi) {
				break
			}
		}
		return []float64{lo, hi}, step
	}
	step = TickStep(lo, hi, n)
	return Multiples(lo, hi, step), step
}

// Plot is a place for points and the values at its edges.
type Plot struct {
	Box
	Along [2]float64 // at the left and right edge
	Up    [2]float64 // at the bottom and top edge
}

// At is the pixel of a value. Up is cut to the plot.
func (p Plot) At(x, y float64) (float64, float64) {
	return p.X + (x-p.Along[0])/max(1e-300, p.Along[1]-p.Along[0])*p.W,
		p.Y + p.H - max(0, min(1, (y-p.Up[0])/max(1e-300, p.Up[1]-p.Up[0])))*p.H
}

// Value is the value along at a pixel; outside the plot that of the nearest edge.
func (p Plot) Value(px float64) float64 {
	return p.Along[0] + max(0, min(1, (px-p.X)/p.W))*(p.Along[1]-p.Along[0])
}

// Gutter is the width of the numbers left of an axis.
func Gutter(lo, hi float64, n int) (w float64) {
	values, step := Ticks(lo, hi, n)
	for _, v := range values {
		w = max(w, Width(TickText(v, step), true, Small))
	}
	return w + 6
}

// Axes draws about n hairlines at round values with their numbers, and below the plot the
// numbers of the axis along and its name, in a row of its own or in that of the numbers.
func (s *Scene) Axes(p Plot, n int, name string, ownRow bool) {
	line, muted := s.Palette.Line, s.Palette.Muted
	values, step := Ticks(p.Up[0], p.Up[1], n)
	for _, v := range values {
		_, y := p.At(p.Along[0], v)
		s.Add(Arc{p.X, y, p.X + p.W, y, 0, 0, 1, line},
			Label{X: p.X - 5, Y: y + 4, Text: TickText(v, step), Size: Small, Mono: true, Align: 1, Color: muted})
	}
	bottom, right := p.Y+p.H, p.X+p.W
	s.Add(Arc{p.X, bottom, right, bottom, 0, 0, 1, muted})
	name = Fit(name, false, Small, p.W)
	free, row := right-Width(name, false, Small)-8, bottom+16
	if ownRow {
		free, row = s.Width, bottom+31
	}
	s.Add(Label{X: right, Y: row, Text: name, Size: Small, Align: 1, Color: muted})
	step = max(1, TickStep(p.Along[0], p.Along[1], int(max(2, p.W/64)))) // steps and tokens are whole
	for _, v := range Multiples(p.Along[0], p.Along[1], step) {
		x, _ := p.At(v, p.Up[0])
		s.Add(Arc{x, bottom, x, bottom + 3, 0, 0, 1, muted})
		text := TickText(v, step)
		if half := Width(text, true, Small) / 2; x+half < free && x-half > 0 {
			s.Add(Label{X: min(x, s.Width-half-2), Y: bottom + 16, Text: text, Size: Small, Mono: true, Align: 0.5, Color: muted})
		}
	}
}
