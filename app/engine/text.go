package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"attnlab/app/session"
	"attnlab/model/hf"
	"attnlab/rl/examine"
	"attnlab/rl/stat"
	"attnlab/rl/task"
	freetext "attnlab/rl/task/text"
)

// freeTask makes the task of free text that a wording describes, for a model with a tokenizer of its own. Without a name it is few-shot chain,
// which has problems to draw.
func freeTask(c *hf.Checkpoint, w session.Wording, difficulty string, more ...func(*freetext.Options)) (*freetext.Task, error) {
	o := freetext.Options{Tokenizer: c.Tokenizer, Vocabulary: c.Config.VocabSize, Stop: c.Config.EndTokens(), Context: c.Config.MaxContext,
		Rule: freetext.Rule(w.Rule), Chat: w.Chat, System: w.System, Shots: w.Shots}
	var err error
	if w.Problems != "" {
		if o.Problems, err = freetext.ReadProblems(strings.NewReader(w.Problems)); err != nil {
			return nil, err
		}
	}
	if w.Task = cmp.Or(w.Task, freetext.FewShotChain.Name); w.Task == freetext.FewShotChain.Name {
		if o.Difficulty, err = task.ParseRange(cmp.Or(difficulty, freetext.DefaultDifficulty.String())); err != nil {
			return nil, err
		}
	}
	for _, m := range more {
		m(&o)
	}
	return freetext.New(w.Task, o)
}

// sameTokens reports whether prompts and responses of one task are some of another too. The tokens of free text are those of its model.
func sameTokens(a, b task.Task) bool {
	x, free := a.(task.Written)
	y, both := b.(task.Written)
	if !free || !both {
		return a.Name() == b.Name()
	}
	return slices.Equal(x.Vocabulary(), y.Vocabulary()) && slices.Equal(x.Stops(), y.Stops())
}

// taskFor makes the task of a problem for the current model, and its wording where that is free text. A typed prompt without a wording is
// free text of any kind.
func (e *Engine) taskFor(c session.NewProblem) (task.Task, *session.Wording, error) {
	if _, err := task.Find(e.capabilities.Model.Task); err == nil {
		kind, err := task.New(e.capabilities.Model.Task, "", c.Difficulty)
		return kind, nil, err
	}
	w := session.Wording{Shots: freetext.DefaultShots}
	switch {
	case c.Wording != nil:
		w = *c.Wording
	case e.reasoning != nil && e.reasoning.wording != nil:
		w = *e.reasoning.wording
	case c.Text != "":
		w.Task = freetext.FreeText.Name
	}
	kind, err := freeTask(e.held.Checkpoint, w, c.Difficulty)
	if err != nil {
		return nil, nil, err
	}
	if c.Text == "" && !kind.Answered {
		return nil, nil, errors.New("this task has no problems of its own; type a prompt")
	}
	w.Task, w.Rule, w.Chat = kind.Name(), string(kind.Rule()), kind.Chat().Name
	return kind, &w, nil
}

// drawn is the problem of a seed, as "attnlab trace --seed" draws it. Problems of a list are numbered from 1.
func drawn(kind task.Task, seed uint64) (task.Problem, error) {
	if free, ok := kind.(*freetext.Task); ok && free.Count() > 0 {
		return free.Numbered(max(seed, 1) - 1)
	}
	return task.Problems(kind, task.EvalStream, seed, 1)[0], nil
}

// shownWording is how the problem is put, for screens and files: of a list of problems with this one alone.
func shownWording(kind task.Task, p task.Problem, w *session.Wording) *session.Wording {
	if w == nil || w.Problems == "" {
		return w
	}
	shown := *w
	if own, ok := kind.(*freetext.Task).Listed(p); ok {
		shown.Problems = own.Line()
	} else { // typed: nobody knows its answer
		shown.Task, shown.Problems = freetext.FreeText.Name, ""
	}
	return &shown
}

// promptText is the prompt of free text with its markers; empty for a task with a grammar, whose tokens say it.
func (r *reasoning) promptText() string {
	if r.wording == nil {
		return ""
	}
	return task.Text(r.task, r.Prompt)
}

// cutSteps cuts the trace by another rule. Labels given by hand stay with the steps that the new rule cuts too.
func (e *Engine) cutSteps(rule string) error {
	if e.reasoning == nil {
		return errNoProblem
	}
	free, ok := e.reasoning.task.(*freetext.Task)
	if !ok {
		return errors.New("the steps of this task are its lines; only free text is cut by a rule")
	}
	by, err := freetext.ParseRule(rule)
	if err != nil {
		return err
	}
	r, w, shown := *e.reasoning, *e.reasoning.wording, *e.reasoning.shown
	w.Rule, shown.Rule = string(by), string(by)
	r.task, r.wording, r.shown = free.WithRule(by), &w, &shown
	e.setTask(r.task)
	e.begin(&r)
	return e.show()
}

// labelSteps gives steps labels by hand, or takes them back. If one of them is wrong, none changes.
func (e *Engine) labelSteps(c session.LabelSteps) error {
	if e.reasoning == nil {
		return errNoProblem
	}
	r, labels := e.reasoning, maps.Clone(e.reasoning.labels)
	steps := r.judge().Steps
	for _, one := range c.Labels {
		if one.Step < 0 || one.Step >= len(steps) {
			return fmt.Errorf("the trace has no step %d to label", one.Step+1)
		}
		at := task.Span{Start: steps[one.Step].Start, End: steps[one.Step].End}
		if one.Label == "" {
			delete(labels, at)
			continue
		}
		var label task.Label
		if err := label.UnmarshalText([]byte(one.Label)); err != nil {
			return err
		}
		if labels == nil {
			labels = map[task.Span]task.Label{}
		}
		labels[at] = label
	}
	r.labels = labels
	return e.show()
}

func (r *reasoning) label(at task.Span, name string) error {
	var label task.Label
	if err := label.UnmarshalText([]byte(name)); err != nil {
		return err
	}
	if r.labels == nil {
		r.labels = map[task.Span]task.Label{}
	}
	r.labels[at] = label
	return nil
}

// takeLabels takes the labels of a file, one for each step.
func (r *reasoning) takeLabels(labels []string) error {
	steps := r.judge().Steps
	if len(labels) > 0 && len(labels) != len(steps) {
		return fmt.Errorf("the trace has %d steps and labels for %d", len(steps), len(labels))
	}
	for k, name := range labels {
		if name == "" {
			continue
		}
		if err := r.label(task.Span{Start: steps[k].Start, End: steps[k].End}, name); err != nil {
			return err
		}
	}
	return nil
}

// stepEnd is where the first step that ends after token from of the response ends, in response tokens; 0 while none has ended.
func (r *reasoning) stepEnd(from int) int {
	if _, free := r.task.(task.Written); !free {
		if i := slices.Index(r.response[from:], task.Newline); i >= 0 {
			return from + i + 1
		}
		return 0
	}
	t := r.task.Judge(r.Problem, r.response)
	for _, s := range t.Steps {
		if end := s.End - t.PromptLength; end > from && s.End < len(t.Tokens) {
			return end
		}
	}
	return 0
}

// ended reports whether step k of the trace is finished, so that another can follow.
func (r *reasoning) ended(steps []task.Step, k, context int) bool {
	if _, free := r.task.(task.Written); free {
		return k < len(steps)-1 || r.complete(context) || steps[k].End < len(r.tokens())
	}
	return r.tokens()[steps[k].End-1] == task.Newline
}

// mayExperiment returns an error for a task of free text without answers or, where labels are needed, without labels.
func mayExperiment(kind task.Task, labels bool) error {
	free, ok := kind.(*freetext.Task)
	switch {
	case !ok:
		return nil
	case !free.Answered:
		return errors.New("nobody knows right answers to this prompt; choose few-shot chain, or problems of your own with answers")
	case labels && !free.Labelled:
		return errors.New("nobody knows which steps of these problems are needed; choose few-shot chain")
	}
	return nil
}

// disruptAnswer measures how much less likely the trace's answer is without attention to each step, one forward pass a step.
func (e *Engine) disruptAnswer(ctx context.Context) error {
	if e.reasoning == nil {
		return errNoProblem
	}
	t := e.reasoning.judge()
	if t.AnswerEnd == t.AnswerStart || len(t.Steps) == 0 {
		return errors.New("the trace has no answer or no steps; generate all of it first")
	}
	whole := t.Steps
	losses := session.AnswerLosses{Trace: e.traceNumber(), Values: make([]*float64, len(whole))}
	for k := range whole {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		e.busy("removing attention to each step", k, len(whole))
		t.Steps = whole[k : k+1]
		one, err := examine.AnswerLosses(ctx, e.rig.decoder, []task.Trace{t}, nil)
		if err != nil {
			return err
		}
		losses.Values = slices.Clone(losses.Values)
		losses.Values[k] = stat.Finite(one[0][0])
		losses.Number = e.next()
		e.publish(losses)
	}
	return nil
}

// traceNumber is the number of the trace that is shown.
func (e *Engine) traceNumber() uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	t, _ := e.snapshots[session.Kind(session.Trace{})].(session.Trace)
	return t.Number
}
