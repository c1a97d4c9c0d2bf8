package main

import (
	"syscall/js"
	"testing"

	"attnlab/app/session"
)

// Of the snapshots of a run that come while the page is busy only the newest is read, and everything is read in order.
func TestNewestRunIsRead(t *testing.T) {
	channel := js.Global().Get("Object").New()
	channel.Set("close", js.Global().Get("Function").New())
	port := session.Listen(channel)
	defer port.Close()
	for _, m := range []any{session.Status{Done: 1}, session.Run{Number: 1}, session.Run{Number: 2}, session.Status{Done: 2}, session.Run{Number: 3}, session.Beside{Run: session.Run{Number: 9}}, session.Run{Number: 4}, session.Status{Done: 3}} {
		text, err := session.Encode(m)
		if err != nil {
			t.Fatal(err)
		}
		channel.Call("onmessage", map[string]any{"data": string(text)}) // all in one task of the thread
	}
	for i, want := range []any{session.Status{Done: 1}, session.Status{Done: 2}, uint64(9), uint64(4), session.Status{Done: 3}} {
		got := <-port.In
		switch m := got.(type) {
		case session.Run:
			got = m.Number
		case session.Beside:
			got = m.Number
		}
		if got != want {
			t.Fatalf("message %d is %+v, want %+v", i, got, want)
		}
	}
}
