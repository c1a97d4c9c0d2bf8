package lab

import (
	"strings"
	"testing"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

// Pause is answered at once, and one press resumes and trains.
func TestPauseAndResumeAnswerAtOnce(t *testing.T) {
	l, engine := trainer(t)
	l.Receive(labtest.Run("running"))
	l.Receive(session.Status{Stage: "training", Busy: true, Part: "sampling", PartDone: 64, PartOf: 128})
	if got := l.RunState(); !strings.HasPrefix(got, "Step 3 of 40: sampling 64 of 128") {
		t.Errorf("within a step the page says %q", got)
	}
	labtest.Sent(t, engine, 1) // the credit
	l.Do("train")
	if got := labtest.Sent(t, engine, 1)[0]; got != any(session.Cancel{Command: "Advance"}) {
		t.Fatalf("Pause sends %#v", got)
	}
	if a, _ := FindAction("train"); a.Allowed(l) || !strings.Contains(l.RunState(), "pausing after this step: sampling 64 of 128") {
		t.Errorf("after Pause the page says %q", l.RunState())
	}
	l.Receive(labtest.Run("paused"))
	l.Receive(session.Status{Stage: "ready"})
	if l.Pausing() || strings.Contains(l.RunState(), "pausing") {
		t.Error("a paused run still pauses")
	}
	l.Do("resume-run:r9")
	if got := labtest.Sent(t, engine, 2); got[0] != any(session.ResumeRun{ID: "r9"}) || got[1] != any(session.Advance{Run: "r9"}) {
		t.Errorf("Resume sends %#v", got)
	}
}

// The run to beat is of the method, its usual settings and the seed where one is shipped, and from the model of the plan before all
// else; a run from another model is an example only.
func TestRunToBeat(t *testing.T) {
	l, _ := trainer(t)
	shipped := func(id, method, model string, seed uint64) session.KeptRun {
		r := labtest.KeptRun(id, method, seed, "shipped", nil)
		r.Settings.Model = model
		return r
	}
	l.Plan.Method, l.Plan.Seed, l.Plan.Model = "attnpo", 2, "small"
	for _, c := range []struct {
		runs []session.KeptRun
		want string
		same bool
	}{
		{nil, "", false},
		{[]session.KeptRun{shipped("g1", "grpo", "small", 1), shipped("a1", "attnpo", "small", 1), shipped("a2", "attnpo", "small", 2)}, "a2", true},
		{[]session.KeptRun{shipped("a2", "attnpo", "other", 2), shipped("g1", "grpo", "small", 1)}, "g1", true},
		{[]session.KeptRun{shipped("g2", "grpo", "other", 2), shipped("a1", "attnpo", "other", 1)}, "a1", false},
		{[]session.KeptRun{labtest.KeptRun("own", "attnpo", 2, "this browser", nil)}, "", false},
	} {
		l.Runs.Runs = c.runs
		if id, same := l.RunToBeat(); id != c.want || same != c.same {
			t.Errorf("of %d runs %q, %v; want %q, %v", len(c.runs), id, same, c.want, c.same)
		}
	}
}

// That nothing is saved is said once, when it is known.
func TestNothingIsSaved(t *testing.T) {
	l, _ := trainer(t)
	l.Receive(session.Runs{Number: 1, Closed: "Runs are not saved: it is denied."})
	if l.Notice != "Runs are not saved: it is denied." {
		t.Errorf("the visitor reads %q", l.Notice)
	}
	l.Do("dismiss")
	l.Receive(session.Runs{Number: 2, Closed: "Runs are not saved: it is denied."})
	if l.Notice != "" {
		t.Errorf("after it was closed the visitor reads %q again", l.Notice)
	}
}
