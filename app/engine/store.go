package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"attnlab/app/session"
	"attnlab/model/hf"
	"attnlab/rl/examine"
	"attnlab/rl/runs"
	"attnlab/rl/task"
)

// saveEvery is the longest time of training that a crash may lose.
const saveEvery = 10 * time.Second

// Persister is a store that the browser may evict unless it is asked not to.
type Persister interface {
	// Persist asks, and reports whether the browser agreed. It may wait for the user.
	Persist(context.Context) bool
}

// lock makes this engine the only writer of a run, until [training.unlock].
func (e *Engine) lock(ctx context.Context, t *training) (err error) {
	if e.library.Store == nil || t.writer != nil {
		return nil
	}
	t.writer, err = runs.Hold(ctx, e.library.Store, t.info.ID, t.run)
	return inAnotherTab(err)
}

func (t *training) unlock() {
	if t.writer != nil {
		t.writer.Close()
		t.writer = nil
	}
}

// copyState copies an active run to memory.
func (e *Engine) copyState(t *training) error {
	began := time.Now()
	state, err := t.learner.Checkpoint()
	if err != nil {
		return err
	}
	t.state, t.copied = state, time.Now()
	t.copying = t.copied.Sub(began)
	return nil
}

// save copies an active run to memory and to storage, if there is one. A refusal of the storage is reported once; the run
// continues.
func (e *Engine) save(t *training) error {
	if err := e.copyState(t); err != nil {
		return err
	}
	e.store(t)
	return nil
}

// store saves a run in the storage.
func (e *Engine) store(t *training) {
	t.savedAt = time.Now()
	if e.library.Store == nil || t.step() == 0 {
		return
	}
	ctx := context.Background()
	held := t.writer != nil
	err := e.lock(ctx, t)
	if err == nil {
		err = t.save(ctx)
	}
	if !held {
		t.unlock()
	}
	switch {
	case err == nil:
		t.savedStep, t.saveFailed = t.step(), false
		e.persist(ctx)
	case !t.saveFailed:
		t.saveFailed = true
		e.fail("Advance", fmt.Errorf("the run could not be saved %s (%w); it continues, and you can export it", session.Where(e.place()), err))
	}
}

// save writes the run, the model that it began from with the first save.
func (t *training) save(ctx context.Context) (err error) {
	if t.savedStep < 0 {
		if err := t.addModels(); err != nil {
			return err
		}
	}
	var files map[string][]byte
	if t.state != nil {
		if files, err = t.state.Files(); err != nil {
			return err
		}
	}
	t.writer.Run = t.run
	if err = t.writer.Save(ctx, files); err == nil {
		t.run.Log, t.run.Rollouts, t.run.Base, t.run.Reflection = t.writer.Log, t.writer.Rollouts, nil, nil
	}
	return err
}

// addModels adds the files of the models that a run began with, where these are not shipped.
func (t *training) addModels() (err error) {
	if t.own && t.start != nil && t.start.Weights != nil {
		start := *t.start
		start.Train = nil
		if t.run.Base, err = start.Files(); err != nil {
			return err
		}
	}
	if t.ownReflection && t.reflection != nil {
		t.run.Reflection, err = t.reflection.Files()
	}
	return err
}

// persist asks the browser once, at the first save, not to delete what is saved. If it refuses, [session.Runs] has a note.
func (e *Engine) persist(ctx context.Context) {
	p, ok := e.library.Store.(Persister)
	if !ok || e.persisted {
		return
	}
	e.persisted = true
	go func() {
		if !p.Persist(ctx) {
			e.noteStorage("This browser may delete saved runs and models when it runs out of space. Export a run to be sure that it stays.")
		}
	}()
}

// noteStorage publishes a note about the storage. Any goroutine may call it.
func (e *Engine) noteStorage(text string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.warning = text
	if list, ok := e.snapshots[session.Kind(session.Runs{})].(session.Runs); ok {
		list.Number, list.Storage = e.next(), text
		e.put(list)
	}
}

// storageNote is what noteStorage published.
func (e *Engine) storageNote() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.warning
}

// readRun reads a run from its files, completes its settings, and cuts its log to its checkpoint, which it loads where the
// files have one. Where it returns an error, it returns what could be read too.
func readRun(files map[string][]byte) (t *training, err error) {
	t = &training{savedStep: -1}
	t.run, err = runs.Read(files)
	if _, is := errors.AsType[*runs.DamagedLog](err); err != nil && !is {
		return t, err
	}
	damage := err
	s := &t.run.Settings
	if s.Method != "" { // a log from elsewhere may lack it
		m, err := methodOf(s.Method)
		if err != nil {
			return t, fmt.Errorf("%s: %w", runs.RunFile, err)
		}
		if s.Steps > session.MaxSteps || s.Probe > session.MaxProblems || s.HeldOut > session.MaxProblems {
			return t, fmt.Errorf("%s has %d steps, %d probing problems and %d held-out problems, which is out of range", runs.RunFile, s.Steps, s.Probe, s.HeldOut)
		}
		t.recorded = s.Values != nil
		if err := s.Complete(m.Params); err != nil {
			return t, fmt.Errorf("%s: %w", runs.RunFile, err)
		}
	}
	t.info.Name, t.info.From, t.info.Note, t.sample = s.Name, s.From, s.Note, s.Sample
	if damage != nil || files[runs.RunFile] == nil || !t.run.Resumable() {
		return t, damage
	}
	if t.state, err = hf.LoadState(t.run.Checkpoint); err != nil {
		return t, err
	}
	step := t.state.Train.Schedule // what came after it, in a run that was killed, is taken again
	t.run.Log, t.run.Followed, t.run.Rollouts = t.run.Log.UpTo(step), t.run.Followed.UpTo(step), t.run.Rollouts.UpTo(step)
	t.run.Checkpoint = nil
	if len(t.run.Base) > 0 {
		if t.start, err = hf.LoadFiles(t.run.Base); err != nil {
			return t, fmt.Errorf("the run's base: %w", err)
		}
		if err := sameModel("base", s.Model, t.start, s.Base); err != nil {
			return t, err
		}
		t.own, t.run.Base = true, nil
	}
	if len(t.run.Reflection) > 0 {
		if t.reflection, err = hf.LoadFiles(t.run.Reflection); err != nil {
			return t, fmt.Errorf("the run's reflection model: %w", err)
		}
		t.ownReflection, t.run.Reflection = true, nil
	}
	return t, nil
}

// sameModel returns an error where a model is not the one that a run began with.
func sameModel(what, name string, c *hf.Checkpoint, begun *runs.Identity) error {
	if begun != nil && begun.Weights != "" && begun.Weights != c.WeightsSum() {
		return fmt.Errorf("the %s %s is not the one that this run began with: its weights differ; begin a new run from it", what, name)
	}
	return nil
}

// measured records how the numbers in the log of a run are measured.
func (t *training) measured(adapter string) *runs.Measured {
	s := t.run.Settings
	m := &runs.Measured{Task: s.Task, TopP: runs.To(1.0), Stream: task.RolloutStream, Seed: runs.To(s.Seed), Adapter: adapter}
	if s.Method == runs.Pretrain {
		m.Stream, m.TopP = task.TrainStream, nil
	}
	if isFree(s.Task) {
		t.measuredText(m)
	} else {
		m.Teacher, m.Difficulty = task.Describe(s.Task, s.Teacher, s.Difficulty)
	}
	if s.Base != nil {
		m.Model, m.Base = s.Base.Weights, s.Base.Weights
	}
	if h, err := valuesOf(s); err == nil {
		if h.Has("temperature") {
			m.Temperature = runs.To(h.Number("temperature"))
		}
		if h.Has("max-length") {
			m.MaxLength = runs.To(examine.Cap(h.Int("max-length"), t.start.Config.MaxContext))
		}
	}
	return m
}

// view is the settings for screens. A budget of tokens is shown as an estimate of the steps that it is enough for.
func (t *training) view() session.RunSettings {
	s := t.run.Settings
	v := session.RunSettings{Method: s.Method, Model: s.Model, Task: s.Task, Teacher: s.Teacher, Difficulty: s.Difficulty, Seed: s.Seed,
		Steps: s.Steps, Budget: s.Budget, Probe: s.Probe, FocusHeads: s.FocusHeads, Wording: t.shownPut()}
	v.Series = t.run.Standing().Series
	if t.info.HasModel() {
		if s.Method != runs.Pretrain {
			v.HeldOut, v.HeldOutGap, v.Rollouts = &s.HeldOut, s.HeldOutGap, s.Rollouts
		}
		v.Series.Plan = s.Series().Plan
	}
	if h, err := valuesOf(s); err == nil {
		v.Hyper = changes(s.Method, h)
	}
	if v.Steps == 0 && s.Budget > 0 && t.tokens() > 0 {
		v.Steps = int((int64(t.step())*s.Budget + t.tokens() - 1) / t.tokens())
	}
	v.Steps = max(v.Steps, t.step())
	return v
}

// about are the parts of a run that the settings repeat.
func (t *training) about() {
	s := &t.run.Settings
	s.Name, s.From, s.Note, s.Sample = t.info.Name, t.info.From, t.info.Note, t.sample
	t.info.Finished, t.info.Measured = t.done(), nil
	t.info.Answers = s.Method != runs.Pretrain && (t.info.From == "shipped" || t.run.Followed != nil || t.info.HasModel() && t.step() > 0)
	if s.Method != "" {
		t.info.Measured = runs.To(t.run.LogMeasured())
	}
}

// stored reports whether a run has a checkpoint among its files in the storage.
func stored(names []string) bool { return slices.Contains(names, runs.StateFile) }

// place is the origin of runs that are begun here.
func (e *Engine) place() string { return cmp.Or(e.library.Place, session.Browser) }
