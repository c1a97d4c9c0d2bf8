package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"attnlab/app/session"
	"attnlab/gpu"
	"attnlab/model"
	"attnlab/model/hf"
	"attnlab/rl"
	"attnlab/rl/runs"
	"attnlab/rl/task"
)

// training is a run: active where it has a learner, else saved.
type training struct {
	info     session.RunInfo
	run      runs.Run // settings, log and result
	recorded bool     // the settings have all hyper-parameters: not those of version 1
	sample   string

	start         *hf.Checkpoint // what it began from; nil where that is not loaded
	own           bool           // start is not a shipped base: it is saved with the run
	state         *hf.Checkpoint // the newest copy in memory, to resume from
	reflection    *hf.Checkpoint // what cuts responses in rearl, where that is learned
	ownReflection bool           // reflection is not a shipped one: it is saved with the run
	learner       learner
	writer        *runs.Writer // while it is active and there is a storage

	kept    int // step of the copy in storage, -1 without one
	saved   time.Time
	unsaved bool // the storage refused it, and that was reported
	copied  time.Time
	copying time.Duration // what the last copy to memory took
	shown   time.Time
	showing time.Duration
	pace    time.Duration // of a step, smoothed
}

var errNoRun = errors.New("there is no run yet; begin one, or resume a saved one")

// step is the number of steps that its log has.
func (t *training) step() int { return t.run.Log.Step() }

// tokens is how many tokens the run has generated.
func (t *training) tokens() int64 { return t.run.Log.Tokens() }

// done reports whether the run has taken all its steps, or used its budget of tokens.
func (t *training) done() bool { return t.run.Finished() }

// stateName is the state of a run that is not active.
func (t *training) stateName() string {
	switch {
	case t.info.State == session.MetricsOnly:
		return session.MetricsOnly
	case t.done():
		return "done"
	case t.step() == 0:
		return "new"
	}
	return "paused"
}

// maxSteps bounds a run: the log of 100,000 steps takes 100 MB of a browser's storage.
const maxSteps = 100000

// beginRun makes a run and makes it the active one.
func (e *Engine) beginRun(ctx context.Context, s session.RunSettings) error {
	if e.rig.device == nil {
		return errors.New("no device is open yet; open a backend first")
	}
	if s.Steps < 1 || s.Steps > maxSteps {
		return fmt.Errorf("%d steps are out of range; choose 1 to %d", s.Steps, maxSteps)
	}
	if known := rl.Names(knownMethods()); !slices.Contains(known, s.Method) {
		return fmt.Errorf("there is no method %q; choose one of %s", s.Method, strings.Join(known, ", "))
	}
	if _, err := hyperOf(s.Method, s.Hyper); err != nil {
		return err
	}
	m, err := methodOf(s.Method)
	if err != nil {
		return err
	}
	adapter := e.rig.device.Info.String()
	t := &training{kept: -1, recorded: true, info: session.RunInfo{State: "new", From: "this browser", Note: adapter}}
	if s.Method == pretrain {
		t.start, err = fresh(&s)
	} else {
		t.start, err = e.startOf(ctx, &s)
		t.own = !slices.Contains(e.names, s.Model)
	}
	if err != nil {
		return err
	}
	if s.Probe < 0 || s.Probe > maxProblems {
		return fmt.Errorf("%d probing problems are out of range; choose 1 to %d, or 0 for %d", s.Probe, maxProblems, labProbe)
	}
	if s.Probe == 0 && s.Method != pretrain {
		s.Probe = labProbe
	}
	t.run.Settings = runs.Settings{Method: s.Method, Model: s.Model, Task: s.Task, Teacher: s.Teacher, Difficulty: s.Difficulty, Seed: s.Seed,
		Steps: s.Steps, Budget: s.Budget, Probe: s.Probe, FocusHeads: s.FocusHeads, Hyper: textOf(s.Hyper)}
	if err := completed(&t.run.Settings, m); err != nil {
		return err
	}
	if s.Method == pretrain {
		t.run.Settings.Every = reportEvery
	} else {
		t.run.Settings.Base = &runs.Identity{Name: s.Model, Weights: t.start.WeightsSum()}
	}
	t.run.Settings.Measured = t.measured(adapter)
	if err := e.reflectionOf(ctx, t); err != nil {
		return err
	}
	t.info.ID = e.newID(s.Method)
	t.info.Name = e.newName(fmt.Sprintf("%s, %s, seed %d", s.Method, s.Model, s.Seed))
	if err := e.lock(ctx, t); err != nil {
		return err
	}
	e.busy("loading", 0, 0)
	if t.learner, err = t.learn(e.rig.device); err != nil {
		t.unlock()
		return err
	}
	e.putToWork(t)
	return nil
}

// labProbe is the default number of problems that the base is measured on: fewer than
// "attnlab train" takes, because a visitor waits.
const labProbe = 64

// startOf is the model that a run begins from. It fills in the settings that are empty.
func (e *Engine) startOf(ctx context.Context, s *session.RunSettings) (*hf.Checkpoint, error) {
	if s.Model == "" {
		s.Model = e.capabilities.Model.Name
	}
	c, err := e.modelNamed(ctx, s.Model)
	if err != nil {
		return nil, err
	}
	task, err := taskOf(c)
	if err != nil {
		return nil, err
	}
	if s.Task == "" {
		s.Task = task.Name()
	}
	if s.Task != task.Name() {
		return nil, fmt.Errorf("the model %s has the tokens of task %s, not of %s; choose that task or another model", s.Model, task.Name(), s.Task)
	}
	return &hf.Checkpoint{Config: c.Config, Tokenizer: c.Tokenizer, Weights: c.Weights}, nil
}

// fresh are random weights for pretraining, those of "attnlab pretrain".
func fresh(s *session.RunSettings) (*hf.Checkpoint, error) {
	if s.Task == "" {
		s.Task = task.Tasks[0].Name
	}
	if s.Model == "" {
		s.Model = "tiny"
	}
	task, err := task.New(s.Task, s.Teacher, s.Difficulty)
	if err != nil {
		return nil, err
	}
	c, err := model.Preset(s.Model, len(task.Vocabulary()))
	if err != nil {
		return nil, err
	}
	tokenizer, err := hf.NewTokenizer(task.Vocabulary())
	if err != nil {
		return nil, err
	}
	return &hf.Checkpoint{Config: c, Tokenizer: tokenizer, Weights: c.Init(uint64(s.Seed))}, nil
}

// newID is a name for a run that no other has, in this browser too.
func (e *Engine) newID(method string) string {
	for now := time.Now().UnixMilli(); ; now++ {
		id := method + "-" + strconv.FormatInt(now, 36)
		if !slices.ContainsFunc(e.runs, func(t *training) bool { return t.info.ID == id }) {
			return id
		}
	}
}

// newName is a name with a number after it where another run has it.
func (e *Engine) newName(name string) string {
	for n := 1; ; n++ {
		numbered := name
		if n > 1 {
			numbered = fmt.Sprintf("%s (%d)", name, n)
		}
		if !slices.ContainsFunc(e.runs, func(t *training) bool { return t.info.Name == numbered }) {
			return numbered
		}
	}
}

// putToWork makes t, which has its learner, the active run. It saves the one before.
func (e *Engine) putToWork(t *training) {
	if old := e.run; old != nil && old != t {
		e.putAway(old)
	}
	if !slices.Contains(e.runs, t) {
		e.runs = append(e.runs, t)
	}
	e.run = t
	e.clearCredit()
	e.showRun(t)
	e.listRuns()
}

// putAway saves a run and frees its memory on the device. It drops a run without steps.
func (e *Engine) putAway(t *training) {
	if t.learner != nil {
		if err := e.keep(t); err != nil && !lost(err) {
			e.fail("Advance", err)
		}
		e.takeOff(t)
	}
	t.unlock()
	t.info.State = t.stateName()
	if t.info.State == "new" {
		e.runs = slices.DeleteFunc(e.runs, func(other *training) bool { return other == t })
	}
	if t.kept == t.step() { // it can be loaded from storage
		t.state = nil
	}
}

// takeOff frees the memory of a run on the device. On a lost device it does nothing.
func (e *Engine) takeOff(t *training) {
	if !e.rig.device.Lost() {
		t.learner.Release()
	}
	t.learner = nil
}

// errLater is returned by a command that lets others go first and continues later.
var errLater = errors.New("engine: later")

// planAdvance takes steps of the run that is active when the command starts. Between
// two steps it lets waiting commands go first.
func (e *Engine) planAdvance(c session.Advance) func(context.Context) (string, error) {
	var t *training
	var target int
	return func(ctx context.Context) (string, error) {
		switch {
		case t == nil && e.run == nil:
			return "", errNoRun
		case c.Steps < 0:
			return "", fmt.Errorf("%d steps are out of range; choose 1 or more, or 0 for all that are left", c.Steps)
		case t == nil:
			t, target = e.run, e.run.lastStep()
			if c.Steps > 0 {
				target = min(target, t.step()+c.Steps)
			}
			if t.done() {
				return fmt.Sprintf("The run has taken all its %d steps; begin a new one for more.", t.step()), nil
			}
		case t != e.run:
			return "", nil // another run has taken its place
		}
		return e.advance(ctx, t, target)
	}
}

// lastStep bounds the steps of the run; a budget of tokens may end it sooner.
func (t *training) lastStep() int {
	if t.run.Settings.Steps > 0 {
		return t.run.Settings.Steps
	}
	return maxSteps
}

func (e *Engine) advance(ctx context.Context, t *training, target int) (text string, err error) {
	if t.info.State != "running" {
		t.info.State = "running"
		e.showRun(t)
		e.listRuns()
	}
	if err = t.learner.prepare(ctx, func(stage string) { e.busy(stage, t.step(), t.view().Steps) }); err == nil {
		err = e.steps(ctx, t, target)
	}
	switch {
	case errors.Is(err, errLater) || lost(err):
		return "", err
	case err != nil && ctx.Err() != nil:
		text, err = fmt.Sprintf("Paused after step %d.", t.step()), nil
	case err == nil && t.done():
		text = "The run is complete."
	}
	t.info.State = t.stateName()
	if kept := e.keep(t); lost(kept) || err == nil {
		err = kept
	}
	e.showRun(t)
	e.listRuns()
	return text, err
}

// steps takes steps until t is at target, or ctx ends, or others wait.
func (e *Engine) steps(ctx context.Context, t *training, target int) error {
	for t.step() < target && !t.done() {
		if e.crowded.Load() {
			e.showRun(t)
			return errLater
		}
		e.busy("training", t.step(), t.view().Steps)
		began, before := time.Now(), t.learner.taken()
		report, err := t.learner.take(ctx, target)
		if err != nil {
			return err
		}
		if err := t.note(report); err != nil {
			return errors.Join(err, e.back(t))
		}
		if t.run.Log.Rows() == 1 {
			e.listRuns() // there is a model to use now
		}
		pace := time.Since(began) / time.Duration(t.learner.taken()-before)
		if t.pace += (pace - t.pace) / 8; t.step() < 4 {
			t.pace = pace
		}
		if sample, err := t.learner.sample(ctx); err != nil {
			return err
		} else if sample != "" {
			t.sample = sample
		}
		// Copies may take a twentieth of the time. A lost device costs the steps since.
		if time.Since(t.copied) > 20*t.copying && time.Since(t.saved) <= saveEvery {
			if err := e.copyState(t); err != nil {
				return err
			}
		}
		if time.Since(t.saved) > saveEvery {
			if err := e.keep(t); err != nil {
				return err
			}
		}
		if r, ok := t.learner.(reinforcement); ok {
			e.lastCredit(r.Last())
		}
		// Screens see ten snapshots a second at most, and writing them takes a tenth of the time.
		if time.Since(t.shown) > max(100*time.Millisecond, 10*t.showing) {
			e.showRun(t)
		}
	}
	return nil
}

// note adds the report of a step to the run.
func (t *training) note(report any) error {
	line, err := json.Marshal(report)
	if err != nil {
		return fmt.Errorf("the numbers of step %d are not finite; choose a lower learning rate", t.learner.taken())
	}
	if err := t.run.Log.Add(line); err != nil {
		panic(err) // our own report
	}
	return nil
}

// back restores a run from its newest copy in memory.
func (e *Engine) back(t *training) error {
	return e.moveRun(t, e.rig.device)
}

// moveRun puts a run on a device from its newest copy in memory, after an attempt to
// copy the newest state. Steps after that copy must be taken again.
func (e *Engine) moveRun(t *training, d *gpu.Device) error {
	at, old := 0, t.learner
	if t.state != nil {
		at = t.state.Train.Schedule
	}
	moved := *t
	moved.run.Log = t.run.Log.UpTo(at)
	next, err := moved.learn(d)
	if err != nil {
		return err
	}
	t.run.Log, t.learner = moved.run.Log, next
	if !e.rig.device.Lost() {
		old.Release()
	}
	return nil
}

// showRun publishes the active run.
func (e *Engine) showRun(t *training) {
	began := time.Now()
	left := 0.0
	t.about()
	settings := t.view()
	if n := settings.Steps - t.step(); n > 0 && !t.done() {
		left = (time.Duration(n) * t.pace).Seconds()
	}
	t.info.Step = t.step()
	run := session.Run{Number: e.next(), Info: t.info, Settings: settings, Base: []session.Metric{}, Metrics: t.run.Log.Shown(), Rollouts: []session.RolloutRow{},
		Sample: t.sample, Left: left, Rate: t.run.Log.Last("tokens_per_second"), Kept: t.kept}
	if t.learner != nil {
		run.Base = t.learner.base()
	}
	if r, ok := t.learner.(reinforcement); ok {
		run.Rollouts = rollouts(r.Last())
	}
	e.publish(run)
	e.refreshCredit()
	t.shown = time.Now()
	t.showing = t.shown.Sub(began)
}
