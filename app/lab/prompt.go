package lab

import (
	"strconv"
	"strings"

	"attnlab/app/session"
	freetext "attnlab/rl/task/text"
)

// FreeText reports whether the model takes any text as a prompt.
func (s *State) FreeText() bool { return s.Trace.Wording != nil }

// Edited reports whether the prompt box holds another prompt than that of the trace.
func (s *State) Edited() bool {
	return s.FreeText() && s.Trace.Recorded == nil && s.Controls.Typed != s.Trace.Prompt
}

// wordingOf says how the problem of a view is put: a typed prompt is free text, and without one few-shot chain draws a problem. It is nil
// for a model whose task has a grammar. The rule that cuts steps stays.
func (s *State) wordingOf(v View) *session.Wording {
	if !s.FreeText() || s.Trace.Recorded != nil {
		return nil
	}
	w := *s.Trace.Wording
	if w.Task, w.Shots = freetext.FewShotChain.Name, freetext.DefaultShots; v.Text != "" {
		w.Task, w.Shots = freetext.FreeText.Name, 0
	}
	return &w
}

// takePrompt puts the prompt of a new trace into the prompt box, and empties the box after the last one.
func (s *State) takePrompt(old *session.Trace) {
	switch {
	case s.FreeText() && (s.Trace.Prompt != old.Prompt || s.Controls.Typed == "" || s.Trace.Typed && s.Controls.Typed == s.Text):
		s.Controls.Typed = s.Trace.Prompt
	case !s.FreeText() && old.Wording != nil:
		s.Controls.Typed = s.Text
	}
}

// generateEdited takes the prompt in the box and generates a response to it.
func (l *Lab) generateEdited() {
	if strings.TrimSpace(l.Controls.Typed) == "" {
		l.Failure = session.Failure{Command: "NewProblem", Text: "The prompt is empty. Write a question."}
		return
	}
	if l.Trace.Typed && l.Controls.Typed == l.Text && strings.Contains(l.Trace.Prompt, l.Text) { // the same question, without its markers
		l.Controls.Typed = l.Trace.Prompt
		l.generate(true)
		return
	}
	l.typedProblem(AllTokens)
}

// setFree gives a control of free text its value.
func (l *Lab) setFree(name, value string) bool {
	if name == "step-rule" {
		l.Send(session.CutSteps{Rule: value})
		return true
	}
	step, ok := strings.CutPrefix(name, "label-")
	if ok {
		l.Send(session.LabelStep{Step: parse(step, -1, strconv.Atoi), Label: value})
	}
	return ok
}

// adoptOwn shows the visitor's own model that was opened on the Trace page. The link names it, though another browser does not have it.
func (l *Lab) adoptOwn() {
	t := &l.Trace
	l.View.Model, l.View.Example = l.changing.model, false
	l.Tokens, l.Text, l.Seed = 0, "", uint64(t.Seed)
	if t.Typed {
		l.Text = l.PromptText()
	}
	if l.Controls.Typed = l.Text; l.FreeText() {
		l.Controls.Typed = t.Prompt
	}
	l.show(PageTrace)
}
