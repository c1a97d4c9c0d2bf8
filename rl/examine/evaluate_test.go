package examine_test

import (
	"context"
	"math"
	"slices"
	"sync"
	"testing"

	"attnlab/gpu"
	"attnlab/model"
	"attnlab/rl/examine"
	"attnlab/rl/rltest"
	"attnlab/rl/task"
)

// parrots is [rltest.Parrot] on the host with 120 attempts. Its decoder has few slots, so that sequences wait for each other.
var parrots = sync.OnceValue(func() (p struct {
	Task     task.Task
	Model    *model.Model
	Decoder  *model.Decoder
	Attempts []examine.Attempt
}) {
	check := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	var err error
	p.Task, err = task.New("chain", "", "")
	check(err)
	base := rltest.Parrot(p.Task)
	p.Model, err = model.New(gpu.OpenHost(), base.Config, base.Weights)
	check(err)
	p.Decoder, err = model.NewDecoder(p.Model, model.DecoderSize{Slots: 8, Rows: 8 * base.Config.MaxContext, Chunk: 16})
	check(err)
	problems := task.Problems(p.Task, task.EvalStream, 6, 120)
	p.Attempts, err = examine.Attempts(context.Background(), p.Decoder, p.Task, problems, 0, model.Sampling{Temperature: 1, Seed: 5}, nil)
	check(err)
	return p
})

func TestKeysOfStreamsAreOthers(t *testing.T) {
	const n = 20000
	seen := map[uint64]string{}
	for _, stream := range []string{task.TrainStream, task.EvalStream, task.ProbeStream} {
		for _, seed := range []uint64{0, 1, 2} {
			for i := range uint64(n) {
				s := task.SeedOf(stream, seed, i)
				if other, twice := seen[s]; twice {
					t.Fatalf("key %d of stream %s, seed %d, is also in %s", i, stream, seed, other)
				}
				seen[s] = stream
			}
		}
	}
	tk := parrots().Task
	a, b := task.Problems(tk, task.EvalStream, 1, 20), task.Problems(tk, task.EvalStream, 1, 10)
	for i := range b {
		if !slices.Equal(a[i].Prompt, b[i].Prompt) {
			t.Errorf("problem %d depends on how many are drawn", i)
		}
	}
}

func TestAttemptsOfAParrot(t *testing.T) {
	tk, attempts := parrots().Task, parrots().Attempts
	right, steps := 0, 0
	for i, a := range attempts {
		if !a.Trace.WellFormed || a.Trace.Answer != "9" {
			t.Fatalf("attempt %d: %q", i, task.Text(tk, a.Trace.Response()))
		}
		if a.Trace.Correct != (a.Problem.Gold == "9") {
			t.Errorf("attempt %d: correct is %t, the right answer %s", i, a.Trace.Correct, a.Problem.Gold)
		}
		if a.Trace.Correct {
			right++
		}
		steps += len(a.Trace.Steps)
		// A step is a sure "so", one of 16 letters, one of 9 digits, a sure line end, and another one in 0.7 of cases.
		want := float64(len(a.Trace.Steps))*math.Log(1./16/9) + float64(len(a.Trace.Steps)-1)*math.Log(0.7) + math.Log(0.3)
		got := 0.0
		for _, p := range a.Rollout.LogProbs {
			got += float64(p)
		}
		if math.Abs(got-want) > 1e-3 {
			t.Errorf("attempt %d: log-probability %g, want %g", i, got, want)
		}
	}
	e := examine.Evaluate(tk, attempts)
	n := float64(len(attempts))
	near := func(name string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-9 {
			t.Errorf("%s is %g, want %g", name, got, want)
		}
	}
	p := float64(right) / n
	near("accuracy", e.Accuracy, p)
	near("its standard error", float64(e.AccuracyError), math.Sqrt(p*(1-p)/(n-1)))
	near("well-formed", e.WellFormed, 1)
	near("steps", e.Steps, float64(steps)/n)
	near("think tokens", e.ThinkTokens, 4*e.Steps)
	labels, problems, accuracy := 0.0, 0, 0.0
	for _, label := range task.Labels() {
		labels += e.Labels[label]
	}
	near("steps of all labels", labels, e.Steps)
	near("reflections of who never checks", e.Reflections, 0)
	for _, l := range e.ByDifficulty {
		problems += l.Problems
		accuracy += l.Accuracy * float64(l.Problems) / n
	}
	near("problems of all difficulties", float64(problems), n)
	near("accuracy over all difficulties", accuracy, p)
	if len(e.ByDifficulty) != 4 || e.ByDifficulty[0].Difficulty != 2 || e.ByDifficulty[3].Difficulty != 5 {
		t.Errorf("difficulties are %+v, want 2 to 5", e.ByDifficulty)
	}
	if right == 0 {
		t.Error("no attempt is correct, so this shows little")
	}
}

// Attempts that are stopped return the first problems, not the ones with short responses.
func TestAttemptsStopped(t *testing.T) {
	tk, d, all := parrots().Task, parrots().Decoder, parrots().Attempts
	ctx, stop := context.WithCancel(context.Background())
	some, err := examine.Attempts(ctx, d, tk, task.Problems(tk, task.EvalStream, 6, 60), 0, model.Sampling{Temperature: 1, Seed: 5}, func(finished, of int) {
		if of != 60 {
			t.Errorf("progress says %d of %d", finished, of)
		}
		if finished == 20 {
			stop()
		}
	})
	if err != context.Canceled || len(some) == 0 || len(some) >= 60 {
		t.Fatalf("%d attempts and error %v", len(some), err)
	}
	for i := range some {
		if !slices.Equal(some[i].Trace.Tokens, all[i].Trace.Tokens) {
			t.Errorf("attempt %d is another one than without the stop", i)
		}
	}
}

// No response is longer than asked for, and shorter ones are as without the cap.
func TestAttemptsHaveOneCap(t *testing.T) {
	tk, d, all := parrots().Task, parrots().Decoder, parrots().Attempts
	const longest = 16
	capped, err := examine.Attempts(context.Background(), d, tk, task.Problems(tk, task.EvalStream, 6, 60), longest, model.Sampling{Temperature: 1, Seed: 5}, nil)
	if err != nil {
		t.Fatal(err)
	}
	cut := 0
	for i, a := range capped {
		whole := all[i].Trace.Response()
		if want := whole[:min(longest, len(whole))]; !slices.Equal(a.Trace.Response(), want) {
			t.Errorf("response %d is %v, want %v", i, a.Trace.Response(), want)
		}
		if len(whole) > longest {
			cut++
		}
	}
	if cut == 0 || cut == len(capped) {
		t.Errorf("%d of %d responses are cut, so this shows little", cut, len(capped))
	}
}

func TestAttemptsRefuseLongPrompts(t *testing.T) {
	tk, d := parrots().Task, parrots().Decoder
	p := tk.Problem(1)
	for len(p.Prompt) < d.MaxContext {
		p.Prompt = append(p.Prompt, p.Prompt...)
	}
	if _, err := examine.Attempts(context.Background(), d, tk, []task.Problem{p}, 0, model.Sampling{}, nil); err == nil {
		t.Error("a prompt longer than the context was taken")
	}
}
