package rl

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"attnlab/gpu"
	"attnlab/model"
	"attnlab/model/hf"
	"attnlab/model/hf/tokenizer"
	"attnlab/rl/hyper"
	"attnlab/rl/task"
)

// dice is a task for models that know nothing: responses of odd length are right,
// any third token ends a step, and its label is thrown by its length. Random
// weights then give groups of mixed outcome with steps of every kind.
type dice struct{}

func (dice) Name() string          { return "dice" }
func (dice) Vocabulary() []string  { return slices.Clone(task.CommonTokens) }
func (dice) Reflections() []string { return []string{"wait"} } // it never does
func (dice) Problem(seed uint64) task.Problem {
	random := task.NewRandom(seed, task.ProblemStream)
	prompt := []int{task.Bos}
	for range 3 {
		prompt = append(prompt, task.Semicolon+random.IntN(6))
	}
	return task.Problem{Difficulty: 1 + random.IntN(2), MinimumThink: 2, Prompt: append(prompt, task.Think), Gold: "+"}
}
func (dice) Parse(string) (task.Problem, error) {
	return task.Problem{}, errors.New("dice: not parsed")
}
func (dice) Demonstrate(p task.Problem, seed uint64) []int {
	return []int{task.Plus, task.Newline, task.Minus, task.Plus, task.Newline, task.EndThink, task.Hash, task.Eos}
}
func (dice) Judge(p task.Problem, response []int) task.Trace {
	t, _ := task.Cut(p.Prompt, response)
	t.Steps = nil
	for start, end := t.ThinkStart, t.ThinkStart+1; end <= t.ThinkEnd; end++ {
		if t.Tokens[end-1]%3 == 0 || end == t.ThinkEnd {
			t.Steps = append(t.Steps, task.Step{Start: start, End: end, Label: task.Label((end - start) % 3)})
			start = end
		}
	}
	t.WellFormed = true
	t.Correct = len(t.Response())%2 == 1
	return t
}
func (dice) Concludes(_ task.Problem, t task.Trace) []bool {
	yes := make([]bool, len(t.Steps))
	for k, s := range t.Steps {
		yes[k] = s.Label == task.Essential
	}
	return yes
}

var diceShape = model.Config{
	VocabSize: len(task.CommonTokens), HiddenSize: 16, IntermediateSize: 16, Layers: 1, Heads: 2, KVHeads: 1, HeadDim: 8, MaxContext: 48,
	RMSNormEps: 1e-5, Rope: model.Rope{Theta: 10000}, TieEmbeddings: true, PadID: task.Pad, BosID: task.Bos, EosID: task.Eos,
}

// diceBase is a model with random weights, large enough that they matter.
func diceBase(t *testing.T) *hf.Checkpoint {
	t.Helper()
	words, err := tokenizer.NewWords(dice{}.Vocabulary())
	if err != nil {
		t.Fatal(err)
	}
	return &hf.Checkpoint{Config: diceShape, Tokenizer: words, Weights: diceShape.Init(3)}
}

// methodOf is the method of a name.
func methodOf(t *testing.T, name string) Method {
	t.Helper()
	m, err := MethodOf(name)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// set changes values of a method from text, those that it has.
func set(t *testing.T, m Method, h hyper.Values, change map[string]string) hyper.Values {
	t.Helper()
	for name, text := range change {
		if err := m.Params.Set(h, name, text); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

// paper are the paper's values of a method with some changed.
func paper(t *testing.T, name string, change map[string]string) hyper.Values {
	t.Helper()
	m := methodOf(t, name)
	return set(t, m, m.Params.Paper(), change)
}

// diceRun is a small run of a method; change alters its hyper-parameters.
func diceRun(t *testing.T, name string, change map[string]string) RunConfig {
	t.Helper()
	return diceRunOf(t, methodOf(t, name), change)
}

func diceRunOf(t *testing.T, m Method, change map[string]string) RunConfig {
	t.Helper()
	h := m.Params.Lab()
	// No dice is longer than its model's context of 48.
	for name, text := range map[string]string{"problems": "4", "initial": "3", "max-length": "44", "overlong-buffer": "8", "revision-tokens": "40"} {
		if h.Has(name) {
			set(t, m, h, map[string]string{name: text})
		}
	}
	return RunConfig{Method: m, Hyper: set(t, m, h, change), Seed: 5, Probe: 24, Tokens: 256, Slots: 16}
}

func open(t *testing.T, kept *hf.Checkpoint, c RunConfig) *Run {
	t.Helper()
	return openSaved(t, dice{}, kept, c)
}

func openTask(t *testing.T, kind task.Task, c RunConfig) *Run {
	t.Helper()
	return openSaved(t, kind, nil, c)
}

func openSaved(t *testing.T, kind task.Task, kept *hf.Checkpoint, c RunConfig) *Run {
	t.Helper()
	r, err := NewRun(gpu.OpenHost(), kind, diceBase(t), kept, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Release)
	return r
}

// steps takes n steps and clears their times.
func steps(t *testing.T, r *Run, n int) (reports []StepReport) {
	t.Helper()
	for range n {
		report, err := r.Step(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		report.Seconds, report.Sampling, report.Learning, report.TokensPerSecond = 0, 0, 0, 0
		reports = append(reports, report)
	}
	return reports
}

func weights(t *testing.T, r *Run) []float32 {
	t.Helper()
	w, err := r.Model.Weights()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// text is a report's JSON: equal texts are equal reports, pointers included.
func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
