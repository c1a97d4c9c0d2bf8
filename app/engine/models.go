package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"

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

// defaultBase returns the name of the base that a new visitor sees: tiny on the processor and small elsewhere.
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

// taskOf returns the task whose tokens a model has.
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
	return nil, fmt.Errorf("no task here has the model's %d tokens; open a model that \"attnlab pretrain\" made", c.Config.VocabSize)
}
