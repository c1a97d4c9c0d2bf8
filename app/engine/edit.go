package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"attnlab/app/session"
	"attnlab/rl/task"
)

// planEdit changes the response by hand. Edits that the response has and that are asked for stay, later ones are undone. After each new one the model
// continues by the random numbers of the edit's seed: with the tokens and the seed of the response before, it writes the same response.
func (e *Engine) planEdit(c session.EditResponse) func(context.Context) (string, error) {
	continues := false // an edit is made, and the model has to continue after it
	return func(ctx context.Context) (string, error) {
		r, err := e.problem()
		switch {
		case err != nil:
			return "", err
		case len(r.response) == 0:
			return "", errors.New("there is no response to edit yet; generate one first")
		case len(c.Edits) > session.MaxEdits:
			return "", fmt.Errorf("a response can have %d edits and not %d; undo some", session.MaxEdits, len(c.Edits))
		}
		next := r.undone(c.Edits)
		for {
			if continues {
				err := e.generate(ctx, "all", len(r.response))
				if shown := e.show(); err == nil {
					err = shown
				}
				if err != nil {
					return "", err
				}
				next = *r
			}
			n := len(next.edits)
			if n < len(c.Edits) {
				if err := next.edit(c.Edits[n], e.rig.model.MaxContext); err != nil {
					return "", err
				}
			} else if continues {
				return "", nil
			}
			*r = next
			e.begin(r)
			if n == len(c.Edits) {
				return "", e.show()
			}
			continues = true
		}
	}
}

// undone is the reasoning without the edits that others do not begin with.
func (r *reasoning) undone(others []session.Edit) reasoning {
	next, same := *r, 0
	for same < min(len(r.edits), len(others)) && r.edits[same].Same(others[same]) {
		same++
	}
	for len(next.edits) > same {
		last := next.edits[len(next.edits)-1]
		next.edits = slices.Clip(next.edits[:len(next.edits)-1])
		next.response = slices.Concat(next.response[:last.At-len(r.Prompt)], last.Was)
		next.labels = labelsBefore(r.labels, last.At)
	}
	return next
}

// edit makes one more edit, and drops the response after it. It returns an error, and changes nothing, where the edit cannot be made.
func (r *reasoning) edit(c session.Edit, context int) error {
	t := r.judge()
	written := task.Edit{At: c.At, Tokens: c.Tokens}
	if len(c.Tokens) == 0 && c.Text != "" {
		var err error
		if written, err = task.EditStep(r.task, t, c.At, c.Text); err != nil {
			return err
		}
	}
	response, err := written.Apply(r.task, t, context)
	if err != nil {
		return err
	}
	was := slices.Clone(r.response[c.At-len(r.Prompt):])
	r.edits = append(slices.Clip(r.edits), session.Edit{At: c.At, Tokens: written.Tokens, Text: task.Text(r.task, written.Tokens), Seed: c.Seed, Was: was})
	r.response, r.labels = response, labelsBefore(r.labels, c.At)
	return nil
}

// labelsBefore are the labels of steps that end before a position or at it.
func labelsBefore(labels map[task.Span]task.Label, at int) map[task.Span]task.Label {
	kept := maps.Clone(labels)
	maps.DeleteFunc(kept, func(s task.Span, _ task.Label) bool { return s.End > at })
	return kept
}

// drawn is the sampling of the rest of the response: that of the response, with the seed of its last edit.
func (r *reasoning) drawn() session.Sampling {
	s := r.sampling
	if n := len(r.edits); n > 0 {
		s.Seed = r.edits[n-1].Seed
	}
	return s
}

// before is the response before the last edit as screens show it; nil without an edit.
func (r *reasoning) before(context int) *session.Version {
	n := len(r.edits)
	if n == 0 {
		return nil
	}
	old := r.undone(r.edits[:n-1])
	t, complete := old.judge(), old.complete(context)
	return &session.Version{Tokens: t.Tokens, Text: words(t.Tokens, r.task.Vocabulary()), Steps: old.steps(t, complete),
		Think: [2]int{t.ThinkStart, t.ThinkEnd}, Answer: [2]int{t.AnswerStart, t.AnswerEnd},
		Complete: complete, WellFormed: complete && t.WellFormed, Correct: complete && t.Correct, Found: t.Answer}
}

// takeEdits takes the edits of a file, each with what it dropped.
func (r *reasoning) takeEdits(edits []session.Edit, vocabulary int) error {
	t := session.Trace{Tokens: r.tokens(), PromptLength: len(r.Prompt), Edits: edits}
	if err := t.CheckEdits(); err != nil {
		return fmt.Errorf("the trace cannot be shown: %w; open one that the lab saved", err)
	}
	for i, edit := range edits {
		for _, token := range edit.Was {
			if token < 0 || token >= vocabulary {
				return fmt.Errorf("edit %d of the trace dropped the token %d, and the model's tokens are 0 to %d", i+1, token, vocabulary-1)
			}
		}
	}
	r.edits = edits
	return nil
}
