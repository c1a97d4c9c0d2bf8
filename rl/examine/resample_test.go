package examine_test

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"attnlab/model"
	"attnlab/rl/examine"
	"attnlab/rl/rltest/near"
	"attnlab/rl/score"
	"attnlab/rl/task"
)

// pivot is a task whose responses have seven lines of one token and an answer, + for a right one. Nothing but the third line matters.
type pivot struct{ task.Task }

func (pivot) Vocabulary() []string { return task.CommonTokens }

func (pivot) Judge(p task.Problem, response []int) task.Trace {
	t, framed := task.Cut(p.Prompt, response)
	if t.WellFormed = framed && t.AnswerEnd-t.AnswerStart == 2; t.WellFormed {
		t.Answer = task.CommonTokens[t.Tokens[t.AnswerStart]]
		t.Correct = t.Answer == p.Gold
	}
	return t
}

// What the constructed policy does: the third line is + with probability plus, and then the answer is right with probability good, else with
// bad. An answer before the third line is right with probability blind. The fourth line is always the same.
const (
	plus, good, bad, blind = 0.6, 0.9, 0.2, 0.5
	lines                  = 7
)

// policy draws from this policy. It knows nothing but the tokens so far.
type policy struct {
	*rand.Rand
	ids map[uint32]bool
}

func (p policy) Generate(ctx context.Context, requests []model.Request, s model.Sampling, onDone func(int, model.Rollout)) (rollouts []model.Rollout, err error) {
	for i, request := range requests {
		if p.ids[request.ID] || s.Step != examine.ResampleStep {
			panic("two continuations with the same random numbers")
		}
		p.ids[request.ID] = true
		tokens := slices.Clone(request.Tokens)
		for n := 0; n < request.Max && tokens[len(tokens)-1] != task.Eos; n++ {
			tokens = append(tokens, p.next(tokens[1:]))
		}
		rollouts = append(rollouts, model.Rollout{Tokens: tokens[len(request.Tokens):]})
		if onDone != nil {
			onDone(i, rollouts[i])
		}
	}
	return rollouts, ctx.Err()
}

func (p policy) next(response []int) int {
	either := func(chance float64) int {
		if p.Float64() < chance {
			return task.Plus
		}
		return task.Minus
	}
	end := slices.Index(response, task.EndThink)
	switch n := len(response); {
	case end >= 0 && n > end+1:
		return task.Eos
	case end >= 0 && end < 6:
		return either(blind)
	case end >= 0 && response[4] == task.Plus:
		return either(good)
	case end >= 0:
		return either(bad)
	case n == 2*lines:
		return task.EndThink
	case n%2 == 1:
		return task.Newline
	case n == 4:
		return either(plus)
	case n == 6:
		return task.Hash
	}
	return either(0.5)
}

// pivotTrace is the response whose third line is +.
func pivotTrace(gold string) (task.Problem, task.Trace) {
	response := []int{task.EndThink, task.Plus, task.Eos}
	for _, token := range []int{task.Minus, task.Plus, task.Minus, task.Hash, task.Plus, task.Minus, task.Plus} {
		response = append([]int{token, task.Newline}, response...)
	}
	p := task.Problem{Prompt: []int{task.Bos}, Gold: gold}
	return p, pivot{}.Judge(p, response)
}

func resampled(t *testing.T, seed uint64, gold string, samples int) []examine.StepImportance {
	t.Helper()
	p, trace := pivotTrace(gold)
	r, err := examine.NewResampling(pivot{}, p, trace, samples, 64, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := examine.Resample(context.Background(), policy{rand.New(rand.NewPCG(seed, 1)), map[uint32]bool{}}, []*examine.Resampling{r}, model.Sampling{}, nil); err != nil {
		t.Fatal(err)
	}
	return r.Steps()
}

// The importance of every step of the constructed policy is known in closed form, whether the right answer is known or is that of the trace.
func TestImportanceOfAKnownPolicy(t *testing.T) {
	const n = 20000
	for _, gold := range []string{"+", ""} {
		steps := resampled(t, 7, gold, n)
		average := plus*good + (1-plus)*bad
		for k, want := range []struct{ counterfactual, resampled, forced float64 }{
			{0, 0, 0}, {0, 0, 0}, {good - bad, good - average, good - blind}, {math.NaN(), 0, 0}, {0, 0, 0},
		} {
			s := steps[k]
			near.Want(t, "importance", []float64{s.Counterfactual.Value, s.Resampled.Value, s.Forced.Value}, []float64{want.counterfactual, want.resampled, want.forced}, 0.02)
		}
		near.Want(t, "differs", []float64{float64(steps[2].Differs.N) / n, float64(steps[2].Kept.N) / n, steps[2].Before.Of()}, []float64{1 - plus, 1 + plus, average}, 0.02)
		if d := steps[3].Differs; d != (examine.Share{}) {
			t.Errorf("the fourth step is always the same, and %+v differ", d)
		}
	}
}

// Intervals of a few continuations hold the truth as often as they claim, and standard errors are the spread of the estimates.
func TestImportanceIntervals(t *testing.T) {
	const trials, n = 400, 32
	held, values, errors := 0, []float64{}, 0.0
	for seed := range uint64(trials) {
		e := resampled(t, seed, "+", n)[2].Counterfactual
		if e.Low <= good-bad && good-bad <= e.High {
			held++
		}
		values, errors = append(values, e.Value), errors+e.StandardError/trials
	}
	if share := float64(held) / trials; share < 0.92 || share > 0.99 {
		t.Errorf("intervals hold the truth in %v of the trials", share)
	}
	mean, spread := 0.0, 0.0
	for _, v := range values {
		mean += v / trials
	}
	for _, v := range values {
		spread += (v - mean) * (v - mean) / (trials - 1)
	}
	near.Want(t, "mean, spread", []float64{mean, math.Sqrt(spread)}, []float64{good - bad, errors}, 0.02)
}

// Requests come in batches over several traces and never share random numbers; a stop leaves the first traces whole.
func TestResampleInBatches(t *testing.T) {
	p, trace := pivotTrace("+")
	var all []*examine.Resampling
	for range 3 {
		r, err := examine.NewResampling(pivot{}, p, trace, 100, 64, 0)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	if of := all[0].Of(); of != 2*(lines+1)*100 {
		t.Fatalf("a trace of %d steps has %d continuations", lines, of)
	}
	ctx, stop := context.WithCancel(context.Background())
	from, calls := policy{rand.New(rand.NewPCG(3, 1)), map[uint32]bool{}}, 0
	err := examine.Resample(ctx, from, all, model.Sampling{}, func(done, of int) {
		if calls++; done != calls || of != 4800 {
			t.Fatalf("%d of %d at call %d", done, of, calls)
		}
		if done == 2048+500 {
			stop()
		}
	})
	if err != context.Canceled || all[0].Done() != 1600 || all[1].Done() != 448 {
		t.Errorf("stopped with %v after %d and %d continuations", err, all[0].Done(), all[1].Done())
	}
	if s := all[1].Steps(); math.IsNaN(s[0].Resampled.Value) || !math.IsNaN(s[1].Resampled.Value) || !math.IsNaN(s[2].Counterfactual.Value) {
		t.Errorf("after two beginnings of eight: %+v", s)
	}
}

// A trace that cannot be measured is refused; where the context is full there are no continuations.
func TestResamplingRefuses(t *testing.T) {
	p, trace := pivotTrace("")
	trace.Answer = ""
	if _, err := examine.NewResampling(pivot{}, p, trace, 1, 64, 0); err == nil {
		t.Error("a trace without any answer is taken")
	}
	p, trace = pivotTrace("+")
	r, err := examine.NewResampling(pivot{}, p, trace, 3, 1+4, 0) // nothing fits after the second line
	if err != nil {
		t.Fatal(err)
	}
	if of := r.Of(); of != 3*(2+2) {
		t.Errorf("%d continuations fit", of)
	}
	if requests := r.Next(100, 5); len(requests) != 12 || requests[0].ID != 5 || requests[11].ID != 16 || requests[0].Max != 4 || requests[3].Max != 3 || requests[11].Max != 1 {
		t.Errorf("requests are %+v", requests)
	}
	if s := r.Steps(); !math.IsNaN(s[0].Resampled.Value) || !math.IsNaN(s[6].Forced.Value) {
		t.Errorf("before anything is sampled: %+v", s)
	}
	trace.Steps = nil
	if _, err := examine.NewResampling(pivot{}, p, trace, 1, 64, 0); err == nil {
		t.Error("a trace without steps is taken")
	}
}

// Nothing that the parrot writes depends on what it wrote before, so resampling a step changes nothing.
func TestImportanceOfAParrot(t *testing.T) {
	tk, d := parrots().Task, parrots().Decoder
	var all []*examine.Resampling
	for _, a := range parrots().Attempts[:60] {
		if n := len(a.Trace.Steps); n >= 2 && n < 8 && len(all) < 12 {
			r, err := examine.NewResampling(tk, a.Problem, a.Trace, 24, d.MaxContext, 0)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, r)
		}
	}
	if len(all) < 3 {
		t.Fatalf("%d traces have steps", len(all))
	}
	if err := examine.Resample(context.Background(), d, all, model.Sampling{Temperature: 1, Seed: 5}, nil); err != nil {
		t.Fatal(err)
	}
	n, held, right := 0, 0, 0
	for _, r := range all {
		for _, s := range r.Steps() {
			right += s.Before.Right
			if n++; s.Resampled.Low <= 0 && s.Resampled.High >= 0 && s.Forced.Low <= 0 && s.Forced.High >= 0 {
				held++
			}
		}
	}
	if held < n*8/10 || right == 0 {
		t.Errorf("of %d steps %d have intervals with 0; %d continuations are right", n, held, right)
	}
}

// important is the trace of the constructed policy with an FCI that ranks like the given numbers and a focus that ranks the other way round.
func important(steps []examine.StepImportance, fci []float64) examine.Important {
	_, trace := pivotTrace("+")
	a := score.StepAttention{Layers: 1, Heads: 1, Ranges: lines + 2, Mean: make([]float32, (lines+2)*(lines+2))}
	for k, f := range fci {
		a.Mean[(lines+1)*(lines+2)+k+1] = float32(10 - f)
	}
	return examine.Important{Examined: examine.Examined{Trace: trace, Attention: a, Delta: 1, FCI: fci}, Importance: steps}
}

// Rankers are correlated over the steps that have an importance, an FCI and a focus: not the first, and not one that is always the same.
func TestRankImportance(t *testing.T) {
	of := func(values ...float64) (steps []examine.StepImportance) {
		for _, v := range values {
			steps = append(steps, examine.StepImportance{Counterfactual: examine.Effect{Value: v}})
		}
		return steps
	}
	nan := math.NaN()
	one := important(of(9, 1, 2, nan, 3, 4, 5), []float64{0, 1, 2, 9, 3, 4, 5})
	two := important(of(9, 5, 4, nan, 3, 2, 1), []float64{0, 1, 2, 9, 3, 4, 5})
	short := important(of(9, 5, 4, nan, nan, nan, 1), []float64{0, 1, 2, 9, 3, 4, 5})
	by := map[examine.Ranker]examine.ImportanceRank{}
	for _, r := range examine.RankImportance([]examine.Important{one}, 1) {
		by[r.By] = r
	}
	fci, focus, place, shuffled := by[examine.ByFCI], by[examine.ByFocus], by[examine.ByPosition], by[examine.ByShuffled]
	near.Want(t, "rank correlations", []float64{fci.Rho.Value, focus.Rho.Value, place.Rho.Value, fci.Over.Value}, []float64{1, -1, -1, 2}, 1e-12)
	if fci.Traces != 1 || fci.Steps != 5 || !math.IsNaN(fci.Rho.StandardError) || fci.Rho.High != 1 || by[examine.ByRepeat].Traces != 0 {
		t.Errorf("of one trace: %+v and %+v", fci, by[examine.ByRepeat])
	}
	if again := examine.RankImportance([]examine.Important{one}, 1)[3]; again.Rho.Value != shuffled.Rho.Value {
		t.Errorf("the same seed shuffles to %v, then to %v", shuffled.Rho.Value, again.Rho.Value)
	}
	mean, n := 0.0, 400
	for seed := range uint64(n) {
		mean += examine.RankImportance([]examine.Important{one}, seed)[3].Rho.Value / float64(n)
	}
	if math.Abs(mean) > 0.1 { // the spread of one is 1/√4
		t.Errorf("shuffled scores have a mean correlation of %v", mean)
	}
	for _, r := range examine.RankImportance([]examine.Important{one, two, short}, 1) {
		if r.By == examine.ByFCI && (r.Traces != 2 || r.Steps != 10 || r.Rho.Value != 0 || r.Rho.StandardError != 1 || r.Rho.Low != -1 || r.Over.Value != 0) {
			t.Errorf("of two traces that contradict each other: %+v", r)
		}
	}
}

// Half of the continuations rank the steps as the other half does where one step matters and enough are sampled, and then only as far as the
// steps differ: of five steps of which one stands out and four are noise, by 1/2 on average.
func TestImportanceRepeats(t *testing.T) {
	var all []examine.Important
	for seed := range uint64(60) {
		all = append(all, important(resampled(t, seed, "+", 200), []float64{0, 1, 5, 2, 1.5, 0.5, 0.1}))
	}
	for _, r := range examine.RankImportance(all, 1) {
		if r.By == examine.ByRepeat && (r.Traces != 60 || math.Abs(r.Rho.Value-0.5) > 0.15) {
			t.Errorf("halves agree by %+v", r)
		}
	}
}
