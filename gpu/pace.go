package gpu

import "time"

// frame is how long a submit may compute on a software adapter in a browser: the same processors draw its pages between
// submits.
const frame = 16 * time.Millisecond

// pace is how many dispatches of a program a submit may have. Each program has its own: its dispatches are of one size.
type pace int

// next returns the pace after a submit of n dispatches that took this long, of which a wait for nothing takes idle: as many as
// would have filled a frame with work, and at most twice as many as before, so that one quick submit changes little.
//
// Firefox reports the end of work on a tick of 100 ms. Without idle that wait counts as work, and the pace ends at one dispatch.
func (p pace) next(n int, took, idle time.Duration) pace {
	fill := int(int64(n) * int64(frame) / max(1, int64(took-idle)))
	if idle > frame { // of several ticks at most the last is a wait for nothing, so less than one is not measured
		fill = max(fill, firstPace)
	}
	most := maxPace * max(1, int(idle/frame))
	return pace(max(1, min(fill, 2*int(p), most)))
}

// A browser needs a while to report that a submit is done: submits above the last of these sizes save little of it. Where a wait
// takes longer than a frame, they may be as much larger.
const (
	firstPace = 16
	maxPace   = 64
)

// idleWait measures how long a wait for nothing takes: the shortest of three. It is 0 if one fails, which the next submit reports.
func idleWait(wait func() error) time.Duration {
	least := time.Duration(0)
	for i := range 3 {
		began := time.Now()
		if wait() != nil {
			return 0
		}
		if took := max(1, time.Since(began)); i == 0 || took < least {
			least = took
		}
	}
	return least
}
