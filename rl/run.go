package rl

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"attnlab/gpu"
	"attnlab/model"
	"attnlab/model/hf"
	"attnlab/rl/hyper"
	"attnlab/rl/runs"
	"attnlab/rl/score"
	"attnlab/rl/stat"
	"attnlab/rl/task"
)

// RunConfig is a training run: a method with its hyper-parameters.
type RunConfig struct {
	Method Method
	Hyper  hyper.Values // of the method; nil is the lab's, or those of the saved run
	Seed   uint64
	Probe  int // problems that the base is measured on first; 0 is 256

	// Opened, where not nil, is the base on its device, from [model.Open]: adapters are trained over it, and the base needs no weights in
	// memory. The run does not release it.
	Opened *model.Model

	Heads     []score.Head // in place of those that the method finds, where it takes heads
	Reflector *Reflector   // where the method needs one

	Tokens int // of a micro-batch, which bounds memory; 0 is 4096
	Slots  int // sequences sampled at once; 0 is 64

	GradientCosine bool // measure StepReport.GradientCosine, which computes the gradient of each step's first update twice

	SaveRollouts *float64 // share of the problems whose responses are in Run.Rollouts; nil is 0

	HeldOut HeldOutConfig // measurements on fixed problems while it trains
}

// Run is a run of reinforcement learning. Use it from one goroutine.
type Run struct {
	RunConfig
	*Policy
	Model   *model.Model
	Trainer *model.Trainer

	Rollouts []runs.Rollout // of the last step, of a share of its problems

	base      *hf.Checkpoint // what the run started from
	reference *model.Scorer  // frozen; nil where neither loss nor reward has a KL term, and where adapters can be left out instead
	trainer   Trainer
	state     runState
	last      []Group // of the last step
	losses    lossRecord
}

// NewRun starts a run from base or, where saved is a checkpoint of such a run, resumes it exactly as if it had never stopped;
// method, hyper-parameters and seed are then the saved ones, and it returns an error if they are given otherwise.
func NewRun(d *gpu.Device, task task.Task, base, saved *hf.Checkpoint, c RunConfig) (*Run, error) {
	var state runState
	start := base
	if saved != nil {
		start = saved
		var err error
		if state, err = savedState(saved, c); err != nil {
			return nil, err
		}
		c.Hyper, c.Seed = state.values, saved.Train.Seed
	}
	if c.Hyper == nil {
		c.Hyper = c.Method.Params.Lab()
	}
	c.Tokens, c.Slots, c.Probe = cmp.Or(c.Tokens, 4096), cmp.Or(c.Slots, 64), cmp.Or(c.Probe, 256)
	if err := c.check(base.Config); err != nil {
		return nil, err
	}
	if saved == nil { // a resumed run uses its first base
		if err := c.Method.Check(c.Hyper, limitsOf(base.Config)); err != nil {
			return nil, err
		}
	}
	if err := c.Method.Suits(task, c.Hyper); err != nil {
		return nil, err
	}
	if n := len(task.Vocabulary()); n != base.Config.VocabSize {
		return nil, fmt.Errorf("rl: task %s has %d tokens, the model %d; use a model made for this task", task.Name(), n, base.Config.VocabSize)
	}
	r := &Run{RunConfig: c, base: base, state: state}
	var err error
	if r.trainer, err = c.trainer(state.Trainer); err == nil {
		err = r.open(d, task, start)
	}
	if err != nil {
		r.Release()
		return nil, err
	}
	return r, nil
}

// check returns an error if the run cannot be started on a model of this shape.
func (c RunConfig) check(shape model.Config) error {
	if c.Method.New == nil {
		return fmt.Errorf("rl: the run has no method; choose one of rl.Methods")
	}
	if err := c.Method.Params.Check(c.Hyper); err != nil {
		return err
	}
	if c.Reflects() && c.Reflector == nil {
		return fmt.Errorf("rl: these hyper-parameters of %s need a reflection model; train one and give it, or take the cut oracle", c.Method.Name)
	}
	if c.Opened != nil && c.Adapters() == nil {
		return fmt.Errorf("rl: this model was opened in parts and its weights are frozen; train low-rank adapters over it: give lora a rank, such as 8")
	}
	if len(c.Heads) > 0 && !c.Method.Takes.Heads {
		return fmt.Errorf("rl: %s has no heads to name; leave them out", c.Method.Name)
	}
	for i, h := range c.Heads {
		if slices.Contains(c.Heads[:i], h) {
			return fmt.Errorf("rl: head %d in layer %d is named twice; name each head once", h.Head, h.Layer)
		}
		if h.Layer < 0 || h.Layer >= shape.Layers || h.Head < 0 || h.Head >= shape.Heads {
			return fmt.Errorf("rl: there is no head %d in layer %d; the model has %d layers of %d heads", h.Head, h.Layer, shape.Layers, shape.Heads)
		}
	}
	return nil
}

// trainer makes the run's trainer, new or as it was saved.
func (c RunConfig) trainer(state []byte) (Trainer, error) {
	return c.Method.New(c.Hyper, Setup{Heads: c.Heads, Reflector: c.Reflector, State: state})
}

// Reflects reports whether the run needs a Reflector.
func (c RunConfig) Reflects() bool {
	needs := c.Method.Takes.ReflectionModel
	return needs != nil && needs(c.Hyper)
}

// NeedsBase reports whether the run compares its policy with the frozen base, in the loss or in the reward.
func (c RunConfig) NeedsBase() bool {
	for _, weight := range []string{hyper.KL.Name, hyper.RewardKL.Name} {
		if c.Hyper.Has(weight) && c.Hyper.Number(weight) > 0 {
			return true
		}
	}
	return false
}

// adam are the optimiser's constants of a method's values.
func adam(h hyper.Values) model.Adam {
	return model.Adam{Beta1: float32(h.Number("adam-beta1")), Beta2: float32(h.Number("adam-beta2")), Eps: float32(h.Number("adam-epsilon")),
		WeightDecay: float32(h.Number("weight-decay")), MaxNorm: float32(h.Number("gradient-clip"))}
}

// open puts the run on a device.
func (r *Run) open(d *gpu.Device, task task.Task, start *hf.Checkpoint) (err error) {
	capacity := max(r.Tokens, start.Config.MaxContext)
	r.Slots = min(r.Slots, cacheSlots(start.Config))
	if err := r.openTrainer(d, start, capacity); err != nil {
		return err
	}
	p := PolicyConfig{Seed: r.Seed, Temperature: 1, MaxLength: r.Hyper.Int("max-length"), Slots: r.Slots, Tokens: capacity}
	if name := "temperature"; r.Hyper.Has(name) {
		p.Temperature = r.Hyper.Number(name)
	}
	if r.Hyper.Has(hyper.SamplingKey.Name) {
		p.SamplingKey = uint64(r.Hyper.Int(hyper.SamplingKey.Name))
	}
	if r.Policy, err = NewPolicy(r.Model, task, p); err != nil {
		return err
	}
	r.Policy.Count = r.state.Count
	if r.state.Step > 0 && start.Train != nil {
		if err := r.Trainer.Restore(start.Train); err != nil {
			return err
		}
	}
	if r.NeedsBase() && r.Adapters() == nil {
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

// Step takes one training step: Sample, Score, Credit, Loss, Step, in the file of its method. The first call measures the base
// first. If ctx ends before the weights change, Step returns its error and leaves the run unchanged: it can be saved and resumed.
func (r *Run) Step(ctx context.Context) (StepReport, error) {
	heldOutBase, err := r.heldOutBase(ctx)
	if err != nil {
		return StepReport{}, err
	}
	start := time.Now()
	if err := r.MeasureBase(ctx); err != nil {
		return StepReport{}, err
	}
	trainer, err := r.trainer.State()
	if err != nil {
		return StepReport{}, err
	}
	count := r.Policy.Count
	r.tally = &tally{}
	if err := r.step(ctx); err != nil {
		r.Policy.Count = count
		restored, again := r.RunConfig.trainer(trainer)
		if again != nil {
			return StepReport{}, again
		}
		r.trainer = restored
		return StepReport{}, err
	}
	seconds := time.Since(start).Seconds()
	r.state.Step++
	if r.state.Compute > 0 || r.state.Trained == 0 {
		r.state.Compute += r.tally.compute / 1e9
	}
	r.state.Trained += r.tally.Trained
	r.state.Seconds += seconds
	r.Rollouts = r.saved()

	report := r.tally.report(r.state.Base)
	report.Step, report.Method, report.Seed = r.state.Step, r.Method.Name, runs.Seed(r.Seed)
	report.Problems, report.Calls, report.Generated, report.Charged = r.Problems, r.Calls, r.Generated, r.Charged
	report.Trained, report.Updates, report.Seconds = r.state.Trained, r.Trainer.Steps, r.state.Seconds
	report.TokensPerSecond = float64(r.Generated-count.Generated) / seconds
	report.ValidRate = stat.Finite(1e4 * float64(report.ValidSequences) / float64(r.Generated-count.Generated))
	report.HeldOutBase = heldOutBase
	if r.state.Compute > 0 || r.state.Trained == 0 {
		report.Compute = stat.Finite(r.state.Compute)
	}
	if r.state.Step == 1 {
		report.Base = r.state.Base
	}
	report.HeldOut, err = r.heldOutAfter(ctx, count.Generated)
	return report, err
}

func (r *Run) step(ctx context.Context) error {
	groups, err := r.trainer.Sample(ctx, r)
	if err != nil {
		return err
	}
	r.say("computing credit", 0, 0)
	if err := r.trainer.Credit(r.state.Step+1, groups); err != nil {
		return fmt.Errorf("rl: %s: %w", r.Method.Name, err)
	}
	r.say("updating the weights", 0, 0)
	if own, ok := r.trainer.(ownLoss); ok {
		return own.learn(r, groups)
	}
	return r.learn(groups)
}

// MeasureBase measures the base once, before the first step. [Run.Step] calls it if it was not called before.
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

// Base is what the run measured of the model it started from; nil before the first step.
func (r *Run) Base() *Probe { return r.state.Base }

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
	if r.Model != nil && r.Model != r.Opened {
		r.Model.Release()
	}
}
