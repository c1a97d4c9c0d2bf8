package engine

import (
	"time"

	"attnlab/app/session"
)

// reportPause is the shortest time between two reports of the same part.
const reportPause = 250 * time.Millisecond

// reporting publishes the active part of a training step, a few times a second.
func (e *Engine) reporting(stage string, done, of int) func(part string, partDone, partOf int) {
	var last time.Time
	var before string
	return func(part string, partDone, partOf int) {
		if part == before && time.Since(last) < reportPause && partDone < partOf {
			return
		}
		last, before = time.Now(), part
		e.publish(session.Status{Stage: stage, Done: done, Total: of, Busy: true, Part: part, PartDone: partDone, PartOf: partOf})
	}
}
