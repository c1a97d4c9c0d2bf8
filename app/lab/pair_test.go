package lab

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"
)

// Start begins both runs of a plan, and what acts on the first acts on both. The link has the second method.
func TestPlanOfTwoRuns(t *testing.T) {
	l, engine := trainer(t)
	l.Set("method", "attnpo")
	if got := l.BesideMethods(); !slices.Equal(got, []string{"tlmre"}) {
		t.Fatalf("beside attnpo train %q", got)
	}
	l.Set("beside", "tlmre")
	if !strings.Contains(l.View.String(), "&beside=tlmre") || viewOf(l.View.String()).Plan != l.Plan {
		t.Errorf("the link is %s", l.View.String())
	}
	l.Do("train")
	sent := labtest.Sent(t, engine, 3)
	if _, begins := sent[0].(session.Begin); !begins || sent[1] != any(session.TrainBeside{Method: "tlmre"}) || sent[2] != any(session.Advance{}) {
		t.Fatalf("Start sends %#v", sent)
	}
	l.Receive(labtest.Run("running"))
	labtest.Sent(t, engine, 1) // the credit of its first rollouts
	l.Receive(labtest.Beside())
	if !l.Paired() || l.Plan.Beside != "tlmre" || !strings.Contains(l.View.String(), "&beside=tlmre") {
		t.Errorf("with both runs the plan is %+v", l.Plan)
	}
	l.Receive(session.Status{Stage: "training", Busy: true})
	l.Do("train-alone")
	if got := labtest.Sent(t, engine, 1)[0]; got != any(session.TrainBeside{}) {
		t.Errorf("to train alone the page sends %#v", got)
	}
	l.Receive(session.Beside{Run: session.Run{Number: 9}})
	if l.Paired() || l.Plan.Beside != "" {
		t.Errorf("alone the plan is %+v", l.Plan)
	}
	l.Receive(session.Status{Stage: "training", Busy: true})
	l.Set("beside", "tlmre")
	l.Do("train-beside")
	if got := labtest.Sent(t, engine, 1)[0]; got != any(session.TrainBeside{Method: "tlmre"}) {
		t.Errorf("beside a run that trains the page begins %#v", got)
	}
	l.Plan.Beside = "nonsense"
	if l.Wrong()["beside"] == "" {
		t.Error("a method that is none is not complained of")
	}
}

// Rollouts are paired by their place; where one run has fewer there is nothing to compare.
func TestPairsOfRollouts(t *testing.T) {
	l, engine := trainer(t)
	l.Receive(labtest.Run("paused"))
	l.Receive(labtest.Beside())
	l.Receive(labtest.Pairs())
	labtest.Sent(t, engine, 1)
	if l.PairRows() != 3 {
		t.Fatalf("%d rows", l.PairRows())
	}
	c, first, second, ok := l.PairDifferences(0)
	if !ok || c.Token != 3 || c.First != 1 || first.Complete != true || !reflect.DeepEqual(second.Text, l.Pairs.Second[0].Text) {
		t.Errorf("the first rollouts part at %+v, %v", c, ok)
	}
	if c, _, _, ok := l.PairDifferences(1); !ok || c.Token != -1 || c.First != -1 {
		t.Errorf("equal rollouts part at %+v, %v", c, ok)
	}
	if _, _, _, ok := l.PairDifferences(2); ok {
		t.Error("a rollout that one run lacks is compared")
	}
	l.Do("pair:99")
	if l.PairRow != 2 {
		t.Errorf("row %d is chosen, want the last", l.PairRow)
	}
	l.Do("pair-before")
	if got := labtest.Sent(t, engine, 1)[0]; got != any(session.ShowPair{Problem: 3}) {
		t.Errorf("before the first problem the page asks for %#v, want the last", got)
	}
	fewer := labtest.Pairs()
	fewer.First, fewer.Second = fewer.First[:1], fewer.Second[:1]
	if l.Receive(fewer); l.PairRow != 0 {
		t.Errorf("of one rollout row %d is chosen", l.PairRow)
	}
}

// Only a saved run that draws the same problems can train beside the current one.
func TestWhichRunsMayPair(t *testing.T) {
	l, _ := trainer(t)
	l.Receive(labtest.Run("paused"))
	like := labtest.Run("paused")
	r := session.KeptRun{Info: like.Info, Settings: like.Settings}
	if l.MayPair(r) {
		t.Error("a run may train beside itself")
	}
	r.Info.ID, r.Settings.Method = "r2", "tlmre"
	if !l.MayPair(r) {
		t.Error("a run of the same seed and model may not train beside it")
	}
	for what, change := range map[string]func(r *session.KeptRun){
		"of another seed":   func(r *session.KeptRun) { r.Settings.Seed++ },
		"of another model":  func(r *session.KeptRun) { r.Settings.Model = "other" },
		"with metrics only": func(r *session.KeptRun) { r.Info.State = session.MetricsOnly },
		"of pretraining":    func(r *session.KeptRun) { r.Settings.Method = "pretrain" },
	} {
		changed := r
		if change(&changed); l.MayPair(changed) {
			t.Errorf("a run %s may train beside it", what)
		}
	}
}

// After a reload one press resumes both runs that trained in turn, in the order in which they began.
func TestResumeBoth(t *testing.T) {
	l, engine := trainer(t)
	saved := func(id, method string, step int) session.KeptRun {
		r := labtest.KeptRun(id, method, 3, "this browser", nil)
		r.Info.State, r.Info.Step = "paused", step
		return r
	}
	for _, c := range []struct {
		what string
		runs []session.KeptRun
		want bool
	}{
		{"one run", []session.KeptRun{saved("r1", "grpo", 4)}, false},
		{"two runs of a turn", []session.KeptRun{saved("r2", "tlmre", 4), saved("r1", "grpo", 5)}, true},
		{"a run that is two steps ahead", []session.KeptRun{saved("r2", "tlmre", 4), saved("r1", "grpo", 6)}, false},
		{"two runs by one method", []session.KeptRun{saved("r2", "grpo", 4), saved("r1", "grpo", 4)}, false},
	} {
		l.Runs.Runs = c.runs
		if first, second, ok := l.ResumablePair(); ok != c.want || ok && (first.Info.ID != "r1" || second.Info.ID != "r2") {
			t.Errorf("%s: %v, %s and %s", c.what, ok, first.Info.ID, second.Info.ID)
		}
		if a, _ := FindAction("resume-both"); a.Allowed(l) != c.want {
			t.Errorf("%s: both can be resumed: %v", c.what, !c.want)
		}
	}
	l.Runs.Runs = []session.KeptRun{saved("r2", "tlmre", 4), saved("r1", "grpo", 4)}
	l.Do("resume-both")
	want := []session.Command{session.ResumeRun{ID: "r1"}, session.TrainBeside{ID: "r2"}, session.Advance{Run: "r1"}}
	for i, got := range labtest.Sent(t, engine, 3) {
		if got != any(want[i]) {
			t.Errorf("command %d is %#v, want %#v", i, got, want[i])
		}
	}
}
