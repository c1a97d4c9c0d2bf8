package gpu

import (
	"errors"
	"testing"
	"testing/synctest"
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
			p = p.next(int(p), time.Duration(p)*c.each, 0)
		}
		if p != c.want {
			t.Errorf("where a dispatch takes %v a submit has %d, want %d", c.each, p, c.want)
		}
	}
	if p := pace(4).next(4, time.Microsecond, 0); p != 8 {
		t.Errorf("one quick submit leads from 4 dispatches to %d, want 8", p)
	}
}

// Where the browser reports on a tick of 100 ms the pace does not shrink with the wait, and a run takes few ticks.
func TestPaceOnATick(t *testing.T) {
	const tick = 100 * time.Millisecond
	for _, each := range []time.Duration{time.Microsecond, 200 * time.Microsecond, time.Millisecond, 5 * time.Millisecond} {
		p, done, ticks := pace(firstPace), 0, 0
		for done < 2000 {
			work := time.Duration(p) * each
			took := (work + tick - 1) / tick * tick // until the next tick
			done, ticks = done+int(p), ticks+int(took/tick)
			p = p.next(int(p), took, tick-time.Millisecond)
		}
		least := int(2000*each/tick) + 1 // without any wait for nothing
		if limit := max(2*least, 130); ticks > limit || p < firstPace {
			t.Errorf("dispatches of %v: %d ticks, at least %d are needed; the pace ends at %d", each, ticks, least, p)
		}
	}
}

func TestIdleWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // sleeps take no longer than they say
		waits := []time.Duration{20 * time.Millisecond, 2 * time.Millisecond, 20 * time.Millisecond}
		i := 0
		if got := idleWait(func() error { time.Sleep(waits[i]); i++; return nil }); got != waits[1] {
			t.Errorf("the shortest of %v is measured as %v", waits, got)
		}
	})
	if got := idleWait(func() error { return errors.New("lost") }); got != 0 {
		t.Errorf("a wait that fails takes %v", got)
	}
}
