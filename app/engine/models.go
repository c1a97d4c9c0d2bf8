package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"attnlab/app/session"
	"attnlab/gpu"
	"attnlab/model/hf"
	"attnlab/rl/task"
	freetext "attnlab/rl/task/text"
)

// useModel loads a shipped base or the model of a run. If it fails, the old model stays.
func (e *Engine) useModel(ctx context.Context, c session.UseModel) error {
	if e.rig.device == nil {
		return errNoDevice
	}
	e.busy("loading", 0, 0)
	if id, ok := strings.CutPrefix(c.Name, runModel); ok {
		if t, err := e.runNamed(id); err == nil && t.ofFrozen() {
			if err := e.fetchState(ctx, t); err != nil {
				return err
			}
			return e.useAdapted(ctx, c.Name, t)
		}
	}
	if id := e.storedNamed(ctx, c.Name); id != "" && !slices.Contains(e.names, c.Name) {
		return e.useStored(ctx, id)
	}
	checkpoint, err := e.modelNamed(ctx, c.Name)
	if err != nil {
		return err
	}
	return e.install(ctx, c.Name, checkpoint)
}

// install makes a checkpoint the current model, on the backend that is faster for it. If it fails, the old model stays.
func (e *Engine) install(ctx context.Context, name string, checkpoint *hf.Checkpoint) error {
	held := &held{Checkpoint: checkpoint}
	if other, made := e.raceFor(checkpoint); other != nil {
		err := e.installOn(ctx, name, held, other, made, nil)
		if err == nil || e.rig.device == other {
			return err
		}
		other.Close() // the current device can try
		return e.installOn(ctx, name, held, e.rig.device, e.choice, nil)
	} else {
		return e.installOn(ctx, name, held, e.rig.device, made, nil)
	}
}

// installOn makes a model the current one, on a device that may be another than the rig's. If it fails, the old model and its device
// stay.
func (e *Engine) installOn(ctx context.Context, name string, held *held, d *gpu.Device, made choice, loading func(done, total int64)) error {
	task, err := taskOf(held.Checkpoint)
	if err != nil {
		return err
	}
	next, err := newRig(ctx, d, held, loading)
	if err != nil {
		return err
	}
	e.rig.release()
	if d != e.rig.device {
		e.rig.device.Close()
	}
	old := e.held
	e.rig, e.held, e.choice = next, held, made
	e.closeModel(old)
	e.describe()
	e.capabilities.Model = session.ModelInfo{Name: name, Task: task.Name(), Parameters: next.model.Count(),
		Layers: next.model.Layers, Heads: next.model.Heads, Context: next.model.MaxContext, Frozen: held.source != nil}
	if isFree(task.Name()) {
		e.capabilities.Model.Adapters = adapterPlan(held, d)
	}
	e.announce()
	// Results about the old model do not hold for the new one. The problem stays if the new model can read it.
	e.clear(session.HeadsView{Number: e.next()})
	e.clear(session.Ablations{Number: e.next(), Rows: []session.Ablation{}})
	e.clear(session.Disruption{Number: e.next(), Step: -1})
	e.clearTree()
	switch r := e.reasoning; {
	case r == nil && e.recorded:
		e.setTask(task)
		return e.newProblem(session.NewProblem{Seed: 1})
	case r == nil:
		e.setTask(task)
		return nil
	case sameTokens(r.task, task) && len(r.Prompt) < next.model.MaxContext:
		r.response = nil
		return e.show()
	default:
		e.reasoning = nil
		e.setTask(task)
		return e.firstProblem(r.seed)
	}
}

// firstProblem draws a problem for a new model. Where its context is too short for one of free text, the prompt is short.
func (e *Engine) firstProblem(seed uint64) error {
	err := e.newProblem(session.NewProblem{Seed: seed})
	if err == nil || lost(err) || e.reasoning != nil {
		return err
	}
	return e.newProblem(session.NewProblem{Text: "1", Wording: &session.Wording{Task: freetext.FreeText.Name}})
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
func (e *Engine) useDefault(ctx context.Context, name string, c *hf.Checkpoint) error {
	err := e.install(ctx, name, c)
	if err == nil || e.backend != gpu.Auto || e.rig.device.Err() == nil {
		return err
	}
	if err := e.useHost(ctx, "no GPU can be used here: "+err.Error()); err != nil {
		return err
	}
	return e.install(ctx, name, c)
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
	free, err := freeTask(c, session.Wording{}, "")
	if err != nil {
		return nil, fmt.Errorf("no task here has the model's %d tokens, and tasks of free text do not take it: %w", c.Config.VocabSize, err)
	}
	return free, nil
}
