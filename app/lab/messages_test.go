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

// A message that was read does not come back when the engine repeats its snapshots for a figure that joins; the same message after
// another job does.
func TestReadMessagesStayRead(t *testing.T) {
	l, _ := ready(t, Start())
	shown := func() bool { return l.Status.Text != "" && l.Status.Text != l.Read }
	done := session.Status{Stage: "ready", Text: "The tree is complete."}
	l.Receive(done)
	if !shown() {
		t.Fatal("the message is not shown")
	}
	l.Do("page:compare")
	l.Receive(done)
	if shown() {
		t.Error("a repeated message is shown again")
	}
	l.Receive(session.Status{Stage: "growing", Busy: true})
	l.Receive(done)
	if !shown() {
		t.Error("the message of another job is not shown")
	}
}
