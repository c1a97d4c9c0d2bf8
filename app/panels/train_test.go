package panels

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"attnlab/app/session"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// madeMethods is a table of hyper-parameters: a number, a whole number and a switch.
func madeMethods() session.Methods {
	by := func(v float64, methods ...string) map[string]float64 {
		m := map[string]float64{}
		for _, name := range methods {
			m[name] = v
		}
		return m
	}
	return session.Methods{Methods: []string{"tlmre", "attnpo", pretrain}, Rows: []session.HyperRow{
		{Name: "learning-rate", Symbol: "η", Meaning: "AdamW step size", Source: "a paper, section 3", Min: 1e-7, Max: 0.01, Step: 1e-7, Paper: by(2e-6, "tlmre", "attnpo"), Lab: by(5e-4, "tlmre", "attnpo")},
		{Name: "group", Symbol: "G", Meaning: "responses sampled for a problem", Source: "a script", Min: 2, Max: 64, Step: 1, Paper: by(8, "tlmre", "attnpo"), Lab: by(8, "tlmre", "attnpo")},
		{Name: "negative", Meaning: "cancel negative advantage on essential steps", Source: "ATTNPO, step rescaling", Choices: []string{"off", "on"}, Max: 1, Step: 1, Paper: by(1, "attnpo"), Lab: by(1, "attnpo")},
		{Name: "schedule", Symbol: "T", Meaning: "a group is attenuated after step T(1-p)", Source: "ATTNPO code", Max: 10000, Step: 1, Paper: by(1000, "attnpo"), Lab: by(10, "attnpo")},
		{Name: "rate", Symbol: "η", Meaning: "highest learning rate", Source: "ours", Min: 1e-5, Max: 0.02, Step: 1e-5, Paper: by(0.003, pretrain), Lab: by(0.003, pretrain)},
	}}
}

func values(v ...float64) (p []*float64) {
	for i := range v {
		if math.IsNaN(v[i]) {
			p = append(p, nil)
		} else {
			p = append(p, &v[i])
		}
	}
	return p
}

// madeRun is a run of attnpo after three steps, with two groups of two rollouts.
func madeRun(state string) session.Run {
	return session.Run{Number: 3, Info: session.RunInfo{ID: "r1", Name: "attnpo, chain-small, seed 7", State: state, Step: 3, From: "this browser", Note: "made by a test"},
		Settings: session.RunSettings{Method: "attnpo", Model: "chain-small", Seed: 7, Steps: 40, Probe: 64, Hyper: map[string]float64{"group": 4, "negative": 0}},
		Base:     []session.Metric{{Name: "accuracy", Values: values(0.5)}, {Name: "think_tokens", Values: values(60)}},
		Metrics: []session.Metric{
			{Name: "step", Values: values(1, 2, 3)}, {Name: "accuracy", Values: values(0.5, 0.25, 0.75)}, {Name: "think_tokens", Values: values(60, 58, 51.5)},
			{Name: "redundant_removed", Values: values(0, 0.1, 0.324)}, {Name: "essential_kept", Values: values(1, 1.01, 0.987)},
			{Name: "reward", Values: values(0.4, 0.5, 0.6)}, {Name: "credit_auc", Values: values(math.NaN(), 0.8, 0.81)}, {Name: "generated_tokens", Values: values(4000, 8000, 12345)},
			{Name: "groups.valid", Values: values(9, 8, 11)}},
		Rollouts: []session.RolloutRow{
			{Group: 0, Prompt: "k 8 ; ? k", Gold: "8", Correct: true, Tokens: 12, Think: 10, Reward: 0.9, Advantage: 0.4, Trained: true},
			{Group: 0, Prompt: "k 8 ; ? k", Gold: "8", Tokens: 22, Think: 20, Advantage: -0.4, Trained: true},
			{Group: 4, Prompt: "o 1 ; ? o", Gold: "1", Correct: true, Tokens: 9, Think: 7, Reward: 1},
			{Group: 4, Kind: "revision", Prompt: "o 1 ; ? o", Gold: "1", Correct: true, Tokens: 5, Think: 3, Reward: 1}},
		Left: 754, Rate: 5234.4, Kept: 2}
}

// madeCredit explains a rollout of two steps and an answer.
func madeCredit(rollout int) session.Credit {
	return session.Credit{Number: 1, Rollout: rollout, Text: strings.Fields("so k 8 wait k 8 </think> 8"),
		Before: []float64{0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4}, After: []float64{0.4, 0.4, 0.4, 0.1, 0.1, 0.1, 0.4, 0.4},
		Steps: []session.CreditStep{
			{Start: 0, End: 3, Label: "essential", Scale: 1},
			{Start: 3, End: 6, Label: "redundant", Scale: 0.25, Terms: []session.Term{
				{Name: "S", Form: "mean over heads of Σ a(m → n) / |s|", Value: 0.02}, {Name: "S_base", Form: "κ p² |F| / (|q|+|o|)", Value: 0.08},
				{Name: "γ", Form: "p² S/S_base + 1 − p²", Value: 0.25, Source: "ATTNPO, step rescaling"}}}},
		Outcome: []session.Term{{Name: "reward", Form: "1[c] (1 − α σ(z))", Value: 0.9, Source: "TLMRE"}, {Name: "advantage", Form: "r − mean of the others", Value: 0.4}}}
}

// trainer is a bench on the Train page whose engine is at rest and has sent its table.
func trainer(t *testing.T) (*Lab, *session.Port) {
	v := Start()
	v.Page = pageTrain
	l, engine := ready(t, v)
	said(t, engine, 2)
	l.hear(madeMethods())
	l.hear(session.Status{Stage: "ready"})
	return l, engine
}

func TestPlanAsLink(t *testing.T) {
	v := Start()
	v.Page, v.Plan = pageTrain, Plan{Method: "tlmre", Model: "chain-small", Difficulty: "2-3", Teacher: "verdict", Seed: math.MaxUint64, Steps: 12, Probe: 8, Hyper: "alpha=0.35 learning-rate=1e-06"}
	for _, want := range []View{v, func() View { v := Start(); v.Page = pageTrain; return v }()} {
		if got := ParseView(want.String()); got != want {
			t.Errorf("%s\n reads back as %s", want, got)
		}
	}
	if text := func() View { v := Start(); v.Page = pageTrain; return v }().String(); text != "page=train" {
		t.Errorf("the plan that everybody begins with is in the link: %s", text)
	}
	nonsense := ParseView("page=train&steps=-4&probe=x&run-seed=-1&h.=3&h.alpha=NaN&h.a b=3&h.kl=0.5")
	if want := (Plan{Method: "attnpo", Seed: 1, Hyper: "kl=0.5"}); nonsense.Plan != want {
		t.Errorf("nonsense reads as %+v, want %+v", nonsense.Plan, want)
	}
}

func TestSettingsOfPlan(t *testing.T) {
	l, _ := trainer(t)
	l.Plan = Plan{Method: "attnpo", Seed: 3, Hyper: "group=8 negative=0 nonsense=4 schedule=20"}
	got := l.settings()
	want := session.RunSettings{Method: "attnpo", Model: "small", Seed: 3, Steps: 40, Hyper: map[string]float64{"negative": 0, "schedule": 20}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("settings %+v\n    want %+v: what is as in the lab, and what the method does not have, is left out", got, want)
	}
	if p := planOf(got); p.Hyper != "negative=0 schedule=20" || p.Steps != 0 || p.Model != "small" {
		t.Errorf("the plan of these settings is %+v", p)
	}
	l.Plan = Plan{Method: pretrain, Seed: 1}
	if s := l.settings(); s.Model != "tiny" || s.Steps != usualSteps(pretrain) {
		t.Errorf("pretraining begins with %+v", s)
	}
}

func TestHyperParameters(t *testing.T) {
	l, _ := trainer(t)
	for _, c := range []struct{ name, typed, wrong string }{
		{"group", "16", ""}, {"group", "1", "2 to 64"}, {"group", "2.5", "whole number"}, {"group", "many", `"many" is no number`},
		{"learning-rate", "0.001", ""}, {"learning-rate", "NaN", "no number"}, {"learning-rate", "1", "out of range"}, {"negative", "off", ""},
	} {
		l.set("h."+c.name, c.typed)
		complaint := l.wrong()[c.name]
		if c.wrong == "" && complaint != "" || !strings.Contains(complaint, c.wrong) {
			t.Errorf("%s = %s: %q, want %q", c.name, c.typed, complaint, c.wrong)
		}
		start, _ := findAction("train")
		if start.may(l) != (c.wrong == "") {
			t.Errorf("%s = %s: training may start is %v", c.name, c.typed, start.may(l))
		}
		if html := app.HTMLString(l); !strings.Contains(html, `value="`+c.typed+`"`) {
			t.Errorf("%s = %s: what was typed is not to be seen", c.name, c.typed)
		}
		l.do("reset:" + c.name)
		if l.Plan.Hyper != "" || len(l.wrong()) > 0 {
			t.Errorf("%s after a reset: %q %v", c.name, l.Plan.Hyper, l.wrong())
		}
	}
	l.goTo(ParseView("page=train&method=attnpo&h.cut=2&h.group=1000"))
	if wrong := l.wrong(); len(wrong) != 2 || !strings.Contains(wrong["cut"], "has no hyper-parameter") {
		t.Errorf("a link with values that are none: %v", wrong)
	}
	l.do("reset-all")
	if len(l.wrong()) > 0 {
		t.Errorf("after a reset of all: %v", l.wrong())
	}
	l.do("method:nonsense")
	if l.wrong()["method"] == "" {
		t.Error("a method that is none is not complained of")
	}
	l.do("method:tlmre")
	l.set("h.group", "4")
	l.do("method:attnpo")
	if l.Plan.Hyper != "group=4" {
		t.Errorf("what both methods have is %q after a change of method", l.Plan.Hyper)
	}
}

func TestTraining(t *testing.T) {
	l, engine := trainer(t)
	l.set("steps", "12")
	l.set("run-seed", "7")
	l.do("train")
	want := session.RunSettings{Method: "attnpo", Model: "small", Seed: 7, Steps: 12}
	if got := said(t, engine, 2); !reflect.DeepEqual(got, []any{session.Begin{Settings: want}, session.Advance{}}) {
		t.Fatalf("Start sends %#v", got)
	}
	l.hear(madeRun("running"))
	if got := said(t, engine, 1)[0]; got != any(session.ShowCredit{Rollout: 0}) {
		t.Fatalf("the first rollouts bring %#v", got)
	}
	l.hear(madeCredit(0))
	l.hear(session.Status{Stage: "training", Busy: true, Done: 3, Total: 40})
	if l.Plan != (Plan{Method: "attnpo", Model: "chain-small", Seed: 7, Probe: 64, Hyper: "group=4 negative=0"}) {
		t.Errorf("the plan does not follow the run: %+v", l.Plan)
	}
	if l.do("method:tlmre"); l.Plan.Method != "attnpo" {
		t.Error("the settings changed under a run at work")
	}
	l.do("train-step")
	l.do("train")
	if got := said(t, engine, 1)[0]; got != any(session.Cancel{Command: "Advance"}) {
		t.Fatalf("Pause sends %#v", got)
	}
	l.hear(madeRun("paused"))
	l.hear(session.Status{Stage: "ready"})
	l.do("train-step")
	l.hear(session.Status{Stage: "ready"})
	l.do("train")
	if got := said(t, engine, 2); !reflect.DeepEqual(got, []any{session.Advance{Steps: 1}, session.Advance{}}) {
		t.Fatalf("a step and Resume send %#v", got)
	}
	l.hear(session.Status{Stage: "ready"})
	l.do("train-stop")
	if l.fixed() {
		t.Error("a stopped run holds its settings")
	}
	l.do("method:tlmre")
	l.do("train")
	if got := said(t, engine, 1)[0].(session.Begin).Settings; got.Method != "tlmre" || got.Model != "chain-small" {
		t.Errorf("after a stop Start begins %+v", got)
	}
}

func TestCreditOfRollouts(t *testing.T) {
	l, engine := trainer(t)
	l.hear(madeRun("paused"))
	l.hear(madeCredit(0))
	said(t, engine, 1)
	l.do("credit-next")
	if got := said(t, engine, 1)[0]; got != any(session.ShowCredit{Rollout: 1}) || l.chosen() != 1 {
		t.Fatalf("the next rollout: %#v, %d is chosen", got, l.chosen())
	}
	if html := app.HTMLString(l); !strings.Contains(html, "is shown after the step under way") {
		t.Error("a credit that is still to come is not announced")
	}
	l.hear(madeCredit(1))
	if l.do("group-next"); l.group != 4 {
		t.Errorf("the group after 0 is %d, want 4", l.group)
	}
	if places := l.inGroup(4); !slices.Equal(places, []int{2, 3}) {
		t.Errorf("its rollouts are %v", places)
	}
	if l.do("group-next"); l.group != 0 {
		t.Errorf("the group after the last is %d, want the first", l.group)
	}
	l.do("credit:99")
	if l.chosen() != 1 {
		t.Error("a rollout that is none was chosen")
	}
	e, ok := explain(l.state, "credit:1")
	if !ok || e.Value != "× 0.250" || len(e.Terms) != 3 || e.Terms[1].Form != "κ p² |F| / (|q|+|o|)" || e.Terms[1].Value != "0.080" || e.Source != "ATTNPO, step rescaling" || e.Total != "+0.400 before, +0.100 after" {
		t.Errorf("the arithmetic of step 2: %+v", e)
	}
	for _, none := range []string{"credit:2", "credit:-1", "credit:x", "outcome:2", "hyper:nonsense"} {
		if e, ok := explain(l.state, none); ok {
			t.Errorf("%s is explained: %+v", none, e)
		}
	}
}

func TestHiddenTab(t *testing.T) {
	l, _ := trainer(t)
	l.hear(madeRun("running"))
	l.visible(false)
	r := madeRun("running")
	r.Info.Step, r.Rate = 5, 900
	l.hear(r)
	l.visible(true)
	if !strings.Contains(l.notice, "slowed it to 900") || !strings.Contains(l.notice, "2 steps") {
		t.Errorf("after a slow time hidden: %q", l.notice)
	}
	if html := app.HTMLString(l); !strings.Contains(html, "900 tokens a second where it has 5234 now") {
		t.Error("the page does not say that the browser slowed training")
	}
}

func TestRunFiles(t *testing.T) {
	files := map[string][]byte{"metrics.jsonl": []byte(`{"step":1}`), "run.json": []byte(`{}`), "model.safetensors": {0, 1, 2, 255}}
	data, err := zipOf(files)
	if err != nil {
		t.Fatal(err)
	}
	name, got, err := runFiles(map[string][]byte{"attnpo seed 1.zip": data})
	if err != nil || name != "attnpo seed 1" || !reflect.DeepEqual(got, files) {
		t.Errorf("a zip reads back as %q %v, %v", name, got, err)
	}
	inFolder := map[string][]byte{}
	for name, data := range files {
		inFolder["runs/a/"+name] = data
	}
	if name, got, err := runFiles(inFolder); err != nil || !reflect.DeepEqual(got, files) || name != "runs" {
		t.Errorf("a folder reads as %q %v, %v", name, got, err)
	}
	logs := map[string][]byte{"seed 1.jsonl": []byte("1"), "seed 2.jsonl": []byte("2"), "runs/mine/training.jsonl": []byte("3")}
	want := []session.ImportRun{
		{Name: "mine", Files: map[string][]byte{"training.jsonl": []byte("3")}},
		{Name: "seed 1", Files: map[string][]byte{"metrics.jsonl": []byte("1")}},
		{Name: "seed 2", Files: map[string][]byte{"metrics.jsonl": []byte("2")}},
	}
	if got := logsAlone(logs); !reflect.DeepEqual(got, want) {
		t.Errorf("logs alone are the runs %v", got)
	}
	if got := logsAlone(files); got != nil {
		t.Errorf("a run's folder is the logs %v", got)
	}
	for name, data := range map[string][]byte{"a.zip": []byte("no zip"), "cut.zip": data[:len(data)-8], "notes.txt": []byte("x")} {
		if _, _, err := runFiles(map[string][]byte{name: data}); err == nil || !strings.HasSuffix(err.Error(), ".") {
			t.Errorf("%s: %v, want a sentence", name, err)
		}
	}
	if got := fileName("attnpo, chain-small, seed 7"); got != "attnpo-chain-small-seed-7" {
		t.Errorf("its file is called %s", got)
	}
}

// trainPages are the states of the Train page.
func trainPages(t *testing.T, draw func(name string, l *Lab)) {
	v := Start()
	v.Page = pageTrain
	draw("train, before the engine", New(Link{}, v, made()))
	l, _ := trainer(t)
	draw("train, no run", l)
	l.do("fold:settings")
	l.do("explain:hyper:schedule")
	draw("train, all settings", l)
	kept := madeRun("paused")
	l.hear(session.Runs{Number: 1, Runs: []session.KeptRun{{Info: kept.Info, Settings: kept.Settings, Metrics: kept.Metrics}}})
	draw("train, after a reload", l)
	l.hear(madeRun("running"))
	l.do("fold:metrics")
	l.hear(madeCredit(0))
	l.do("explain:credit:1")
	draw("train, running", l)
	l.hear(madeRun("paused"))
	draw("train, paused", l)
	l.do("train-stop")
	draw("train, stopped", l)
	done := madeRun("done")
	done.Info.Step = 40
	l.hear(done)
	draw("train, done", l)
	l.hear(session.Failure{Command: "Begin", Text: "The device ran out of memory; take fewer problems."})
	l.asleep = "This browser cannot keep the screen awake."
	draw("train, failed", l)
	l.hear(session.Run{Info: session.RunInfo{ID: "p", Name: "pretrain, tiny, seed 1", State: "running", Step: 20}, Settings: session.RunSettings{Method: pretrain, Model: "tiny", Seed: 1, Steps: 1000},
		Metrics: []session.Metric{{Name: "step", Values: values(10, 20)}, {Name: "loss", Values: values(3.2, 2.875)}, {Name: "tokens", Values: values(20480, 40960)}}, Sample: "b = 8 ; wait", Kept: -1})
	draw("pretrain", l)
}

func TestTrainPages(t *testing.T) {
	html := map[string]string{}
	space := regexp.MustCompile(`>\s+|\s+<`)
	trainPages(t, func(name string, l *Lab) {
		html[name] = space.ReplaceAllStringFunc(app.HTMLString(l), strings.TrimSpace)
	})
	for name, wants := range map[string][]string{
		"train, before the engine": {"The engine is being loaded", "shown once the engine is ready"},
		"train, no run":            {"No run yet", ">Start<", "key-focus heads weigh the steps", "learning-rate", "2602.09953", "Other runs here"},
		"train, all settings":      {"A group is attenuated after step T(1-p). The paper takes 1000, the lab 10.", "from 0 to 10000", "ATTNPO code"},
		"train, after a reload":    {"A run of ATTNPO was at step 3 of 40.", ">Resume<", "resume-run:r1"},
		"train, running": {"Step 3 of 40, 12 min 34 s left, 5,234 tokens a second.", ">Pause<", ">Stop<", "0.750", "base 0.500, +0.250", "51.5", "base 60.0, −8.5", "32.4 %", "98.7 %", "12,345",
			"k 8 ; ? k", "Right answer 8; 1 of 2 have it", "S_base", "κ p² |F| / (|q|+|o|)", "Credit of step 2", "× 0.250", "+0.400", "signed-20", "Kept at step 2 in this browser", "made by a test", `class="course"`, "Stop it to choose others", "disabled"},
		"train, paused":  {"Step 3 of 40, paused.", ">Resume<", ">One step<", "Use on Trace", ">Export<"},
		"train, stopped": {"Stopped at step 3 of 40", ">Start<", "Resume the stopped run"},
		"train, done":    {"Step 40 of 40: done.", ">Start<", "Use on Trace"},
		"train, failed":  {"The device ran out of memory", "cannot keep the screen awake"},
		"pretrain":       {"What it writes now", "b = 8 ; wait", "2.875", "40,960", "Not kept in this browser yet", ">Pause<"},
	} {
		for _, want := range wants {
			if !strings.Contains(html[name], want) {
				t.Errorf("%s: no %q", name, want)
			}
		}
	}
	if strings.Contains(html["train, running"], ">Start<") || strings.Contains(html["pretrain"], "Rollouts, problem") {
		t.Error("a button or a panel of another state is shown")
	}
}

func TestCourse(t *testing.T) {
	for _, c := range []struct {
		values []*float64
		want   string
	}{
		{nil, `points=""`},
		{values(3), `points="100.0,10.0"`},
		{values(0, math.NaN(), 1), `points="0.0,19.0 100.0,1.0"`},
		{values(2, 2), `points="0.0,10.0 100.0,10.0"`},
	} {
		if got := fmt.Sprint(app.HTMLString(course(values(1, 2, 3)[:len(c.values)], c.values))); !strings.Contains(got, c.want) {
			t.Errorf("%v is drawn as %s, want %s", c.values, got, c.want)
		}
	}
	long := make([]float64, 5001)
	for i := range long {
		long[i] = float64(i)
	}
	if got := app.HTMLString(course(values(1, 5, 6), values(0, 0, 1))); !strings.Contains(got, "0.0,19.0 80.0,19.0 100.0,1.0") {
		t.Errorf("steps 1, 5 and 6 are drawn as %s", got)
	}
	if got := app.HTMLString(course(values(long...), values(long...))); strings.Count(got, ",") > 101 || !strings.Contains(got, "100.0,1.0") {
		t.Errorf("5001 values are drawn as %d points, want at most 101 and the last", strings.Count(got, ","))
	}
}

// A run may be replaced while its credit is asked for: that is nobody's failure.
func TestCreditOfAReplacedRun(t *testing.T) {
	l, _ := trainer(t)
	refusal := session.Failure{Command: "ShowCredit", Text: "There is no credit to explain yet; take a training step first."}
	if l.hear(refusal); l.failure.Text != "" {
		t.Errorf("without a run the visitor reads %q", l.failure.Text)
	}
	l.hear(madeRun("running"))
	if l.hear(refusal); l.failure.Text == "" {
		t.Error("with rollouts on show the failure is not told")
	}
}
