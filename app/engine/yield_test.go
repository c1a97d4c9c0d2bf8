package engine

import (
	"testing"
	"time"
)

// After user input the engine pauses for yieldTime, and for no more than half of the time.
func TestPauses(t *testing.T) {
	var p pauses
	begun := time.Now()
	at := func(share float64) time.Time { return begun.Add(time.Duration(share * float64(yieldTime))) }
	left := func(share float64, want time.Duration) {
		t.Helper()
		if got := p.left(at(share)); got != want {
			t.Errorf("at %g times yieldTime %v of the pause are left, want %v", share, got, want)
		}
	}
	left(0, 0) // no input yet
	p.start(at(0))
	left(0, yieldTime)
	left(0.5, yieldTime/2)
	p.start(at(0.5))
	left(1, 0)
	p.start(at(1.5)) // too soon
	left(1.5, 0)
	p.start(at(2.5))
	left(2.5, yieldTime)
}
