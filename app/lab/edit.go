package lab

import (
	"slices"
	"strconv"
	"strings"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
	"attnlab/rl/task"
)

// Draft is a text that a visitor is about to write into the response: in place of a step or after it.
type Draft struct {
	Step  int // -1 for none
	After bool
	Text  string
}

// editing is what the page holds about changes of the response by hand.
type editing struct {
	Draft   Draft
	sent    *View         // the view before an edit that the engine has not made yet
	compare *Differences  // of the response before the last edit and the one after it
	earlier session.Trace // the one before
}

// canEdit reports whether the response can be changed by hand.
func (l *Lab) canEdit() bool {
	return l.Ready() && l.Recorded == "" && len(l.Trace.Tokens) > l.Trace.PromptLength
}

// chosenStep is the selected step of a response that can be edited, -1 for none.
func (l *Lab) chosenStep() int {
	if k := l.Selection.Step; l.canEdit() && k >= 0 && k < len(l.Trace.Steps) {
		return k
	}
	return -1
}

// chosenToken is the selected token of such a response, -1 for none.
func (l *Lab) chosenToken() int {
	if i := l.Selection.Token; l.canEdit() && i >= l.Trace.PromptLength && i < len(l.Trace.Tokens) {
		return i
	}
	return -1
}

// draft opens the field for a step: with its text, or empty for one after it.
func (l *Lab) draft(after bool) {
	k := l.chosenStep()
	l.Draft = Draft{Step: k, After: after}
	if !after {
		l.Draft.Text = l.Trace.Steps[k].Text
	}
	l.screen.Focus("draft")
}

// drafted reports whether there is a draft that can be written. An empty text in place of a step deletes it.
func (l *Lab) drafted() bool {
	d := l.Draft
	return l.canEdit() && d.Step >= 0 && d.Step < len(l.Trace.Steps) && (!d.After || strings.TrimSpace(d.Text) != "")
}

// write carries out the draft.
func (l *Lab) write() {
	d, t := l.Draft, &l.Trace
	e := session.Edit{At: t.Steps[d.Step].Start, Text: d.Text, Seed: l.Controls.EditSeed}
	if d.After {
		e.At = t.Steps[d.Step].End
	}
	if !d.After && strings.TrimSpace(d.Text) == "" {
		l.deleteSpan(t.Steps[d.Step].Start, t.Steps[d.Step].End)
		return
	}
	l.edit(e)
}

// delete takes out the selected token, or else the selected step.
func (l *Lab) delete() {
	if i := l.chosenToken(); i >= 0 {
		l.deleteSpan(i, i+1)
	} else if k := l.chosenStep(); k >= 0 {
		l.deleteSpan(l.Trace.Steps[k].Start, l.Trace.Steps[k].End)
	}
}

func (l *Lab) deleteSpan(start, end int) {
	e, err := task.EditOut(task.Trace{Tokens: l.Trace.Tokens, PromptLength: l.Trace.PromptLength}, start, end)
	if err != nil {
		l.Failure = session.Failure{Command: session.Kind(session.EditResponse{}), Text: explain.UpperFirst(session.Message(err)) + "."}
		return
	}
	l.edit(session.Edit{At: e.At, Tokens: e.Tokens, Seed: l.Controls.EditSeed})
}

// alternatives selects a token, the most uncertain one where none is selected, and gives its likeliest alternatives the focus.
func (l *Lab) alternatives() {
	if l.chosenToken() < 0 {
		t := &l.Trace
		start, end := t.PromptLength, len(t.Tokens)
		if k := l.chosenStep(); k >= 0 {
			start, end = t.Steps[k].Start, t.Steps[k].End
		}
		best := start
		for i := start; i < min(end, len(t.Entropy)); i++ {
			if t.Entropy[i] > t.Entropy[best] {
				best = i
			}
		}
		l.selectToken(best)
		l.selected()
	}
	l.screen.Focus("alternative")
}

// force writes another token in place of the selected one.
func (l *Lab) force(token int) {
	l.edit(session.Edit{At: l.chosenToken(), Tokens: []int{token}, Seed: l.Controls.EditSeed})
}

// edit makes one more edit.
func (l *Lab) edit(e session.Edit) { l.sendEdits(append(slices.Clip(l.Trace.Edits), e)) }

// unedit undoes the last edit.
func (l *Lab) unedit() { l.sendEdits(l.Trace.Edits[:len(l.Trace.Edits)-1]) }

// editAgain lets the model write the rest after the last edit again, by the next seed.
func (l *Lab) editAgain() {
	edits := slices.Clone(l.Trace.Edits)
	last := &edits[len(edits)-1]
	last.Seed++
	l.Controls.EditSeed = last.Seed
	l.sendEdits(edits)
}

func (l *Lab) sendEdits(edits []session.Edit) {
	before := l.View
	l.sent = &before
	l.View.Cut, l.View.Again, l.View.PatchInto = 0, 0, ""
	l.Send(session.EditResponse{Edits: withoutReplaced(edits)})
}

// withoutReplaced are edits as a command has them: the engine knows what they dropped.
func withoutReplaced(edits []session.Edit) []session.Edit {
	own := slices.Clone(edits)
	for i := range own {
		if own[i].Was = nil; len(own[i].Tokens) > 0 {
			own[i].Text = ""
		}
	}
	return own
}

// followEdits closes the draft and lets undo go back to the view before, once the engine has made an edit.
func (l *Lab) followEdits(event any) {
	if l.sent == nil {
		return
	}
	switch m := event.(type) {
	case session.Failure:
		l.sent = nil
	case session.Status:
		if !m.Busy {
			l.sent = nil
		}
	case session.Trace:
		if l.View.Edits == l.sent.Edits {
			return
		}
		l.remember(*l.sent)
		l.sent, l.Draft = nil, Draft{Step: -1}
		if n := len(m.Edits); n > 0 && m.Edits[n-1].At < len(m.Tokens) {
			at, token := m.Edits[n-1].At, l.Selection.Token >= 0
			if l.selectToken(at); !token {
				l.Selection.Token = -1
			}
			l.selected()
		}
	}
}

// EditDifferences sets the response before the last edit beside the one after it; false without an edit.
func (s *State) EditDifferences() (c *Differences, before *session.Trace, ok bool) {
	t := &s.Trace
	if t.Before == nil || len(t.Before.Tokens) == 0 {
		return nil, nil, false
	}
	if c := s.compare; c == nil || c.of != &t.Text[0] || c.tokens != len(t.Tokens) {
		s.earlier = *t.Earlier()
		s.compare = compareTraces(&s.earlier, t)
		s.compare.of, s.compare.tokens = &t.Text[0], len(t.Tokens)
	}
	return s.compare, &s.earlier, true
}

// editsOf are the edits of a view; nil where its link is damaged, which was said when it was read.
func (v View) editsOf() []session.Edit { return parse(v.Edits, nil, session.ParseEdits) }

// linkedEdits are the edits of a trace for a link; those that are too long for one are left out.
func linkedEdits(t *session.Trace) string {
	if text := session.EditsText(t.Edits); len(text) <= linkedProblems {
		return text
	}
	return ""
}

// parseToken reads a token of an action, -1 for anything else.
func parseToken(a string) int { return parse(a, -1, strconv.Atoi) }
