package examine_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"attnlab/gpu"
	"attnlab/model"
	"attnlab/rl/examine"
	"attnlab/rl/rltest"
	"attnlab/rl/score"
	"attnlab/rl/task"
	"attnlab/rl/task/text"
)

// rambles are responses of [rltest.Rambler] to few-shot chain, examined.
func rambles(t *testing.T, n int) (*model.Model, *text.Task, []examine.Attempt, []examine.Examined) {
	t.Helper()
	base := rltest.Rambler()
	kind, err := text.New(text.FewShotChain.Name, text.Options{Tokenizer: base.Tokenizer, Stop: []int{base.Config.EosID}, Context: base.Config.MaxContext, Shots: 1})
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.New(gpu.OpenHost(), base.Config, base.Weights)
	if err != nil {
		t.Fatal(err)
	}
	d, err := model.NewDecoder(m, model.DecoderSize{Slots: 16, Rows: 16 * base.Config.MaxContext, Chunk: 16})
	if err != nil {
		t.Fatal(err)
	}
	attempts, err := examine.Attempts(context.Background(), d, kind, task.Problems(kind, task.EvalStream, 1, n), 60, model.Sampling{Temperature: 1, Seed: 5}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := model.NewScorer(m, 1024)
	if err != nil {
		t.Fatal(err)
	}
	var traces []task.Trace
	for _, a := range attempts {
		traces = append(traces, a.Trace)
	}
	examined, err := examine.Examine(s, traces, 1)
	if err != nil {
		t.Fatal(err)
	}
	return m, kind, attempts, examined
}

// Free text takes the way of any task: accuracy, labels, heads and losses come out of a model of words.
func TestExamineText(t *testing.T) {
	m, kind, attempts, examined := rambles(t, 60)
	e := examine.Evaluate(kind, attempts)
	five := 0
	for _, a := range attempts {
		if a.Problem.Gold == "5" {
			five++
		}
	}
	finished := 0.0
	for _, a := range attempts {
		if a.Trace.Correct != (a.Trace.WellFormed && a.Problem.Gold == "5") {
			t.Errorf("%q is judged %v", kind.Text(a.Trace.Response()), a.Trace.Correct)
		}
		if a.Trace.WellFormed {
			finished++
		}
	}
	if e.WellFormed != finished/60 || finished < 50 || five < 2 || e.Labels[task.Malformed] == 0 || e.Labels[task.Wrong] == 0 || e.ThinkOverMinimum <= 0 {
		t.Errorf("%d problems with the answer 5: %+v", five, e)
	}
	// The losses against a pass of their own; a bigram model looks at nothing, so they are 0 up to rounding.
	losses, err := examine.AnswerLosses(t.Context(), answerDecoder(t, m), []task.Trace{examined[0].Trace, {Tokens: []int{1, 2}, PromptLength: 1}}, nil)
	if err != nil || losses[1] != nil || len(losses[0]) != len(examined[0].Steps) {
		t.Fatalf("losses %v, %v", losses, err)
	}
	for _, l := range losses[0] {
		if math.Abs(l) > 1e-4 {
			t.Errorf("a bigram model loses %g", l)
		}
	}
}

// answerDecoder makes a decoder for [examine.AnswerLosses].
func answerDecoder(t *testing.T, m *model.Model) *model.Decoder {
	t.Helper()
	d, err := model.NewDecoder(m, model.DecoderSize{Slots: 3, Rows: 4 * m.MaxContext, Chunk: 4})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// A model that does look at its steps loses what a second pass with the step hidden says.
func TestAnswerLosses(t *testing.T) {
	_, _, _, examined := rambles(t, 8)
	c := rltest.Rambler().Config
	m, err := model.New(gpu.OpenHost(), c, c.Init(3))
	if err != nil {
		t.Fatal(err)
	}
	s, err := model.NewScorer(m, 1024)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(examined, func(e examine.Examined) bool { return len(e.Steps) >= 2 && e.AnswerEnd > e.AnswerStart })
	trace := examined[at].Trace
	losses, err := examine.AnswerLosses(t.Context(), answerDecoder(t, m), []task.Trace{trace}, nil)
	if err != nil {
		t.Fatal(err)
	}
	total := 0.0
	for k, step := range trace.Steps {
		want := 0.0
		for sign, hide := range map[float64]model.Hide{1: {}, -1: {Start: step.Start, End: step.End}} {
			scores, err := s.Score([]model.ScoreRequest{{Tokens: trace.Tokens, Hide: hide}})
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range scores[0].LogProbs[trace.AnswerStart:trace.AnswerEnd] {
				want += sign * float64(l)
			}
		}
		if math.Abs(losses[0][k]-want) > 1e-4 {
			t.Errorf("step %d loses %g, want %g", k, losses[0][k], want)
		}
		total += math.Abs(want)
	}
	if total == 0 {
		t.Error("nothing is lost by any step")
	}
}

func TestDisruptAnswers(t *testing.T) {
	e := made()
	e.FCI, e.FCIHeads = []float64{0, 4, 3, 2, 1}, [][][]float64{{{0, 4, 3, 2, 1}}}
	got := examine.DisruptAnswers([]examine.Examined{e, e, e, {}}, [][]float64{{1, 8, 1, 1, 1}, {1, 4, 2, 2, 2}, nil, {}}, []score.StepChoice{score.ChooseFCI, score.ChooseRandom})
	if len(got) != 2 || got[0].Loss != 6 || got[0].Problems != 2 || got[0].StandardError != 2 || math.Abs(got[1].Loss-2.3) > 1e-12 {
		t.Errorf("%+v", got)
	}
}

// Heads that look at needed steps on one half are judged on the other: a true one stays, a lucky one does not.
func TestChooseHeads(t *testing.T) {
	var traces []examine.Examined
	for i := range 40 {
		e := made() // essential, redundant, correcting, redundant, wrong
		honest := []float64{4, 1, 3, 2, 9}
		lucky := []float64{4, 1, 3, 2, 9}
		if i%2 == 1 {
			lucky = []float64{1, 4, 2, 3, 9}
		}
		e.Focus = [][][]float64{{lucky, honest}}
		e.FCIHeads = [][][]float64{{{0, 0, 0, 0, 0}, {0, 0, 0, 0, 0}}}
		traces = append(traces, e)
	}
	c := examine.ChooseHeads(traces, 2)
	if len(c.Heads) != 2 || c.First != 20 || c.Heads[0].First != 1 || c.Heads[1].First != 1 {
		t.Fatalf("%+v", c)
	}
	if lucky, honest := c.Heads[0], c.Heads[1]; lucky.SRA != 0 || honest.SRA != 1 || honest.Responses != 20 || honest.StandardError != 0 {
		t.Errorf("%+v", c.Heads)
	}
	// Earlier first orders three of the four pairs.
	if c.Position.SRA != 0.75 || c.Heads[1].OverPosition != 0.25 || c.Heads[0].OverPosition != -0.75 {
		t.Errorf("position %+v, %+v", c.Position, c.Heads)
	}
	if none := examine.ChooseHeads(traces[:1], 1); !math.IsNaN(none.Position.SRA) || none.Position.Responses != 0 || !math.IsNaN(none.Heads[0].OverPosition) {
		t.Errorf("without a second half: %+v", none)
	}
}

func TestSummariseScores(t *testing.T) {
	_, _, _, examined := rambles(t, 30)
	all := examine.SummariseScores(examined, [2]int{})
	by := map[string]examine.ScoreSummary{}
	for _, s := range all {
		by[s.Score.Name] = s
	}
	if p := by[score.Position.Name]; p.Position != 1 || p.Traces < 10 {
		t.Errorf("position is %+v", p)
	}
	if _, ok := by[score.Received.Name]; ok || len(all) != len(score.Scores)-1 {
		t.Errorf("%d scores", len(all))
	}
	e := made()
	e.LogProbs, e.Entropy = make([]float32, 9), []float32{3, 1, 2, 2, 0, 0, 0, 0, 0}
	for _, s := range examine.SummariseScores([]examine.Examined{e}, [2]int{}) { // essential, redundant, correcting, redundant, wrong
		if want := map[string]float64{"position": 0.75, "entropy": 0.875}[s.Score.Name]; want > 0 && (s.Ranking != want || s.Ranked != 1) {
			t.Errorf("%s ranks %v of %d", s.Score.Name, s.Ranking, s.Ranked)
		}
	}
	// The maximum over a range of layers is that of its heads alone.
	for _, e := range examined {
		in := e.Input()
		in.Layers = [2]int{1, 2}
		for k, got := range score.FCI.Of(in).Steps {
			want := 0.0
			for _, head := range e.FCIHeads[1] {
				want = max(want, head[k])
			}
			if got != want {
				t.Fatalf("FCI of step %d in layer 1 is %g, want %g", k, got, want)
			}
		}
	}
}
