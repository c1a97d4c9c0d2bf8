package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"attnlab/gpu"
	"attnlab/model"
	"attnlab/model/hf"
	"attnlab/model/race"
	"attnlab/rl"
	"attnlab/rl/hyper"
	"attnlab/rl/runs"
	"attnlab/rl/score"
	"attnlab/rl/task"
)

// learner takes the steps of a run.
type learner interface {
	// prepare runs before the first step and reports each slow stage.
	prepare(ctx context.Context, say func(stage string)) error
	// take takes the next step, or a few that are reported as one, never beyond upTo. A
	// step that ctx stopped was not taken.
	take(ctx context.Context, upTo int) (report any, err error)
	taken() int
	// base is what was measured before the first step.
	base() runs.Columns
	// sample is the model's current answer, or empty where it is not shown.
	sample(ctx context.Context) (string, error)
	Checkpoint() (*hf.Checkpoint, error)
	Release()
}

// learn puts a run on a device, with the products that are fastest there.
func (e *Engine) learn(ctx context.Context, t *training, d *gpu.Device) (learner, error) {
	if _, err := race.Tune(d, &e.products); err != nil {
		return nil, err
	}
	return t.learn(ctx, d)
}

// learn puts a run on a device, new or as it was saved.
func (t *training) learn(ctx context.Context, d *gpu.Device) (learner, error) {
	task, err := t.kind()
	if err != nil {
		return nil, err
	}
	config, err := t.config()
	if err != nil {
		return nil, err
	}
	if t.run.Settings.Method == runs.Pretrain {
		return newSupervised(d, task, t, config.Hyper)
	}
	base := t.start
	if base == nil {
		base = t.state // only its shape is needed without a KL term, see Engine.baseOf
	}
	if t.reflection != nil {
		if config.Reflector, err = rl.NewReflector(d, task, t.reflection); err != nil {
			return nil, err
		}
	}
	if t.ofFrozen() {
		if config.Opened, err = t.openFrozen(ctx, d); err != nil {
			return nil, err
		}
		config.Tokens = partTokens
	}
	if t.state != nil && !t.recorded {
		config.Hyper = nil // a run of version 1 has them in its checkpoint, whatever the usual values are now
	}
	run, err := rl.NewRun(d, task, base, t.state, config)
	if err != nil {
		reinforcement{nil, config.Reflector, config.Opened}.Release()
		return nil, err
	}
	return reinforcement{run, config.Reflector, config.Opened}, nil
}

// config is the run's configuration, without a reflection model.
func (t *training) config() (c rl.RunConfig, err error) {
	c = rl.RunConfig{Seed: uint64(t.run.Settings.Seed), Probe: t.run.Settings.Probe, SaveRollouts: t.run.Settings.Rollouts,
		HeldOut: rl.HeldOutConfig{Problems: t.run.Settings.HeldOut, Every: t.run.Settings.HeldOutGap}}
	if c.Method, err = methodOf(t.run.Settings.Method); err != nil {
		return c, err
	}
	if c.Hyper, err = valuesOf(t.run.Settings); err != nil {
		return c, err
	}
	if c.Heads, err = score.ParseHeads(t.run.Settings.FocusHeads); err != nil {
		err = fmt.Errorf("focus_heads of the run %w", err)
	}
	return c, err
}

// reinforcement is one of rl.Methods.
type reinforcement struct {
	*rl.Run
	reflector *rl.Reflector // of rearl's learned cuts, else nil
	opened    *model.Model  // the base, where adapters are trained over a frozen one, else nil
}

func (r reinforcement) Release() {
	if r.Run != nil {
		r.Run.Release()
	}
	if r.reflector != nil {
		r.reflector.Release()
	}
	if r.opened != nil {
		r.opened.Release()
	}
}

func (r reinforcement) prepare(ctx context.Context, say func(string)) error {
	if r.Base() == nil {
		say("measuring the base")
	}
	return r.MeasureBase(ctx)
}

func (r reinforcement) take(ctx context.Context, _ int) (any, error) { return r.Step(ctx) }
func (r reinforcement) taken() int                                   { return r.Steps() }
func (r reinforcement) sample(context.Context) (string, error)       { return "", nil }

func (r reinforcement) base() runs.Columns {
	if r.Base() == nil {
		return nil
	}
	text, err := json.Marshal(r.Base())
	if err != nil {
		return nil
	}
	return runs.Numbers(text)
}

// reportEvery steps of pretraining make one line of the log of a run that begins here, and after sampleEvery steps the page
// shows what the model writes.
const (
	reportEvery = 10
	sampleEvery = 50
)

// supervised is pretraining.
type supervised struct {
	*rl.Pretraining
	decoder *model.Decoder
	problem task.Problem
	seconds float64 // of all steps
}

func newSupervised(d *gpu.Device, kind task.Task, t *training, h hyper.Values) (*supervised, error) {
	c := rl.DefaultPretrain(t.run.Settings.Steps).With(h)
	c.Seed, c.Every = uint64(t.run.Settings.Seed), t.run.Settings.Every
	from := t.start
	if t.state != nil {
		from = t.state
	}
	p, err := rl.NewPretraining(d, kind, from.Config, from.Weights, from.Train, c)
	if err != nil {
		return nil, err
	}
	s := &supervised{Pretraining: p, problem: task.Problems(kind, task.EvalStream, 1, 1)[0], seconds: t.run.Log.Last("seconds")}
	if s.decoder, err = model.NewDecoder(p.Model, model.DecoderSize{Slots: 1, Rows: 2 * p.Model.MaxContext, Chunk: 16}); err != nil {
		p.Release()
		return nil, err
	}
	return s, nil
}

func (s *supervised) prepare(context.Context, func(string)) error { return nil }
func (s *supervised) taken() int                                  { return s.Trainer.Steps }
func (s *supervised) base() runs.Columns                          { return nil }

// take stops at whole reports only: their means are then the same wherever a run was
// paused.
func (s *supervised) take(ctx context.Context, upTo int) (any, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	of := s.Steps
	defer func() { s.Steps = of }()
	s.Steps = min(upTo, of, s.taken()-s.taken()%s.Every+s.Every)
	var line rl.PretrainReport
	err := s.Run(patient{ctx}, func(report rl.PretrainReport) { line = report })
	s.seconds += line.Seconds
	line.Seconds = s.seconds
	return line, err
}

// patient is a context that lets others run and does not end.
type patient struct{ context.Context }

func (p patient) Err() error {
	_ = p.Context.Err() // lets others run
	return nil
}

func (s *supervised) sample(ctx context.Context) (string, error) {
	if n := s.taken(); n%sampleEvery != 0 && n > s.Every && n < s.Steps {
		return "", nil
	}
	room := s.Model.MaxContext - len(s.problem.Prompt)
	rollouts, err := s.decoder.Generate(patient{ctx}, []model.Request{{Tokens: s.problem.Prompt, Max: room}}, model.Sampling{}, nil)
	if err != nil {
		return "", err
	}
	return task.Text(s.Task, slices.Concat(s.problem.Prompt, rollouts[0].Tokens)), nil
}

func (s *supervised) Release() {
	s.decoder.Release()
	s.Pretraining.Release()
}
