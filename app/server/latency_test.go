//go:build !js

package server

import (
	"slices"
	"testing"
	"time"

	"attnlab/app/session"

	"github.com/coder/websocket"
)

// added is how much of an answer's time the engine may take at the 95th percentile, beyond that of an empty message on the same machine
// at the same moment, while it trains.
const added = 50 * time.Millisecond

// TestAnswersWhileItTrains selects steps while the engine trains as fast as it can, and measures how long each answer takes.
func TestAnswersWhileItTrains(t *testing.T) {
	h := start(t, nil)
	g := join(t, h.Link())
	next(g, func(c session.Capabilities) bool { return c.Model.Name != "" })
	next(g, idle)
	settings := short(400)
	g.send(session.Begin{Settings: settings})
	g.send(session.Advance{})
	next(g, func(r session.Run) bool { return r.Info.Step > 0 })
	conn := dial(t, h, h.token, "empty-messages")
	pongs := make(chan bool, 1)
	go func() {
		for {
			_, data, err := conn.Read(t.Context())
			if err != nil {
				return
			}
			if string(data) == "pong" {
				pongs <- true
			}
		}
	}()
	var answers, empty []time.Duration
	for i := range 100 {
		began := time.Now()
		g.send(session.Select{Selection: session.Selection{Step: i % 3, Token: -1, Layer: i % 2, Head: i % 4, Node: -1}})
		next(g, func(s session.Selection) bool { return s.Step == i%3 && s.Layer == i%2 && s.Head == i%4 })
		answers = append(answers, time.Since(began))
		began = time.Now()
		if err := conn.Write(t.Context(), websocket.MessageText, []byte("ping")); err != nil {
			t.Fatal(err)
		}
		<-pongs
		empty = append(empty, time.Since(began))
		time.Sleep(5 * time.Millisecond)
	}
	g.send(session.Cancel{})
	run := next(g, func(r session.Run) bool { return r.Info.State == "paused" || r.Info.State == "done" })
	if run.Info.Step < 2 {
		t.Errorf("it took %d steps meanwhile", run.Info.Step)
	}
	slices.Sort(answers)
	slices.Sort(empty)
	t.Logf("answers while it trained: median %v, 95th percentile %v; an empty message: %v and %v", answers[50], answers[95], empty[50], empty[95])
	if answers[95] > empty[95]+added {
		t.Errorf("the 95th percentile is %v, want %v at most beyond the %v of an empty message", answers[95], added, empty[95])
	}
}
