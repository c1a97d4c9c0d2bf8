package lab

import (
	"strings"
	"testing"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

// The model is opened at the selected token, follows token and head, and is in the link.
func TestInsideFollowsTheSelection(t *testing.T) {
	l, screen, engine := lossesBench(t)
	next := func() session.LookInside {
		t.Helper()
		for {
			switch m := labtest.Sent(t, engine, 1)[0].(type) {
			case session.LookInside:
				return m
			case session.Select:
			default:
				t.Fatalf("the command is %#v", m)
			}
		}
	}
	l.Key(KeyPress{Key: "."})
	if got := next(); got != (session.LookInside{Token: 12, Layer: -1, Head: -1}) {
		t.Fatalf("without a selection it opens %+v", got)
	}
	l.Receive(labtest.Inside())
	l.Receive(session.Status{Stage: "ready"})
	if !strings.Contains(screen.Hash, "token=12") || !strings.Contains(screen.Hash, "inside=token") {
		t.Errorf("the link is %s", screen.Hash)
	}
	v, unread := ParseLink(screen.Hash)
	if v != l.View || unread != "" {
		t.Errorf("%s reads as %+v, unread %q", screen.Hash, v, unread)
	}
	l.Do("inside-head:0.1")
	if got := next(); got != (session.LookInside{Token: 12, Layer: 0, Head: 1}) || l.Selection.Head != 1 {
		t.Errorf("another head opens %+v", got)
	}
	other := labtest.Inside()
	other.Layer, other.Head = 0, 1
	l.Receive(other)
	l.Receive(session.Status{Stage: "ready"})
	l.Do("token:9")
	if got := next(); got.Token != 9 || got.Layer != 0 || got.Head != 1 {
		t.Errorf("another token opens %+v", got)
	}
	l.Do("close-inside")
	l.Receive(session.Status{Stage: "ready"})
	if l.Do("token:8"); len(l.Inside.Reads) != 0 || l.LookedInto {
		t.Error("it is not closed")
	}
	if got := labtest.Sent(t, engine, 1)[0]; got != (session.Select{Selection: l.Selection}) {
		t.Errorf("closed, a selection asks for %#v", got)
	}

	_, engine = ready(t, v)
	sent := labtest.Sent(t, engine, 2)
	if got, ok := sent[1].(session.LookInside); !ok || got.Token != 12 {
		t.Errorf("the link asks for %#v", sent)
	}
}

// A logit opens to its parts, a head to what it reads, and a read to its steps.
func TestInsideExplains(t *testing.T) {
	l, _, _ := lossesBench(t)
	if _, ok := l.Explain("inside:0"); ok {
		t.Fatal("nothing is open, and it is explained")
	}
	l.Receive(labtest.Inside())
	for what, want := range map[string][]string{
		"inside:0":       {"logit of b", "sum 4", "feed-forward 1", "L1·H0"},
		"inside:1":       {"logit of z", "sum 1"},
		"inside:head":    {"L1·H0 at token 12", "+3.0"},
		"inside:read-11": {"L1·H0 reads token 11", "÷ √C", "√C = 2", "0.5000"},
	} {
		e, ok := l.Explain(what)
		text := e.Title + e.Value + e.Total
		for _, term := range e.Terms {
			text += " " + term.Name + " " + term.Value + " " + term.Form
		}
		for _, w := range want {
			if !ok || !strings.Contains(text, w) {
				t.Errorf("%s lacks %q: %s", what, w, text)
			}
		}
	}
	for _, what := range []string{"inside:2", "inside:read-12", "inside:read-x", "inside:"} {
		if e, ok := l.Explain(what); ok {
			t.Errorf("%s is explained as %+v", what, e)
		}
	}
}
