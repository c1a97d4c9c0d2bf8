package lab

import (
	"testing"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

// A visitor of the Tree page finds a tree that grows round by round; once a problem, and no more where the visitor acts.
func TestTreeGrowsOnArrival(t *testing.T) {
	v := Start()
	l, engine := ready(t, v)
	labtest.Sent(t, engine, 1)
	l.Receive(labtest.Trace())
	l.Receive(session.Status{Stage: "ready"})
	screen := &labtest.Screen{}
	l.screen = screen
	grows := func(restart bool) {
		t.Helper()
		for {
			switch got := labtest.Sent(t, engine, 1)[0].(type) {
			case session.Select:
				continue
			case session.GrowTree:
				if got.Unit != "round" || got.Restart != restart {
					t.Fatalf("it grows by %+v", got)
				}
			default:
				t.Fatalf("%#v is sent", got)
			}
			return
		}
	}
	l.Do("page:" + PageTree)
	grows(true)
	tree := labtest.Tree()
	tree.Done, tree.Number = false, 1
	l.Receive(tree)
	l.Receive(session.Status{Stage: "ready"})
	if !screen.Wait() {
		t.Fatal("the next round is not awaited")
	}
	grows(false)
	tree.Number = 2
	l.Receive(tree)
	l.Receive(session.Status{Stage: "ready"})
	l.Do("node:1") // the visitor acts
	labtest.Sent(t, engine, 1)
	screen.Wait()
	l.Receive(session.Status{Stage: "ready"})
	screen.Wait()
	l.Do("page:" + PageTrace)
	l.Do("page:" + PageTree)
	l.Send(session.Check{Text: "k"})
	if got := labtest.Sent(t, engine, 1)[0]; got != any(session.Check{Text: "k"}) {
		t.Errorf("after the visitor acted it sends %#v", got)
	}
}
