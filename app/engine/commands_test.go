package engine

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"attnlab/app/session"
	"attnlab/gpu"
	"attnlab/model"
	"attnlab/rl/examine"
	"attnlab/rl/rltest"
	"attnlab/rl/score"
	"attnlab/rl/stat"
	"attnlab/rl/task"
)

// direct is the parrot outside of any session.
func direct(t *testing.T) (task.Task, *model.Decoder, *model.Scorer, model.Sampling) {
	t.Helper()
	tk := chain(t)
	c := rltest.Parrot(tk)
	m, err := model.New(gpu.OpenHost(), c.Config, c.Weights)
	if err != nil {
		t.Fatal(err)
	}
	d, err := model.NewDecoder(m, model.DecoderSize{Slots: 32, Rows: 64 * c.Config.MaxContext, Chunk: 16})
	if err != nil {
		t.Fatal(err)
	}
	s, err := model.NewScorer(m, 1024)
	if err != nil {
		t.Fatal(err)
	}
	return tk, d, s, model.Sampling{Temperature: 1, Seed: uint32(task.SeedOf("sample", 1, 0))}
}

func TestFindHeadsIsWhatScoreHeadsSays(t *testing.T) {
	const n = 40 // more than the decoder keeps going at once
	s := start(t, parrots(t), openHost)
	s.must(session.FindHeads{Problems: n})

	tk, decoder, scorer, sampling := direct(t)
	attempts, err := examine.Attempts(t.Context(), decoder, tk, task.Problems(tk, task.ProbeStream, 1, n), longest, sampling, nil)
	if err != nil {
		t.Fatal(err)
	}
	var correct []task.Trace
	for _, a := range attempts {
		if a.Trace.Correct {
			correct = append(correct, a.Trace)
		}
	}
	if len(correct) == 0 || len(correct) == n {
		t.Fatalf("%d of %d correct: not a test", len(correct), n)
	}
	examined, err := examine.Examine(scorer, correct, delta)
	if err != nil {
		t.Fatal(err)
	}
	want := examine.ScoreHeads(examined)
	got := s.heads
	if got.Problems != n || got.Of != n || got.Pairs != want.Pairs {
		t.Errorf("%d of %d problems, %d pairs; want %d, %d", got.Problems, got.Of, got.Pairs, n, want.Pairs)
	}
	for name, pair := range map[string]struct {
		got  []*float64
		want [][]float64
	}{"sra": {got.SRA, want.SRA}, "kurtosis": {got.Kurtosis, want.Kurtosis}} {
		for i, v := range slices.Concat(pair.want...) {
			switch g := pair.got[i]; {
			case math.IsNaN(v) != (g == nil):
				t.Errorf("%s[%d] is %v, want %v", name, i, g, v)
			case g != nil && math.Abs(*g-v) > 1e-4:
				t.Errorf("%s[%d] is %v, want %v", name, i, *g, v)
			}
		}
	}
}

func TestDisruptOverProblemsIsWhatRlSays(t *testing.T) {
	const n = 60
	s := start(t, parrots(t), openHost)
	s.must(session.Disrupt{Step: -1, Problems: n, Picks: []string{"fci", "random"}})

	tk, decoder, scorer, sampling := direct(t)
	attempts, err := examine.Attempts(t.Context(), decoder, tk, task.Problems(tk, task.EvalStream, 1, n), longest, sampling, nil)
	if err != nil {
		t.Fatal(err)
	}
	traces := make([]task.Trace, n)
	for i, a := range attempts {
		traces[i] = a.Trace
	}
	examined, err := examine.Examine(scorer, traces, delta)
	if err != nil {
		t.Fatal(err)
	}
	want, err := examine.Disrupt(t.Context(), decoder, tk, attempts, examined, []score.StepChoice{score.ChooseFCI, score.ChooseRandom}, longest, 1, sampling, nil)
	if err != nil {
		t.Fatal(err)
	}
	if s.cut.Step != -1 || len(s.cut.Groups) != len(want) || len(want) == 0 {
		t.Fatalf("%+v, want %+v", s.cut, want)
	}
	for i, g := range s.cut.Groups {
		w := want[i]
		if g.Pick != string(w.Pick) || g.N != w.Problems || g.Control != w.Control || g.Disrupted != w.Accuracy || math.Abs(g.DisruptedSE-float64(w.StandardError)) > 1e-12 || g.Loss != w.Loss || g.LossSE != float64(w.LossError) {
			t.Errorf("group %+v, want %+v", g, w)
		}
	}
}

func TestDisruptOneStep(t *testing.T) {
	bases := map[string]map[string][]byte{"chain-tiny": filesOf(t, random(t, chain(t)))}
	s := start(t, bases, openHost, session.NewProblem{Seed: 7})
	s.refused(session.Disrupt{Step: 0, Samples: 4}, "no finished step 1")
	step := -1
	for seed := uint32(0); step < 0; seed++ { // this model seldom ends a line
		s.must(session.Generate{Unit: "all", Restart: true, Sampling: session.Sampling{Temperature: 1, Seed: seed}})
		step = slices.IndexFunc(s.trace.Steps, func(v session.StepView) bool { return s.trace.Tokens[v.End-1] == task.Newline })
	}
	before := s.trace
	var news []session.Disruption
	s.send(session.Disrupt{Step: step, Samples: 9})
	s.until(func(m any) bool {
		if d, ok := m.(session.Disruption); ok {
			news = append(news, d)
		}
		status, ok := m.(session.Status)
		return ok && !status.Busy
	})
	endingsGrow(t, news, 9)
	g := s.cut.Groups[0]
	if s.cut.Step != step || g.N != 9 || g.Pick != "step" {
		t.Fatalf("%+v", s.cut)
	}
	if g.Example == g.ExampleIntact || g.Example == "" {
		t.Errorf("hiding the step changed nothing: %q", g.Example)
	}
	if s.trace.Number != before.Number {
		t.Error("the trace was touched")
	}
	s.must(session.Generate{Unit: "token", Restart: true, Sampling: sampling})
	if s.cut.Step != -1 || len(s.cut.Groups) != 0 {
		t.Errorf("the trace began again and its disruption stayed: %+v", s.cut)
	}
}

// endingsGrow checks the stream of one cut: all pairs are there from the first news on, an ending never changes, and groups count
// the pairs that have both endings, at the end all of them.
func endingsGrow(t *testing.T, news []session.Disruption, samples int) {
	t.Helper()
	if len(news) < 3 || len(news[0].Groups) != 0 {
		t.Fatalf("%d news of a cut, the first is %+v", len(news), news[0])
	}
	keeps := func(old, new session.Ending) bool { return old == "" || old == new }
	for i, d := range news {
		if len(d.Pairs) != samples {
			t.Fatalf("news %d has %d pairs, want %d", i, len(d.Pairs), samples)
		}
		both := 0
		for k, p := range d.Pairs {
			if i > 0 && (!keeps(news[i-1].Pairs[k].Control, p.Control) || !keeps(news[i-1].Pairs[k].Disrupted, p.Disrupted)) {
				t.Errorf("pair %d goes from %v to %v", k, news[i-1].Pairs[k], p)
			}
			if p.Control != "" && p.Disrupted != "" {
				both++
			}
		}
		if len(d.Groups) > 0 && d.Groups[0].N > both {
			t.Errorf("news %d: the group counts %d pairs and %d have ended", i, d.Groups[0].N, both)
		}
	}
	last := news[len(news)-1]
	var control, disrupted float64
	for _, p := range last.Pairs {
		if p.Control == "" || p.Disrupted == "" {
			t.Errorf("the end leaves a pair %+v", p)
		}
		control, disrupted = control+stat.Indicator(p.Control == session.Right), disrupted+stat.Indicator(p.Disrupted == session.Right)
	}
	if g := last.Groups[0]; g.N != samples || g.Control != control/float64(samples) || g.Disrupted != disrupted/float64(samples) {
		t.Errorf("%v and %v of %d are right, and the group says %+v", control, disrupted, samples, g)
	}
}

func TestCompareChoosesAnInstructiveExample(t *testing.T) {
	right, wrong := continuation{"right", true}, continuation{"wrong", false}
	g := compare([]continuation{wrong, right, right, right}, []continuation{wrong, right, {"cut", false}, wrong})
	if g.Control != 0.75 || g.Disrupted != 0.25 || g.N != 4 || g.Example != "cut" || g.ExampleIntact != "right" {
		t.Errorf("%+v", g)
	}
	if want := math.Sqrt(0.75 * 0.25 / 3); g.ControlSE != want || g.DisruptedSE != want {
		t.Errorf("standard errors %v, %v; want %v", g.ControlSE, g.DisruptedSE, want)
	}
}

// The page and the command line report the same loss and error for the same attempts, of one step and of many problems: the
// error of the paired difference.
func TestPageAndCommandLineReportTheSameLoss(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 40 {
		var control, disrupted []continuation
		var x, y []float64
		for range n + 1 {
			a := random.IntN(3) > 0
			b := a && random.IntN(3) > 0 // correlated, as with shared random numbers
			control, disrupted = append(control, continuation{correct: a}), append(disrupted, continuation{correct: b})
			x, y = append(x, stat.Indicator(a)), append(y, stat.Indicator(b))
		}
		printed := examine.Compare(x, y) // the command line prints Loss and LossError
		one := compare(control, disrupted)
		many := disruptionOf(1, []examine.Disruption{printed}).Groups[0]
		for name, g := range map[string]session.DisruptionGroup{"one step": one, "many problems": many} {
			if g.N != n+1 || g.Loss != printed.Loss || n > 0 && g.LossSE != float64(printed.LossError) || n == 0 && g.LossSE != 0 {
				t.Errorf("%s, %d pairs: page %v ± %v, command line %v ± %v", name, n+1, g.Loss, g.LossSE, printed.Loss, printed.LossError)
			}
			if math.Abs(g.Loss-(g.Control-g.Disrupted)) > 1e-12 {
				t.Errorf("%s: the loss %v is not %v - %v", name, g.Loss, g.Control, g.Disrupted)
			}
		}
		if independent := math.Hypot(one.ControlSE, one.DisruptedSE); n > 20 && one.LossSE > 0.95*independent {
			t.Errorf("%d correlated pairs: error %v, of independent samples %v", n+1, one.LossSE, independent)
		}
	}
}

// Cancel stops the current command; its results so far stay, and the next command is
// carried out. Select, Check and Hello do not wait for it.
func TestBusyEngineAnswers(t *testing.T) {
	s := start(t, parrots(t), openHost, session.NewProblem{Seed: 2})
	s.send(session.FindHeads{Problems: session.MaxProblems})
	s.until(func(m any) bool { v, ok := m.(session.HeadsView); return ok && v.Problems > 0 })
	want := session.Selection{Step: 1, Token: 2, Layer: 1, Head: 3}
	s.send(session.Select{Selection: want})
	s.send(session.Check{Text: "k 8 ; ? k k"})
	s.until(func(m any) bool { _, ok := m.(session.Checked); return ok })
	if s.selected != want || s.checked.Error == "" || !s.status.Busy {
		t.Errorf("selected %+v, checked %+v, busy %v", s.selected, s.checked, s.status.Busy)
	}
	s.send(session.Hello{})
	trace := s.trace
	s.trace.Number, s.head.Number, s.heads.Number, s.runs.Number = 0, 0, 0, 0 // as a new screen
	s.until(func(m any) bool { _, ok := m.(session.HeadAttention); return ok })
	if !reflect.DeepEqual(s.trace, trace) {
		t.Errorf("Hello brought %+v", s.trace)
	}
	s.send(session.Cancel{})
	s.send(session.Generate{Unit: "token", Sampling: sampling})
	s.until(func(m any) bool { // at rest after both
		status, ok := m.(session.Status)
		return ok && !status.Busy && len(s.trace.Tokens) > s.trace.PromptLength
	})
	if len(s.failures) != 0 || !slices.Contains(s.texts, "Stopped.") {
		t.Errorf("failures %v, texts %q", s.failures, s.texts)
	}
	if s.heads.Problems == 0 || s.heads.Problems >= session.MaxProblems {
		t.Errorf("%d problems were done", s.heads.Problems)
	}
	if len(s.trace.Tokens) != s.trace.PromptLength+1 {
		t.Errorf("%d new tokens", len(s.trace.Tokens)-s.trace.PromptLength)
	}
}

func TestCancelReachesACommandThatIsNotYetAtWork(t *testing.T) {
	s := start(t, parrots(t), openHost, session.NewProblem{Seed: 2})
	for range 5 {
		s.send(session.FindHeads{Problems: session.MaxProblems})
		s.send(session.Cancel{})
		s.until(func(m any) bool { status, ok := m.(session.Status); return ok && status.Text == "Stopped." })
	}
}

func TestFewTracesASecondWhileGenerating(t *testing.T) {
	bases := map[string]map[string][]byte{"chain-tiny": filesOf(t, random(t, chain(t)))}
	s := start(t, bases, openHost, session.NewProblem{Seed: 7})
	s.traces = nil
	begun := time.Now()
	s.must(all)
	if most := 2 + int(10*time.Since(begun).Seconds()); len(s.traces) > most {
		t.Errorf("%d traces in %v", len(s.traces), time.Since(begun))
	}
}

func TestTheTypedProblem(t *testing.T) {
	s := start(t, parrots(t), openHost)
	s.refused(all, "no problem yet")
	text := "k 8 ; o 4 ; b &k * &o ; ? b"
	s.send(session.Check{Text: text})
	s.until(func(m any) bool { _, ok := m.(session.Checked); return ok })
	if s.checked.Error != "" || s.checked.Text != text {
		t.Fatalf("%+v", s.checked)
	}
	s.must(session.NewProblem{Text: text})
	if !s.trace.Typed || s.trace.Gold != "2" || s.trace.Complete || len(s.trace.Steps) != 0 {
		t.Errorf("%+v", s.trace)
	}
	if n := len(s.trace.Tokens); n != s.trace.PromptLength || len(s.trace.Top) != n || len(s.trace.Received) != n || len(s.trace.Attention) != 4 {
		t.Errorf("a problem alone has %d tokens and %d places", n, len(s.trace.Top))
	}
	s.refused(session.NewProblem{Text: "k 8 ; ? o"}, "")
	s.refused(session.NewProblem{Difficulty: "2-99"}, "2-8")
	s.refused(session.Generate{Unit: "page", Sampling: sampling}, "token, step or all")
	s.refused(session.Generate{Unit: "all", Sampling: session.Sampling{Temperature: -1}}, "temperature")
	s.refused(session.Generate{Unit: "all", Sampling: session.Sampling{TopP: 2}}, "top-p")
	s.refused(session.FindHeads{}, "1 to 10000")
	s.refused(session.Disrupt{Step: -1, Problems: 3, Picks: []string{"luck"}}, "luck")
}

// A line that is still being written has no label; a finished one has.
func TestStepsHaveTheirLabels(t *testing.T) {
	s := start(t, parrots(t), openHost, session.NewProblem{Seed: 4, Difficulty: "2"})
	s.must(session.Generate{Unit: "token", Sampling: sampling})
	if v := s.trace.Steps; len(v) != 1 || v[0].Label != "" || v[0].Text != "so" {
		t.Fatalf("after one token: %+v", v)
	}
	s.must(session.Generate{Unit: "step", Sampling: sampling})
	if v := s.trace.Steps; len(v) != 1 || v[0].Label == "" || strings.HasSuffix(v[0].Text, "\n") {
		t.Fatalf("after one step: %+v", v)
	}
	s.must(all)
	if !s.trace.Complete || !s.trace.WellFormed || s.trace.Answer[1] != len(s.trace.Tokens) || s.trace.Difficulty != 2 {
		t.Errorf("%+v", s.trace)
	}
	number := s.trace.Number
	s.must(all)
	if s.trace.Number != number || s.status.Text != "The trace is complete." {
		t.Errorf("more of a complete trace: %+v", s.status)
	}
}

func TestShowTrace(t *testing.T) {
	s := start(t, parrots(t), openHost, session.NewProblem{Seed: 4})
	s.must(all)
	want := s.trace
	show := session.ShowTrace{Prompt: want.Tokens[:want.PromptLength], Response: want.Tokens[want.PromptLength:]}
	s.must(session.NewProblem{Seed: 5})
	s.must(show)
	got := s.trace
	if !got.Typed {
		t.Error("it is the visitor's own")
	}
	got.Number, got.Seed, got.Typed, got.Sampling = want.Number, want.Seed, false, want.Sampling
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	s.refused(session.ShowTrace{Prompt: show.Prompt, Response: []int{1000}}, "token 1000")
	s.refused(session.ShowTrace{Prompt: []int{1, 2, 3}}, "does not begin with a problem")
	s.refused(session.ShowTrace{Prompt: show.Prompt, Response: make([]int, 300)}, "context holds 256")
}
