package server

import (
	"slices"

	"attnlab/app/session"
)

// frame is a message for a page, with its number on the line.
type frame struct {
	number uint64
	kind   string
	data   []byte
}

// outbox holds what a page has not confirmed yet, in order. While a page does not read, as one that sleeps, it keeps the newest
// snapshot of each kind, so its size has a limit.
type outbox struct {
	frames []frame
	sent   int // of them, on the line that is open
	bytes  int
	number uint64 // of the last
}

// A line that reads gets every message. Beyond these only the newest snapshots stay.
const (
	manyFrames = 256
	manyBytes  = 8 << 20
	mostBytes  = 512 << 20 // of a run that is exported to a page that does not read
)

// put adds a message. It returns false where the box is full of answers that nobody takes.
func (o *outbox) put(kind string, data []byte) bool {
	o.number++
	o.frames = append(o.frames, frame{o.number, kind, data})
	o.bytes += len(data)
	if len(o.frames)-o.sent > manyFrames || o.bytes > manyBytes {
		o.thin()
	}
	return o.bytes <= mostBytes
}

// thin drops snapshots that a newer one replaces and that are not on their way.
func (o *outbox) thin() {
	newest := map[string]uint64{}
	for _, f := range o.frames {
		newest[f.kind] = f.number
	}
	sent := o.frames[:o.sent]
	rest := slices.DeleteFunc(o.frames[o.sent:], func(f frame) bool {
		drop := f.number != newest[f.kind] && !answers[f.kind]
		if drop {
			o.bytes -= len(f.data)
		}
		return drop
	})
	o.frames = append(sent, rest...)
}

// answers are the kinds of which every message counts.
var answers = map[string]bool{
	session.Kind(session.Failure{}): true, session.Kind(session.Checked{}): true, session.Kind(session.RunFiles{}): true,
}

// next is the next frame to send; false for none.
func (o *outbox) next() (frame, bool) {
	if o.sent == len(o.frames) {
		return frame{}, false
	}
	o.sent++
	return o.frames[o.sent-1], true
}

// confirm drops what the page has.
func (o *outbox) confirm(number uint64) {
	n := 0
	for ; n < o.sent && o.frames[n].number <= number; n++ {
		o.bytes -= len(o.frames[n].data)
	}
	o.frames = slices.Delete(o.frames, 0, n)
	o.sent -= n
}

// again makes the box send on a new line what the page had not confirmed on the old one.
func (o *outbox) again(got uint64) {
	o.sent = len(o.frames)
	o.confirm(got)
	o.sent = 0
	o.thin()
}
