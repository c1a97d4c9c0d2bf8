package lab

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

// changed is a trace as an engine sends it after one edit at its second step.
func changed(e session.Edit) session.Trace {
	whole := labtest.Trace()
	t := labtest.Trace()
	t.Number++
	e.Was = slices.Clone(whole.Tokens[e.At:])
	t.Tokens = slices.Clone(t.Tokens)
	copy(t.Tokens[e.At:], e.Tokens)
	t.Text = slices.Clone(t.Text)
	t.Text[e.At] = "changed"
	t.Edits = []session.Edit{e}
	t.Before = &session.Version{Tokens: whole.Tokens, Text: whole.Text, Steps: whole.Steps, Think: whole.Think, Answer: whole.Answer, Complete: true, WellFormed: true, Correct: true}
	return t
}

// sentEdits is the next command, which must change the response.
func sentEdits(t *testing.T, engine *session.Port) []session.Edit {
	t.Helper()
	for {
		switch m := labtest.Sent(t, engine, 1)[0].(type) {
		case session.EditResponse:
			return m.Edits
		case session.Select:
		default:
			t.Fatalf("the command is %#v", m)
		}
	}
}

// A step is rewritten from a draft; the link holds the change once the engine has made it, and undo takes it back.
func TestEditAStep(t *testing.T) {
	l, screen, engine := lossesBench(t)
	l.Do("rewrite")
	if l.Draft.Step >= 0 {
		t.Fatal("there is a draft of no step")
	}
	l.Do("step:1")
	l.Do("rewrite")
	if l.Draft.Text != l.Trace.Steps[1].Text || l.Draft.Step != 1 {
		t.Fatalf("the draft is %+v", l.Draft)
	}
	l.Set("draft", "b 9")
	l.Set("edit-seed", "5")
	l.Do("write")
	want := session.Edit{At: l.Trace.Steps[1].Start, Text: "b 9", Seed: 5}
	if got := sentEdits(t, engine); !reflect.DeepEqual(got, []session.Edit{want}) {
		t.Fatalf("the engine is asked for %+v, want %+v", got, want)
	}
	if strings.Contains(screen.Hash, "edits") {
		t.Errorf("the link is %s before the engine has answered", screen.Hash)
	}
	whole := l.Trace
	made := want
	made.Tokens = []int{6, 1}
	l.Receive(changed(made))
	l.Receive(session.Status{Stage: "ready"})
	if l.Draft.Step >= 0 || l.Selection.Step != 1 || !strings.Contains(screen.Hash, "edits=5-5-6.1") {
		t.Fatalf("draft %+v, selection %+v, link %s", l.Draft, l.Selection, screen.Hash)
	}
	if c, before, ok := l.EditDifferences(); !ok || c.Token != made.At-l.Trace.PromptLength || !slices.Equal(before.Tokens, whole.Tokens) {
		t.Errorf("the comparison is %+v of %+v", c, before)
	}

	v, unread := ParseLink(screen.Hash)
	if unread != "" || v != l.View {
		t.Fatalf("%s reads as %+v, unread %q", screen.Hash, v, unread)
	}
	_, other := ready(t, v)
	sent := labtest.Sent(t, other, 2)
	if r, ok := sent[0].(session.Restore); !ok || r.Trace == nil {
		t.Errorf("the link first asks for %#v", sent[0])
	}
	if e, ok := sent[1].(session.EditResponse); !ok || len(e.Edits) != 1 || !e.Edits[0].Same(made) {
		t.Errorf("the link then asks for %#v", sent[1])
	}

	l.Do("edit-again")
	again := made
	again.Seed, again.Text = 6, ""
	if got := sentEdits(t, engine); !reflect.DeepEqual(got, []session.Edit{again}) {
		t.Errorf("the rest is written again by %+v", got)
	}
	l.Receive(session.Status{Stage: "ready"}) // nothing came of it
	l.Do("undo")
	if got := sentEdits(t, engine); len(got) != 0 {
		t.Errorf("undo asks for %+v", got)
	}
	l.Receive(labtest.Trace())
	if l.View.Edits = ""; strings.Contains(l.View.String(), "edits") {
		t.Errorf("the link still has %s", l.View.String())
	}
}

// Steps are inserted and deleted, and tokens forced, by keys and buttons alike.
func TestEditByKeys(t *testing.T) {
	l, screen, engine := lossesBench(t)
	steps := l.Trace.Steps
	press := func(key string) bool { return l.Key(KeyPress{Key: key}) }
	l.Do("step:2")
	if !press("+") || !slices.Contains(screen.Shown, "draft") {
		t.Fatalf("+ opens no draft; the focus is at %q", screen.Shown)
	}
	l.Do("write")
	l.Set("draft", "b 8")
	l.Do("write")
	if got := sentEdits(t, engine); len(got) != 1 || got[0].At != steps[2].End || got[0].Text != "b 8" {
		t.Errorf("an empty step cannot be inserted, and one after step 3 is %+v", got)
	}
	l.Receive(session.Status{Stage: "ready"})
	press("Delete")
	if got := sentEdits(t, engine); len(got) != 1 || got[0].At != steps[2].Start || got[0].Tokens[0] != l.Trace.Tokens[steps[2].End] {
		t.Errorf("step 3 is deleted by %+v", got)
	}
	l.Receive(session.Status{Stage: "ready"})
	press("p")
	if l.Selection.Token != steps[2].End-1 || !slices.Contains(screen.Shown, "alternative") {
		t.Errorf("p selects token %d; the focus is at %q", l.Selection.Token, screen.Shown)
	}
	l.Do("force:9")
	if got := sentEdits(t, engine); len(got) != 1 || got[0].At != steps[2].End-1 || !slices.Equal(got[0].Tokens, []int{9}) {
		t.Errorf("another token is forced by %+v", got)
	}
	l.Receive(session.Failure{Command: "EditResponse", Text: "There is no room."})
	l.Receive(session.Status{Stage: "ready"})
	if undo := len(l.undo); func() int { l.Receive(changed(session.Edit{At: 5})); return len(l.undo) }() != undo {
		t.Error("an edit that failed can be undone")
	}
	l.Do("token:13")
	press("Delete")
	if !strings.Contains(l.Failure.Text, "generate more") {
		t.Errorf("nothing follows the last token: %q", l.Failure.Text)
	}
	sentence(t, l.Failure.Text)
}

// The edits of a link are read back; what is no edit is named, and the rest of the link shown.
func TestLinkOfEdits(t *testing.T) {
	for text, good := range map[string]bool{"5-1-6.1": true, "5-1-6.1_9-4294967295-": true, "": true,
		"5-1": false, "x-1-2": false, "5-1-2-3": false, "5--2": false, "5-1-2..3": false, "-5-1-2": false, "5-4294967296-2": false, "5-1-a": false, "05-1-6": false, "5-1-6_": false} {
		v, unread := ParseLink("page=trace&seed=4&edits=" + text)
		if good != (v.Edits == text) || good != (unread == "") || v.Seed != 4 {
			t.Errorf("edits=%s reads as %q, unread %q", text, v.Edits, unread)
		}
		if back, _ := ParseLink(v.String()); back != v {
			t.Errorf("%s reads back as %+v", v.String(), back)
		}
	}
	if v, _ := ParseLink("recorded=" + session.Recordings[0] + "&edits=5-1-6"); v.Edits != "" {
		t.Error("a recorded trace has edits")
	}
}
