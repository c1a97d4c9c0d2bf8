package lab

import (
	"strconv"

	"attnlab/rl/runs"
)

// Curves is how training curves are drawn on every page: over what, and how smooth.
type Curves struct {
	X      string // the name of one of [runs.Axes]
	Smooth int    // weight of the past in the running mean, percent
}

const MaxSmooth = 95

// CurvesOver are the names of axes.
var CurvesOver = func() (names []string) {
	for _, a := range runs.Axes {
		names = append(names, a.Name)
	}
	return names
}()

func startCurves() Curves { return Curves{X: CurvesOver[0], Smooth: 60} }

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
