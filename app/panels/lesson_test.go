package panels

import (
	"html"
	"math"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"attnlab/app/session"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

var marked = regexp.MustCompile(`\[([^\]]*)\]`)

func words(text string) int {
	return len(strings.Fields(marked.ReplaceAllStringFunc(text, func(m string) string {
		shown, _, _ := strings.Cut(strings.Trim(m, "[]"), "|")
		return shown
	})))
}

func TestLessonTexts(t *testing.T) {
	for n, c := range lessons {
		at := "lesson " + strconv.Itoa(n+1)
		if len(c.steps) < 3 || len(c.steps) > 5 || len(c.choices) != len(c.bounds)+1 || len(c.tries) != 2 || c.about == "" {
			t.Errorf("%s: %d steps, %d choices, %d bounds, %d tries", at, len(c.steps), len(c.choices), len(c.bounds), len(c.tries))
		}
		for i := 1; i < len(c.bounds); i++ {
			if c.bounds[i] <= c.bounds[i-1] {
				t.Errorf("%s: the bounds %v do not rise", at, c.bounds)
			}
		}
		if a, r, k := c.stepFor(asks), c.stepFor(runs), c.stepFor(checks); !(a < r && r < k) {
			t.Errorf("%s asks at %d, runs at %d, checks at %d", at, a, r, k)
		}
		for i, s := range c.steps {
			at := at + "." + strconv.Itoa(i+1)
			if w := words(s.text); w > 60 || w < 10 {
				t.Errorf("%s has %d words", at, w)
			}
			for _, m := range marked.FindAllStringSubmatch(s.text, -1) {
				shown, word, two := strings.Cut(m[1], "|")
				if !two {
					word = shown
				}
				if _, ok := define(word); !ok {
					t.Errorf("%s refers to %q, which the glossary does not have", at, word)
				}
			}
			if strings.Contains(s.text+s.title, "!") || s.title == "" {
				t.Errorf("%s: title %q", at, s.title)
			}
		}
	}
}

var doing = regexp.MustCompile(`data-do="([^":]*)`)

// TestLessonRings looks for what a step rings on the page of that step, and for what its buttons do.
func TestLessonRings(t *testing.T) {
	l, _ := ready(t, Start())
	l.hear(made())
	css, err := os.ReadFile("../../web/lab.css")
	if err != nil {
		t.Fatal(err)
	}
	for n, c := range lessons {
		for i, s := range c.steps {
			l.goLesson(lessonAt{Lesson: n + 1, Step: i + 1})
			html := app.HTMLString(l)
			for _, m := range doing.FindAllStringSubmatch(html, -1) {
				if _, ok := findAction(m[1]); !ok {
					t.Errorf("lesson %d.%d: something does %q, which is no action", n+1, i+1, m[1])
				}
			}
			if l.Page != s.page || !strings.Contains(html, s.title) {
				t.Errorf("lesson %d.%d is beside %s", n+1, i+1, l.Page)
			}
			if s.ring != "" && !strings.Contains(html, `id="`+s.ring+`"`) {
				t.Errorf("lesson %d.%d rings %q, which the page %s does not have", n+1, i+1, s.ring, s.page)
			}
			if s.ring != "" && !strings.Contains(string(css), "[data-ring="+s.ring+"] #"+s.ring) {
				t.Errorf("lesson %d.%d rings %q, which lab.css does not draw", n+1, i+1, s.ring)
			}
		}
	}
}

func TestLessonAsLink(t *testing.T) {
	v := Start()
	v.Page, v.Lesson = pageTree, lessonAt{3, 2, 1}
	if text := v.String(); !strings.Contains(text, "lesson=3.2&guess=1") || ParseView(text) != v {
		t.Errorf("%q reads back as %+v", text, ParseView(text).Lesson)
	}
	for _, text := range []string{"lesson=0.1", "lesson=6.1", "lesson=1.6", "lesson=1.0", "lesson=x", "lesson=-1.2"} {
		if got := ParseView(text).Lesson; got != (lessonAt{}) {
			t.Errorf("%s reads as %+v", text, got)
		}
	}
	if got := ParseView("lesson=3.2&guess=9").Lesson; got != (lessonAt{3, 2, 0}) {
		t.Errorf("a guess that is no choice reads as %+v", got)
	}
	v.Page, v.Lesson, v.Term = pageGlossary, lessonAt{}, "FCI"
	if got := ParseView(v.String()); got != v {
		t.Errorf("%q reads back as %+v", v.String(), got)
	}
}

func TestFind(t *testing.T) {
	c := &lesson{choices: []string{"low", "middle", "high"}, bounds: []float64{0, 1}, quantity: "x"}
	for _, k := range []struct {
		m       measured
		guess   int
		settled bool
		choice  int
		says    string
	}{
		{measured{value: 0.5, se: 0.1, n: 100, freedom: 99}, 2, true, 2, "So it is"},
		{measured{value: 0.5, se: 0.1, n: 100, freedom: 99}, 1, true, 2, "You said: low. It is: middle"},
		{measured{value: 1.5, se: 0.1, n: 100, freedom: 99}, 0, true, 3, "You made no prediction"},
		{measured{value: 0.1, se: 0.1, n: 100, freedom: 99}, 2, false, 0, "Too close to call: the 95 % interval goes from −0.099 to 0.299, across 0.000"},
		{measured{value: 0.5, se: 0.2, n: 4, freedom: 2}, 2, false, 0, "Too close to call"}, // t = 4.303 at two degrees of freedom
		{measured{value: 0.5, se: 0, n: 2, what: "runs", freedom: 1}, 2, false, 0, "Too few runs"},
		{measured{value: math.NaN(), se: 0.1, n: 9, freedom: 8}, 2, false, 0, "Too few"},
	} {
		f := c.find(k.m, k.guess)
		if f.settled != k.settled || f.choice != k.choice || !strings.Contains(f.says, k.says) {
			t.Errorf("%+v with guess %d: %+v", k.m, k.guess, f)
		}
	}
}

func TestSpreads(t *testing.T) {
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-3 {
			t.Errorf("%s is %v, want %v", what, got, want)
		}
	}
	m, se := meanError([]float64{1, 2, 3, 4}) // s = 1.29099
	near("mean", m, 2.5)
	near("its error", se, 0.64550)
	rise, se := trend([]float64{0, 1, 2, 3})
	near("rise of a line", rise, 3)
	near("its error", se, 0)
	rise, se = trend([]float64{0, 2, 1, 3}) // slope 0.8; residuals 0.3 -0.9? by hand: rest 1.8, SE of the slope √(0.9/5)
	near("rise", rise, 2.4)
	near("its error", se, 3*math.Sqrt(0.9/5))
	near("error of a share", shareError(0.5, 0.1, 25), 0.1)
	near("error of 25 of 25", shareError(1, 0, 25), math.Sqrt(27./29*2/29/29))
	for freedom, want := range map[int]float64{1: 12.706, 2: 4.303, 15: 2.131, 16: 2.120, 30: 2.042, 1000: 1.962} {
		if got := student(freedom); math.Abs(got-want) > 0.01 {
			t.Errorf("t at %d degrees of freedom is %v, want %v", freedom, got, want)
		}
	}
}

// walk goes through lesson n with a guess up to its experiment, and starts that.
func walk(t *testing.T, n, guess int) (l *Lab, engine *session.Port) {
	t.Helper()
	l, engine = ready(t, Start())
	said(t, engine, 2)
	l.hear(made())
	l.hear(session.Methods{Methods: []string{"attnpo"}, Rows: []session.HyperRow{
		{Name: "problems", Min: 1, Max: 512, Step: 1, Paper: map[string]float64{"attnpo": 128}, Lab: map[string]float64{"attnpo": 16}},
		{Name: "schedule", Min: 0, Max: 10000, Step: 1, Paper: map[string]float64{"attnpo": 1000}, Lab: map[string]float64{"attnpo": 10}},
	}})
	l.hear(session.Status{Stage: "ready"})
	l.do("lesson:" + strconv.Itoa(n) + ".1")
	c := &lessons[n-1]
	for l.View.Lesson.Step < c.stepFor(asks) {
		l.do("lesson-next")
	}
	l.do("lesson-next")
	l.do("lesson-try:0")
	if html := app.HTMLString(l); l.record(n).tried || !strings.Contains(html, "Predict first") {
		t.Fatal("the experiment ran without a prediction")
	}
	l.do("lesson-back")
	l.set("guess", strconv.Itoa(guess))
	if html := app.HTMLString(l); !strings.Contains(html, c.ask) || !strings.Contains(html, c.choices[guess-1]) {
		t.Fatal("the question is not asked")
	}
	l.do("lesson-next")
	l.do("lesson-try:0")
	l.set("guess", "1")
	if l.View.Lesson.Guess != guess || !l.record(n).tried {
		t.Fatalf("the guess is %d, tried %v: a prediction stays once the experiment has begun", l.View.Lesson.Guess, l.record(n).tried)
	}
	return l, engine
}

// ends goes to the end of the lesson, and wants words on its last steps and on the page Learn.
func ends(t *testing.T, l *Lab, wants ...string) {
	t.Helper()
	n := l.View.Lesson.Lesson
	c := &lessons[n-1]
	l.do("lesson-next")
	plain := strings.NewReplacer("\u00a0", " ")
	check := plain.Replace(app.HTMLString(l))
	if l.View.Lesson.Step != c.stepFor(checks) {
		t.Fatalf("after the experiment comes step %d", l.View.Lesson.Step)
	}
	for _, want := range wants {
		if !strings.Contains(check, plain.Replace(want)) {
			t.Errorf("the check does not say %q; it says %q, %q", want, c.find(c.measure(l.state), l.View.Lesson.Guess).says, c.measure(l.state).saw)
		}
	}
	for l.View.Lesson.Lesson > 0 {
		l.do("lesson-next")
	}
	if text := app.HTMLString(l); l.Page != pageLearn || !strings.Contains(text, "You said: "+c.choices[l.record(n).guess-1]) {
		t.Error("the page Learn does not tell what was predicted")
	}
	again, _ := ready(t, Start()) // another visit
	again.endings = l.endings
	again.do("page:" + pageLearn)
	if end := l.endings[c.title]; end.Numbers == "" || !strings.Contains(app.HTMLString(again), html.EscapeString(end.Says)) {
		t.Errorf("after another visit the page Learn does not tell how the lesson ended: %+v", end)
	}
}

func TestLessonTrace(t *testing.T) {
	l, engine := walk(t, 1, 2)
	seed := l.Seed
	for i := range 12 {
		if got := said(t, engine, 3); got[0] != any(session.NewProblem{Seed: seed + uint64(i)}) || !reflect.DeepEqual(got[2], session.Generate{Unit: "all", Restart: true, Sampling: l.sampling}) {
			t.Fatalf("response %d is asked for by %#v", i, got)
		}
		trace := made() // one of four steps is redundant
		trace.Number, trace.Seed = uint64(100+i), seed+uint64(i)
		trace.Steps[0].Label = []string{"essential", "redundant"}[i%2] // in every other, two
		l.hear(trace)
		if l.record(1).gathering.done != i {
			t.Fatal("a response was counted while the engine was at work")
		}
		l.hear(session.Status{Stage: "ready"})
		l.hear(trace) // a late copy does not count
	}
	if g := l.record(1).gathering; g.done != 12 || g.going() {
		t.Fatalf("%d of %d were counted", g.done, g.of)
	}
	// Shares .25 and .5, six of each: mean .375, s = .1306, SE = .0377, t(11) = 2.201.
	ends(t, l, "share of redundant steps 0.375 ± 0.038, n = 12 responses", "Too close to call: the 95 % interval goes from 0.292 to 0.458, across 0.333", "were 0.375 ± 0.038 of the steps")
}

func TestLessonTraceIsLeft(t *testing.T) {
	l, engine := walk(t, 1, 3)
	said(t, engine, 3)
	l.do("escape")
	if l.View.Lesson.Lesson != 0 || l.Page != pageLearn || l.record(1).gathering.going() {
		t.Fatalf("after Escape %+v, still counting %v", l.View.Lesson, l.record(1).gathering.going())
	}
	trace := made()
	trace.Number, trace.Seed = 100, l.Seed
	l.hear(trace)
	l.hear(session.Status{Stage: "ready"})
	l.do("lesson:1.1")
	if l.View.Lesson.Guess != 3 {
		t.Error("the prediction is forgotten")
	}
	select {
	case m := <-engine.In:
		t.Errorf("a lesson that was left asks for %#v", m)
	default:
	}
}

func TestLessonAttention(t *testing.T) {
	l, engine := walk(t, 2, 2)
	if got := said(t, engine, 1)[0]; !reflect.DeepEqual(got, session.Disrupt{Step: -1, Problems: 48, Picks: []string{"fci", "other"}}) {
		t.Fatalf("the experiment is %#v", got)
	}
	l.hear(session.Disruption{Number: 9, Step: 2, Groups: []session.DisruptionGroup{{Pick: "fci", N: 40}}}) // of one step: not this
	if c := &lessons[1]; c.measure(l.state).n != 0 {
		t.Error("the cut of one step counts as the experiment")
	}
	l.hear(session.Disruption{Number: 10, Step: -1, Groups: []session.DisruptionGroup{
		{Pick: "fci", N: 25, Control: 0.8, ControlSE: 0.08, Disrupted: 0.2, DisruptedSE: 0.08},
		{Pick: "other", N: 25, Control: 0.8, ControlSE: 0.08, Disrupted: 0.7, DisruptedSE: 0.0917},
	}})
	l.hear(session.Status{Stage: "ready"})
	ends(t, l, "accuracy lost 0.600 ± 0.113, n = 25 cuts", "You said: 0.1 or more. So it is", "other steps lost 0.100 ± 0.122 (n = 25). The difference is 0.500 ± 0.166.")
}

func TestLessonBranching(t *testing.T) {
	l, engine := walk(t, 3, 1)
	got := said(t, engine, 1)[0].(session.CompareRules)
	want := session.CompareRules{Rules: [2]string{"fci", "entropy"}, Rule: session.TreeRule{Branch: "fci", Initial: 1, Points: 2, Rollouts: 2}, Problems: 48, Seed: 1}
	if got != want {
		t.Fatalf("the experiment is %#v", got)
	}
	rows := func(n int, fci, fciSE, entropy, entropySE float64) session.Rules {
		return session.Rules{Number: uint64(n), Problems: n, Of: 48, Rows: []session.RuleOutcome{
			{Branch: "fci", Problems: n, Valid: fci, ValidSE: fciSE, Position: 0.25, Sampled: 900},
			{Branch: "entropy", Problems: n, Valid: entropy, ValidSE: entropySE, Position: 0.5, Sampled: 600}}}
	}
	l.hear(rows(2, 1, 0, 0.5, 0.35))
	if html := app.HTMLString(l); !strings.Contains(html, "2 problems so far") {
		t.Error("two problems are said to measure something")
	}
	l.hear(rows(12, 1, 0, 0.1, 0.09))
	l.hear(session.Status{Stage: "ready"})
	// Of 12 of 12 the error is that of 14 of 16: √(.875 · .125 / 16) = .0827; with .09 beside it .1222.
	ends(t, l, "valid share, FCI less entropy, 0.900 ± 0.122, n = 12 problems", "You said: entropy. It is: FCI", "at 0.250 of the response by FCI, at 0.500 by entropy", "900 and 600 new tokens")
}

func TestLessonCredit(t *testing.T) {
	l, engine := walk(t, 4, 3)
	got := said(t, engine, 2)
	begin, ok := got[0].(session.Begin)
	if want := map[string]float64{"problems": 8, "schedule": 0}; !ok || begin.Settings.Method != "attnpo" || begin.Settings.Steps != 1 || begin.Settings.Difficulty != "2" || !reflect.DeepEqual(begin.Settings.Hyper, want) || got[1] != any(session.Advance{}) {
		t.Fatalf("the experiment is %#v", got)
	}
	run := session.Run{Number: 20, Info: session.RunInfo{ID: "r", State: "running"}, Settings: begin.Settings}
	l.hear(run)
	run.Number, run.Info.Step, run.Info.State = 21, 1, "done"
	run.Rollouts = []session.RolloutRow{
		{Correct: true, Trained: true, Advantage: 0.5}, {Correct: false, Trained: true, Advantage: -1},
		{Correct: true, Trained: true, Advantage: -0.1}, {Group: 1, Correct: true, Trained: true, Advantage: 0.25},
	}
	l.hear(run)
	for i, rollout := range []int{0, 3} { // right, with positive advantage
		if got := said(t, engine, 1)[0]; got != any(session.ShowCredit{Rollout: rollout}) {
			t.Fatalf("rollout %d is asked for by %#v", rollout, got)
		}
		l.hear(session.Credit{Number: uint64(30 + i), Rollout: rollout, Text: []string{"b"}, Steps: []session.CreditStep{
			{Label: "essential", Scale: 1}, {Label: "correcting", Scale: 0.9}, {Label: "redundant", Scale: 0.2}, {Label: "redundant", Scale: 0.3}, {Label: "wrong", Scale: 0.1},
		}})
	}
	l.hear(session.Status{Stage: "ready"})
	ends(t, l, "mean γ of needed less that of redundant steps, 0.700 ± 0.041, n = 8 steps", "You said: needed ones. So it is", "0.950 ± 0.029 on 4 needed and 0.250 ± 0.029 on 4 redundant steps of 2 rollouts")
}

func TestLessonCreditFails(t *testing.T) {
	l, engine := walk(t, 4, 1)
	said(t, engine, 2)
	l.hear(session.Failure{Command: "Advance", Text: "No key-focus head can be found."})
	l.hear(session.Status{Stage: "ready"})
	l.do("lesson-next")
	if html := app.HTMLString(l); l.record(4).gathering.going() || !strings.Contains(html, "Too few steps to say anything yet") {
		t.Error("a failed experiment seems to go on")
	}
	l.do("lesson-again")
	if l.record(4).tried || l.View.Lesson != (lessonAt{4, lessons[3].stepFor(asks), 0}) {
		t.Errorf("predicting again leads to %+v", l.View.Lesson)
	}
}

func TestLessonShorter(t *testing.T) {
	l, engine := walk(t, 5, 1)
	got := said(t, engine, 2)
	begin, ok := got[0].(session.Begin)
	if !ok || begin.Settings.Steps != 4 || begin.Settings.Hyper["problems"] != 8 || got[1] != any(session.Advance{}) {
		t.Fatalf("the experiment is %#v", got)
	}
	metric := func(name string, values ...float64) session.Metric {
		m := session.Metric{Name: name}
		for _, v := range values {
			m.Values = append(m.Values, &v)
		}
		return m
	}
	l.hear(session.Runs{Number: 1, Runs: []session.KeptRun{
		{Info: session.RunInfo{From: "shipped"}, Settings: session.RunSettings{Method: "tlmre"}, Metrics: []session.Metric{metric("think_tokens", 99, 50, 50, 50, 50, 50), metric("accuracy", 0, .8, .8, .8, .8, .8)}},
		{Info: session.RunInfo{From: "imported"}, Settings: session.RunSettings{Method: "tlmre"}, Metrics: []session.Metric{metric("think_tokens", 1), metric("accuracy", 1)}},
	}})
	l.hear(session.Run{Number: 20, Info: session.RunInfo{ID: "r", Step: 4, State: "done"}, Settings: begin.Settings,
		Metrics: []session.Metric{metric("step", 1, 2, 3, 4), metric("think_tokens", 70, 65, 60.1, 55), metric("accuracy", .5, .5, .6, .6)}})
	l.hear(session.Status{Stage: "ready"})
	ends(t, l, "change in think tokens −14.97", "n = 4 training steps", "You said: they get fewer. So it is", "Accuracy changed by 0.120", "tlmre 50.0 tokens at accuracy 0.800 (n = 1)")
}

func TestLessonKeys(t *testing.T) {
	for key, want := range map[string]string{"n": "lesson-next", "p": "lesson-back", "ArrowRight": "lesson-next", "ArrowLeft": "lesson-back", "Escape": "escape"} {
		if got := actionOfKey("lesson", key); got != want {
			t.Errorf("%s does %q in a lesson, want %q", key, got, want)
		}
	}
	if got := actionOfKey(pageTrace, "n"); got != "problem" {
		t.Errorf("beside the lesson n does %q", got)
	}
}
