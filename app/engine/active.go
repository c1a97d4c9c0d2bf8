package engine

import (
	"slices"
	"time"

	"attnlab/app/session"
)

// activate makes t, which has its learner, the active run. It saves the one before, and one that trained beside it.
func (e *Engine) activate(t *training) {
	if t == e.second {
		e.second = nil
		e.showNoSecond()
	}
	e.endBeside()
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

// showRun publishes the active run, or the one that trains beside it.
func (e *Engine) showRun(t *training) {
	began := time.Now()
	t.about()
	t.info.Step = t.step()
	run := session.Run{Number: e.next(), Info: t.info, Settings: t.view(), Base: t.base(), Metrics: t.run.Log.Shown(), Rollouts: []session.RolloutRow{},
		Sample: t.sample, Left: e.left(), Rate: t.run.Log.Last("tokens_per_second"), Kept: t.savedStep}
	if r, ok := t.learner.(reinforcement); ok {
		run.Rollouts = rollouts(r.Last())
	}
	if t == e.second {
		e.publish(session.Beside{Run: run})
	} else {
		e.publish(run)
		e.refreshCredit()
		if err := e.showLosses(); err != nil && !lost(err) {
			e.fail("ShowCredit", err)
		}
	}
	e.showPairs()
	t.shown = time.Now()
	t.showing = t.shown.Sub(began)
}

// noRun says that there is no run.
func noRun(number uint64) session.Run {
	return session.Run{Number: number, Base: []session.Metric{}, Metrics: []session.Metric{}, Rollouts: []session.RolloutRow{}, Kept: -1}
}

// left is how many seconds the steps that are left take, of both runs where two train in turn.
func (e *Engine) left() (seconds float64) {
	for _, t := range e.active() {
		if n := t.view().Steps - t.step(); n > 0 && !t.done() {
			seconds += (time.Duration(n) * t.pace).Seconds()
		}
	}
	return seconds
}
