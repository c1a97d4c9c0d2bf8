package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"attnlab/app/session"
	"attnlab/model"
	"attnlab/model/hf"
	"attnlab/model/hf/tokenizer"
	"attnlab/rl"
	"attnlab/rl/runs"
	"attnlab/rl/task"
	freetext "attnlab/rl/task/text"
)

// training is a run: active where it has a learner, else saved.
type training struct {
	info     session.RunInfo
	run      runs.Run // settings, log and result
	recorded bool     // the settings have all hyper-parameters: not those of version 1
	sample   string

	start         *hf.Checkpoint // what it began from; nil where that is not loaded
	own           bool           // start is not a shipped base: it is saved with the run
	frozen        *held          // the base, where it lies on the device to run forward and adapters are trained over it
	state         *hf.Checkpoint // the newest copy in memory, to resume from
	reflection    *hf.Checkpoint // what cuts responses in rearl, where that is learned
	ownReflection bool           // reflection is not a shipped one: it is saved with the run
	learner       learner
	writer        *runs.Writer // while it is active and there is a storage

	elsewhere  bool      // another tab or program is its writer
	read       time.Time // when it was read from storage
	savedStep  int       // step of the copy in storage, -1 without one
	savedAt    time.Time
	saveFailed bool // the storage refused it, and that was reported
	copied     time.Time
	copying    time.Duration // time of the last copy to memory
	shown      time.Time
	showing    time.Duration
	pace       time.Duration // of a step, smoothed
}

var errNoRun = errors.New("there is no run yet; begin one, or resume a saved one")

// step is the number of steps that its log has.
func (t *training) step() int { return t.run.Log.Step() }

// base is the probe of the model that the run began from, empty where that is not known.
func (t *training) base() runs.Columns {
	if t.learner != nil {
		if measured := t.learner.base(); measured != nil {
			return measured
		}
	}
	if probe := t.run.BaseProbe(); probe != nil {
		return probe
	}
	return runs.Columns{}
}

// tokens is how many tokens the run has generated.
func (t *training) tokens() int64 { return t.run.Log.Tokens() }

// done reports whether the run has taken all its steps, or used its budget of tokens.
func (t *training) done() bool { return t.run.Finished() }

// stateName is the state of a run that is not active.
func (t *training) stateName() string {
	switch {
	case t.info.State == session.MetricsOnly:
		return session.MetricsOnly
	case t.elsewhere:
		return session.Elsewhere
	case t.done():
		return "done"
	case t.step() == 0:
		return "new"
	}
	return "paused"
}

// beginRun makes a run and makes it the active one.
func (e *Engine) beginRun(ctx context.Context, s session.RunSettings) error {
	t, err := e.newRun(ctx, s)
	if err == nil {
		e.activate(t)
	}
	return err
}

// newRun makes a run with its learner.
func (e *Engine) newRun(ctx context.Context, s session.RunSettings) (*training, error) {
	if e.rig.device == nil {
		return nil, errors.New("no device is open yet; open a backend first")
	}
	if s.Steps < 1 || s.Steps > session.MaxSteps {
		return nil, fmt.Errorf("%d steps are out of range; choose 1 to %d", s.Steps, session.MaxSteps)
	}
	if known := rl.Names(knownMethods()); !slices.Contains(known, s.Method) {
		return nil, fmt.Errorf("there is no method %q; choose one of %s", s.Method, strings.Join(known, ", "))
	}
	values, err := hyperOf(s.Method, s.Hyper)
	if err != nil {
		return nil, err
	}
	m, err := methodOf(s.Method)
	if err != nil {
		return nil, err
	}
	adapter := e.rig.device.Info.String()
	t := &training{savedStep: -1, recorded: true, info: session.RunInfo{State: "new", From: e.place(), Note: adapter}}
	if s.Method == runs.Pretrain {
		t.start, err = fresh(&s)
	} else {
		if err = e.mayBegin(s, values); err == nil {
			t.start, err = e.startOf(ctx, &s, t)
		}
		t.own = t.frozen == nil && !slices.Contains(e.names, s.Model)
	}
	if err != nil {
		return nil, err
	}
	if s.Probe < 0 || s.Probe > session.MaxProblems {
		return nil, fmt.Errorf("%d probing problems are out of range; choose 1 to %d, or 0 for %d", s.Probe, session.MaxProblems, labProbe)
	}
	if s.Rollouts != nil && !(*s.Rollouts >= 0 && *s.Rollouts <= 1) {
		return nil, fmt.Errorf("a share of %g of the problems is out of range; choose 0 to 1", *s.Rollouts)
	}
	measured, err := heldOutOf(s, t.frozen != nil)
	if err != nil {
		return nil, err
	}
	if s.Probe == 0 && s.Method != runs.Pretrain {
		if s.Probe = labProbe; t.frozen != nil {
			s.Probe = frozenProbe
		}
	}
	wording := t.run.Settings.Wording
	t.run.Settings = runs.Settings{Method: s.Method, Model: s.Model, Task: s.Task, Teacher: s.Teacher, Difficulty: s.Difficulty, Seed: s.Seed,
		Steps: s.Steps, Budget: s.Budget, Probe: s.Probe, FocusHeads: s.FocusHeads, Hyper: textOf(s.Hyper), Wording: wording}
	if t.frozen != nil {
		t.run.Settings.Storage = t.frozen.storage.String()
	}
	if err := t.run.Settings.Complete(m.Params); err != nil {
		return nil, err
	}
	if s.Method == runs.Pretrain {
		t.run.Settings.Every = reportEvery
	} else {
		share := runs.DefaultRollouts
		if s.Rollouts != nil {
			share = *s.Rollouts
		}
		t.run.Settings.Rollouts = &share
		t.run.Settings.HeldOut, t.run.Settings.HeldOutGap = measured.Problems, measured.Every
		t.run.Settings.Base = &runs.Identity{Name: s.Model, Weights: t.baseSum()}
	}
	t.run.Settings.Measured = t.measured(adapter)
	if err := e.reflectionOf(ctx, t); err != nil {
		return nil, err
	}
	t.info.ID = e.newID(s.Method)
	t.info.Name = e.newName(fmt.Sprintf("%s, %s, seed %d", s.Method, s.Model, s.Seed))
	if err := e.lock(ctx, t); err != nil {
		return nil, err
	}
	e.busy("loading", 0, 0)
	if t.learner, err = e.learn(ctx, t, e.rig.device); err != nil {
		t.unlock()
		return nil, err
	}
	return t, nil
}

// heldOut is what a run measures while it trains, as "attnlab train" does. Tests measure less.
var heldOut = rl.DefaultHeldOut

// heldOutOf is what a run measures while it trains, by its settings.
func heldOutOf(s session.RunSettings, frozen bool) (c rl.HeldOutConfig, err error) {
	if c = heldOut; frozen {
		c.Problems = min(c.Problems, session.FewHeldOut)
	}
	if s.HeldOut != nil {
		c.Problems = *s.HeldOut
	}
	c.Every = cmp.Or(s.HeldOutGap, c.Every)
	if c.Problems < 0 || c.Problems > session.MaxProblems || c.Every < 1 || c.Every > session.MaxTokens {
		return c, fmt.Errorf("%d held-out problems every %d tokens are out of range; choose up to %d problems, and 1 to %d tokens", c.Problems, c.Every, session.MaxProblems, session.MaxTokens)
	}
	return c, nil
}

// labProbe is the default number of problems that the base is measured on, that of "attnlab train". Of 256 problems the
// standard error of an accuracy is .03.
const labProbe = 256

// startOf is the model that a run begins from. It fills in the settings that are empty.
func (e *Engine) startOf(ctx context.Context, s *session.RunSettings, t *training) (*hf.Checkpoint, error) {
	if s.Model == "" {
		s.Model = e.capabilities.Model.Name
	}
	var c *hf.Checkpoint
	var err error
	if e.held != nil && e.held.source != nil && s.Model == e.capabilities.Model.Name {
		c, err = e.frozenStart(ctx, t)
	} else {
		c, err = e.modelNamed(ctx, s.Model)
	}
	if err != nil {
		return nil, err
	}
	task, err := taskOf(c)
	if err != nil {
		return nil, err
	}
	if _, free := task.(*freetext.Task); free {
		start := &hf.Checkpoint{Config: c.Config, Tokenizer: c.Tokenizer, Weights: c.Weights}
		start.Config.MaxContext = min(c.Config.MaxContext, proposedContext) // caches are made for it
		return start, t.put(s, start)
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
	words, err := tokenizer.NewWords(task.Vocabulary())
	if err != nil {
		return nil, err
	}
	return &hf.Checkpoint{Config: c, Tokenizer: words, Weights: c.Init(uint64(s.Seed))}, nil
}

// newID is a name for a run that no other has, in the storage too.
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
