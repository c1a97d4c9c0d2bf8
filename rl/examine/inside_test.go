package examine_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
	"attnlab/model"
	"attnlab/model/hf"
	"attnlab/rl/examine"
	"attnlab/rl/score"
	"attnlab/rl/stat"
	"attnlab/rl/task"
	"attnlab/web"
)

// inside is the smallest shipped base of chain with greedy responses to some problems.
type inside struct {
	task.Task
	files    *hf.Checkpoint
	problems []task.Problem
	traces   []task.Trace
}

func newInside(t *testing.T, d *gpu.Device) (x inside, m *model.Model, i *model.Inspector) {
	t.Helper()
	folder, err := web.Model("chain-tiny") // embedded, so that a browser has it too
	if err != nil {
		t.Fatal(err)
	}
	source, err := hf.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	if x.files, err = source.Checkpoint(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	if x.Task, err = task.New("chain", "", "2-3"); err != nil {
		t.Fatal(err)
	}
	if m, err = model.New(d, x.files.Config, x.files.Weights); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Release)
	x.problems = task.Problems(x.Task, task.EvalStream, 1, 12)
	for _, a := range x.greedy(t, m, x.problems, nil) {
		x.traces = append(x.traces, a)
	}
	if i, err = model.NewInspector(m, 512); err != nil { // more than one pass for all
		t.Fatal(err)
	}
	t.Cleanup(i.Release)
	return x, m, i
}

// greedy continues the given beginnings of responses, or writes whole ones, by the decoder.
func (x inside) greedy(t *testing.T, m *model.Model, problems []task.Problem, begun [][]int) (traces []task.Trace) {
	t.Helper()
	d, err := model.NewDecoder(m, model.DecoderSize{Slots: 12, Rows: 12 * m.MaxContext, Chunk: 8})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Release()
	var requests []model.Request
	for n, p := range problems {
		tokens := p.Prompt
		if begun != nil {
			tokens = begun[n]
		}
		requests = append(requests, model.Request{Tokens: tokens, Max: m.MaxContext - len(tokens)})
	}
	rollouts, err := d.Generate(t.Context(), requests, model.Sampling{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for n, p := range problems {
		traces = append(traces, x.Judge(p, slices.Concat(requests[n].Tokens[len(p.Prompt):], rollouts[n].Tokens)))
	}
	return traces
}

// Heads that draw nothing are heads whose columns of the output projection are zero: the scorer and the decoder of such a model measure the same.
func TestAblationIsAModelWithoutTheHead(t *testing.T) {
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		x, _, i := newInside(t, d)
		a, err := examine.NewAblating(t.Context(), i, x, x.problems, x.traces)
		if err != nil {
			t.Fatal(err)
		}
		answerOf := func(m *model.Model) (logProb, right []float64) {
			s, err := model.NewScorer(m, 1024)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Release()
			var begun [][]int
			for _, trace := range x.traces {
				begun = append(begun, trace.Tokens[:trace.AnswerStart])
				scores, err := s.Score([]model.ScoreRequest{{Tokens: trace.Tokens}})
				if err != nil {
					t.Fatal(err)
				}
				sum := 0.0
				for _, p := range scores[0].LogProbs[trace.AnswerStart:trace.AnswerEnd] {
					sum += float64(p)
				}
				logProb = append(logProb, sum)
			}
			for _, trace := range x.greedy(t, m, x.problems, begun) {
				right = append(right, stat.Indicator(trace.Correct))
			}
			return logProb, right
		}
		whole, err := model.New(d, x.files.Config, x.files.Weights)
		if err != nil {
			t.Fatal(err)
		}
		defer whole.Release()
		logProb, right := answerOf(whole)
		if got, _ := a.LogProb(); math.Abs(got-stat.Mean(logProb)) > 1e-4 {
			t.Errorf("the answers have the log-probability %g, want %g", got, stat.Mean(logProb))
		}
		if got, _ := a.Right(); got != stat.Mean(right) || a.Traces() != len(x.traces) {
			t.Errorf("%g of %d answers are right, want %g", got, a.Traces(), stat.Mean(right))
		}
		changed := false
		for _, heads := range [][]score.Head{{{Layer: 0, Head: 1}}, {{Layer: 1, Head: 0}, {Layer: 1, Head: 2}, {Layer: 0, Head: 0}}} {
			weights, C := slices.Clone(x.files.Weights), x.files.Config.HeadDim
			for _, h := range heads {
				o := x.files.Config.Param([]string{"layers.0.o", "layers.1.o"}[h.Layer])
				for r := range o.Rows {
					clear(weights[o.Offset+r*o.Cols+h.Head*C:][:C])
				}
			}
			if err := whole.SetWeights(weights); err != nil {
				t.Fatal(err)
			}
			logProbWithout, rightWithout := answerOf(whole)
			want := examine.HeadEffect{LogProb: stat.Paired(logProbWithout, logProb), Right: stat.Paired(rightWithout, right)}
			got, err := a.Without(t.Context(), heads, examine.ByZero)
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(got.LogProb.Mean-want.LogProb.Mean) > 1e-4*max(1, math.Abs(want.LogProb.Mean)) || math.Abs(got.LogProb.Error-want.LogProb.Error) > 1e-3 || got.Right.Mean != want.Right.Mean {
				t.Errorf("without %v: %+v, want %+v", heads, got, want)
			}
			changed = changed || math.Abs(want.LogProb.Mean) > 0.5
		}
		if !changed {
			t.Error("no ablation changes the answers by half a nat: the test shows nothing")
		}
		if e, err := a.Without(t.Context(), nil, examine.ByZero); err != nil || math.Abs(e.LogProb.Mean) > 1e-9 || e.Right.Mean != 0 {
			t.Errorf("without no head there is the effect %+v (error %v)", e, err)
		}
		ctx, stop := context.WithCancel(t.Context())
		stop()
		if _, err := a.Without(ctx, nil, examine.ByZero); err != context.Canceled {
			t.Errorf("stopped: error %v", err)
		}
		if _, err := examine.NewAblating(t.Context(), i, x, x.problems[:1], []task.Trace{{Tokens: x.problems[0].Prompt}}); err == nil || !strings.Contains(err.Error(), "has an answer") {
			t.Errorf("without an answer: error %v", err)
		}
	})
}

// A mean ablation puts the mean over all tokens of all traces in place of what a head draws.
func TestAblationByTheMean(t *testing.T) {
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		x, m, i := newInside(t, d)
		a, err := examine.NewAblating(t.Context(), i, x, x.problems, x.traces)
		if err != nil {
			t.Fatal(err)
		}
		head, C := score.Head{Layer: 1, Head: 1}, m.HeadDim
		mean, tokens := make([]float64, C), 0
		for _, trace := range x.traces {
			s, err := i.Inside(trace.Tokens[:trace.AnswerEnd])
			if err != nil {
				t.Fatal(err)
			}
			for at := range s.Tokens {
				tokens++
				for c := range mean {
					mean[c] += float64(s.Heads[head.Layer][(at*m.Heads+head.Head)*C+c])
				}
			}
		}
		var change []float64
		for _, trace := range x.traces {
			sum := 0.0
			for _, sign := range []float64{1, -1} {
				hook := func(l int, states []float32) bool {
					for at := head.Head * C; l == head.Layer && at < len(states); at += m.Heads * C {
						for c := range mean {
							states[at+c] = float32(mean[c] / float64(tokens))
						}
					}
					return l == head.Layer && sign > 0
				}
				if err := i.Run(model.Pack(trace.Tokens), model.Hooks{Heads: hook}); err != nil {
					t.Fatal(err)
				}
				for at := trace.AnswerStart; at < trace.AnswerEnd; at++ {
					rows, err := i.Logits([]int{at - 1})
					if err != nil {
						t.Fatal(err)
					}
					sum += sign * model.LogSoftmax(rows[0])[trace.Tokens[at]]
				}
			}
			change = append(change, sum)
		}
		got, err := a.Without(t.Context(), []score.Head{head}, examine.ByMean)
		want, se := stat.MeanError(change)
		if err != nil || math.Abs(got.LogProb.Mean-want) > 1e-4*max(1, math.Abs(want)) || math.Abs(got.LogProb.Error-se) > 1e-3 || math.Abs(want) < 1e-3 {
			t.Errorf("by the mean the answers change by %+v, want %g ± %g (error %v)", got.LogProb, want, se, err)
		}
	})
}

// Two traces that differ in one token of one step and in their answers: at the input of the first layer, that token's state alone brings everything back.
func TestPatchAChangedStep(t *testing.T) {
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		x, m, i := newInside(t, d)
		same := slices.Index(x.Vocabulary(), "4")
		logits := func(tokens []int) []float32 {
			rows, err := m.Logits(tokens)
			if err != nil {
				t.Fatal(err)
			}
			return rows[len(rows)-1]
		}
		n := slices.IndexFunc(x.traces, func(t task.Trace) bool { return t.Correct && len(t.Steps) > 1 })
		to := x.traces[n]
		k := len(to.Steps) / 2
		other, digit, parts := slices.Clone(to.Response()), to.Steps[k].End-2-to.PromptLength, to.AnswerEnd-2-to.PromptLength
		if other[digit] == same || other[parts] == same {
			t.Fatal("the answers do not differ")
		}
		other[digit], other[parts] = same, same
		from := x.Judge(x.problems[n], other) // its answer is unlikely in both, so that its log-probability moves
		passes := 0
		p, err := examine.Patch(t.Context(), i, from, to, func(done, _ int) { passes = done + 1 })
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Back) != m.Layers || len(p.Back[0]) != len(from.Steps)+2 || p.At != [2]int{from.AnswerEnd - 2, from.AnswerEnd - 2} || p.Tokens != [2]int{same, to.Response()[parts]} {
			t.Fatalf("the patching is %+v", p)
		}
		odds := func(tokens []int) float64 {
			last := logits(tokens)
			return float64(last[p.Tokens[0]] - last[p.Tokens[1]])
		}
		if a, b := odds(from.Tokens[:p.At[0]]), odds(to.Tokens[:p.At[1]]); math.Abs(p.From-a) > 1e-4 || math.Abs(p.To-b) > 1e-4 {
			t.Errorf("the differences are %g and %g, want %g and %g", p.From, p.To, a, b)
		}
		likely := func(tokens []int) float64 { return model.LogSoftmax(logits(tokens))[p.Tokens[0]] }
		rise := likely(from.Tokens[:p.At[0]]) - likely(to.Tokens[:p.At[1]])
		if math.Abs(p.Likely[0]-p.Likely[1]-rise) > 1e-4 || math.Abs(rise) < 0.01 || passes != m.Layers*len(p.Ranges) {
			t.Errorf("the answer is likelier by %g, want %g; %d passes", p.Likely[0]-p.Likely[1], rise, passes)
		}
		for r, back := range p.Back[0] {
			want := stat.Indicator(r == k+1)
			if math.Abs(back-want) > 1e-3 || math.Abs(p.Gained[0][r]-want*rise) > 1e-4 {
				t.Errorf("range %d brings %g back at the first layer, want %g; the log-probability rises by %g, want %g", r, back, want, p.Gained[0][r], want*rise)
			}
		}
		// The last layer once more, by hand: the states of one pass, put into the other.
		last, D := m.Layers-1, m.HiddenSize
		states, err := i.Inside(from.Tokens[:p.At[0]])
		if err != nil {
			t.Fatal(err)
		}
		for r, at := range p.Ranges {
			err := i.Run(model.Pack(to.Tokens[:p.At[1]]), model.Hooks{Residual: func(l int, x []float32) bool {
				for n := at.Start * D; l == last && n < at.End*D; n++ {
					x[n] = states.X[last][n]
				}
				return l == last
			}})
			if err != nil {
				t.Fatal(err)
			}
			rows, err := i.Logits([]int{p.At[1] - 1})
			if err != nil {
				t.Fatal(err)
			}
			want := model.LogSoftmax(rows[0])[p.Tokens[0]] - likely(to.Tokens[:p.At[1]])
			if math.Abs(p.Gained[last][r]-want) > 1e-4 {
				t.Errorf("at the last layer range %d makes the answer likelier by %g, want %g", r, p.Gained[last][r], want)
			}
		}
		if _, err := examine.Patch(t.Context(), i, from, from, nil); err == nil || !strings.Contains(err.Error(), "same answer") {
			t.Errorf("the same trace twice: error %v", err)
		}
		draw := func(temperature float32) func(seed uint64) model.Sampling {
			return func(seed uint64) model.Sampling {
				return model.Sampling{Temperature: temperature, Seed: uint32(seed)}
			}
		}
		decoder, err := model.NewDecoder(m, model.DecoderSize{Slots: 1, Rows: 2 * m.MaxContext, Chunk: 8})
		if err != nil {
			t.Fatal(err)
		}
		defer decoder.Release()
		found, by, err := examine.OtherAnswer(t.Context(), decoder, x, x.problems[n], from, 0, 7, draw(1.5))
		if err != nil || by < 8 || by > 23 || found.Answer == from.Answer {
			t.Errorf("seed %d leads to the answer %q beside %q (error %v)", by, found.Answer, from.Answer, err)
		}
		if _, _, err := examine.OtherAnswer(t.Context(), decoder, x, x.problems[n], from, 0, 7, draw(0)); err == nil || !strings.Contains(err.Error(), "all the same") {
			t.Errorf("greedy: error %v", err)
		}
		longer := x.Judge(x.problems[n], slices.Insert(slices.Clone(to.Response()), digit, same))
		if p, err := examine.Patch(t.Context(), i, from, longer, nil); err != nil || !math.IsNaN(p.Back[0][k+1]) || math.IsNaN(p.Back[0][k]) {
			t.Errorf("a longer step: %+v (error %v)", p, err)
		}
	})
}
