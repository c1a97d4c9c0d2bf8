package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"attnlab/app/session"
	"attnlab/gpu"
)

// errLater is returned by a command that lets others go first and continues later.
var errLater = errors.New("engine: later")

// planAdvance takes steps of the run that is active when the command starts, and of the one that trains beside it. Between
// two steps it lets waiting commands go first.
func (e *Engine) planAdvance(c session.Advance) func(context.Context) (string, error) {
	var t *training
	target := session.MaxSteps
	return func(ctx context.Context) (string, error) {
		switch {
		case t == nil && c.Run != "" && (e.run == nil || e.run.info.ID != c.Run): // beginning or resuming it failed, and said why
			return "", nil
		case t == nil && e.run == nil:
			return "", errNoRun
		case c.Steps < 0:
			return "", fmt.Errorf("%d steps are out of range; choose 1 or more, or 0 for all that are left", c.Steps)
		case t == nil:
			t = e.run
			next := e.turn(session.MaxSteps)
			if next == nil {
				return fmt.Sprintf("The run has taken all its %d steps; begin a new one for more.", t.step()), nil
			}
			if c.Steps > 0 {
				target = next.step() + c.Steps
			}
		case t != e.run:
			return "", nil // another run has taken its place
		}
		return e.advance(ctx, target)
	}
}

// lastStep bounds the steps of the run; a budget of tokens may end it sooner.
func (t *training) lastStep() int {
	if t.run.Settings.Steps > 0 {
		return t.run.Settings.Steps
	}
	return session.MaxSteps
}

func (e *Engine) advance(ctx context.Context, target int) (text string, err error) {
	for _, t := range e.active() {
		if err = e.ready(ctx, t); err != nil {
			break
		}
	}
	if err == nil {
		err = e.steps(ctx, target)
	}
	switch {
	case errors.Is(err, errLater) || lost(err):
		return "", err
	case err != nil && ctx.Err() != nil:
		text, err = fmt.Sprintf("Paused after step %d.", e.run.step()), nil
	case err == nil && e.turn(session.MaxSteps) == nil:
		text = "The run is complete."
		if e.second != nil {
			text = "Both runs are complete."
		}
	}
	for _, t := range e.active() {
		t.info.State = t.stateName()
		if failed := e.save(t); lost(failed) || err == nil {
			err = failed
		}
		e.showRun(t)
	}
	e.listRuns()
	return text, err
}

// ready does what comes before the first step of a run.
func (e *Engine) ready(ctx context.Context, t *training) error {
	if t.done() {
		return nil
	}
	if t.info.State != "running" {
		t.info.State = "running"
		e.showRun(t)
		e.listRuns()
	}
	if r, ok := t.learner.(reinforcement); ok {
		r.Progress = e.reporting("measuring the base", t.step(), t.view().Steps)
	}
	if err := t.learner.prepare(ctx, func(stage string) { e.busy(stage, t.step(), t.view().Steps) }); err != nil {
		return err
	}
	return e.follow(ctx, t)
}

// steps takes steps in turn until the active runs are at target, or ctx ends, or others wait.
func (e *Engine) steps(ctx context.Context, target int) error {
	for t := e.turn(target); t != nil; t = e.turn(target) {
		if e.crowded.Load() {
			for _, t := range e.active() {
				e.showRun(t)
			}
			return errLater
		}
		e.busy("training", t.step(), t.view().Steps)
		if r, ok := t.learner.(reinforcement); ok {
			r.Progress = e.reporting("training", t.step(), t.view().Steps)
		}
		began, before := time.Now(), t.learner.taken()
		report, err := t.learner.take(ctx, min(target, t.lastStep()))
		if err != nil {
			return err
		}
		err = t.note(report)
		if r, ok := t.learner.(reinforcement); ok && err == nil {
			err = t.run.Rollouts.Add(r.Rollouts)
		}
		if err != nil {
			return errors.Join(err, e.rollBack(t))
		}
		if err := e.follow(ctx, t); err != nil {
			return err
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
		if time.Since(t.copied) > 20*t.copying && time.Since(t.savedAt) <= saveEvery {
			if err := e.copyState(t); err != nil {
				return err
			}
		}
		if time.Since(t.savedAt) > saveEvery {
			if err := e.save(t); err != nil {
				return err
			}
		}
		if r, ok := t.learner.(reinforcement); ok && t == e.run {
			e.lastCredit(r.Last())
		}
		// Screens see ten snapshots a second at most, and writing them takes a fortieth of the time: page and figures, which share a
		// thread, each take several times as long to read one.
		if time.Since(t.shown) > max(100*time.Millisecond, 40*t.showing) {
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

// rollBack restores a run from its newest copy in memory.
func (e *Engine) rollBack(t *training) error {
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
	moved.run.Log, t.run.Rollouts = t.run.Log.UpTo(at), t.run.Rollouts.UpTo(at)
	t.run.Followed = t.run.Followed.UpTo(at)
	next, err := e.learn(context.Background(), &moved, d)
	if err != nil {
		return err
	}
	t.run.Log, t.learner = moved.run.Log, next
	if !e.rig.device.Lost() {
		old.Release()
	}
	return nil
}
