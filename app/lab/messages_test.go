package lab

import (
	"testing"
	"testing/synctest"
	"time"

	"attnlab/app/session"
)

// What a step of a run brings arrives together: when the engine reports its next stage, or after a pause.
func TestMessagesAreGrouped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // time passes only while all wait
		in, received := make(chan any), make(chan []any, 10)
		go group(in, 500*time.Millisecond, func(messages []any) { received <- messages })
		for _, m := range []any{session.Run{Number: 1}, session.Credit{Number: 2}, session.Selection{}, session.Status{Done: 1}, session.Trace{Number: 3}, session.Run{Number: 4}} {
			in <- m
		}
		for _, want := range []int{3, 1, 1} {
			if got := <-received; len(got) != want {
				t.Errorf("%d messages are received at once, want %d: %+v", len(got), want, got)
			}
		}
		in <- session.Run{Number: 5}
		close(in)
		if got := <-received; len(got) != 1 {
			t.Errorf("at the end %d messages are received, want the last", len(got))
		}
	})
}
