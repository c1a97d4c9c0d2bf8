package lab

import (
	"cmp"
	"fmt"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
)

// Native reports whether the engine runs in a program of its own, and not in this browser.
func (l *Lab) Native() bool { return l.Link.Native }

// Place is where the engine computes, in a sentence: "in this tab", or "on the machine NAME".
func (l *Lab) Place() string {
	switch {
	case l.Link.Port == nil: // drawn ahead of time, for any engine
		return "here"
	case l.Native():
		return "on " + l.machine()
	case l.Link.Joined:
		return "in another tab"
	}
	return "in this tab"
}

// machine is that of an engine in a program of its own.
func (s *State) machine() string {
	return "the machine " + cmp.Or(s.Connection.Machine, "that this page comes from")
}

// Kept is where runs are saved, in a sentence.
func (s *State) Kept() string {
	if s.Connection.State != "" {
		return "on " + s.machine()
	}
	return session.Where(session.Browser)
}

// Watching reports whether this page follows the session and cannot change anything.
func (s *State) Watching() bool { return s.Connection.Watch }

// Unreached reports whether the engine's program cannot be reached now.
func (s *State) Unreached() bool {
	return s.Connection.State == "lost" || s.Connection.State == "refused"
}

// EngineWords says which engine computes, and why it is that one.
func (l *Lab) EngineWords() (which, why string) {
	switch c := l.Connection; {
	case !l.Link.Native && l.Link.Offered:
		return "this browser's", "You chose it. A program on the machine that this page comes from has one too."
	case !l.Link.Native:
		return "this browser's", "This page comes from a site that serves files alone."
	case c.State == "refused":
		return "none", c.Text
	case c.Watch:
		return "that of " + l.machine(), "You follow its session by a link for watching, which changes nothing."
	default:
		return "that of " + l.machine(), "The program there serves this page: it has that machine's adapters and memory, and continues when this page is closed."
	}
}

// Lack is something that an engine does not do, and why.
type Lack struct{ What, Why string }

// browserAlone is what only the engine of a browser does. The page says so where a visitor would look for it.
var browserAlone = []Lack{
	{"Download a model by name", "the program there downloads nothing. Download the files on that machine, and start the program with their folder as root"},
	{"Store a copy of your model for the next visit", "the copy would be on another machine than yours. Put the files into the root folder of the program"},
	{"Run without the program", "the engine is a part of it. Saved runs remain when it ends"},
}

// BrowserAlone is what this page's engine does not do, because it runs in a program of its own.
func (l *Lab) BrowserAlone() []Lack {
	if !l.Native() {
		return nil
	}
	return browserAlone
}

// Reads says how the engine gets files that the visitor chooses, in a sentence.
func (l *Lab) Reads() string {
	if l.Native() {
		return "Nothing is loaded before you press Open. The files stay on your machine: the engine on " + l.machine() + " asks this page for the parts that it reads, so leave the page open until the model is loaded."
	}
	return "Nothing is loaded before you press Open, and nothing leaves this machine."
}

// takeConnection follows the line to an engine in a program of its own.
func (l *Lab) takeConnection(c session.Connection) {
	before := l.Connection
	l.Connection = c
	switch {
	case c.State == "refused":
		l.Failure = session.Failure{Command: "Hello", Text: c.Text}
		l.Booting = "nothing, because no engine can be reached"
	case c.Fresh:
		l.beginAgain(c.Text)
	case c.Text != "" && c.Text != before.Text:
		l.say(c.Text)
	}
}

// beginAgain takes up with an engine whose program was started again: it has the saved runs and nothing else. The view is restored as
// for a new page. A run that was training is resumed from the step where it was saved.
func (l *Lab) beginAgain(text string) {
	run, trained := l.Run, l.Running()
	l.Snapshots = session.Snapshots{Connection: l.Connection}
	l.Opened, l.Booting, l.resuming = false, "the engine", ""
	l.Selection = l.View.Selection
	if trained {
		l.resuming = run.Info.ID
		text = fmt.Sprintf("%s The run was at step %s and is resumed from the step where it was saved; the steps after that are repeated with the same numbers.", text, explain.Grouped(int64(run.Info.Step)))
	} else {
		text += " The page shows the same again."
	}
	l.say(text)
}

// resumeAgain resumes the run that was training when the engine's program ended, once the engine lists it.
func (l *Lab) resumeAgain(list session.Runs) {
	if l.resuming == "" || !l.Opened {
		return
	}
	for _, r := range list.Runs {
		if r.Info.ID == l.resuming {
			l.resuming = ""
			l.Send(session.ResumeRun{ID: r.Info.ID})
			l.Send(session.Advance{Run: r.Info.ID})
			return
		}
	}
}

// reopen moves to another backend. The engine of this browser restarts with the page; one in a program of its own takes model, trace
// and run along.
func (l *Lab) reopen(backend string) {
	if l.Link.Native {
		l.Send(session.Open{Backend: backend})
		return
	}
	l.screen.Reload("", backend)
}
