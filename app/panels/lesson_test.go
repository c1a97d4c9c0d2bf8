package panels

import (
	"fmt"
	"html"
	"math"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/lab/labtest"
	"attnlab/app/lab/lessons"
	"attnlab/app/session"
	"attnlab/rl/hyper"
	"attnlab/rl/runs"
)

var doing = regexp.MustCompile(`data-do="([^":]*)`)

// TestLessonRings looks for what a step rings on the page of that step, and for what its buttons do.
func TestLessonRings(t *testing.T) {
	l, _ := pageReady(t, lab.Start())
	l.Receive(labtest.Trace())
	css, err := os.ReadFile("../../web/pages.css")
	if err != nil {
		t.Fatal(err)
	}
	for n, c := range lessons.All {
		for i, s := range c.Steps {
			l.GoLesson(lab.LessonPlace{Lesson: n + 1, Step: i + 1})
			html := app.HTMLString(l)
			for _, m := range doing.FindAllStringSubmatch(html, -1) {
				if _, ok := lab.FindAction(m[1]); !ok {
					t.Errorf("lesson %d.%d: something does %q, which is no action", n+1, i+1, m[1])
				}
			}
			if l.Page != s.Page || !strings.Contains(html, s.Title) {
				t.Errorf("lesson %d.%d is beside %s", n+1, i+1, l.Page)
			}
			if s.Ring != "" && !strings.Contains(html, `id="`+s.Ring+`"`) {
				t.Errorf("lesson %d.%d rings %q, which the page %s does not have", n+1, i+1, s.Ring, s.Page)
			}
			if s.Ring != "" && !strings.Contains(string(css), "[data-ring="+s.Ring+"] #"+s.Ring) {
				t.Errorf("lesson %d.%d rings %q, which pages.css does not draw", n+1, i+1, s.Ring)
			}
		}
	}
}

// walk goes through lesson n with a guess up to its experiment, and starts that.
func pageWalk(t *testing.T, n, guess int) (l *Page, engine *session.Port) {
	t.Helper()
	l, engine = pageReady(t, lab.Start())
	labtest.Sent(t, engine, 1)
	l.Receive(labtest.Trace())
	l.Receive(session.Methods{Methods: []session.Method{{Name: session.FirstMethod, Steps: 40, Params: hyper.Table{
		hyper.Param{Name: "problems", Min: 1, Max: 512, Step: 1}.With(128, 16),
		hyper.Param{Name: "schedule", Min: 0, Max: 10000, Step: 1}.With(1000, 10),
	}}}})
	l.Receive(session.Status{Stage: "ready"})
	l.Do("lesson:" + strconv.Itoa(n) + ".1")
	c := &lessons.All[n-1]
	for l.View.Lesson.Step < c.StepFor(lessons.Asks) {
		l.Do("lesson-next")
	}
	l.Do("lesson-next")
	l.Do("lesson-try:0")
	if html := app.HTMLString(l); l.Record(n).Tried || !strings.Contains(html, "Predict first") {
		t.Fatal("the experiment ran without a prediction")
	}
	l.Do("lesson-back")
	l.Set("guess", strconv.Itoa(guess))
	if html := app.HTMLString(l); !strings.Contains(html, c.Ask) || !strings.Contains(html, c.Choices[guess-1]) {
		t.Fatal("the question is not asked")
	}
	l.Do("lesson-next")
	l.Do("lesson-try:0")
	l.Set("guess", "1")
	if l.View.Lesson.Guess != guess || !l.Record(n).Tried {
		t.Fatalf("the guess is %d, tried %v: a prediction stays once the experiment has begun", l.View.Lesson.Guess, l.Record(n).Tried)
	}
	return l, engine
}

// ends goes to the end of the lesson, and wants words on its last steps and on the page Learn.
func ends(t *testing.T, l *Page, wants ...string) {
	t.Helper()
	n := l.View.Lesson.Lesson
	c := &lessons.All[n-1]
	l.Do("lesson-next")
	plain := strings.NewReplacer("\u00a0", " ")
	check := plain.Replace(app.HTMLString(l))
	if l.View.Lesson.Step != c.StepFor(lessons.Checks) {
		t.Fatalf("after the experiment comes step %d", l.View.Lesson.Step)
	}
	for _, want := range wants {
		if !strings.Contains(check, plain.Replace(want)) {
			t.Errorf("the check does not say %q; it says %q, %q", want, c.Find(c.Measure(&l.Snapshots, &l.Record(n).Gathering), l.View.Lesson.Guess).Says, c.Measure(&l.Snapshots, &l.Record(n).Gathering).Saw)
		}
	}
	for l.View.Lesson.Lesson > 0 {
		l.Do("lesson-next")
	}
	if text := app.HTMLString(l); l.Page != lab.PageLearn || !strings.Contains(text, "You predicted: "+c.Choices[l.Record(n).Guess-1]) {
		t.Error("the page Learn does not tell what was predicted")
	}
	again, _ := pageReady(t, lab.Start()) // another visit
	again.Endings = l.Endings
	again.Do("page:" + lab.PageLearn)
	if end := l.Endings[c.Title]; end.Numbers == "" || !strings.Contains(app.HTMLString(again), html.EscapeString(end.Says)) {
		t.Errorf("after another visit the page Learn does not show how the lesson ended: %+v", end)
	}
}

func TestLessonTrace(t *testing.T) {
	l, engine := pageWalk(t, 1, 2)
	seed := l.Seed
	for i := range 12 {
		if got := labtest.Sent(t, engine, 2); !reflect.DeepEqual(got[0].(session.Restore).Problem, &session.NewProblem{Seed: seed + uint64(i)}) || !reflect.DeepEqual(got[1], session.Generate{Unit: "all", Restart: true, Sampling: l.Controls.Sampling}) {
			t.Fatalf("response %d is asked for by %#v", i, got)
		}
		trace := labtest.Trace() // one of four steps is redundant
		trace.Number, trace.Seed = uint64(100+i), runs.Seed(seed+uint64(i))
		trace.Steps[0].Label = []string{"essential", "redundant"}[i%2] // in every other, two
		l.Receive(trace)
		if l.Record(1).Gathering.Done != i {
			t.Fatal("a response was counted while the engine was busy")
		}
		l.Receive(session.Status{Stage: "ready"})
		l.Receive(trace) // a late copy does not count
	}
	if g := l.Record(1).Gathering; g.Done != 12 || g.Going() {
		t.Fatalf("%d of %d were counted", g.Done, g.Of)
	}
	// Shares .25 and .5, six of each: mean .375, s = .1306, SE = .0377, t(11) = 2.201.
	ends(t, l, "share of redundant steps 0.375 ± 0.038, n\u00a0=\u00a012 responses", "Too close to call: the 95 % interval is 0.292 to 0.458, which includes 0.333", "were 0.375 ± 0.038 of the steps")
}

func TestLessonTraceIsLeft(t *testing.T) {
	l, engine := pageWalk(t, 1, 3)
	labtest.Sent(t, engine, 2)
	l.Do("escape")
	if l.View.Lesson.Lesson != 0 || l.Page != lab.PageLearn || l.Record(1).Gathering.Going() {
		t.Fatalf("after Escape %+v, still counting %v", l.View.Lesson, l.Record(1).Gathering.Going())
	}
	trace := labtest.Trace()
	trace.Number, trace.Seed = 100, runs.Seed(l.Seed)
	l.Receive(trace)
	l.Receive(session.Status{Stage: "ready"})
	l.Do("lesson:1.1")
	if l.View.Lesson.Guess != 3 {
		t.Error("the prediction is lost")
	}
	select {
	case m := <-engine.In:
		t.Errorf("a lesson that was left asks for %#v", m)
	default:
	}
}

func TestLessonAttention(t *testing.T) {
	l, engine := pageWalk(t, 2, 2)
	if got := labtest.Sent(t, engine, 1)[0]; !reflect.DeepEqual(got, session.Disrupt{Step: -1, Problems: 48, Picks: []string{"fci", "other"}}) {
		t.Fatalf("the experiment is %#v", got)
	}
	l.Receive(session.Disruption{Number: 9, Step: 2, Groups: []session.DisruptionGroup{{Pick: "fci", N: 40}}}) // of one step: not this
	if c := &lessons.All[1]; c.Measure(&l.Snapshots, &l.Record(2).Gathering).N != 0 {
		t.Error("the cut of one step counts as the experiment")
	}
	l.Receive(session.Disruption{Number: 10, Step: -1, Groups: []session.DisruptionGroup{
		{Pick: "fci", N: 25, Control: 0.8, ControlSE: 0.08, Disrupted: 0.2, DisruptedSE: 0.08, Loss: 0.6, LossSE: 0.1},
		{Pick: "other", N: 25, Control: 0.8, ControlSE: 0.08, Disrupted: 0.7, DisruptedSE: 0.0917, Loss: 0.1, LossSE: 0.06},
	}})
	l.Receive(session.Status{Stage: "ready"})
	ends(t, l, "accuracy lost 0.600 ± 0.100, n\u00a0=\u00a025 cuts", "You predicted: 0.1 or more. The measurement agrees", "other steps lost 0.100 ± 0.060 (n\u00a0=\u00a025). The difference is 0.500 ± 0.117.")
}

func TestLessonBranching(t *testing.T) {
	l, engine := pageWalk(t, 3, 1)
	got := labtest.Sent(t, engine, 1)[0].(session.CompareRules)
	want := session.CompareRules{Rules: [2]string{"fci", "entropy"}, Rule: session.TreeRule{Branch: "fci", Initial: 1, Points: 2, Rollouts: 2}, Problems: 48, Seed: 1}
	if got != want {
		t.Fatalf("the experiment is %#v", got)
	}
	if html := app.HTMLString(l); !strings.Contains(html, "Over 48 problems, valid shares can be told apart if they differ by about 0.19; over 256, by about 0.09.") {
		t.Error("the experiment does not say beforehand what it can tell")
	}
	rows := func(n int, fci, fciSE, entropy, entropySE float64) session.Rules {
		return session.Rules{Number: uint64(n), Problems: n, Of: 48, Rows: []session.RuleOutcome{
			{Branch: "fci", Problems: n, Valid: fci, ValidSE: fciSE, Position: 0.25, Sampled: 900},
			{Branch: "entropy", Problems: n, Valid: entropy, ValidSE: entropySE, Position: 0.5, Sampled: 600}}}
	}
	l.Receive(rows(2, 1, 0, 0.5, 0.35))
	if html := app.HTMLString(l); !strings.Contains(html, "2 problems so far") {
		t.Error("two problems count as a measurement")
	}
	l.Receive(rows(12, 1, 0, 0.1, 0.09))
	l.Receive(session.Status{Stage: "ready"})
	ends(t, l, "valid share, FCI less entropy, 0.900 ± 0.090, n\u00a0=\u00a012 problems", "You predicted: entropy. Measured: FCI", "at 0.250 of the response by FCI, at 0.500 by entropy", "900 and 600 new tokens")
}

func TestLessonCredit(t *testing.T) {
	l, engine := pageWalk(t, 4, 3)
	got := labtest.Sent(t, engine, 2)
	begin, ok := got[0].(session.Begin)
	if want := (hyper.Values{"problems": hyper.Number(8), "schedule": hyper.Number(0)}); !ok || begin.Settings.Method != "attnpo" || begin.Settings.Steps != 1 || begin.Settings.Difficulty != "2" || !reflect.DeepEqual(begin.Settings.Hyper, want) || got[1] != any(session.Advance{}) {
		t.Fatalf("the experiment is %#v", got)
	}
	run := session.Run{Number: 20, Info: session.RunInfo{ID: "r", State: "running"}, Settings: begin.Settings}
	l.Receive(run)
	run.Number, run.Info.Step, run.Info.State = 21, 1, "done"
	run.Rollouts = []session.RolloutRow{
		{Correct: true, Trained: true, Advantage: 0.5}, {Correct: false, Trained: true, Advantage: -1},
		{Correct: true, Trained: true, Advantage: -0.1}, {Group: 1, Correct: true, Trained: true, Advantage: 0.25},
		{Group: 1, Correct: true, Trained: true, Advantage: 0.25}, {Group: 2, Correct: true, Trained: true, Advantage: 0.25},
	}
	l.Receive(run)
	for i, rollout := range []int{0, 3, 5, 4} { // right, with positive advantage; one of each problem first
		if got := labtest.Sent(t, engine, 1)[0]; got != any(session.ShowCredit{Rollout: rollout}) {
			t.Fatalf("rollout %d is asked for by %#v", rollout, got)
		}
		low := []float64{0.2, 0.3, 0.1, 0.3}[i]
		l.Receive(session.Credit{Number: uint64(30 + i), Rollout: rollout, Text: []string{"b"}, Steps: []session.CreditStep{
			{Label: "essential", Scale: 1}, {Label: "correcting", Scale: 0.9}, {Label: "redundant", Scale: low}, {Label: "redundant", Scale: low}, {Label: "wrong", Scale: 0.1},
		}})
	}
	l.Receive(session.Status{Stage: "ready"})
	ends(t, l, "mean γ of needed less that of redundant steps, 0.725 ± 0.060, n\u00a0=\u00a03 problems", "You predicted: needed ones. The measurement agrees", "0.950 ± 0.000 on 8 needed and 0.225 ± 0.060 on 8 redundant steps of 4 rollouts")
}

func TestLessonCreditFails(t *testing.T) {
	l, engine := pageWalk(t, 4, 1)
	labtest.Sent(t, engine, 2)
	l.Receive(session.Failure{Command: "Advance", Text: "No key-focus head can be found."})
	l.Receive(session.Status{Stage: "ready"})
	l.Do("lesson-next")
	if html := app.HTMLString(l); l.Record(4).Gathering.Going() || !strings.Contains(html, "Too few problems for a result yet") {
		t.Error("a failed experiment seems to go on")
	}
	l.Do("lesson-again")
	if l.Record(4).Tried || l.View.Lesson != (lab.LessonPlace{Lesson: 4, Step: lessons.All[3].StepFor(lessons.Asks)}) {
		t.Errorf("predicting again leads to %+v", l.View.Lesson)
	}
}

func TestLessonShorter(t *testing.T) {
	l, engine := pageWalk(t, 5, 1)
	got := labtest.Sent(t, engine, 2)
	begin, ok := got[0].(session.Begin)
	if !ok || begin.Settings.Steps != 16 || begin.Settings.Hyper["problems"] != hyper.Number(8) || got[1] != any(session.Advance{}) {
		t.Fatalf("the experiment is %#v", got)
	}
	metric := func(name string, values ...float64) session.Metric {
		m := session.Metric{Name: name}
		for _, v := range values {
			m.Values = append(m.Values, &v)
		}
		return m
	}
	if html := app.HTMLString(l); strings.Contains(html, "stray from a line") {
		t.Error("without shipped runs the experiment says what it can tell")
	}
	// A line that falls by 4 a step, with 2, -2, -2, 2 on it: 16/2 remain of the squares, so it strays by √8; Student's t of 14 and 38
	// degrees of freedom is 2.145 and 2.024.
	l.Receive(session.Runs{Number: 1, Runs: []session.KeptRun{{Info: session.RunInfo{From: "shipped"}, Settings: session.RunSettings{Method: "attnpo"},
		Metrics: []session.Metric{metric("think_tokens", 62, 54, 50, 50), metric("problems", 16, 32, 48, 64)}}}})
	want := fmt.Sprintf("stray from a line by about 2.8 in the shipped runs of ATTNPO (16 problems a step, n = 1 run). At that, 16 steps of 8 problems can tell a change of about %.0f tokens, 40 steps of 16 problems can tell a change of about %.0f tokens. Those runs fell by about 12 in 4 steps.",
		2.145*4*15/math.Sqrt(16*255./12), 2.024*math.Sqrt(8)*39/math.Sqrt(40*1599./12))
	if html := strings.ReplaceAll(app.HTMLString(l), "\u00a0", " "); !strings.Contains(html, want) {
		t.Errorf("the experiment does not say %q", want)
	}
	l.Receive(session.Runs{Number: 2, Runs: []session.KeptRun{
		{Info: session.RunInfo{From: "shipped"}, Settings: session.RunSettings{Method: "tlmre"}, Metrics: []session.Metric{metric("think_tokens", 99, 50, 50, 50, 50, 50), metric("accuracy", 0, .8, .8, .8, .8, .8)}},
		{Info: session.RunInfo{From: "imported"}, Settings: session.RunSettings{Method: "tlmre"}, Metrics: []session.Metric{metric("think_tokens", 1), metric("accuracy", 1)}},
	}})
	l.Receive(session.Run{Number: 20, Info: session.RunInfo{ID: "r", Step: 4, State: "done"}, Settings: begin.Settings,
		Metrics: []session.Metric{metric("step", 1, 2, 3, 4), metric("think_tokens", 70, 65, 60.1, 55), metric("accuracy", .5, .5, .6, .6)}})
	l.Receive(session.Status{Stage: "ready"})
	ends(t, l, "change in think tokens −14.97", "n\u00a0=\u00a04 training steps", "You predicted: they fall. The measurement agrees", "Accuracy changed by 0.120", "tlmre 50.0 tokens at accuracy 0.800 (n\u00a0=\u00a01)")
}

func TestLessonControls(t *testing.T) {
	l, _ := pageWalk(t, 8, 2)
	var list []session.KeptRun
	for seed := range 8 {
		for focus, redundant := range map[string]float64{"": 1, "focus=position": 1.1 + 0.01*float64(seed%3), "focus=shuffle": 1.5} {
			m := session.Metric{Name: "redundant_steps"}
			for _, v := range []float64{9, 9, redundant, redundant, redundant, redundant, redundant} { // the last five count
				m.Values = append(m.Values, &v)
			}
			list = append(list, session.KeptRun{Info: session.RunInfo{ID: fmt.Sprint(focus, seed), From: "shipped"}, Metrics: []session.Metric{m},
				Settings: session.RunSettings{Method: session.FirstMethod, Seed: runs.Seed(seed + 1), Series: runs.Series{Method: session.FirstMethod, Hyper: focus}}})
		}
	}
	other := list[0]
	other.Info.From, other.Settings.Seed = "imported", 9
	l.Receive(session.Runs{Number: 1, Runs: append(list, other)})
	if html := strings.ReplaceAll(app.HTMLString(l), "\u00a0", " "); !strings.Contains(html, "So far: redundant steps with attention less with place, −0.110 ± 0.006, n = 3 pairs of runs") {
		t.Error("three seeds are not counted")
	}
	l.Do("lesson-try:1")
	ends(t, l, "less with place, −0.109 ± 0.003, n\u00a0=\u00a08 pairs of runs", "You predicted: both alike, within 0.25. The measurement agrees", "less with shuffled scores it was −0.500 ± 0.000 (n\u00a0=\u00a08)")
}

func TestLessonImportance(t *testing.T) {
	l, engine := pageWalk(t, 6, 2)
	of := func(x float64) *float64 { return &x }
	short := labtest.Trace() // of four steps, in which too few can be ranked
	short.Number, short.Seed = 99, runs.Seed(l.Seed)
	labtest.Sent(t, engine, 2)
	l.Receive(short)
	l.Receive(session.Status{Stage: "ready"})
	for i := range 7 {
		labtest.Sent(t, engine, 2) // the problem and its response
		trace := labtest.Trace()
		trace.Steps = append(slices.Clone(trace.Steps), trace.Steps...)
		trace.Number, trace.Seed = uint64(100+i), runs.Seed(l.Seed)
		l.Receive(trace)
		l.Receive(session.Status{Stage: "ready"})
		if got := labtest.Sent(t, engine, 1)[0]; got != any(session.ResampleSteps{Samples: 8}) {
			t.Fatalf("response %d is followed by %#v", i, got)
		}
		v := labtest.Importances()
		v.Number = uint64(200 + i)
		v.Steps[0].Label, v.Steps[1].Label = "essential", "redundant"
		v.Steps = append(slices.Clone(v.Steps), v.Steps[3], v.Steps[3], v.Steps[3], v.Steps[3])
		l.Receive(session.Importances{Number: v.Number, Samples: 8, Steps: v.Steps}) // not ranked yet
		for n := range v.Ranking {
			switch v.Ranking[n].By {
			case "fci":
				v.Ranking[n].Rho = of(0.5 + 0.02*float64(i%2))
			case "position":
				v.Ranking[n].Rho = of(0.5)
			}
		}
		if i == 4 { // too few steps to rank
			v.Ranking[0].Rho = nil
		}
		l.Receive(v)
		if done := l.Record(6).Gathering.Done; done != i && i <= 4 {
			t.Fatal("a response was counted while the engine was busy")
		}
		l.Receive(session.Status{Stage: "ready"})
	}
	if g := l.Record(6).Gathering; g.Done != 6 || g.Going() {
		t.Fatalf("%d of %d were counted", g.Done, g.Of)
	}
	// Differences 0, .02, 0, .02, .02, 0: mean .01, s = .01095, SE = .0045. A needed step of .775, a redundant one of −.07, in each of six.
	ends(t, l, "with importance, 0.010 ± 0.004, n\u00a0=\u00a06 responses", "You predicted: both alike, within 0.2. The measurement agrees", "a needed step cost 0.775", "a redundant one −0.070")
}

func TestLessonThought(t *testing.T) {
	l, engine := pageWalk(t, 7, 3)
	number := uint64(100)
	receive := func(trace session.Trace) {
		t.Helper()
		number++
		trace.Number, trace.Seed = number, runs.Seed(l.Seed)
		l.Receive(trace)
		l.Receive(session.Status{Stage: "ready"})
	}
	texts := []string{"b &k 8", "c &b 2", "b &k 8", "k 8 8"} // essential, essential, redundant, redundant
	for i := range 12 {
		labtest.Sent(t, engine, 2)
		trace := labtest.Trace()
		trace.Found = "4"
		for k := range trace.Steps {
			trace.Steps[k].Text, trace.Steps[k].Label = texts[k], []string{"essential", "redundant"}[k/2]
		}
		receive(trace)
		for n, want := range []session.Edit{{At: trace.Steps[1].Start, Text: "c &b 3", Seed: trace.Sampling.Seed}, {At: trace.Steps[2].Start, Text: "b &k 9", Seed: trace.Sampling.Seed}} {
			if got := labtest.Sent(t, engine, 1)[0]; !reflect.DeepEqual(got, session.EditResponse{Edits: []session.Edit{want}}) {
				t.Fatalf("change %d of response %d is %#v", n, i, got)
			}
			changed := trace
			changed.Edits = []session.Edit{want}
			if n == 0 || i%4 == 0 { // every needed step, every fourth redundant one
				changed.Found = "5"
			}
			receive(changed)
		}
	}
	if g := l.Record(7).Gathering; g.Done != 12 || g.Going() {
		t.Fatalf("%d of %d were counted", g.Done, g.Of)
	}
	// 12 of 12: Wilson's interval is .757 to 1. 3 of 12 of the others: the difference is .75.
	ends(t, l, "share of changed answers, needed step, 1.000", "n\u00a0=\u00a012 responses", "You predicted: two thirds or more. The measurement agrees", "a redundant step it was 0.250", "The difference is +0.750")
}

// Responses that lack a step to change are passed over, and after twenty the experiment ends with what it has.
func TestLessonThoughtPassesOver(t *testing.T) {
	l, engine := pageWalk(t, 7, 1)
	for i := range 20 {
		labtest.Sent(t, engine, 2)
		trace := labtest.Trace()
		for k := range trace.Steps {
			trace.Steps[k].Label = "essential"
		}
		trace.Number, trace.Seed = uint64(100+i), runs.Seed(l.Seed)
		l.Receive(trace)
		l.Receive(session.Status{Stage: "ready"})
	}
	if g := l.Record(7).Gathering; g.Going() || g.Done != 0 {
		t.Errorf("%d of %d, still going %v", g.Done, g.Of, g.Going())
	}
	l.Do("lesson-next")
	if html := app.HTMLString(l); !strings.Contains(html, "Too few responses for a result yet") {
		t.Error("without a response there is a result")
	}
}
