package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"
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

// unread is a run that is not in the list yet.
type unread struct {
	name    string // its id in the storage
	shipped bool
}

// findRuns finds the runs in the storage and the shipped ones. Reading them takes seconds in a browser, so the engine reads them while
// it is idle, or when the first command comes that needs them: a visitor's first trace does not wait. Where the storage cannot be used,
// nothing is saved.
func (e *Engine) findRuns(ctx context.Context) {
	e.runsFound, e.watched = true, time.Now()
	if e.library.Store != nil {
		ids, err := e.library.Store.List(ctx)
		if err != nil {
			e.closed = "Runs are not saved: " + strings.TrimSuffix(session.Message(err), ".") + "."
			e.library.Store = nil
		}
		for _, id := range ids {
			e.unread = append(e.unread, unread{id, false})
		}
	}
	if e.library.Runs != nil {
		shipped, err := e.library.Runs(ctx)
		if err != nil {
			e.fail("Open", err)
		}
		for _, name := range shipped {
			e.unread = append(e.unread, unread{name, true})
		}
	}
}

// readNext reads one run that is not in the list yet. After the last one it publishes the list.
func (e *Engine) readNext(ctx context.Context) {
	if !e.runsFound {
		e.findRuns(ctx)
	}
	if len(e.unread) > 0 {
		next := e.unread[0]
		e.unread = e.unread[1:]
		if !next.shipped {
			e.runs = append(e.runs, e.storedRun(ctx, next.name))
		} else if t, err := e.shippedRun(ctx, next.name); err == nil {
			e.runs = append(e.runs, t)
		} else {
			e.fail("Open", fmt.Errorf("the run %s cannot be read: %w", next.name, err))
		}
	}
	if e.runsRead() {
		e.listRuns()
	}
}

// runsRead returns true if all runs are in the list.
func (e *Engine) runsRead() bool { return e.runsFound && len(e.unread) == 0 }

// runsDue returns true if runs are to be read while the engine is idle: after it has opened.
func (e *Engine) runsDue() bool { return e.rig.device != nil && !e.runsRead() }

// readFor reads all runs that are not in the list yet, before a command about runs.
func (e *Engine) readFor(ctx context.Context, c session.Command) {
	switch c := c.(type) {
	case session.UseModel:
		if !strings.HasPrefix(c.Name, runModel) {
			return
		}
	case session.Begin, session.TrainBeside, session.Advance, session.ResumeRun, session.FollowRun, session.DropRun, session.RenameRun, session.ExportRun, session.ExportMetrics, session.ContrastRuns, session.ShowRollouts,
		session.ImportRun, session.OpenRun:
	default:
		return
	}
	for !e.runsRead() && ctx.Err() == nil {
		e.readNext(ctx)
	}
}

// shippedRun fetches a shipped run. One that was not evaluated has no result.
func (e *Engine) shippedRun(ctx context.Context, name string) (*training, error) {
	files := map[string][]byte{}
	for _, file := range []string{runs.RunFile, runs.MetricsFile, runs.ResultFile} {
		data, err := e.library.RunFile(ctx, name, file)
		if file == runs.ResultFile && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		files[file] = data
	}
	t, err := readRun(files)
	if err != nil {
		return nil, err
	}
	t.info.ID, t.info.From, t.info.State, t.info.Step = shippedID+name, "shipped", session.MetricsOnly, t.step()
	t.info.Name = cmp.Or(t.info.Name, name)
	return t, nil
}

// storedRun is a run in the storage, by its settings, metrics and result. A run that cannot be read is damaged, and nothing of it is
// changed: it has the steps that come before the damage.
func (e *Engine) storedRun(ctx context.Context, id string) *training {
	names, err := e.library.Store.Names(ctx, id)
	light := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !runs.Light(name) })
	var files map[string][]byte
	if err == nil && len(light) > 0 {
		files, err = e.library.Store.Load(ctx, id, light...)
	}
	t := &training{}
	if err == nil {
		t, err = readRun(files)
	}
	t.info.ID, t.info.State = id, session.MetricsOnly
	t.info.Name, t.info.From = cmp.Or(t.info.Name, id), cmp.Or(t.info.From, e.place())
	t.savedStep, t.read = t.step(), time.Now()
	if err != nil {
		t.info.State, t.info.Note = session.Damaged, sentence(err)
		return t
	}
	t.elsewhere = e.library.Store.Locked(ctx, id)
	if t.run.Log.Stored(); t.elsewhere || stored(names) && files[runs.RunFile] != nil {
		t.info.State = "" // of a run that can be resumed
	}
	t.info.State = t.stateName()
	return t
}

// listRuns publishes all runs, the newest first.
func (e *Engine) listRuns() {
	list := session.Runs{Number: e.next(), Runs: []session.KeptRun{}, Storage: e.storageNote(), Closed: e.closed}
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
	case t.info.State == session.Damaged:
		return fmt.Errorf("the run %s is damaged; export it, and import what is left of it", t.info.Name)
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
	if t != e.second { // which has its learner
		if err := e.loadRun(ctx, t); err != nil {
			return err
		}
	}
	e.activate(t)
	return nil
}

// loadRun gives a saved run its learner.
func (e *Engine) loadRun(ctx context.Context, t *training) error {
	if e.rig.device == nil {
		return errors.New("no device is open yet; open a backend first")
	}
	if err := e.lock(ctx, t); err != nil {
		e.watchRuns(ctx)
		return err
	}
	t.elsewhere = false
	err := e.fetchState(ctx, t)
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
	}
	return err
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
		if t.learner == nil && t.savedStep == t.step() { // it can be loaded from storage
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
	e.publish(session.SavedRollouts{Number: e.next(), Browsed: runs.Browse(nil, runs.RolloutFilter{}, 0, 0)})
	if t == e.second {
		e.releaseLearner(t)
		e.second = nil
		e.forgetFrozen(t)
		e.showNoSecond()
	}
	if t == e.run {
		e.endBeside()
		e.releaseLearner(t)
		e.run = nil
		e.forgetFrozen(t)
		e.clearCredit()
		e.publish(session.Followed{Number: e.next(), Answers: []session.FollowedAnswer{}})
		e.publish(noRun(e.next()))
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
	case t.info.State == session.Damaged:
		return errors.New("this run is damaged, so that nothing of it is changed; export it, and import what is left of it")
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
	if t.learner != nil {
		e.showRun(t)
	}
	e.listRuns()
	return nil
}

// importRun reads the files of a run, and saves them. It returns a sentence where a part of them is left out.
func (e *Engine) importRun(ctx context.Context, c session.ImportRun) (text string, err error) {
	if c.Picked != "" {
		if c.Files, err = e.pickedRun(ctx, c.Picked); err != nil {
			return "", err
		}
	}
	t, err := readRun(c.Files)
	if _, is := errors.AsType[*runs.DamagedLog](err); is && t.step() > 0 {
		return "", fmt.Errorf("%w; to import the steps before it, delete that line and those after it", err)
	}
	if err != nil {
		return "", err
	}
	t.run.Rollouts = t.run.Rollouts.Elsewhere()
	if t.step() == 0 {
		return "", errors.New("the run has no line of metrics; choose the folder of a run, or a metrics.jsonl that \"attnlab train\" wrote")
	}
	t.info.ID = e.newID(cmp.Or(t.run.Settings.Method, "run"))
	t.info.Name = e.newName(cmp.Or(c.Name, t.info.Name, t.info.ID))
	if !t.run.Settings.IsForeign() {
		t.info.From = "imported"
	}
	if t.state == nil {
		t.info.State = session.MetricsOnly
	} else {
		if task, err := taskOf(t.state); err != nil || task.Name() != t.run.Settings.Task && !isFree(t.run.Settings.Task) {
			return "", fmt.Errorf("the run's model does not have the tokens of its task %.40q", t.run.Settings.Task)
		}
		t.info.State = t.stateName()
	}
	if t.run.Log.BrokeOff() {
		text = fmt.Sprintf("The last line of the log of %s was cut and is left out.", t.info.Name)
	}
	t.about()
	e.runs = append(e.runs, t)
	e.store(t)
	if t.savedStep == t.step() {
		t.state, t.start, t.reflection = nil, nil, nil
	}
	e.listRuns()
	return text, nil
}
