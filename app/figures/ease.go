package figures

import (
	"math"
	"slices"
	"time"
)

const (
	// easing is how long a change moves.
	easing = 200 * time.Millisecond
	// live is the time between two snapshots below which nothing moves: they are the motion.
	live = 400 * time.Millisecond
)

// eased are values on their way from what was drawn to what is true.
type eased struct {
	from, to, now []float64
	began         time.Time
	moving        bool
}

func (e *eased) jump(to []float64) { e.to, e.now, e.moving = to, to, false }

// start begins the way to new values. Values that were not there before grow from zero.
func (e *eased) start(to []float64, now time.Time) {
	if slices.EqualFunc(e.to, to, func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }) {
		return
	}
	e.from = make([]float64, len(to))
	if len(e.now) == len(to) {
		copy(e.from, e.now)
	}
	for i, v := range to {
		if math.IsNaN(v) || math.IsNaN(e.from[i]) { // there is no way between a number and none
			e.from[i] = v
		}
	}
	e.to, e.now, e.began, e.moving = to, slices.Clone(e.from), now, true
}

// step moves the values to where they are at a time. It returns whether they changed.
func (e *eased) step(now time.Time) bool {
	if !e.moving {
		return false
	}
	t := now.Sub(e.began).Seconds() / easing.Seconds()
	if t >= 1 {
		e.jump(e.to)
		return true
	}
	t = 1 - math.Pow(1-max(0, t), 3) // fast at first, slow at the end
	for i := range e.now {
		e.now[i] = e.from[i] + t*(e.to[i]-e.from[i])
	}
	return true
}
