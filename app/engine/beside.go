package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"attnlab/app/session"
	"attnlab/gpu"
	"attnlab/rl"
	"attnlab/rl/hyper"
	"attnlab/rl/runs"
	"attnlab/rl/task"
)

// active are the runs that have learners: the active one, and the second that trains in turn with it. Both stay on the device between their
// steps: a change of runs by way of a saved state would read back and write weights and moments, 12 bytes a weight each way, at every step.
func (e *Engine) active() (list []*training) {
	for _, t := range []*training{e.run, e.second} {
		if t != nil {
			list = append(list, t)
		}
	}
	return list
}

// turn is the run that takes the next step up to target: of those with steps left the one that has taken fewer, the first of equals; nil for none.
func (e *Engine) turn(target int) (next *training) {
	for _, t := range e.active() {
		if t.step() < min(target, t.lastStep()) && !t.done() && (next == nil || t.step() < next.step()) {
			next = t
		}
	}
	return next
}

// trainBeside sets a second run beside the active one, or takes it away.
func (e *Engine) trainBeside(ctx context.Context, c session.TrainBeside) (err error) {
	first := e.run
	switch {
	case c.Method == "" && c.ID == "":
		e.endBeside()
		e.listRuns()
		return nil
	case first == nil:
		return errNoRun
	case first.run.Settings.Method == runs.Pretrain || c.Method == runs.Pretrain:
		return errors.New("pretraining has no rollouts to compare; choose two methods of reinforcement learning")
	}
	var t *training
	if c.ID == "" {
		var s session.RunSettings
		if s, err = first.settingsBeside(c.Method); err != nil {
			return err
		}
		t, err = e.newRun(ctx, s)
	} else {
		if t, err = e.runNamed(c.ID); err == nil && slices.Contains(e.active(), t) {
			return nil
		}
		if err == nil {
			err = sameProblems(first, t)
		}
		if err == nil {
			err = e.loadRun(ctx, t)
		}
		if err == nil && !bytes.Equal(first.run.Problems, t.run.Problems) {
			e.releaseLearner(t)
			e.forgetFrozen(t)
			t.unlock()
			err = fmt.Errorf("the own problems of %s are others than those of %s; choose a run of the same problems", t.info.Name, first.info.Name)
		}
	}
	if err != nil {
		return err
	}
	e.endBeside()
	if !slices.Contains(e.runs, t) {
		e.runs = append(e.runs, t)
	}
	e.second, e.pair = t, 0
	e.showRun(t)
	e.listRuns()
	return nil
}

// sameProblems returns an error unless two runs draw the same problems and began from one model.
func sameProblems(first, t *training) error {
	a, b := &first.run.Settings, &t.run.Settings
	differs := ""
	switch {
	case t.info.State == session.MetricsOnly || t.info.State == session.Damaged: // loading it says why it cannot train
		return nil
	case b.Method == runs.Pretrain:
		return errors.New("pretraining has no rollouts to compare; choose a run of reinforcement learning")
	case a.Seed != b.Seed:
		differs = "seed"
	case a.Task != b.Task || a.Teacher != b.Teacher || a.Difficulty != b.Difficulty:
		differs = "task"
	case !reflect.DeepEqual(a.Wording, b.Wording):
		differs = "way of putting problems"
	case a.BaseName() != b.BaseName() || a.Base != nil && b.Base != nil && a.Base.Weights != b.Base.Weights:
		differs = "model that it began from"
	default:
		return nil
	}
	return fmt.Errorf("the %s of %s is not that of %s; choose a run of the same seed, task and model", differs, t.info.Name, first.info.Name)
}

// settingsBeside are the settings of a run by another method beside t. Of the hyper-parameters that differ from the lab's values those stay that
// the method has too.
func (t *training) settingsBeside(method string) (session.RunSettings, error) {
	m, err := methodOf(method)
	if err != nil {
		return session.RunSettings{}, err
	}
	s := t.view()
	shared := hyper.Values{}
	for name, v := range s.Hyper {
		if row, ok := m.Params.Row(name); ok {
			if _, err := row.Parse(v.String()); err == nil {
				shared[name] = v
			}
		}
	}
	s.Method, s.Hyper = method, shared
	if own := t.run.Settings.Steps; own > 0 {
		s.Steps = own
	}
	if !m.Takes.Heads {
		s.FocusHeads = ""
	}
	if s.Wording != nil {
		s.Wording.Problems = string(t.run.Problems)
	}
	return s, nil
}

// endBeside saves the second run and frees its memory on the device. The first trains alone from then on.
func (e *Engine) endBeside() {
	t := e.second
	if t == nil {
		return
	}
	e.second = nil
	e.deactivate(t)
	e.forgetFrozen(t)
	e.showNoSecond()
}

// showNoSecond publishes that no second run trains.
func (e *Engine) showNoSecond() {
	e.clear(session.Beside{Run: noRun(e.next())})
	e.clear(session.PairedRollouts{Number: e.next(), First: []session.PairedRollout{}, Second: []session.PairedRollout{}})
}

// moveSecond moves the second run, whose state was copied, to another device. A run that does not fit there is saved, and the first goes on
// alone.
func (e *Engine) moveSecond(d *gpu.Device) {
	if e.second == nil {
		return
	}
	if err := e.moveRun(e.second, d); err != nil {
		e.fail("TrainBeside", err)
		e.endBeside()
	}
}

// showPair chooses the problem whose rollouts are shown.
func (e *Engine) showPair(c session.ShowPair) error {
	pairs, _, _ := e.pairs()
	if c.Problem < 0 || c.Problem >= len(pairs) {
		return fmt.Errorf("there is no problem %d; both runs drew %d in the newest step", c.Problem, len(pairs))
	}
	e.pair = c.Problem
	return e.showPairs()
}

// pairs are the groups of the last step of both runs that are of one problem, in the order of the first. They are nil unless both have taken
// as many steps.
func (e *Engine) pairs() (pairs [][2]int, first, second *rl.Credited) {
	if e.second == nil || e.run.step() != e.second.step() {
		return nil, nil, nil
	}
	a, _ := e.run.learner.(reinforcement)
	b, _ := e.second.learner.(reinforcement)
	if a.Run == nil || b.Run == nil || a.Last() == nil || b.Last() == nil {
		return nil, nil, nil
	}
	first, second = a.Last(), b.Last()
	for i, g := range first.Groups {
		j := slices.IndexFunc(second.Groups, func(o rl.Group) bool { return slices.Equal(o.Problem.Prompt, g.Problem.Prompt) })
		if j >= 0 {
			pairs = append(pairs, [2]int{i, j})
		}
	}
	return pairs, first, second
}

// showPairs publishes the rollouts of both runs to the chosen problem. Between two steps of a turn those of the step before stay.
func (e *Engine) showPairs() error {
	pairs, first, second := e.pairs()
	if first == nil {
		return nil
	}
	if e.pair >= len(pairs) {
		e.pair = 0
	}
	view := session.PairedRollouts{Number: e.next(), Step: first.Step, Problems: len(pairs), Problem: e.pair, First: []session.PairedRollout{}, Second: []session.PairedRollout{}}
	if len(pairs) > 0 {
		at := pairs[e.pair]
		g := first.Groups[at[0]]
		view.Prompt, view.Gold = task.Text(first.Task, g.Problem.Prompt), g.Problem.Gold
		view.First, view.Second = pairedRollouts(first.Task, g), pairedRollouts(second.Task, second.Groups[at[1]])
	}
	e.publish(view)
	return nil
}

func pairedRollouts(kind task.Task, g rl.Group) (list []session.PairedRollout) {
	for _, s := range g.Samples {
		r := session.PairedRollout{Kind: s.Kind, Correct: s.Correct, Reward: s.Reward, Text: words(s.Response(), kind.Vocabulary()), Steps: steps(kind, s.Trace, true)}
		for k := range r.Steps {
			r.Steps[k].Start -= s.PromptLength
			r.Steps[k].End -= s.PromptLength
		}
		list = append(list, r)
	}
	return list
}
