package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"attnlab/model"
	"attnlab/rl/examine"
	"attnlab/rl/task"
)

// stepEdit is what --edit says: a text in place of a step, after it, or nothing in its place.
type stepEdit struct {
	step  int // counted from 1
	after bool
	text  string
}

// parseEdit reads "3=TEXT", "+3=TEXT" or "3=".
func parseEdit(arg string) (e stepEdit, err error) {
	number, text, found := strings.Cut(arg, "=")
	number, e.after = strings.CutPrefix(number, "+")
	e.step, err = strconv.Atoi(number)
	e.text = strings.TrimSpace(text)
	if err != nil || !found || e.step < 1 || e.after && e.text == "" {
		return e, errors.New("write 3=TEXT for TEXT in place of step 3, +3=TEXT for TEXT after it, or 3= to delete it")
	}
	return e, nil
}

// of is the edit of a response; the error says what in it does not exist.
func (e stepEdit) of(kind task.Task, t task.Trace) (task.Edit, error) {
	if e.step > len(t.Steps) {
		return task.Edit{}, fmt.Errorf("there is no step %d to edit: the response has %d steps", e.step, len(t.Steps))
	}
	s := t.Steps[e.step-1]
	switch {
	case e.after:
		return task.EditStep(kind, t, s.End, e.text)
	case e.text == "":
		return task.EditOut(t, s.Start, s.End)
	}
	return task.EditStep(kind, t, s.Start, e.text)
}

// editedTrace is a response before an edit, and what was written into it.
type editedTrace struct {
	At      int    `json:"at"` // position of the first token that is written
	Tokens  []int  `json:"tokens"`
	Text    string `json:"text"`
	Before  string `json:"before"` // the response
	Found   string `json:"found"`  // the answer before, as it was read
	Correct bool   `json:"correct"`
}

// edit changes a response step by step, and lets the model continue after each edit by the random numbers of the response.
func (c *console) edit(ctx context.Context, l *lab, d *model.Decoder, a *examine.Attempt, edits []stepEdit, longest int, s model.Sampling) ([]editedTrace, error) {
	var done []editedTrace
	for _, one := range edits {
		e, err := one.of(l.Task, a.Trace)
		if err != nil {
			return done, err
		}
		most := min(l.Model.MaxContext, a.Trace.PromptLength+longest)
		response, err := e.Apply(l.Task, a.Trace, most)
		if err != nil {
			return done, err
		}
		before := a.Trace
		if n := len(response); most > before.PromptLength+n && (n == 0 || !task.Ends(l.Task, response[n-1])) {
			rollouts, err := d.Generate(ctx, []model.Request{{Tokens: append(before.Tokens[:before.PromptLength:before.PromptLength], response...), Max: most - before.PromptLength - n}}, s, nil)
			if err != nil {
				return done, err
			}
			response = append(response, rollouts[0].Tokens...)
		}
		a.Trace = l.Task.Judge(a.Problem, response)
		done = append(done, editedTrace{At: e.At, Tokens: e.Tokens, Text: task.Text(l.Task, e.Tokens), Before: task.Text(l.Task, before.Response()), Found: before.Answer, Correct: before.Correct})
	}
	return done, nil
}

// writeEdits says what each edit changed.
func (d traceDocument) writeEdits(w io.Writer) {
	answer := func(found string, right bool) string {
		switch {
		case found == "":
			return "no readable answer"
		case d.Gold == "":
			return found
		case right:
			return found + ", right"
		}
		return found + ", wrong"
	}
	for i, e := range d.Edits {
		found, right := d.Found, d.Correct
		if i+1 < len(d.Edits) {
			found, right = d.Edits[i+1].Found, d.Edits[i+1].Correct
		}
		fmt.Fprintf(w, "edited at token %d: %q; the answer was %s, and is %s\n", e.At, strings.TrimSpace(e.Text), answer(e.Found, e.Correct), answer(found, right))
	}
}
