package engine

import (
	"context"
	"errors"
	"fmt"

	"attnlab/app/session"
	"attnlab/gpu"
	"attnlab/model/hf"
	"attnlab/rl/task"
)

// useModel loads a shipped base, the model of a run, or the files of a folder. If it fails, the old model stays.
func (e *Engine) useModel(ctx context.Context, c session.UseModel) error {
	if e.rig.device == nil {
		return errors.New("no device is open yet; open a backend first")
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
	return e.install(name, checkpoint)
}

// install makes a checkpoint the current model, on the backend that is faster for it. If it fails, the old model stays.
func (e *Engine) install(name string, checkpoint *hf.Checkpoint) error {
	task, err := taskOf(checkpoint)
	if err != nil {
		return err
	}
	other, made := e.raceFor(checkpoint)
	var next rig
	if other != nil {
		if next, err = newRig(other, checkpoint); err != nil { // the current device can try
			other.Close()
			other, made = nil, e.choice
		}
	}
	if other == nil {
		if next, err = newRig(e.rig.device, checkpoint); err != nil {
			return err
		}
	}
	e.rig.release()
	if other != nil {
		e.rig.device.Close()
	}
	e.rig, e.checkpoint, e.choice = next, checkpoint, made
	e.describe()
	e.capabilities.Model = session.ModelInfo{Name: name, Task: task.Name(), Parameters: next.model.Count(),
		Layers: next.model.Layers, Heads: next.model.Heads, Context: next.model.MaxContext}
	e.announce()
	// Results about the old model do not hold for the new one. The problem stays if the new model can read it.
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

// defaultBase loads the base that new visitors see: the first of the list.
func (e *Engine) defaultBase(ctx context.Context) (name string, c *hf.Checkpoint, err error) {
	if len(e.names) == 0 {
		return "", nil, errors.New("no base is shipped with this build; open the folder of a model")
	}
	c, err = e.modelNamed(ctx, e.names[0])
	return e.names[0], c, err
}

// useDefault installs the default base. An adapter that fails now is replaced by the host if the visitor did not ask for it.
func (e *Engine) useDefault(name string, c *hf.Checkpoint) error {
	err := e.install(name, c)
	if err == nil || e.backend != gpu.Auto || e.rig.device.Err() == nil {
		return err
	}
	if err := e.useHost("no GPU can be used here: " + err.Error()); err != nil {
		return err
	}
	return e.install(name, c)
}

// taskOf returns the task whose tokens a model has, or one of free text. It returns an error for a model that has neither.
func taskOf(c *hf.Checkpoint) (task.Task, error) {
	for _, name := range task.Names() {
		task, err := task.New(name, "", "")
		if err != nil {
			return nil, err
		}
		vocabulary := task.Vocabulary()
		same := len(vocabulary) == c.Config.VocabSize && (c.Tokenizer == nil || c.Tokenizer.Len() == len(vocabulary))
		for id := 0; same && c.Tokenizer != nil && id < len(vocabulary); id++ {
			same = c.Tokenizer.Token(id) == vocabulary[id]
		}
		if same {
			return task, nil
		}
	}
	free, err := freeTask(c, session.Wording{})
	if err != nil {
		return nil, fmt.Errorf("no task here has the model's %d tokens, and tasks of free text do not take it: %w", c.Config.VocabSize, err)
	}
	return free, nil
}
