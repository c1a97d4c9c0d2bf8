package lab

import (
	"strings"
	"testing"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

// opened is a bench whose engine is reached over a line.
func opened(t *testing.T, c session.Connection) (*Lab, *session.Port) {
	l, engine := bench(t, Start())
	l.Link.Native = true
	l.Receive(c)
	l.Receive(session.Capabilities{Backend: "host", Model: session.ModelInfo{Name: "small"}, Bases: []string{"small"}})
	return l, engine
}

// quiet fails if the engine was sent anything.
func quiet(t *testing.T, l *Lab, engine *session.Port) {
	t.Helper()
	l.post(session.Check{Text: "the end"})
	if got := labtest.Sent(t, engine, 1)[0]; got != (session.Check{Text: "the end"}) {
		t.Errorf("the engine was sent %#v", got)
	}
}

// TestWatchersFollow opens a page by a link for watching: it sends nothing and shows what others chose.
func TestWatchersFollow(t *testing.T) {
	l, engine := opened(t, session.Connection{State: "open", Machine: "lab1", Watch: true, Others: true})
	tr := labtest.Trace()
	tr.Number, tr.Seed, tr.Tokens[1] = 500, 42, tr.Tokens[1]+1
	l.Receive(tr)
	if l.Example || l.Seed != 42 || !l.current() {
		t.Errorf("the view is of seed %d, the example %v", l.Seed, l.Example)
	}
	l.Receive(session.Selection{Step: 1, Token: -1, Layer: -1, Head: -1, Node: -1})
	if l.Selection.Step != 1 {
		t.Errorf("selected is %+v", l.Selection)
	}
	if l.Ready() {
		t.Error("buttons look as if they did something")
	}
	l.Do("problem")
	l.Do("generate")
	quiet(t, l, engine)
	if which, why := l.EngineWords(); !strings.Contains(which, "lab1") || !strings.Contains(why, "watching") {
		t.Errorf("the panel says %q, %q", which, why)
	}
}

// TestLaterPagesJoin opens a page without a view of its own while another is at work, and then chooses a problem in it.
func TestLaterPagesJoin(t *testing.T) {
	l, engine := opened(t, session.Connection{State: "open", Machine: "lab1", Others: true})
	tr := labtest.Trace()
	tr.Number, tr.Seed, tr.Tokens[1] = 500, 42, tr.Tokens[1]+1
	l.Receive(tr)
	if l.Seed != 42 {
		t.Errorf("the view is of seed %d", l.Seed)
	}
	quiet(t, l, engine)
	l.Receive(session.Status{Stage: "ready"})
	l.Do("problem")
	if got, is := labtest.Sent(t, engine, 1)[0].(session.Restore); !is || got.Problem == nil {
		t.Errorf("the engine was sent %#v", got)
	}
	if l.following() {
		t.Error("a page that chose a problem follows another")
	}
	l.Receive(session.NewProblem{Seed: 7}) // of another page
	if !l.following() {
		t.Error("the other page leads now")
	}
}

// TestTheEnginesProgramIsStartedAgain loses all snapshots during a run, and resumes it.
func TestTheEnginesProgramIsStartedAgain(t *testing.T) {
	l, engine := ready(t, Start())
	labtest.Sent(t, engine, 1)
	tr := labtest.Trace()
	tr.Number = 900
	l.Receive(tr)
	l.Receive(labtest.Run("running"))
	l.Receive(session.Connection{State: "lost", Machine: "lab1", Text: "The line to the engine is lost."})
	if !l.Unreached() {
		t.Error("the page does not know that the line is lost")
	}
	l.Receive(session.Connection{State: "open", Machine: "lab1", Text: "The engine's program was started again.", Fresh: true})
	if l.Opened || l.Run.Info.ID != "" || !strings.Contains(l.Notice, "is resumed from the step where it was saved") {
		t.Errorf("opened %v, run %q, the page says %q", l.Opened, l.Run.Info.ID, l.Notice)
	}
	l.Receive(session.Runs{Number: 1, Runs: []session.KeptRun{{Info: labtest.Run("paused").Info}}})
	l.Receive(session.Capabilities{Model: session.ModelInfo{Name: "small"}, Bases: []string{"small"}})
	sent := labtest.Sent(t, engine, 1)
	if _, is := sent[0].(session.Restore); !is {
		t.Errorf("first the engine was sent %#v", sent[0])
	}
	small := labtest.Trace()
	small.Number = 20 // of an engine that has begun to count again
	l.Receive(small)
	if l.Trace.Number != 20 {
		t.Error("a snapshot of the new engine is taken for an old one")
	}
	after := labtest.Sent(t, engine, 2)
	if after[0] != (session.ResumeRun{ID: "r1"}) || after[1] != (session.Advance{Run: "r1"}) {
		t.Errorf("then it was sent %#v", after)
	}
}

func TestRefusedLine(t *testing.T) {
	l, _ := ready(t, Start())
	l.Link.Native = true
	l.Receive(session.Connection{State: "refused", Text: "The token is not this engine's."})
	if which, why := l.EngineWords(); which != "none" || why != l.Failure.Text || l.Failure.Text == "" {
		t.Errorf("the panel says %q, %q, the banner %q", which, why, l.Failure.Text)
	}
}
