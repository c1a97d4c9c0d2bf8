package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"attnlab/app/session"
	"attnlab/model/hf"
	"attnlab/model/hf/hub"
	"attnlab/rl/runs"
)

// shippedID is before the names of shipped runs in their ids.
const shippedID = "shipped-"

// runModel is the name of a run's model among the bases, before the run's id.
const runModel = "run:"

// loadRuns lists the runs in the storage and the shipped ones. A run that cannot be
// read is reported and not changed.
func (e *Engine) loadRuns(ctx context.Context) {
	e.runsLoaded = true
	if e.library.Store != nil {
		ids, err := e.library.Store.List(ctx)
		if err != nil {
			e.fail("Open", fmt.Errorf("the runs saved %s cannot be listed: %w", session.Where(e.place()), err))
		}
		for _, id := range ids {
			names, err := e.library.Store.Names(ctx, id)
			if err != nil {
				e.fail("Open", fmt.Errorf("the run %s cannot be read: %w", id, err))
				continue
			}
			e.know(id, e.place(), names, func(names ...string) (map[string][]byte, error) { return e.library.Store.Load(ctx, id, names...) })
		}
	}
	if e.library.Runs != nil {
		shipped, err := e.library.Runs(ctx)
		if err != nil {
			e.fail("Open", err)
		}
		for _, run := range shipped {
			e.know(shippedID+run.Name, "shipped", slices.Collect(maps.Keys(run.Files)), func(names ...string) (map[string][]byte, error) {
				files := maps.Clone(run.Files)
				maps.DeleteFunc(files, func(name string, _ []byte) bool { return !slices.Contains(names, name) })
				return files, nil
			})
		}
	}
}

// know adds a run to the list by its settings, metrics and result. resumable means that there is a checkpoint too.
func (e *Engine) know(id, from string, names []string, load func(names ...string) (map[string][]byte, error)) {
	light := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !runs.Light(name) })
	files, err := load(light...)
	var t *training
	if err == nil {
		t, err = readRun(files)
	}
	if err != nil {
		e.fail("Open", fmt.Errorf("the run %s cannot be read: %w", id, err))
		return
	}
	t.info.ID, t.info.State = id, session.MetricsOnly
	t.info.Name, t.info.From = cmp.Or(t.info.Name, strings.TrimPrefix(id, shippedID)), cmp.Or(t.info.From, from)
	if from == "shipped" {
		t.info.From = from
	} else if t.run.Log.Stored(); stored(names) && files[runs.RunFile] != nil {
		t.savedStep = t.step()
		t.info.State = "" // of a run that can be resumed
		t.info.State = t.stateName()
	}
	t.info.Step = t.step()
	e.runs = append(e.runs, t)
}

// listRuns publishes all runs, the newest first.
func (e *Engine) listRuns() {
	list := session.Runs{Number: e.next(), Runs: []session.KeptRun{}, Storage: e.storageNote()}
	for _, t := range slices.Backward(e.runs) {
		t.info.Step = t.step()
		t.about()
		list.Runs = append(list.Runs, session.KeptRun{Info: t.info, Settings: t.view(), Base: t.base(), Metrics: t.run.Log.Shown()})
	}
	e.publish(list)
	e.announce()
}

// runNamed finds a run by its id.
func (e *Engine) runNamed(id string) (*training, error) {
	i := slices.IndexFunc(e.runs, func(t *training) bool { return t.info.ID == id })
	if i < 0 {
		return nil, fmt.Errorf("there is no run %.60q; it may have been deleted", id)
	}
	return e.runs[i], nil
}

// fetchState loads the checkpoint of a run, to resume or to use it: from memory, else
// from storage.
func (e *Engine) fetchState(ctx context.Context, t *training) error {
	switch {
	case t.info.State == session.MetricsOnly:
		return fmt.Errorf("the run %s has only its metrics; you can compare it but not resume it", t.info.Name)
	case t.learner != nil:
		return e.copyState(t)
	case t.state != nil:
		return nil
	case e.library.Store == nil:
		return errors.New("this run was not saved; begin it again from its settings")
	}
	e.busy("loading", 0, 0)
	files, err := e.library.Store.Load(ctx, t.info.ID)
	if err != nil {
		return err
	}
	read, err := readRun(files)
	if err != nil {
		return err
	}
	read.run.Log.Stored()
	if read.state == nil {
		return errors.New("the run's state is not in the storage any more; begin it again from its settings")
	}
	t.state, t.start, t.own, t.frozen, t.run = read.state, read.start, read.own, nil, read.run
	t.reflection, t.ownReflection, t.recorded = read.reflection, read.ownReflection, read.recorded
	return nil
}

// resumeRun makes a saved run the active one.
func (e *Engine) resumeRun(ctx context.Context, id string) error {
	t, err := e.runNamed(id)
	if err != nil {
		return err
	}
	if t == e.run {
		e.showRun(t)
		return nil
	}
	if e.rig.device == nil {
		return errors.New("no device is open yet; open a backend first")
	}
	if err := e.lock(ctx, t); err != nil {
		return err
	}
	err = e.fetchState(ctx, t)
	if err == nil {
		err = e.baseOf(ctx, t)
	}
	if err == nil {
		err = e.reflectionOf(ctx, t)
	}
	if err == nil {
		e.busy("loading", 0, 0)
		t.learner, err = e.learn(ctx, t, e.rig.device)
	}
	if err != nil {
		e.forgetFrozen(t)
		t.unlock()
		return err
	}
	e.activate(t)
	return nil
}

// inAnotherTab explains an error of a run that another tab or program trains.
func inAnotherTab(err error) error {
	if errors.Is(err, runs.ErrLocked) {
		return errors.New("this run is open in another tab or program; close it there, then resume it here")
	}
	return err
}

// baseOf loads the model that a run began from where it is still needed: for its KL term, and where it trains adapters.
func (e *Engine) baseOf(ctx context.Context, t *training) error {
	config, err := t.config()
	if err != nil || t.start != nil || !config.NeedsBase() && !t.trainsAdapters() {
		return err
	}
	if t.ofFrozen() {
		return e.findFrozen(ctx, t)
	}
	name := t.run.Settings.BaseName()
	if t.start, err = e.modelNamed(ctx, name); err != nil {
		return fmt.Errorf("the run needs the model that it began from: %w", err)
	}
	return sameModel("base", name, t.start, t.run.Settings.Base)
}

// reflectionOf loads the reflection model that is shipped with the base of a run that needs one.
func (e *Engine) reflectionOf(ctx context.Context, t *training) error {
	config, err := t.config()
	if err != nil || t.reflection != nil || !config.Reflects() {
		return err
	}
	s := &t.run.Settings
	if s.Reflection != "" && s.ReflectionModel == nil {
		return fmt.Errorf("the run was begun with the reflection model %s, which is not here; resume it with \"attnlab train --resume\" where that model is", s.Reflection)
	}
	name := s.BaseName() + "/reflection"
	files, err := e.library.Fetch(ctx, name, func(done, total int) { e.busy("loading", done, total) })
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the cut needs a reflection model, and none is shipped with %s; choose the cut oracle, or a base that has one", s.BaseName())
	}
	if err != nil {
		return err
	}
	c, err := hf.LoadFiles(files)
	if err != nil {
		return err
	}
	if err := sameModel("reflection model", cmp.Or(s.Reflection, name), c, s.ReflectionModel); err != nil {
		return err
	}
	if t.reflection = c; s.ReflectionModel == nil {
		s.ReflectionModel = &runs.Identity{Name: name, Weights: c.WeightsSum()}
	}
	return nil
}

// modelNamed is the current model, a shipped base, or the model of a run.
func (e *Engine) modelNamed(ctx context.Context, name string) (*hf.Checkpoint, error) {
	if id, ok := strings.CutPrefix(name, runModel); ok {
		t, err := e.runNamed(id)
		if err != nil {
			return nil, err
		}
		if err := e.fetchState(ctx, t); err != nil {
			return nil, err
		}
		if t.state.Weights == nil {
			return nil, fmt.Errorf("the run %s has adapters and not the weights of its model; begin from that model", t.info.Name)
		}
		c := *t.state
		c.Train = nil
		if t != e.run && t.savedStep == t.step() { // it can be loaded from storage
			t.state = nil
		}
		return &c, nil
	}
	if e.held != nil && name == e.capabilities.Model.Name {
		if e.held.source != nil {
			return nil, fmt.Errorf("the model %s lies on the device in %s, to run forward only; choose another base", name, strings.ToUpper(e.held.storage.String()))
		}
		return e.held.Checkpoint, nil
	}
	if !slices.Contains(e.names, name) {
		if _, err := hub.ParseName(name); err == nil && e.library.Hub.Base != "" && e.library.Models != nil {
			return nil, errors.New("to download it, open a model of your own by this name")
		}
		return nil, fmt.Errorf("there is no shipped base %q; choose one of %s", name, strings.Join(e.names, ", "))
	}
	files, err := e.library.Fetch(ctx, name, func(done, total int) { e.busy("loading", done, total) })
	if err != nil {
		return nil, err
	}
	e.busy("loading", 0, 0)
	return hf.LoadFiles(files)
}

// dropRun deletes a run, active or not.
func (e *Engine) dropRun(ctx context.Context, id string) error {
	t, err := e.runNamed(id)
	if err != nil {
		return err
	}
	if t.info.From == "shipped" {
		return errors.New("this run is shipped with the lab and cannot be deleted")
	}
	if e.library.Store != nil && (t.savedStep >= 0 || t.info.From == "imported") {
		if err := e.lock(ctx, t); err != nil {
			return err
		}
		err := e.library.Store.Delete(ctx, id)
		t.unlock()
		if err != nil {
			return err
		}
	}
	t.unlock()
	e.runs = slices.DeleteFunc(e.runs, func(other *training) bool { return other == t })
	if t == e.run {
		e.releaseLearner(t)
		e.run = nil
		e.forgetFrozen(t)
		e.clearCredit()
		e.publish(session.Followed{Number: e.next(), Answers: []session.FollowedAnswer{}})
		e.publish(session.Run{Number: e.next(), Base: []session.Metric{}, Metrics: []session.Metric{}, Rollouts: []session.RolloutRow{}, Kept: -1})
	}
	e.listRuns()
	return nil
}

// renameRun gives a run another name and saves it with the settings.
func (e *Engine) renameRun(ctx context.Context, id, name string) error {
	t, err := e.runNamed(id)
	if err != nil {
		return err
	}
	name = strings.Join(strings.Fields(name), " ")
	switch {
	case t.info.From == "shipped":
		return errors.New("this run is shipped with the lab and keeps its name")
	case name == "":
		return errors.New("a run needs a name; type one or more letters")
	case utf8.RuneCountInString(name) > session.MaxName:
		return fmt.Errorf("a name of %d characters is too long; choose one of at most %d", utf8.RuneCountInString(name), session.MaxName)
	case name == t.info.Name:
		return nil
	}
	old := t.info.Name
	t.info.Name = e.newName(name)
	t.about()
	if e.library.Store != nil && (t.savedStep >= 0 || t.info.From == "imported") {
		held := t.writer != nil
		if err = e.lock(ctx, t); err == nil {
			t.writer.Run.Settings = t.run.Settings
			err = t.writer.SaveSettings(ctx)
		}
		if !held {
			t.unlock()
		}
		if err != nil {
			t.info.Name = old
			t.about()
			return err
		}
	}
	if t == e.run {
		e.showRun(t)
	}
	e.listRuns()
	return nil
}

// importRun reads the files of a run, and saves them.
func (e *Engine) importRun(ctx context.Context, c session.ImportRun) error {
	t, err := readRun(c.Files)
	if err != nil {
		return err
	}
	if t.step() == 0 {
		return errors.New("the run has no line of metrics; choose the folder of a run, or a metrics.jsonl that \"attnlab train\" wrote")
	}
	t.info.ID = e.newID(cmp.Or(t.run.Settings.Method, "run"))
	t.info.Name, t.info.From = e.newName(cmp.Or(c.Name, t.info.Name, t.info.ID)), "imported"
	if t.state == nil {
		t.info.State = session.MetricsOnly
	} else {
		if task, err := taskOf(t.state); err != nil || task.Name() != t.run.Settings.Task && !isFree(t.run.Settings.Task) {
			return fmt.Errorf("the run's model does not have the tokens of its task %.40q", t.run.Settings.Task)
		}
		t.info.State = t.stateName()
	}
	t.about()
	e.runs = append(e.runs, t)
	e.store(t)
	if t.savedStep == t.step() {
		t.state, t.start, t.reflection = nil, nil, nil
	}
	e.listRuns()
	return nil
}
