package engine

import (
	"sync/atomic"
	"time"
)

// moment is how long a page has the processors to itself after a [session.Touch]. Beside kernels it takes about twice as
// long to be drawn, and until then it answers nobody.
const moment = 150 * time.Millisecond

// room is what pages are given on the processors.
type room struct{ since atomic.Int64 } // when it was last given, in nanoseconds of Unix time

// give begins a moment, but not so soon after another that more than half of the time were given away.
func (r *room) give(now time.Time) {
	if now.UnixNano()-r.since.Load() > int64(2*moment) {
		r.since.Store(now.UnixNano())
	}
}

// left is what is left of the moment.
func (r *room) left(now time.Time) time.Duration {
	return max(0, moment-time.Duration(now.UnixNano()-r.since.Load()))
}
