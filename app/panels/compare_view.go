package panels

import (
	"net/url"
	"strconv"
)

// Curves says how training curves are drawn, wherever they are: over what, and how smoothly.
type Curves struct {
	X      string // "step" or "tokens", those generated so far
	Smooth int    // weight of the past in the running mean, percent
}

const maxSmooth = 95

var curvesOver = []string{"step", "tokens"}

func startCurves() Curves { return Curves{X: "step", Smooth: 60} }

// write adds what differs from startCurves to a link.
func (c Curves) write(add func(key, value string)) {
	start := startCurves()
	if c.X != start.X {
		add("x", c.X)
	}
	if c.Smooth != start.Smooth {
		add("smooth", c.share())
	}
}

// readCurves is the inverse of write; what it does not know is as in startCurves.
func readCurves(q url.Values) Curves {
	c := startCurves()
	if q.Get("x") == "tokens" {
		c.X = "tokens"
	}
	share := parse(q.Get("smooth"), float32(c.Smooth)/100, parseFloat)
	c.Smooth = int(100*clamp(share, 0, maxSmooth/100.) + 0.5)
	return c
}

// share is the smoothing as the figure takes it, from 0 to 0.95.
func (c Curves) share() string { return strconv.FormatFloat(float64(c.Smooth)/100, 'g', -1, 64) }
