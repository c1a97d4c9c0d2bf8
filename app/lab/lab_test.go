package lab

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

func TestActions(t *testing.T) {
	keys := map[string]string{}
	for _, a := range Actions {
		for _, k := range strings.Fields(a.keys) {
			if other, twice := keys[k]; twice {
				t.Errorf("key %s is for %s and for %s", k, other, a.Name)
			}
			keys[k] = a.Name
			page, own, found := strings.Cut(k, ":")
			if !found {
				page, own = "", k
			}
			if got := actionOfKey(page, own); got != a.Name {
				t.Errorf("key %s does %q", k, got)
			}
		}
		if a.keys != "" && a.Does == "" {
			t.Errorf("%s has a key and no words", a.Name)
		}
	}
}

func TestFirstCapabilitiesTellTheEngineTheView(t *testing.T) {
	_, engine := ready(t, Start())
	e := labtest.Trace()
	var want any = session.Restore{Trace: &session.ShowTrace{Prompt: e.Tokens[:3], Response: e.Tokens[3:], Sampling: e.Sampling}, Selection: session.NoSelection}
	if got := labtest.Sent(t, engine, 1)[0]; !reflect.DeepEqual(got, want) {
		t.Errorf("the example: %#v", got)
	}
	v := Start()
	v.Example, v.Seed, v.Difficulty, v.Tokens, v.Selection.Step = false, 9, "4", 2, 1
	_, engine = ready(t, v)
	want = session.Restore{Problem: &session.NewProblem{Difficulty: "4", Seed: 9}, Response: &session.Generate{Unit: "all", Restart: true, Sampling: v.Sampling}, Tokens: 2, Selection: v.Selection}
	if got := labtest.Sent(t, engine, 1)[0]; !reflect.DeepEqual(got, want) {
		t.Errorf("a link: %#v", got)
	}
}

func TestGenerateUndo(t *testing.T) {
	l, engine := ready(t, Start())
	l.Receive(labtest.Trace())
	labtest.Sent(t, engine, 1)
	if l.Do("problem"); !l.Example {
		t.Fatal("a problem was drawn while the engine was busy")
	}
	l.Receive(session.Status{Stage: "ready"})
	l.Do("problem")
	if got := labtest.Sent(t, engine, 1)[0].(session.Restore); got.Problem == nil || *got.Problem != (session.NewProblem{Seed: 1}) || got.Response != nil {
		t.Fatalf("the next problem is %#v", got)
	}
	if l.Example || l.View.Seed != 1 {
		t.Errorf("the view is %+v", l.View)
	}
	late := labtest.Trace() // the example, scored before the engine received the new problem
	late.Seed = 77
	l.Receive(late)
	l.Do("forward")
	if l.Tokens != 0 || l.Selection != session.NoSelection {
		t.Errorf("a late snapshot of another problem led to %+v", l.View)
	}
	l.Do("undo")
	if got := labtest.Sent(t, engine, 1)[0].(session.Restore); got.Trace == nil || !l.Example || len(l.undo) != 0 {
		t.Errorf("undo leads to %+v", l.View)
	}
}

func TestStepping(t *testing.T) {
	l, engine := ready(t, Start())
	labtest.Sent(t, engine, 1)
	l.Receive(session.Status{Stage: "ready"})
	trace := labtest.Trace()
	trace.Complete, trace.Tokens, trace.Text, trace.Answer = false, trace.Tokens[:11], trace.Text[:11], [2]int{}
	l.Receive(trace)
	for _, want := range []int{4, 6, 8, 10} {
		l.Do("forward")
		if got := labtest.Sent(t, engine, 1)[0].(session.Select).Selection; got.Token != want || got.Step != (want-4)/2 {
			t.Errorf("a step on selects %+v, want token %d", got, want)
		}
	}
	l.Do("forward") // past the end
	if got := labtest.Sent(t, engine, 1)[0]; got != any(session.Generate{Unit: "step", Sampling: l.Controls.Sampling}) {
		t.Errorf("past the end: %#v", got)
	}
	grown := labtest.Trace()
	grown.Number++
	l.Receive(grown)
	if l.Selection.Token != 13 || l.Selection.Step != -1 {
		t.Errorf("after the trace grew %+v is selected, want its new end", l.Selection)
	}
	l.Do("unit:token")
	l.Do("back")
	if l.Selection.Token != 12 {
		t.Errorf("a token back leads to %d", l.Selection.Token)
	}
	l.Receive(session.Select{Selection: session.Selection{Step: 1, Token: -1, Layer: 1, Head: 0}}) // a figure
	if l.Selection.Step != 1 || l.Selection.Head != 0 {
		t.Errorf("the selection of a figure: %+v", l.Selection)
	}
	l.Receive(trace) // an older snapshot that comes late
	if len(l.Trace.Tokens) != 14 {
		t.Error("an older snapshot replaced a newer one")
	}
}

func TestFiguresSeeTheExampleBeforeTheEngine(t *testing.T) {
	l, figure := bench(t, Start())
	l.Receive(session.Hello{})
	got := labtest.Sent(t, figure, 2)
	if trace, ok := got[0].(session.Trace); !ok || !slices.Equal(trace.Tokens, labtest.Trace().Tokens) {
		t.Errorf("a figure gets %#v", got[0])
	}
}

// A page that joins a session says so when nobody answers there, and says nothing when the engine does.
func TestNobodyAnswers(t *testing.T) {
	for _, answers := range []bool{false, true} {
		screen := &labtest.Screen{}
		l := New(Link{Session: "s", Joined: true}, "", Example{})
		l.Open(screen, func(string, any) error { return errNoRun })
		if answers {
			l.Receive(session.Status{Stage: "ready"})
		} else {
			l.Receive(session.Hello{}) // of a figure
		}
		for range 3 {
			screen.Wait()
		}
		if said := strings.Contains(l.Failure.Text, "No page of the lab answers"); said == answers {
			t.Errorf("the engine answers: %v, and the page says %q", answers, l.Failure.Text)
		}
	}
}
