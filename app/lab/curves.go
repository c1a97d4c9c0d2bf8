package lab

import (
	"strconv"
)

// Curves is how training curves are drawn on every page: over what, and how smooth.
type Curves struct {
	X      string // "step" or "tokens", those generated so far
	Smooth int    // weight of the past in the running mean, percent
}

const MaxSmooth = 95

var CurvesOver = []string{"step", "tokens"}

func startCurves() Curves { return Curves{X: "step", Smooth: 60} }

// write adds what differs from startCurves to a link.
func (c Curves) write(add func(key, value string)) {
	start := startCurves()
	if c.X != start.X {
		add("x", c.X)
	}
	if c.Smooth != start.Smooth {
		add("smooth", c.Share())
	}
}

// readCurves is the inverse of write.
func readCurves(q *linkReader) Curves {
	c := startCurves()
	q.choose("x", &c.X, CurvesOver)
	share := float32(c.Smooth) / 100
	q.decimal("smooth", &share, MaxSmooth/100.)
	c.Smooth = int(100*share + 0.5)
	return c
}

// Share is the smoothing as the figure takes it, from 0 to 0.95.
func (c Curves) Share() string { return strconv.FormatFloat(float64(c.Smooth)/100, 'g', -1, 64) }
