package lab

import (
	"slices"
	"strings"

	"attnlab/app/session"
	"attnlab/rl/score"
)

// goRecorded shows a recorded trace by name, the first one without a name.
func (l *Lab) goRecorded(name string) {
	if !slices.Contains(session.Recordings, name) {
		name = session.Recordings[0]
	}
	v := l.View
	v.Page, v.Recorded, v.Example, v.Text, v.Difficulty, v.Tokens, v.Edits, v.PatchInto, v.Cut, v.Again, v.Many, v.Selection = PageTrace, name, false, "", "", AllTokens, "", "", 0, 0, 0, session.NoSelection
	l.Explained = ""
	l.GoTo(v)
}

// fetchRecorded shows the recorded trace of the view from its file, before any engine does.
func (l *Lab) fetchRecorded() {
	name := l.Recorded
	if name == "" {
		return
	}
	if t := l.recording.Trace.Recorded; t != nil && t.Name == name {
		l.showRecorded()
		return
	}
	l.screen.Fetch("recorded/"+name+".json", func(data []byte, err error) {
		if l.Recorded != name { // the visitor has gone elsewhere
			return
		}
		var r session.Recording
		if err == nil {
			r, err = session.ReadRecording(data)
		}
		if err != nil {
			l.Failure = session.Failure{Command: "Restore", Text: "The recorded trace cannot be shown (" + strings.TrimRight(session.Message(err), ".") + "). Reload the page to try again."}
			return
		}
		l.recording = r
		l.showRecorded()
	})
}

// showRecorded shows the fetched trace until the engine sends it.
func (l *Lab) showRecorded() {
	if t := l.Trace.Recorded; t != nil && t.Name == l.Recorded {
		return
	}
	l.Trace, l.Snapshots.Answers, l.replay = l.recording.Trace, l.recording.Losses, nil
	l.select_(l.Selection)
	l.chooseRecorded()
}

// chooseRecorded shows the attention of the selected head before the engine sends it.
func (l *Lab) chooseRecorded() {
	r := &l.recording
	if l.Trace.Recorded == nil || r.Trace.Recorded == nil || l.Trace.Recorded.Name != r.Trace.Recorded.Name {
		return
	}
	h := r.InHead(l.Selection)
	h.Trace = l.Trace.Number
	l.Trace.Take(h)
}

// takesTrace reports whether a new trace is to be shown. While the view is a recorded trace, others that are on their way are older; once
// the engine has shown it, another one takes its place.
func (s *State) takesTrace(t *session.Trace) bool {
	if s.Recorded == "" || t.Recorded != nil {
		return true
	}
	if s.Trace.Recorded == nil || s.Trace.Number == 0 {
		return false
	}
	s.View.Recorded, s.Text, s.Seed = "", "", uint64(t.Seed)
	return true
}

// FCIByPlace is the rank correlation of a trace's FCI with the place of the step, earlier first; nil where too few steps have one.
func (s *State) FCIByPlace() *float64 {
	for _, one := range s.Trace.StepScores {
		if one.Name == score.FCI.Name {
			return one.Position
		}
	}
	return nil
}
