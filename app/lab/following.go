package lab

import (
	"slices"
	"strings"

	"attnlab/app/session"
)

// leads notes that this page chooses what the engine shows.
func (l *Lab) leads(c session.Command) {
	switch c.(type) {
	case session.NewProblem, session.Restore, session.ShowTrace, session.Generate, session.EditResponse, session.UseModel, session.OpenModel:
		l.follows = false
	}
}

// joins reports whether this page comes to a session in which others are at work, without a view of its own. It then shows what they
// show.
func (l *Lab) joins() bool {
	return l.Watching() || l.Connection.Others && l.View == Start()
}

// following reports whether the view is that of another screen.
func (l *Lab) following() bool { return l.follows || l.Watching() }

// adopt makes the view that of a trace which another screen asked for.
func (l *Lab) adopt(t *session.Trace) {
	v := l.View
	v.Recorded, v.Example, v.Text, v.Cut, v.Again, v.Many, v.PatchInto, v.Edits = "", false, "", 0, 0, 0, "", linkedEdits(t)
	switch {
	case t.Recorded != nil:
		v.Recorded = t.Recorded.Name
	case len(l.shipped.Tokens) > 0 && slices.Equal(t.Unedited(), l.shipped.Tokens):
		v.Example, v.Tokens = true, AllTokens
	default:
		v.Seed, v.Tokens = uint64(t.Seed), len(t.Unedited())-t.PromptLength
		if t.Typed {
			v.Text = promptOf(t)
		}
		if t.Complete {
			v.Tokens = AllTokens
		}
		if t.Sampling != (session.Sampling{}) {
			v.Sampling = t.Sampling
		}
	}
	if v.Model = l.Capabilities.Model.Name; v.Model == append(l.Capabilities.Bases, "")[0] {
		v.Model = ""
	}
	l.View, l.wanted = v, nil
	l.Controls.Typed, l.Controls.Sampling = v.Text, v.Sampling
	l.fetchRecorded()
}

// promptOf is the problem of a trace as it is typed.
func promptOf(t *session.Trace) string {
	if t.Prompt != "" || t.PromptLength < 2 || len(t.Text) < t.PromptLength {
		return t.Prompt
	}
	return strings.Join(t.Text[1:t.PromptLength-1], " ")
}
