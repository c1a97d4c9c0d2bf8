package engine

import (
	"testing"
	"time"
)

// After a touch a page has a moment to itself, and no more than half of the time.
func TestMoment(t *testing.T) {
	var r room
	begun := time.Now()
	at := func(share float64) time.Time { return begun.Add(time.Duration(share * float64(moment))) }
	left := func(share float64, want time.Duration) {
		t.Helper()
		if got := r.left(at(share)); got != want {
			t.Errorf("%g moments after the first touch %v are left, want %v", share, got, want)
		}
	}
	left(0, 0) // nobody was there
	r.give(at(0))
	left(0, moment)
	left(0.5, moment/2)
	r.give(at(0.5))
	left(1, 0)
	r.give(at(1.5)) // too soon
	left(1.5, 0)
	r.give(at(2.5))
	left(2.5, moment)
}
