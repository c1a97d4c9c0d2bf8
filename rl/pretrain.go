package rl

import (
	"context"
	"fmt"
	"time"

	"attnlab/gpu"
	"attnlab/model"
	"attnlab/model/hf"
	"attnlab/model/hf/tokenizer"
	"attnlab/rl/hyper"
	"attnlab/rl/task"
)

// PretrainConfig is supervised training on a teacher's demonstrations: the loss is
// the cross-entropy of the response's tokens, the mean over those of a step.
type PretrainConfig struct {
	Steps  int
	Tokens int // of a step, prompts included; a step packs whole traces up to this many
	Seed   uint64
	Adam   model.Adam
	Rate   model.Schedule // its Steps are set to Steps
	Every  int            // steps between reports; 0 is 20
	Saved  model.Storage  // of activations for the backward pass, see [model.NewTrainerSaving]
}

// DefaultPretrain is the recipe of the shipped bases: linear warm-up, a plateau,
// then a line down to 3 % of the peak.
func DefaultPretrain(steps int) PretrainConfig {
	return PretrainConfig{
		Steps: steps, Tokens: 2048, Seed: 1, Adam: model.DefaultAdam,
		Rate: model.Schedule{Peak: 3e-3, Warmup: 60, DecayStart: 0.4, Floor: 0.03},
	}
}

// PretrainParams are the hyper-parameters of pretraining. The flags of "attnlab pretrain", the page's controls and saved runs all
// read this table, so that a run that one of them starts can be resumed by the other.
var PretrainParams = hyper.Table{
	pretrainParam("rate", "η", "highest learning rate, after a warm-up of 60 steps", 1e-9, 1, 1e-9, DefaultPretrain(0).Rate.Peak),
	pretrainParam("tokens", "", "tokens of a step, prompts included", 1, 1<<20, 1, float64(DefaultPretrain(0).Tokens)),
	hyper.Activations.Choosing("f32", "f32").From("ours"),
}

func pretrainParam(name, symbol, meaning string, lowest, highest, step, usual float64) hyper.Param {
	return hyper.Param{Name: name, Symbol: symbol, Meaning: meaning, Source: "ours", Min: lowest, Max: highest, Step: step}.With(usual, usual)
}

// With returns the recipe with values of [PretrainParams].
func (p PretrainConfig) With(h hyper.Values) PretrainConfig {
	p.Tokens, p.Rate.Peak, p.Saved = h.Int("tokens"), h.Number("rate"), saved(h)
	return p
}

// PretrainReport is the progress of training: a line of training.jsonl.
type PretrainReport struct {
	Step            int     `json:"step"`
	Loss            float64 `json:"loss"` // nats a response token, the mean since the last report
	Rate            float64 `json:"lr"`
	GradNorm        float64 `json:"gradient_norm"`
	Tokens          int64   `json:"tokens"` // trained on so far, prompts included
	TokensPerSecond float64 `json:"tokens_per_second"`
	Seconds         float64 `json:"seconds"`
}

// Pretraining is a run of supervised training.
type Pretraining struct {
	PretrainConfig
	Task    task.Task
	Model   *model.Model
	Trainer *model.Trainer
	tokens  int64
	drawn   uint64 // problems so far
	waiting []int  // a trace that did not fit the last step
	prompt  int    // its prompt's length
}

// NewPretraining starts from weights, or resumes from state where that is not nil.
func NewPretraining(d *gpu.Device, task task.Task, c model.Config, weights []float32, state *model.TrainState, p PretrainConfig) (*Pretraining, error) {
	if n := len(task.Vocabulary()); n != c.VocabSize {
		return nil, fmt.Errorf("rl: task %s has %d tokens, the model %d; use a model made for this task", task.Name(), n, c.VocabSize)
	}
	if p.Tokens < c.MaxContext {
		return nil, fmt.Errorf("rl: a step of %d tokens cannot hold a trace of %d; raise it to at least that", p.Tokens, c.MaxContext)
	}
	p.Rate.Steps = p.Steps
	if p.Every == 0 {
		p.Every = 20
	}
	m, err := model.New(d, c, weights)
	if err != nil {
		return nil, err
	}
	t, err := model.NewTrainerSaving(m, p.Tokens, p.Adam, p.Saved)
	if err != nil {
		return nil, err
	}
	run := &Pretraining{PretrainConfig: p, Task: task, Model: m, Trainer: t}
	if state != nil {
		if err := t.Restore(state); err != nil {
			return nil, err
		}
		run.tokens, run.drawn = state.Tokens, state.Problems
	}
	return run, nil
}

// Run trains until Steps and reports at intervals. If ctx ends first, Run returns
// its error; [Pretraining.Checkpoint] then has everything trained so far.
func (r *Pretraining) Run(ctx context.Context, report func(PretrainReport)) error {
	start, since := time.Now(), time.Now()
	tokens := r.tokens
	for r.Trainer.Steps < r.Steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		rate := r.Rate.Rate(r.Trainer.Steps)
		part := r.draw()
		if err := r.Trainer.Step(float32(rate), part); err != nil {
			return err
		}
		r.tokens += int64(part.N())
		if r.Trainer.Steps%r.Every != 0 && r.Trainer.Steps != r.Steps {
			continue
		}
		metrics, err := r.Trainer.Metrics()
		if err != nil {
			return err
		}
		now := time.Now()
		line := PretrainReport{Step: r.Trainer.Steps, Rate: rate, Tokens: r.tokens,
			TokensPerSecond: float64(r.tokens-tokens) / now.Sub(since).Seconds(), Seconds: now.Sub(start).Seconds()}
		for _, m := range metrics {
			line.Loss += m.Loss / float64(len(metrics))
			line.GradNorm += m.GradNorm / float64(len(metrics))
		}
		since, tokens = now, r.tokens
		if report != nil {
			report(line)
		}
	}
	return nil
}

// draw packs demonstrations of fresh problems into a step.
func (r *Pretraining) draw() model.MicroBatch {
	var traces [][]int
	var prompts []int
	for n := 0; ; {
		if r.waiting == nil {
			r.waiting, r.prompt = r.demonstrate()
		}
		if n += len(r.waiting); n > r.Tokens {
			break
		}
		traces, prompts = append(traces, r.waiting), append(prompts, r.prompt)
		r.waiting = nil
	}
	return supervised(traces, prompts, r.Model.VocabSize)
}

func (r *Pretraining) demonstrate() (trace []int, prompt int) {
	for {
		seed := task.SeedOf(task.TrainStream, r.Seed, r.drawn)
		p := task.Draw(r.Task, task.TrainStream, r.Seed, r.drawn)
		r.drawn++
		if response := r.Task.Demonstrate(p, seed); response != nil && len(p.Prompt)+len(response) <= r.Model.MaxContext {
			return append(p.Prompt[:len(p.Prompt):len(p.Prompt)], response...), len(p.Prompt)
		}
	}
}

// supervised is the part of a step whose loss is the mean cross-entropy of the
// tokens after each trace's prompt.
func supervised(traces [][]int, prompts []int, V int) model.MicroBatch {
	b := model.Pack(traces...)
	part := model.MicroBatch{Batch: b, Targets: b.Next(V), Weight: make([]float32, b.N())}
	count := 0
	for i, trace := range traces {
		count += len(trace) - prompts[i]
	}
	for i, trace := range traces {
		for t := prompts[i] - 1; t < len(trace)-1; t++ {
			part.Weight[b.Starts[i]+t] = 1 / float32(count)
		}
	}
	return part
}

// Checkpoint reads from the device everything that is needed to use the model and
// to resume training.
func (r *Pretraining) Checkpoint() (*hf.Checkpoint, error) {
	words, err := tokenizer.NewWords(r.Task.Vocabulary())
	if err != nil {
		return nil, err
	}
	c := &hf.Checkpoint{Config: r.Model.Config, Tokenizer: words}
	if c.Weights, err = r.Model.Weights(); err != nil {
		return nil, err
	}
	if c.Train, err = r.Trainer.State(); err != nil {
		return nil, err
	}
	drawn := r.drawn
	if r.waiting != nil {
		drawn-- // drawn again at the next step
	}
	c.Train.Tokens, c.Train.Seed, c.Train.Problems = r.tokens, r.Seed, drawn
	c.Train.Schedule, c.Train.ScheduleOf = r.Trainer.Steps, r.Steps
	return c, nil
}

// Release frees the device's memory.
func (r *Pretraining) Release() {
	r.Trainer.Release()
	r.Model.Release()
}
