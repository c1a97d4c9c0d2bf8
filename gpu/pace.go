package gpu

import "time"

// frame is how long a submit may compute on a software adapter in a browser: the same processors draw its pages between
// submits.
const frame = 16 * time.Millisecond

// pace is how many dispatches of a program a submit may have. Each program has its own: its dispatches are of one size.
type pace int

// next returns the pace after a submit of n dispatches that took this long: as many as would have filled a frame, and at
// most twice as many as before, so that one quick submit changes little.
func (p pace) next(n int, took time.Duration) pace {
	fill := int(int64(n) * int64(frame) / max(1, int64(took)))
	return pace(max(1, min(fill, 2*int(p), maxPace)))
}

// A browser needs a while to report that a submit is done: submits above the last of these sizes save little of it.
const (
	firstPace = 16
	maxPace   = 64
)
