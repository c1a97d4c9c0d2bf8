package lab

import (
	"testing"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

// Before there is a run the Train page requests the answers of a shipped one, once; those of its own run come by themselves, and are
// requested where another run's were shown meanwhile.
func TestTheTrainPageRequestsAnswers(t *testing.T) {
	l, engine := ready(t, Start())
	l.Receive(session.Status{Stage: "ready"})
	list := labtest.Runs()
	for i := range list.Runs {
		list.Runs[i].Info.Answers = true
	}
	l.Receive(list)
	requests(t, l, engine)
	l.Do("page:train")
	id, example := l.FollowedRun()
	if !example || id != "a1" {
		t.Fatalf("the page shows the answers of %q, as an example %v", id, example)
	}
	if got := requests(t, l, engine); len(got) != 1 || got[0].ID != "a1" || got[0].Text != "" {
		t.Fatalf("it requests %+v", got)
	}
	l.Receive(session.Failure{Command: "FollowRun", Text: "It is not there."})
	l.Receive(session.Status{Stage: "ready"})
	if got := requests(t, l, engine); len(got) != 0 {
		t.Errorf("after a refusal it requests again: %+v", got)
	}

	run := labtest.Run("paused")
	l.Receive(run)
	list.Runs = append(list.Runs, session.KeptRun{Info: session.RunInfo{ID: "r1", State: "paused", Step: 3, Answers: true}, Settings: run.Settings})
	f := labtest.Followed(3)
	f.ID = "r1"
	l.Receive(f)
	l.Receive(list)
	l.Receive(session.Status{Stage: "ready"})
	if got := requests(t, l, engine); len(got) != 0 {
		t.Errorf("the answers of the current run are there, and the page requests %+v", got)
	}

	l.Receive(session.Status{Stage: "ready"})
	l.Do("page:compare")
	l.Do("follow-run:g1")
	if got := requests(t, l, engine); len(got) != 1 || got[0].ID != "g1" {
		t.Fatalf("the Compare page requests %+v", got)
	}
	f.ID = "g1"
	l.Receive(f)
	l.Receive(session.Status{Stage: "ready"})
	if id, example := l.FollowedRun(); id != "g1" || example {
		t.Errorf("it shows those of %q", id)
	}
	l.Do("page:train")
	if id, _ := l.FollowedRun(); id != "r1" {
		t.Errorf("the Train page shows the answers of %q", id)
	}
	if got := requests(t, l, engine); len(got) != 1 || got[0].ID != "r1" {
		t.Errorf("the Train page requests %+v", got)
	}
}

// A typed problem goes to the engine with the run; an empty one does not.
func TestTypedProblemForARun(t *testing.T) {
	l, engine := ready(t, Start())
	l.Receive(session.Status{Stage: "ready"})
	requests(t, l, engine)
	l.Do("page:compare")
	l.Do("follow-typed:g1")
	l.Set("follow-text", " ")
	l.Do("follow-typed:g1")
	if got := requests(t, l, engine); len(got) != 0 {
		t.Errorf("an empty problem is sent: %+v", got)
	}
	l.Set("follow-text", "a 9 ; ? a")
	l.Do("follow-typed:g1")
	if got := requests(t, l, engine); len(got) != 1 || got[0] != (session.FollowRun{ID: "g1", Text: "a 9 ; ? a"}) {
		t.Errorf("the page sends %+v", got)
	}
}

// requests are the answers that the page has requested since the last call.
func requests(t *testing.T, l *Lab, engine *session.Port) (list []session.FollowRun) {
	t.Helper()
	mark := session.Cancel{Command: "mark"}
	l.post(mark)
	for {
		switch m := labtest.Sent(t, engine, 1)[0].(type) {
		case session.FollowRun:
			list = append(list, m)
		case session.Cancel:
			if m == mark {
				return list
			}
		}
	}
}
