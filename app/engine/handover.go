package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"attnlab/app/session"
	"attnlab/model"
	"attnlab/model/hf"
	"attnlab/rl/handover"
	"attnlab/rl/runs"
	freetext "attnlab/rl/task/text"
)

// trainers are the trainers on many machines that a run can be handed over to.
func trainers() (all []session.Trainer) {
	for _, name := range handover.Engines {
		all = append(all, session.Trainer{Name: name, Title: handover.Title(name)})
	}
	return all
}

// handOver sends a run as a project for a trainer on many machines: the files that "attnlab handover" writes.
func (e *Engine) handOver(ctx context.Context, t *training, to string) error {
	cannot := func(err error) error { return fmt.Errorf("the run %s cannot be handed over: %w", t.info.Name, err) }
	s := t.run.Settings
	switch {
	case t.info.State == session.Damaged:
		return cannot(errors.New("it is damaged; export it, and import what is left of it"))
	case s.Method == "":
		return cannot(errors.New("its log does not say its method and settings; choose a run of the lab"))
	}
	own, err := e.ownProblems(ctx, t)
	if err != nil {
		return cannot(err)
	}
	s.Steps = max(s.Steps, t.step())
	p, err := handover.Of(to, s, own)
	if err != nil {
		return cannot(err)
	}
	if err := p.Check(); err != nil {
		return err
	}
	start, err := e.baseWithWeights(ctx, t)
	if err != nil {
		return err
	}
	if err := p.FitHeads(start.Config.Layers, start.Config.Heads); err != nil {
		return cannot(err)
	}
	if err := p.Identify(s.BaseName(), start.WeightsSum(), s.Base); err != nil {
		return cannot(err)
	}
	e.busy("writing the project", 0, 0)
	files, err := p.Files(ctx)
	if err != nil {
		return err
	}
	weights, err := start.Files()
	if err != nil {
		return err
	}
	for name, data := range weights {
		files[handover.ModelFolder+"/"+name] = data
	}
	e.publish(session.RunFiles{ID: t.info.ID, Name: t.info.Name + ", " + to, Files: files})
	return nil
}

// ownProblems are those of a run of task problems; nil of other tasks.
func (e *Engine) ownProblems(ctx context.Context, t *training) ([]freetext.OwnProblem, error) {
	if t.run.Settings.Task != freetext.Problems.Name {
		return nil, nil
	}
	data := t.run.Problems
	if len(data) == 0 && e.library.Store != nil {
		files, err := e.library.Store.Load(ctx, t.info.ID, runs.ProblemsFile)
		if err != nil {
			return nil, err
		}
		data = files[runs.ProblemsFile]
	}
	return freetext.ReadProblems(bytes.NewReader(data))
}

// baseWithWeights is the model that a run began from, with its weights in memory.
func (e *Engine) baseWithWeights(ctx context.Context, t *training) (*hf.Checkpoint, error) {
	if t.ofFrozen() {
		return e.frozenBase(ctx, t)
	}
	if t.start != nil && t.start.Weights != nil {
		start := *t.start
		start.Train = nil
		return &start, nil
	}
	if e.library.Store != nil && t.info.From != "shipped" {
		base, err := runs.BaseFiles(ctx, e.library.Store, t.info.ID)
		if err != nil {
			return nil, err
		}
		if len(base) > 0 {
			return hf.LoadFiles(base)
		}
	}
	name := t.run.Settings.BaseName()
	start, err := e.modelNamed(ctx, name)
	if err != nil && ctx.Err() == nil {
		return nil, fmt.Errorf("the run %s began from the model %s, which is not here: open that model, or export the run and use \"attnlab handover --run DIR\" where the model is", t.info.Name, name)
	}
	return start, err
}

// frozenBase reads the weights of a model that a run trains adapters over. A large model would not fit the memory of a page.
func (e *Engine) frozenBase(ctx context.Context, t *training) (*hf.Checkpoint, error) {
	if err := e.fetchState(ctx, t); err != nil {
		return nil, err
	}
	defer e.forgetFrozen(t)
	if t.frozen == nil {
		if err := e.findFrozen(ctx, t); err != nil {
			return nil, err
		}
	}
	c := t.frozen.Config
	if !t.frozen.source.Small() {
		return nil, fmt.Errorf("the model would take %d MB in F32, which is too much for a page; export the run and use \"attnlab handover --run DIR\"", c.WeightBytes(model.F32)>>20)
	}
	weights, err := hf.ReadWeights(ctx, c, t.frozen.source)
	return &hf.Checkpoint{Config: c, Tokenizer: t.frozen.Tokenizer, Weights: weights}, err
}
