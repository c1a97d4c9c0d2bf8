package lab

import (
	"math"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"attnlab/app/lab/labtest"
	"attnlab/app/session"
	"attnlab/rl/hyper"
	"attnlab/rl/runs"
)

func TestPlanAsLink(t *testing.T) {
	v := Start()
	v.Page, v.Plan = PageTrain, Plan{Method: "tlmre", Model: "chain-small", Difficulty: "2-3", Teacher: "verdict", Seed: math.MaxUint64, Steps: 12, Probe: 8, HeldOut: 20, HeldOutGap: 5000, Rollouts: 10, Beside: "attnpo", Hyper: "alpha=0.35 learning-rate=1e-06"}
	for _, want := range []View{v, func() View { v := v; v.Plan.HeldOut = -1; return v }(), func() View { v := Start(); v.Page = PageTrain; return v }()} {
		if got, unread := ParseLink(want.String()); got != want || unread != "" {
			t.Errorf("%s\n reads back as %s, %s", want, got, unread)
		}
	}
	if text := func() View { v := Start(); v.Page = PageTrain; return v }().String(); text != "page=train" {
		t.Errorf("the plan that everybody begins with is in the link: %s", text)
	}
	nonsense := viewOf("page=train&steps=-4&probe=x&run-seed=-1&h.=3&h.alpha=NaN&h.a b=3&h.kl=0.5")
	if want := (Plan{Method: "attnpo", Seed: 1, Hyper: "kl=0.5"}); nonsense.Plan != want {
		t.Errorf("nonsense reads as %+v, want %+v", nonsense.Plan, want)
	}
}

func TestSettingsOfPlan(t *testing.T) {
	l, _ := trainer(t)
	l.Plan = Plan{Method: "attnpo", Seed: 3, Hyper: "group=8 negative=off nonsense=4 schedule=20"}
	got := l.Settings()
	want := session.RunSettings{Method: "attnpo", Model: "small", Seed: 3, Steps: 40, Hyper: hyper.Values{"negative": hyper.Choice("off"), "schedule": hyper.Number(20)}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("settings %+v\n    want %+v: what is as in the lab, and what the method does not have, is left out", got, want)
	}
	if p := l.PlanOf(got); p.Hyper != "negative=off schedule=20" || p.Steps != 0 || p.Model != "small" {
		t.Errorf("the plan of these settings is %+v", p)
	}
	l.Plan = Plan{Method: runs.Pretrain, Seed: 1}
	if s := l.Settings(); s.Model != "tiny" || s.Steps != 1000 {
		t.Errorf("pretraining begins with %+v", s)
	}
}

func TestTraining(t *testing.T) {
	l, engine := trainer(t)
	l.Set("steps", "12")
	l.Set("run-seed", "7")
	l.Do("train")
	want := session.RunSettings{Method: "attnpo", Model: "small", Seed: 7, Steps: 12}
	if got := labtest.Sent(t, engine, 2); !reflect.DeepEqual(got, []any{session.Begin{Settings: want}, session.Advance{}}) {
		t.Fatalf("Start sends %#v", got)
	}
	l.Receive(labtest.Run("running"))
	if got := labtest.Sent(t, engine, 1)[0]; got != any(session.ShowCredit{Rollout: 0}) {
		t.Fatalf("the first rollouts bring %#v", got)
	}
	l.Receive(labtest.Credit(0))
	l.Receive(session.Status{Stage: "training", Busy: true, Done: 3, Total: 40})
	if l.Plan != (Plan{Method: "attnpo", Model: "chain-small", Seed: 7, Probe: 64, Hyper: "group=4 negative=off"}) {
		t.Errorf("the plan does not follow the run: %+v", l.Plan)
	}
	if l.Do("method:tlmre"); l.Plan.Method != "attnpo" {
		t.Error("the settings changed during a run")
	}
	l.Do("train-step")
	l.Do("train")
	if got := labtest.Sent(t, engine, 1)[0]; got != any(session.Cancel{Command: "Advance"}) {
		t.Fatalf("Pause sends %#v", got)
	}
	l.Receive(labtest.Run("paused"))
	l.Receive(session.Status{Stage: "ready"})
	l.Do("train-step")
	l.Receive(session.Status{Stage: "ready"})
	l.Do("train")
	if got := labtest.Sent(t, engine, 2); !reflect.DeepEqual(got, []any{session.Advance{Steps: 1}, session.Advance{}}) {
		t.Fatalf("a step and Resume send %#v", got)
	}
	l.Receive(session.Status{Stage: "ready"})
	l.Do("train-stop")
	if l.Fixed() {
		t.Error("a stopped run holds its settings")
	}
	l.Do("method:tlmre")
	l.Do("train")
	if got := labtest.Sent(t, engine, 1)[0].(session.Begin).Settings; got.Method != "tlmre" || got.Model != "chain-small" {
		t.Errorf("after a stop Start begins %+v", got)
	}
}

// A run may be replaced after its credit was requested: the page does not report that as a failure.
func TestCreditOfAReplacedRun(t *testing.T) {
	l, _ := trainer(t)
	refusal := session.Failure{Command: "ShowCredit", Text: "There is no credit to explain yet; take a training step first."}
	if l.Receive(refusal); l.Failure.Text != "" {
		t.Errorf("without a run the visitor reads %q", l.Failure.Text)
	}
	l.Receive(labtest.Run("running"))
	if l.Receive(refusal); l.Failure.Text == "" {
		t.Error("while rollouts are shown the failure is not reported")
	}
}

// Levels of difficulty and teachers are those of the task of the model that a run starts from.
func TestPlanTask(t *testing.T) {
	l, _ := trainer(t)
	l.Receive(session.Capabilities{Backend: "host", Model: session.ModelInfo{Name: "countdown-small", Task: "countdown"}, Bases: []string{"countdown-small", "chain-small"}})
	of := func(want string) {
		t.Helper()
		if got := l.PlanTask().Name; got != want {
			t.Errorf("the plan is of task %s, want %s", got, want)
		}
	}
	of("countdown")
	l.Set("run-difficulty", "5")
	l.Set("run-model", "chain-small")
	of("chain")
	if l.Plan.Difficulty != "" {
		t.Errorf("the difficulty of another task stays: %q", l.Plan.Difficulty)
	}
	l.Set("run-difficulty", "2")
	l.Set("run-model", "chain-tiny")
	if l.Plan.Difficulty != "2" {
		t.Error("a base of the same task resets the difficulty")
	}
	l.Receive(session.Runs{Runs: []session.KeptRun{{Info: session.RunInfo{ID: "x"}, Settings: session.RunSettings{Task: "countdown"}}}})
	l.Set("run-model", "run:x")
	of("countdown")
	l.Do("method:pretrain")
	of("chain")
}

// The share of problems whose responses are saved is in the link and in the settings where it is not the default.
func TestSavedRolloutsOfAPlan(t *testing.T) {
	l, _ := trainer(t)
	if s := l.Settings(); s.Rollouts != nil || l.Plan.SavedShare() != 100 {
		t.Errorf("by default %d %% are saved, and the settings are %+v", l.Plan.SavedShare(), s)
	}
	for text, want := range map[string]float64{"10": 0.1, "0": 0} {
		l.Set("save-rollouts", text)
		s := l.Settings()
		if s.Rollouts == nil || *s.Rollouts != want || !strings.Contains(l.View.String(), "save-rollouts="+text) || viewOf(l.View.String()).Plan != l.Plan || l.PlanOf(s).Rollouts != l.Plan.Rollouts {
			t.Errorf("%s %%: the settings are %+v, the link %s", text, s, l.View.String())
		}
	}
	if l.Set("save-rollouts", "100"); l.Plan.Rollouts != 0 || strings.Contains(l.View.String(), "save-rollouts") {
		t.Errorf("the default is in the link %s", l.View.String())
	}
}

// What a run measures while it trains is in the link and in the settings where it is not the default.
func TestHeldOutIsInTheLink(t *testing.T) {
	l, _ := trainer(t)
	if s := l.Settings(); s.HeldOut != nil || s.HeldOutGap != 0 || strings.Contains(l.View.String(), "held") {
		t.Errorf("by default the settings are %+v and the link %s", s, l.View.String())
	}
	l.Set("held-out", "0")
	l.Set("held-out-every", "5000")
	if link := l.View.String(); !strings.Contains(link, "held-out=0") || !strings.Contains(link, "held-out-every=5000") || viewOf(link).Plan != l.Plan {
		t.Errorf("the link is %s", link)
	}
	s := l.Settings()
	if s.HeldOut == nil || *s.HeldOut != 0 || s.HeldOutGap != 5000 {
		t.Errorf("the settings are %+v", s)
	}
	if p := l.PlanOf(s); p.HeldOut != -1 || p.HeldOutGap != 5000 {
		t.Errorf("they give the plan %+v", p)
	}
	l.Set("held-out", strconv.Itoa(runs.HeldOut))
	l.Set("held-out-every", strconv.Itoa(runs.HeldOutGap))
	if strings.Contains(l.View.String(), "held") {
		t.Errorf("the defaults are in the link %s", l.View.String())
	}
	if l.Set("held-out", "x"); l.Wrong()["held-out"] == "" {
		t.Error("a run can start while its held-out problems are refused")
	}
}
