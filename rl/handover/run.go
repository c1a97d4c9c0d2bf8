package handover

import (
	"fmt"
	"slices"
	"strings"

	"attnlab/rl"
	"attnlab/rl/runs"
	"attnlab/rl/score"
	"attnlab/rl/task"
	"attnlab/rl/task/text"
)

// Of is the project that hands over a run by its settings, which are complete, to an engine. own are its problems where its task is text.Problems.
// Its model belongs in [ModelFolder], see [Project.Identify]. Settings without a number of steps get as many as the method usually takes.
// Of returns an error, a clause, for a method that this version does not know and for damaged values.
func Of(to string, s runs.Settings, own []text.OwnProblem) (p Project, err error) {
	m, err := rl.MethodOf(s.Method)
	if err != nil {
		return p, err
	}
	p = Project{To: to, Method: m, Seed: uint64(s.Seed), Steps: s.Steps, Model: ModelFolder, Task: Task{Name: s.Task, Teacher: s.Teacher, Difficulty: s.Difficulty, Own: own}}
	if p.Steps == 0 {
		p.Steps = m.Steps
	}
	if p.Values, err = s.HyperValues(m.Params); err != nil {
		return p, err
	}
	if p.Heads, err = score.ParseHeads(s.FocusHeads); err != nil {
		return p, fmt.Errorf("focus_heads %w", err)
	}
	if s.Wording != nil && p.Task.free() {
		p.Task.System, p.Task.StepRule = s.Wording.System, text.Rule(s.Wording.StepRule)
	}
	return p, nil
}

// TasksOver are the tasks whose problems are handed over.
func TasksOver() []string { return append(task.Names(), text.Problems.Name) }

// check returns an error, one sentence, for a task that is not handed over.
func (t Task) check() error {
	if names := TasksOver(); !slices.Contains(names, t.Name) {
		return fmt.Errorf("task %q is not handed over; choose one of %s", t.Name, strings.Join(names, ", "))
	}
	return nil
}

// FitHeads returns an error for named heads that a model of so many layers, each with so many heads, does not have.
func (p Project) FitHeads(layers, heads int) error {
	for _, h := range p.Heads {
		if h.Layer >= layers || h.Head >= heads {
			return fmt.Errorf("there is no head %d in layer %d; the model has %d layers of %d heads", h.Head, h.Layer, layers, heads)
		}
	}
	return nil
}

// Identify says whose weights, by their checksum, lie in [ModelFolder]. A run that recorded what it began from has its own name for them;
// Identify returns an error if these are others.
func (p *Project) Identify(name, weights string, begun *runs.Identity) error {
	switch {
	case begun == nil || begun.Weights == "":
		p.Base = &runs.Identity{Name: name, Weights: weights}
	case begun.Weights != weights:
		return fmt.Errorf("the model %s is not the one that the run began from, %s: its weights differ", name, begun.Name)
	default:
		p.Base = begun
	}
	return nil
}
