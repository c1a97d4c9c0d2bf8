package figures

import (
	"fmt"
	"image/color"
	"math"
	"strconv"
)

// tickStep is a round distance, 1, 2 or 5 times a power of ten, that cuts a span into
// about n pieces, and no more than that.
func tickStep(lo, hi float64, n int) float64 {
	rough := (hi - lo) / float64(max(1, n))
	if !(rough > 0) {
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

// tickText writes a multiple of step with the decimals that step needs.
func tickText(v, step float64) string {
	if math.Abs(v) < step/2 {
		return "0"
	}
	unit := ""
	switch {
	case math.Abs(v) >= 1e6:
		v, step, unit = v/1e6, step/1e6, "M"
	case math.Abs(v) >= 1e4:
		v, step, unit = v/1e3, step/1e3, "k"
	case step < 1e-4:
		return strconv.FormatFloat(v, 'e', 0, 64)
	}
	return strconv.FormatFloat(v, 'f', int(max(0, -math.Floor(math.Log10(step)+1e-9))), 64) + unit
}

// widen makes a span end at ticks, and at least least wide, within the bounds of what
// is measured.
func widen(lo, hi, least, floor, ceiling float64) (float64, float64) {
	if missing := max(least, 0.02*math.Abs(hi)) - (hi - lo); missing > 0 {
		lo, hi = lo-missing/2, hi+missing/2
	}
	step := tickStep(lo, hi, 4)
	lo, hi = step*math.Floor(lo/step+1e-9), step*math.Ceil(hi/step-1e-9)
	return max(lo, floor), min(hi, ceiling)
}

// plot is a place for points and what its edges stand for.
type plot struct {
	Box
	x, y [2]float64 // values at left and right, bottom and top
}

func (p plot) at(x, y float64) (float64, float64) {
	return p.X + (x-p.x[0])/max(1e-300, p.x[1]-p.x[0])*p.W,
		p.Y + p.H - max(0, min(1, (y-p.y[0])/max(1e-300, p.y[1]-p.y[0])))*p.H
}

// value is what a pixel stands for along x, the nearest end outside.
func (p plot) value(px float64) float64 {
	return p.x[0] + max(0, min(1, (px-p.X)/p.W))*(p.x[1]-p.x[0])
}

// ticks are the round values of an axis, about n; where there is room for two only,
// its ends.
func ticks(lo, hi float64, n int) (values []float64, step float64) {
	if n < 3 {
		whole := func(v float64) bool { return math.Abs(v/step-math.Round(v/step)) < 1e-6 }
		for pieces := 1; pieces <= 4; pieces++ { // no more decimals than both need
			if step = tickStep(lo, hi, pieces); whole(lo) && whole(hi) {
				break
			}
		}
		return []float64{lo, hi}, step
	}
	step = tickStep(lo, hi, n)
	for v := math.Ceil(lo/step-1e-9) * step; v <= hi+step*1e-9; v += step {
		values = append(values, v)
	}
	return values, step
}

// gutter is the room that the numbers of an axis need at its left.
func gutter(lo, hi float64, n int) (w float64) {
	values, step := ticks(lo, hi, n)
	for _, v := range values {
		w = max(w, Width(tickText(v, step), true, small))
	}
	return w + 6
}

// axes draws hairlines at round values with their numbers, n of them, and below the
// name of what goes to the right, in a row of its own or in that of the numbers.
func (f *Figure) axes(p plot, n int, name string, ownRow bool) {
	line, muted := f.palette.Line, f.palette.Muted
	values, step := ticks(p.y[0], p.y[1], n)
	for _, v := range values {
		_, y := p.at(p.x[0], v)
		f.scene.add(Arc{p.X, y, p.X + p.W, y, 0, 0, 1, line},
			Label{X: p.X - 5, Y: y + 4, Text: tickText(v, step), Size: small, Mono: true, Align: 1, Color: muted})
	}
	bottom, right := p.Y+p.H, p.X+p.W
	f.scene.add(Arc{p.X, bottom, right, bottom, 0, 0, 1, muted})
	name = fit(name, false, small, p.W)
	free, row := right-Width(name, false, small)-8, bottom+16
	if ownRow {
		free, row = f.width, bottom+31
	}
	f.scene.add(Label{X: right, Y: row, Text: name, Size: small, Align: 1, Color: muted})
	step = max(1, tickStep(p.x[0], p.x[1], int(max(2, p.W/64)))) // steps and tokens are whole
	for v := math.Ceil(p.x[0]/step-1e-9) * step; v <= p.x[1]+step*1e-9; v += step {
		x, _ := p.at(v, p.y[0])
		f.scene.add(Arc{x, bottom, x, bottom + 3, 0, 0, 1, muted})
		text := tickText(v, step)
		if half := Width(text, true, small) / 2; x+half < free {
			f.scene.add(Label{X: min(x, f.width-half-2), Y: bottom + 16, Text: text, Size: small, Mono: true, Align: 0.5, Color: muted})
		}
	}
}

// fixed writes a number with so many decimals, and one too small for them with two
// significant figures.
func fixed(x float64, decimals int) string {
	if a := math.Abs(x); a > 0 && a < math.Pow(10, -float64(decimals))/2 {
		return fmt.Sprintf("%.1e", x)
	}
	return strconv.FormatFloat(x, 'f', decimals, 64)
}

// addCurve draws a line through the values there are. Where a pixel has many of them
// it goes through their extremes, or through their mean if they are smooth.
func (f *Figure) addCurve(p plot, x, y []float64, smooth bool, width float64, c color.RGBA) {
	var points [][2]float64
	end := func() {
		if len(points) > 1 {
			f.scene.add(Path{points, width, c})
		}
		points = nil
	}
	dense := float64(len(x)) > 2*p.W
	column, sum, n := math.NaN(), 0.0, 0.0
	for i := range x {
		if math.IsNaN(y[i]) || math.IsNaN(x[i]) {
			end()
			column = math.NaN()
			continue
		}
		px, py := p.at(x[i], y[i])
		if !dense {
			points = append(points, [2]float64{px, py})
			continue
		}
		if px = math.Floor(px); px != column {
			column, sum, n = px, 0, 0
			points = append(points, [2]float64{px, py}, [2]float64{px, py})
		}
		low, high := &points[len(points)-2][1], &points[len(points)-1][1]
		if sum, n = sum+py, n+1; smooth {
			*low, *high = sum/n, sum/n
		} else {
			*low, *high = min(*low, py), max(*high, py)
		}
	}
	end()
}

// faint is a colour most of the way to the paper.
func faint(c, paper color.RGBA) color.RGBA {
	mix := func(a, b uint8) uint8 { return uint8((3*int(a) + 7*int(b)) / 10) }
	return color.RGBA{mix(c.R, paper.R), mix(c.G, paper.G), mix(c.B, paper.B), 255}
}

// hue tells runs apart; the number at the end of a line does so without colour.
func (f *Figure) hue(i int) color.RGBA {
	return f.palette.Series[i%len(f.palette.Series)]
}
