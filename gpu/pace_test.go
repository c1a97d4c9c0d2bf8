package gpu

import (
	"testing"
	"time"
)

// A pace finds the number of dispatches that fill a frame, from any, and follows their size.
func TestPace(t *testing.T) {
	p := pace(firstPace)
	for _, c := range []struct {
		each time.Duration // that a dispatch takes
		want pace
	}{{4 * time.Millisecond, 4}, {100 * time.Millisecond, 1}, {500 * time.Microsecond, 32}, {time.Microsecond, maxPace}, {0, maxPace}, {time.Hour, 1}} {
		for range 8 {
			p = p.next(int(p), time.Duration(p)*c.each)
		}
		if p != c.want {
			t.Errorf("where a dispatch takes %v a submit has %d, want %d", c.each, p, c.want)
		}
	}
	if p := pace(4).next(4, time.Microsecond); p != 8 {
		t.Errorf("one quick submit leads from 4 dispatches to %d, want 8", p)
	}
}
