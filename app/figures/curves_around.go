package figures

import (
	"image/color"
	"math"
	"slices"
	"strings"

	"attnlab/app/figures/draw"
	"attnlab/rl/runs"
)

// places in curve.around and curve.spread.
const (
	low = iota
	middle
	high
)

// surround gives a curve what its metric has around it. of are columns of the rows that the curve has.
func (c *curve) surround(m runs.Around, of func(name string) []float64, steps []float64, smooth float64) {
	c.around = [3][]float64{of(m.Low), of(m.Middle), of(m.High)}
	if errors := of(m.Error); errors != nil {
		for i, v := range c.raw {
			c.around[low], c.around[high] = append(c.around[low], v-errors[i]), append(c.around[high], v+errors[i])
		}
	}
	for i, values := range c.around {
		if values != nil {
			c.spread[i] = smoothed(steps, values, smooth)
		}
	}
}

// measuredRows are the rows of a metric that are drawn: all, or where it is measured now and then those that have it.
func measuredRows(m runs.Metric, values []float64) (rows []int) {
	for row, v := range values {
		if m.Around.Error == "" || !math.IsNaN(v) {
			rows = append(rows, row)
		}
	}
	return rows
}

// rowsOf picks rows of a column, NaN beyond its end; nil of a column that a log does not have.
func rowsOf(values []float64, rows []int) (picked []float64) {
	if values == nil {
		return nil
	}
	for _, row := range rows {
		v := math.NaN()
		if row < len(values) {
			v = values[row]
		}
		picked = append(picked, v)
	}
	return picked
}

// addBand draws an area between two curves over x, with gaps where one of them has one. Lengths: x, low, high [N].
func addBand(s *draw.Scene, p draw.Plot, x, low, high []float64, breaks []bool, c color.RGBA) {
	var points [][3]float64
	end := func() {
		if len(points) > 1 {
			s.Add(draw.Band{Points: points, Color: c, Opacity: 0.16})
		}
		points = nil
	}
	for i := range x {
		px, upper := p.At(x[i], high[i])
		_, lower := p.At(x[i], low[i])
		if unknown := math.IsNaN(px + upper + lower); unknown || breaks != nil && breaks[i] {
			if end(); unknown {
				continue
			}
		}
		points = append(points, [3]float64{px, upper, lower})
	}
	end()
}

// addMeasurements marks each value of a metric that is measured now and then.
func addMeasurements(s *draw.Scene, p draw.Plot, l curve, hue color.RGBA) {
	for i, v := range l.raw {
		if x, y := p.At(l.x[i], v); !math.IsNaN(x + y) {
			s.Add(draw.Dot{X: x, Y: y, Radius: 1.75, Color: hue})
		}
	}
}

// plusMinus is the standard error of a measured value, empty where it is not known.
func (c *chart) plusMinus(line curve, row int) string {
	if c.Around.Error == "" || line.around[high] == nil || math.IsNaN(line.around[high][row]) {
		return ""
	}
	return " ± " + draw.Fixed(line.around[high][row]-line.raw[row], c.Form.Decimals()) + " s.e."
}

// quantiles are those of a step, empty where they were not logged.
func (c *chart) quantiles(line curve, row int) string {
	var values []string
	for _, list := range line.around {
		if c.Around.Error != "" || list == nil || math.IsNaN(list[row]) {
			return ""
		}
		values = append(values, draw.Fixed(list[row], c.Form.Decimals()))
	}
	return "10, 50, 90 %: " + strings.Join(values, ", ")
}

// bandsSay says what the bands of a single run are.
func (c *curves) bandsSay() string {
	var says []string
	for _, chart := range c.charts {
		text := ""
		switch line := chart.curves[0]; {
		case line.spread[low] == nil || line.spread[high] == nil:
		case chart.Around.Error != "":
			text = "± 1 s.e."
		default:
			text = "10 to 90 %"
		}
		if text != "" && !slices.Contains(says, text) {
			says = append(says, text)
		}
	}
	if says == nil {
		return ""
	}
	return "bands: " + strings.Join(says, ", ")
}
