package lab

import (
	"os"
	"strings"
	"testing"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

// recordedFile is a shipped recorded trace as the page fetches it.
func recordedFile(t *testing.T) (path string, data []byte, r session.Recording) {
	t.Helper()
	path = "recorded/" + session.Recordings[0] + ".json"
	data, err := os.ReadFile("../../web/" + path)
	if err != nil {
		t.Fatal(err)
	}
	if r, err = session.ReadRecording(data); err != nil {
		t.Fatal(err)
	}
	return path, data, r
}

// A link to a recorded trace holds all of the view, and one to a trace that is not shipped says so.
func TestRecordedLink(t *testing.T) {
	v := Start()
	v.Example, v.Recorded, v.Page, v.Selection.Step, v.Selection.Layer, v.Selection.Head = false, session.Recordings[0], PageHeads, 2, 20, 2
	if same, unread := ParseLink(v.String()); same != v || unread != "" {
		t.Errorf("%s is read as %+v, %q", v, same, unread)
	}
	if v, unread := ParseLink("page=trace&recorded=gone"); v.Recorded != "" || !v.Example || !strings.Contains(unread, "gone") {
		t.Errorf("%+v, %q", v, unread)
	}
	if v, _ := readView("page=trace&lesson=1.1&recorded=" + session.Recordings[0]); v.Recorded != "" || v.Lesson.Lesson != 1 {
		t.Errorf("a lesson is about %+v", v)
	}
}

// A recorded trace is shown before there is an engine, head by head, and what needs its model cannot be done.
func TestRecordedBeforeTheEngine(t *testing.T) {
	path, data, r := recordedFile(t)
	hub := &session.Hub{}
	l := New(Link{Port: hub.Join()}, "page=trace&head=20.2&recorded="+session.Recordings[0], Example{Trace: labtest.Trace()})
	screen := &labtest.Screen{Files: map[string][]byte{path: data}}
	l.Open(screen, func(string, any) error { return os.ErrNotExist })
	if l.Trace.Recorded == nil || len(l.Trace.Tokens) != len(r.Trace.Tokens) || len(l.Trace.InHead(20, 2)) != 121 || len(l.Answers.Values) != 9 {
		t.Fatalf("%d tokens of %+v, %d losses", len(l.Trace.Tokens), l.Trace.Recorded, len(l.Answers.Values))
	}
	l.Do("head:3.1")
	if got := l.Trace.InHead(3, 1); len(got) != 121 || got[12] != r.InHead(session.Selection{Layer: 3, Head: 1}).Attention[12] {
		t.Errorf("head 3.1: %d densities", len(got))
	}
	l.assume = true // an engine would not help
	for _, name := range []string{"generate", "regenerate", "disrupt", "cut-all", "cut-both", "heads", "disrupt-many", "cut-answer", "grow", "grow-round", "grow-again"} {
		if a, ok := FindAction(name); !ok || a.Allowed(l) {
			t.Errorf("%s can be done without the model", name)
		}
	}
}

// The engine is asked for the recorded trace by name. Its older traces are not shown in place of it; a later one is.
func TestRecordedWithTheEngine(t *testing.T) {
	path, data, r := recordedFile(t)
	l, engine := idle(t)
	l.screen = &labtest.Screen{Files: map[string][]byte{path: data}}
	l.Do("recorded")
	c := labtest.Sent(t, engine, 1)[0].(session.Restore)
	if c.Recorded != session.Recordings[0] || c.Trace != nil || c.Problem != nil || c.Model != "" {
		t.Fatalf("the command is %+v", c)
	}
	late := labtest.Trace()
	late.Number = 8
	l.Receive(late)
	if l.Trace.Recorded == nil || !l.current() {
		t.Fatal("an older trace took its place")
	}
	shown := r.Trace
	shown.Number = 9
	l.Receive(shown)
	l.Receive(session.AnswerLosses{Number: 10, Trace: 9, Values: r.Losses.Values})
	l.Receive(session.Status{Stage: "ready"})
	if n, ok := l.AnswerLost(); n != 9 || !ok || l.FCIByPlace() == nil || l.Tokens != AllTokens {
		t.Errorf("%d losses, %d tokens, correlation with the place %v", n, l.Tokens, l.FCIByPlace())
	}
	if hash := l.View.String(); !strings.Contains(hash, "recorded=") || strings.Contains(hash, "seed=") || strings.Contains(hash, "temperature=") {
		t.Errorf("the link is %s", hash)
	}
	l.Do("page:tree")
	l.Do("problem")
	c = labtest.Sent(t, engine, 1)[0].(session.Restore)
	if c.Problem == nil || c.Problem.Seed != 1 || c.Recorded != "" || l.Recorded != "" {
		t.Errorf("the next problem: %+v", c)
	}
	l.Do("undo")
	labtest.Sent(t, engine, 1)
	shown.Number = 20
	l.Receive(shown)
	other := labtest.Trace() // of a model that was opened
	other.Number, other.Seed = 21, 5
	l.Receive(other)
	if l.Recorded != "" || l.Seed != 5 || l.Trace.Recorded != nil {
		t.Errorf("the engine's trace is not shown: %q, seed %d", l.Recorded, l.Seed)
	}
}

// A file that cannot be fetched or read is reported in a sentence.
func TestRecordedIsMissing(t *testing.T) {
	path, _, _ := recordedFile(t)
	for _, files := range []map[string][]byte{nil, {path: []byte("{")}, {path: []byte(`{"trace":{}}`)}} {
		l, _ := idle(t)
		l.screen = &labtest.Screen{Files: files}
		l.Do("recorded")
		if sentence(t, l.Failure.Text); !strings.HasPrefix(l.Failure.Text, "The recorded trace cannot be") {
			t.Errorf("%q", l.Failure.Text)
		}
	}
}
