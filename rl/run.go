package rl

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"attnlab/gpu"
	"attnlab/model"
	"attnlab/model/hf"
	"attnlab/rl/hyper"
	"attnlab/rl/score"
	"attnlab/rl/task"
)

// RunConfig is a training run: a method with its hyper-parameters.
type RunConfig struct {
	Method string
	Hyper  hyper.Values // of the method; nil is LabHyper
	Seed   uint64
	Probe  int // problems that the base is measured on first; 0 is 256

	Heads     []score.Head // attnpo: these in place of the key-focus heads it finds
	Reflector *Reflector   // rearl: what cuts responses, unless its cut is "oracle"

	Tokens int // of a part of an update, which bounds memory; 0 is 4096
	Slots  int // sequences sampled at once; 0 is 64
}

// Run is reinforcement learning under way. It is used from one goroutine.
type Run struct {
	RunConfig
	*Policy
	Model   *model.Model
	Trainer *model.Trainer

	base      *hf.Checkpoint // what the run started from
	reference *model.Scorer  // frozen; nil where the loss has no KL term
	method    method
	state     runState
	last      []Group // of the last step
}

// method is what methods differ in: one training step, from sampling to the update.
type method interface {
	step(ctx context.Context, r *Run) error
}

// runState is what a run keeps between steps besides weights and moments.
type runState struct {
	Method  string       `json:"method"`
	Hyper   hyper.Values `json:"hyper"`
	Step    int          `json:"step"`
	Count   Count        `json:"count"`
	Trained int64        `json:"trained"`
	Seconds float64      `json:"seconds"`
	Base    *Probe       `json:"base"` // the base's own samples

	Heads  []score.Head `json:"heads,omitempty"` // attnpo: frozen
	Easy   EasyFilter   `json:"easy"`            // attnrl: mean FCI of easy problems
	Batch  int          `json:"batch,omitempty"` // attnrl: problems of the next step
	Shoots []shoot      `json:"shoots"`          // trees begun at the step before; none is not the same as an empty list of them
}

// NewRun starts a run from base or, where kept is a checkpoint of such a run, goes
// on with it exactly as if it had never stopped; method, hyper-parameters and seed
// are then the kept ones and must not be given otherwise.
func NewRun(d *gpu.Device, task task.Task, base, kept *hf.Checkpoint, c RunConfig) (*Run, error) {
	state := runState{Method: c.Method, Hyper: c.Hyper}
	start := base
	if kept != nil {
		start = kept
		var err error
		if state, err = keptState(kept, c); err != nil {
			return nil, err
		}
		c.Seed = kept.Train.Seed
	}
	if state.Hyper == nil {
		state.Hyper = hyper.Lab(c.Method)
	}
	c.Hyper = state.Hyper
	c.Tokens, c.Slots, c.Probe = either(c.Tokens, 4096), either(c.Slots, 64), either(c.Probe, 256)
	method, err := newMethod(c, base.Config)
	if err != nil {
		return nil, err
	}
	if n := len(task.Vocabulary()); n != base.Config.VocabSize {
		return nil, fmt.Errorf("rl: task %s has %d tokens, the model %d; use a model made for this task", task.Name(), n, base.Config.VocabSize)
	}
	r := &Run{RunConfig: c, base: base, method: method, state: state}
	if err := r.open(d, task, start); err != nil {
		r.Release()
		return nil, err
	}
	return r, nil
}

// Reflects tells whether the run needs a Reflector.
func (c RunConfig) Reflects() bool {
	if c.Method != "rearl" {
		return false
	}
	rule := NewREARL(c.Hyper)
	return rule.Revise && rule.Cut != "oracle"
}

func either(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}

// newMethod makes the method of a run.
func newMethod(c RunConfig, shape model.Config) (method, error) {
	switch c.Method {
	case "sft":
		return sft{}, nil
	case "grpo", "drgrpo", "dapo":
		return NewGRPO(c.Hyper), nil
	case "tlmre":
		return NewTLMRE(c.Hyper), nil
	case "treerl":
		return treeTrainer{newTreeRLBranching(c.Hyper), c.Hyper.Choice("pipeline") == "on"}, nil
	case "attnrl":
		return treeTrainer{NewAttnRL(c.Hyper), c.Hyper.Choice("pipeline") == "on"}, nil
	case "attnpo":
		for _, h := range c.Heads {
			if h.Layer < 0 || h.Layer >= shape.Layers || h.Head < 0 || h.Head >= shape.Heads {
				return nil, fmt.Errorf("rl: there is no head %d in layer %d; the model has %d layers of %d heads", h.Head, h.Layer, shape.Layers, shape.Heads)
			}
		}
		return NewATTNPO(c.Hyper), nil
	case "rearl":
		rule := NewREARL(c.Hyper)
		if c.Reflects() && c.Reflector == nil {
			return nil, fmt.Errorf("rl: the cut %q needs a reflection model; train one and give it, or take the cut oracle", rule.Cut)
		}
		return rule, nil
	}
	return nil, fmt.Errorf("rl: unknown method %q; choose one of %s", c.Method, strings.Join(hyper.Methods, ", "))
}

// keptState reads what a checkpoint keeps of a run.
func keptState(kept *hf.Checkpoint, c RunConfig) (state runState, err error) {
	if kept.Train == nil || len(kept.Train.Method) == 0 {
		return state, fmt.Errorf("rl: the checkpoint holds no training run to go on with; start a new one from it")
	}
	if err := json.Unmarshal(kept.Train.Method, &state); err != nil {
		return state, fmt.Errorf("rl: the checkpoint's training run cannot be read: %w", err)
	}
	switch {
	case state.Method != c.Method:
		return state, fmt.Errorf("rl: the checkpoint is of a run of %s, not %s; go on with that, or start a new run", state.Method, c.Method)
	case c.Hyper != nil && !maps.Equal(c.Hyper, state.Hyper):
		return state, fmt.Errorf("rl: the checkpoint's run has other hyper-parameters; leave them out to go on with it, or start a new run")
	case c.Seed != 0 && c.Seed != kept.Train.Seed:
		return state, fmt.Errorf("rl: the checkpoint's run has seed %d, not %d; leave the seed out to go on with it, or start a new run", kept.Train.Seed, c.Seed)
	}
	return state, nil
}

// open puts the run on a device.
func (r *Run) open(d *gpu.Device, task task.Task, start *hf.Checkpoint) (err error) {
	if r.Model, err = model.New(d, start.Config, start.Weights); err != nil {
		return err
	}
	// Constant rate, no decay: a run is short and starts from a good model.
	adam := model.DefaultAdam
	adam.Decay = 0
	capacity := max(r.Tokens, start.Config.MaxContext)
	if r.Trainer, err = model.NewTrainer(r.Model, capacity, adam); err != nil {
		return err
	}
	r.Policy, err = NewPolicy(r.Model, task, PolicyConfig{Seed: r.Seed, Temperature: or(r.Hyper, "temperature", 1),
		MaxLength: int(or(r.Hyper, "max-length", float64(start.Config.MaxContext))), Slots: r.Slots, Tokens: capacity})
	if err != nil {
		return err
	}
	r.Policy.Count = r.state.Count
	if r.state.Step > 0 && start.Train != nil {
		if err := r.Trainer.Restore(start.Train); err != nil {
			return err
		}
	}
	if r.Hyper["kl"] > 0 {
		reference, err := model.New(d, r.base.Config, r.base.Weights)
		if err != nil {
			return err
		}
		if r.reference, err = model.NewScorer(reference, capacity); err != nil {
			reference.Release()
			return err
		}
	}
	return nil
}

func or(h hyper.Values, name string, otherwise float64) float64 {
	if v, ok := h[name]; ok {
		return v
	}
	return otherwise
}

// Step takes one training step: Sample, Score, Credit, Loss, Step, in the file of
// its method. The first one measures the base before. If ctx ends before the
// weights change, Step returns its error and leaves the run as it was: it can be
// kept, and gone on with.
func (r *Run) Step(ctx context.Context) (StepReport, error) {
	start := time.Now()
	if err := r.MeasureBase(ctx); err != nil {
		return StepReport{}, err
	}
	before, count := r.state, r.Policy.Count
	r.tally = &tally{}
	if err := r.method.step(ctx, r); err != nil {
		r.state, r.Policy.Count = before, count
		return StepReport{}, err
	}
	seconds := time.Since(start).Seconds()
	r.state.Step++
	r.state.Trained += r.tally.Trained
	r.state.Seconds += seconds

	report := r.tally.report(r.state.Base)
	report.Step, report.Method, report.Seed = r.state.Step, r.Method, r.Seed
	report.Problems, report.Calls, report.Generated, report.Charged = r.Problems, r.Calls, r.Generated, r.Charged
	report.Trained, report.Updates, report.Seconds = r.state.Trained, r.Trainer.Steps, r.state.Seconds
	report.TokensPerSecond = float64(r.Generated-count.Generated) / seconds
	return report, nil
}

// MeasureBase measures the model as the run begins, once: [Run.Step] does where it
// was not done before.
func (r *Run) MeasureBase(ctx context.Context) error {
	if r.state.Base != nil {
		return nil
	}
	base, err := r.Measure(ctx)
	if err == nil {
		r.state.Base = &base
	}
	return err
}

// Steps is the number of training steps taken.
func (r *Run) Steps() int { return r.state.Step }

// Base is what the run measured of the model it started from; nil before the first
// step.
func (r *Run) Base() *Probe { return r.state.Base }

// FocusHeads are the key-focus heads that attnpo holds on to; none before its first
// step and in other methods.
func (r *Run) FocusHeads() []score.Head { return slices.Clone(r.state.Heads) }

// Checkpoint reads everything back that is needed to use the model and to go on
// with training.
func (r *Run) Checkpoint() (*hf.Checkpoint, error) {
	c := &hf.Checkpoint{Config: r.Model.Config, Tokenizer: r.base.Tokenizer}
	var err error
	if c.Weights, err = r.Model.Weights(); err != nil {
		return nil, err
	}
	if c.Train, err = r.Trainer.Keep(); err != nil {
		return nil, err
	}
	state := r.state
	state.Hyper, state.Count = r.Hyper, r.Policy.Count
	c.Train.Tokens, c.Train.Seed, c.Train.Problems = state.Trained, r.Seed, r.Problems
	c.Train.Schedule = state.Step
	c.Train.Method, err = json.Marshal(state)
	return c, err
}

// Release frees the device's memory.
func (r *Run) Release() {
	if r.reference != nil {
		r.reference.Release()
		r.reference.Model.Release()
	}
	if r.Policy != nil {
		r.Policy.Release()
	}
	if r.Trainer != nil {
		r.Trainer.Release()
	}
	if r.Model != nil {
		r.Model.Release()
	}
}
