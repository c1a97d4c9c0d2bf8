package gpu

import "time"

// frame is how long a submit may compute on an adapter that is itself a program, in a browser: the same program and
// processors draw its pages, between submits.
const frame = 16 * time.Millisecond

// pace is how many dispatches of a program a submit may have. It is kept by program: their dispatches are of one size.
type pace int

// next is the pace after a submit of n dispatches took so long: what would have filled a frame, at most twice as many,
// so that one quick submit says little.
func (p pace) next(n int, took time.Duration) pace {
	fill := int(int64(n) * int64(frame) / max(1, int64(took)))
	return pace(max(1, min(fill, 2*int(p), maxPace)))
}

// To be told that a submit is done takes a browser a while: pieces larger than the last of these save little of it.
const (
	firstPace = 16
	maxPace   = 64
)
