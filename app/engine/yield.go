package engine

import (
	"sync/atomic"
	"time"
)

// yieldTime is how long the engine pauses after user input, so that the page can redraw. Without a pause a redraw takes about
// twice as long where the processor also computes the kernels, and the page does not react until it ends.
const yieldTime = 150 * time.Millisecond

// pauses remembers when the last pause started, in nanoseconds of Unix time.
type pauses struct{ started atomic.Int64 }

// start starts a pause, unless the last one started so recently that pauses would take more than half of the time.
func (p *pauses) start(now time.Time) {
	if now.UnixNano()-p.started.Load() > int64(2*yieldTime) {
		p.started.Store(now.UnixNano())
	}
}

// left returns the rest of the pause.
func (p *pauses) left(now time.Time) time.Duration {
	return max(0, yieldTime-time.Duration(now.UnixNano()-p.started.Load()))
}

// pause returns the rest of the pause, for [gpu.Device.Yield].
func (e *Engine) pause() time.Duration { return e.pauses.left(time.Now()) }
