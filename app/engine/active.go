package engine

import (
	"slices"
	"time"

	"attnlab/app/session"
)

// activate makes t, which has its learner, the active run. It saves the one before.
func (e *Engine) activate(t *training) {
	if old := e.run; old != nil && old != t {
		e.deactivate(old)
		defer e.forgetFrozen(old)
	}
	if !slices.Contains(e.runs, t) {
		e.runs = append(e.runs, t)
	}
	e.run = t
	e.clearCredit()
	e.showFollowed(t)
	e.showRun(t)
	e.listRuns()
}

// deactivate saves a run and frees its memory on the device. It drops a run without steps.
func (e *Engine) deactivate(t *training) {
	if t.learner != nil {
		if err := e.save(t); err != nil && !lost(err) {
			e.fail("Advance", err)
		}
		e.releaseLearner(t)
	}
	t.unlock()
	t.info.State = t.stateName()
	if t.info.State == "new" {
		e.runs = slices.DeleteFunc(e.runs, func(other *training) bool { return other == t })
	}
	if t.savedStep == t.step() { // it can be loaded from storage
		t.state = nil
	}
}

// releaseLearner frees the memory of a run on the device. On a lost device it does nothing.
func (e *Engine) releaseLearner(t *training) {
	if !e.rig.device.Lost() {
		t.learner.Release()
	}
	t.learner = nil
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
	run := session.Run{Number: e.next(), Info: t.info, Settings: settings, Base: t.base(), Metrics: t.run.Log.Shown(), Rollouts: []session.RolloutRow{},
		Sample: t.sample, Left: left, Rate: t.run.Log.Last("tokens_per_second"), Kept: t.savedStep}
	if r, ok := t.learner.(reinforcement); ok {
		run.Rollouts = rollouts(r.Last())
	}
	e.publish(run)
	e.refreshCredit()
	if err := e.showLosses(); err != nil && !lost(err) {
		e.fail("ShowCredit", err)
	}
	t.shown = time.Now()
	t.showing = t.shown.Sub(began)
}
