package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"attnlab/app/session"
	"attnlab/gpu"
	"attnlab/model/hf"
	"attnlab/rl/task"
)

// open opens a device and puts the model on it: the one at work, else the default
// base. If it fails the old device stays.
func (e *Engine) open(ctx context.Context, backend string) (text string, err error) {
	e.busy("opening", 0, 0)
	d, why, err := gpu.Open(backend)
	if err != nil {
		return "", err
	}
	if err := e.move(d); err != nil {
		d.Close()
		return "", err
	}
	e.backend = backend
	e.describe(why)
	if e.names, err = e.library.List(ctx); err != nil {
		e.names = nil
		e.fail("Open", err)
	}
	if !e.runsLoaded {
		e.loadRuns(ctx)
	}
	e.listRuns()
	switch {
	case e.checkpoint == nil && len(e.names) == 0:
		return "", errors.New("no base is shipped with this build; open the folder of a model")
	case e.checkpoint == nil:
		err = e.useModel(ctx, session.UseModel{Name: e.defaultBase()})
		if err != nil && backend == gpu.Auto && d.Err() != nil { // the device opened, and failed at the first model
			why = "no GPU can be used here: " + err.Error()
			d = gpu.OpenHost()
			if err = e.move(d); err != nil {
				return "", err
			}
			e.describe(why)
			err = e.useModel(ctx, session.UseModel{Name: e.defaultBase()})
		}
	case e.reasoning != nil:
		err = e.show()
	}
	if d.Info.Backend == gpu.Host && backend != gpu.Host {
		text = e.capabilities.Why + " The engine runs on the processor instead, with a small model: the same figures, more slowly."
	}
	return text, err
}

// defaultBase is tiny on the processor and small elsewhere.
func (e *Engine) defaultBase() string {
	size := "small"
	if e.rig.device.Info.Backend == gpu.Host {
		size = "tiny"
	}
	for _, name := range e.names {
		if strings.HasSuffix(name, "-"+size) {
			return name
		}
	}
	return e.names[0]
}

// move puts the model at work, if there is one, on another device, and closes the
// old one.
func (e *Engine) move(d *gpu.Device) error {
	d.Yield = func() time.Duration { return e.room.left(time.Now()) }
	next := rig{device: d}
	if e.checkpoint != nil {
		e.busy("loading", 0, 0)
		var err error
		if next, err = newRig(d, e.checkpoint); err != nil {
			return err
		}
	}
	if e.run != nil {
		if !e.rig.device.Lost() {
			if err := e.copyState(e.run); err != nil {
				return err
			}
		}
		if err := e.moveRun(e.run, d); err != nil {
			next.release()
			return err
		}
		defer e.showRun(e.run)
	}
	old := e.rig
	e.rig = next
	if old.device != nil {
		old.release()
		old.device.Close()
	}
	return nil
}

// recover opens the device again after it was lost and restores the model and the
// trace.
func (e *Engine) recover(ctx context.Context) (text string, err error) {
	e.publish(session.Status{Stage: "opening", Busy: true, Text: "The GPU was lost; opening it again."})
	for range 2 { // a new device may be lost at once, while the driver starts again
		var d *gpu.Device
		var why string
		if d, why, err = gpu.Open(e.backend); err != nil {
			continue
		}
		if err = e.move(d); err != nil {
			d.Close()
			continue
		}
		before := e.capabilities.Backend
		e.describe(why)
		what := "the model and the trace"
		if e.run != nil {
			what = "the model, the trace and the run"
		}
		text = "The GPU was lost and opened again; " + what + " are restored."
		if before != d.Info.Backend {
			text = "The GPU was lost and could not be opened again; the engine goes on from here on the processor, with " + what + " restored."
		}
		e.announce()
		if e.reasoning != nil {
			err = e.show()
		}
		if err == nil {
			return text, nil
		}
	}
	return "", err
}

// announce sends the capabilities.
func (e *Engine) announce() {
	c := e.capabilities
	c.Bases = slices.Clone(e.names)
	for _, t := range slices.Backward(e.runs) {
		if t.info.State != session.MetricsOnly && t.step() > 0 {
			c.Bases = append(c.Bases, runModel+t.info.ID)
		}
	}
	e.publish(c)
}

// useModel loads a shipped base or the files of a folder. The old model stays until
// the new one runs.
func (e *Engine) useModel(ctx context.Context, c session.UseModel) error {
	if e.rig.device == nil {
		return errors.New("no engine is open yet; open one first")
	}
	name := c.Name
	var checkpoint *hf.Checkpoint
	var err error
	if e.busy("loading", 0, 0); c.Files != nil {
		checkpoint, err = hf.LoadFiles(c.Files)
	} else {
		checkpoint, err = e.modelNamed(ctx, name)
	}
	if err != nil {
		return err
	}
	task, err := taskOf(checkpoint)
	if err != nil {
		return err
	}
	next, err := newRig(e.rig.device, checkpoint)
	if err != nil {
		return err
	}
	e.rig.release()
	e.rig, e.checkpoint = next, checkpoint
	e.capabilities.Model = session.ModelInfo{Name: name, Task: task.Name(), Parameters: next.model.Count(),
		Layers: next.model.Layers, Heads: next.model.Heads, Context: next.model.MaxContext}
	e.announce()
	// What the old model wrote and was found to do is not the new one's. The problem
	// stays, if the new one can read it.
	e.clear(session.HeadsView{})
	e.clear(session.Disruption{Step: -1})
	e.clearTree()
	switch r := e.reasoning; {
	case r == nil:
		e.setTask(task)
		return nil
	case r.task.Name() == task.Name() && len(r.Prompt) < next.model.MaxContext:
		r.response = nil
		return e.show()
	default:
		e.reasoning = nil
		e.setTask(task)
		return e.newProblem(session.NewProblem{Seed: r.seed})
	}
}

// clear replaces a snapshot, if there is one, by an empty one.
func (e *Engine) clear(empty session.Event) {
	e.mu.Lock()
	_, have := e.snapshots[session.Kind(empty)]
	e.mu.Unlock()
	if !have {
		return
	}
	switch s := empty.(type) {
	case session.HeadsView:
		s.Number = e.next()
		empty = s
	case session.Disruption:
		s.Number = e.next()
		empty = s
	case session.Tree:
		s.Number = e.next()
		empty = s
	case session.Credit:
		s.Number = e.next()
		empty = s
	}
	e.publish(empty)
}

// taskOf is the task whose tokens a model speaks.
func taskOf(c *hf.Checkpoint) (task.Task, error) {
	for _, name := range task.Names() {
		task, err := task.New(name, "", "")
		if err != nil {
			return nil, err
		}
		vocabulary := task.Vocabulary()
		same := len(vocabulary) == c.Config.VocabSize
		for id := 0; same && c.Tokenizer != nil && id < len(vocabulary); id++ {
			same = c.Tokenizer.Token(id) == vocabulary[id]
		}
		if same {
			return task, nil
		}
	}
	return nil, fmt.Errorf("the model's %d tokens are those of no task here; open a model that \"attnlab pretrain\" made", c.Config.VocabSize)
}
