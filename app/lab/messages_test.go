package lab

import (
	"testing"
	"time"

	"attnlab/app/session"
)

// What a step of a run brings is heard at once, when the engine says what it is at next, or after a while.
func TestMessagesAreGrouped(t *testing.T) {
	in, heard := make(chan any), make(chan []any, 10)
	go group(in, 500*time.Millisecond, func(messages []any) { heard <- messages })
	for _, m := range []any{session.Run{Number: 1}, session.Credit{Number: 2}, session.Selection{}, session.Status{Done: 1}, session.Trace{Number: 3}, session.Run{Number: 4}} {
		in <- m
	}
	for _, want := range []int{3, 1, 1} {
		select {
		case got := <-heard:
			if len(got) != want {
				t.Errorf("%d messages are heard at once, want %d: %+v", len(got), want, got)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("%d messages are not heard", want)
		}
	}
	in <- session.Run{Number: 5}
	close(in)
	if got := <-heard; len(got) != 1 {
		t.Errorf("at the end %d messages are heard, want the last", len(got))
	}
}
