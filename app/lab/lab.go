// Package lab is the lab without its screen: what is shown and selected, the link that holds it, the plan of a run, the
// actions that a visitor can take and the keys for them. It never computes: it sends the commands of package session and
// holds the newest snapshots. Package panels draws it. [Screen] is everything else that it needs from the browser.
package lab

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"

	"attnlab/app/session"
)

// Lab is the state of the page and the ways to change it. All methods are called from one goroutine.
type Lab struct {
	*State

	Link     Link
	screen   Screen
	address  string // as last written
	playRun  int    // counts plays, so that an old timer stops
	handed   int    // counts files that were handed to the engine, which their ids need
	changing changing
}

// Link is the page's connection to the engine and to the other screens of its session.
type Link struct {
	Session string
	Joined  bool          // the session is another page's, which has its engine
	Port    *session.Port // nil for a page that is drawn ahead of time
	Backend string        // as asked for: auto, webgpu or host
	Native  bool          // the engine runs in a program of its own
	Offered bool          // a program on the machine that the page comes from has an engine, whether it is used or not
	Version string        // of the site
	Folder  string        // of the site's files, below the page's address, with a slash at its end
}

// New is a lab at the view of a link, which is the part of an address after the #. example is the shipped trace, the zero
// Trace if there is none. It has [NoScreen] until [Lab.Open].
func New(link Link, hash string, example Example) *Lab {
	v, unread := readView(hash)
	l := &Lab{State: newState(v, example), Link: link, screen: NoScreen{}, address: strings.TrimPrefix(hash, "#")}
	l.shared = readLink(hash).text("run")
	l.Notice = unread
	return l
}

// readView is the view of a link. A lesson is not about a trace of the site, whose model is another.
func readView(hash string) (v View, unread string) {
	v, unread = ParseLink(hash)
	if v.Lesson.Lesson > 0 && v.ofSite() {
		v = v.forLessons()
	}
	return v, unread
}

// Session is the name of the session, Version that of the site.
func (l *Lab) Session() string { return l.Link.Session }
func (l *Lab) Version() string { return l.Link.Version }

// Open connects the lab to its screen and to its session. memory reads what [Screen.Store] saved in an earlier visit; it
// returns an error if there is nothing.
func (l *Lab) Open(screen Screen, memory func(key string, to any) error) {
	l.screen = screen
	l.Booting = "the engine"
	if endings := map[string]lessonEnd{}; memory(endingsKey, &endings) == nil && endings != nil {
		l.Endings = endings
	}
	_ = memory(labelsKey, &l.labelled) // without any there are none
	if off := false; memory(lettersKey, &off) == nil {
		l.NoLetters = off
	}
	l.Send(session.Hello{})
	l.fetchRecorded()
	l.arrive()
	if l.Link.Joined {
		l.screen.After(joinTime, func() {
			if !l.answered {
				l.Failure = session.Failure{Command: "Hello", Text: "No page of the lab answers in this session. Open the lab's address without ?session, or the page that began it."}
			}
		})
	}
}

// joinTime is how long a page waits for the engine of the session that it joins.
const joinTime = 15 * time.Second

// Listen calls dispatch with a function that takes what came over the link, once for each group of messages, until the
// session ends.
func (l *Lab) Listen(dispatch func(take func())) {
	group(l.Link.Port.In, messagePause, func(messages []any) {
		dispatch(func() {
			for _, m := range messages {
				l.Receive(m)
			}
		})
	})
}

// Theme sets the colours that the page has already, and Newer notes that a newer version of it is ready.
func (l *Lab) SetTheme(theme string) { l.Theme = theme }
func (l *Lab) SetNewer(ready bool)   { l.Newer = ready }

// Hover reports to the other screens which step the pointer is at, -1 for none.
func (l *Lab) Hover(step int) { l.post(session.Hover{Step: step}) }

// post sends a message that takes the engine no time.
func (l *Lab) post(message any) {
	if l.Link.Port != nil {
		if err := l.Link.Port.Send(message); err != nil {
			l.Notice = session.Message(err)
		}
	}
}

// Send sends a command. After a command that takes the engine time, the page counts as busy until the engine reports that it is idle.
func (l *Lab) Send(c session.Command) {
	if l.Link.Port == nil {
		return
	}
	if _, hello := c.(session.Hello); l.Watching() && !hello {
		return // the engine would refuse it
	}
	l.leads(c)
	switch c.(type) {
	case session.Hello, session.Select, session.Check, session.Cancel, session.ShowCredit, session.ShowPair:
	default:
		l.Status = session.Status{Stage: "asking the engine", Busy: true, Text: l.Status.Text}
	}
	l.post(c)
}

// Receive handles a message of the session.
func (l *Lab) Receive(message any) {
	switch message.(type) {
	case session.Connection, session.Command: // not of the engine
	default:
		l.answered = true
	}
	switch m := message.(type) {
	case session.Hover: // of another screen, like this
		l.Hovered = m.Step
	case session.Select:
		l.select_(m.Selection)
		l.wrote()
	case session.Selection: // this page has the newer one, unless it follows another
		if l.following() {
			l.select_(m)
		}
	case session.NewProblem, session.Restore, session.ShowTrace, session.Generate, session.EditResponse, session.UseModel, session.OpenModel: // of another screen
		l.follows = true
	case session.Hello: // of a figure: until the engine has a model, this page shows it the example
		if !l.Opened && len(l.Trace.Tokens) > 0 {
			l.post(l.Trace)
			l.post(l.Selection)
		}
	case session.Connection:
		l.takeConnection(m)
	case session.RunFiles:
		l.takeFiles(m)
	case session.Event:
		if t, is := m.(session.Trace); is && l.following() && t.Number >= l.Trace.Number {
			l.adopt(&t)
		}
		node, before, closed := l.Selection.Node, l.Status, l.Runs.Closed
		l.apply(m)
		if l.Runs.Closed != closed && l.Runs.Closed != "" {
			l.say(l.Runs.Closed)
		}
		l.followOffer(m)
		l.adoptProblem(m)
		l.followEdits(m)
		l.followBranches(m)
		if !l.Status.Busy { // the address can wait
			l.wrote()
		}
		if l.Selection.Node != node { // a tree that grows numbers its nodes again
			l.selected()
		}
		if _, ok := m.(session.Capabilities); ok && !l.Opened && l.Capabilities.Model.Name != "" {
			l.Opened = true
			l.awaitFigures()
			defer l.takeShared()
			if l.joins() {
				l.follows = true
			} else {
				l.restore(nil) // the engine shows the view of the link, whatever it showed before
			}
		}
		if status, ok := m.(session.Status); ok {
			if status.Text != "" && status != before { // not one that is repeated for a screen that joins
				l.Read = ""
			}
			l.fade(status.Text)
		}
		if l.later != "" && l.Opened && l.Ready() {
			what := l.later
			l.later = ""
			l.Do(what)
		}
		l.advance()
		l.resumeAgain(l.Runs)
		l.growOn()
		l.scoreLayers()
		l.relabel()
		l.followOnArrival()
		l.followLesson(m)
		l.noteEnding()
		if run, ok := m.(session.Run); ok {
			l.UserActive()
			l.followRun(run)
		}
		if _, ok := m.(session.Beside); ok {
			l.UserActive()
		}
	case error:
		l.Notice = session.Message(m)
	}
}

// figurePause is how long figures wait after the engine has opened: their programs would hold up the first clicks.
const figurePause = 2 * time.Second

// awaitFigures lets figures load once the page has been quiet.
func (l *Lab) awaitFigures() {
	l.screen.After(figurePause, func() {
		if l.Status.Busy && !l.Running() {
			l.awaitFigures()
			return
		}
		l.Figures = true
	})
}

// UserActive asks an engine that shares the processors with the page to pause, so that the page can redraw.
func (l *Lab) UserActive() {
	if l.Status.Busy && l.Capabilities.Software {
		l.post(session.UserActive{})
	}
}

// Do carries out an action by its name and argument, such as "step:3".
func (l *Lab) Do(what string) {
	name, argument, _ := strings.Cut(what, ":")
	a, ok := FindAction(name)
	if !ok {
		return
	}
	if !a.Allowed(l) {
		if a.Waits(l) {
			l.later = what
			l.say("This happens as soon as the engine is ready.")
		}
		return
	}
	l.growing = false
	before := l.View
	l.wanted = nil
	l.endReplay()
	a.do(l, argument)
	if a.undoable {
		l.remember(before)
	}
	l.growOn()
	l.followOnArrival()
	l.wrote()
}

// remember lets undo go back to a view, where this is another one.
func (l *Lab) remember(before View) {
	if l.View == before {
		return
	}
	if l.undo = append(l.undo, before); len(l.undo) > 100 {
		l.undo = l.undo[1:]
	}
}

// selected reports the selection to the other screens.
func (l *Lab) selected() {
	l.Send(session.Select{Selection: l.Selection})
	l.followInside()
	l.chooseRecorded()
	if !l.Opened {
		l.post(l.Selection)
	}
}

// Visit shows the view of another address, which the visitor went to.
func (l *Lab) Visit(hash string) {
	hash = strings.TrimPrefix(hash, "#")
	if hash == l.address {
		return
	}
	l.address = hash
	v, unread := readView(hash)
	if run := readLink(hash).text("run"); run != "" {
		l.shared = run
		defer l.takeShared()
	}
	l.GoTo(v)
	if unread != "" {
		l.Notice = unread
	}
}

// GoTo shows another view.
func (l *Lab) GoTo(v View) {
	old := l.View
	if v.Page != PageTrain { // only links to that page hold a plan
		v.Plan = l.Plan
	}
	if v.Page != PageTree {
		v.Growth = l.Growth
	}
	if v.Page != PageCompare {
		v.Compared = l.Compared
	}
	if v.Page != PageBench {
		v.Bench = l.Bench
	}
	if v.Page != PageHeads {
		v.List = l.List
	}
	if old.sameText(v) {
		v.Labels = old.Labels
	} else {
		l.linkedLabels = v.Labels
	}
	l.View = v
	l.Controls.Difficulty, l.Controls.Typed, l.Controls.System, l.Controls.Sampling, l.Refused = v.Difficulty, v.Text, v.Wording.System, v.Sampling, nil
	if v.Cut > 0 {
		l.Controls.Samples = v.Cut
	}
	if v.Again > 0 {
		l.Controls.Again = v.Again
	}
	if v.Many > 0 {
		l.Controls.Many = v.Many
	}
	l.Controls.Ablated = cmp.Or(v.Ablated, l.Controls.Ablated)
	l.fetchRecorded()
	l.restore(&old)
}

// wrote brings the address up to date. A new page is a new entry of the history.
func (l *Lab) wrote() {
	if hash := l.View.String(); hash != l.address {
		old, _ := ParseLink(l.address)
		l.address = hash
		l.screen.Address(hash, old.Page != l.Page)
	}
	l.screen.Title(l.title())
}

// noticeTime is how long a quiet message is shown.
const noticeTime = 6 * time.Second

// say shows a message for some seconds.
func (l *Lab) say(text string) {
	l.Notice = text
	l.screen.After(noticeTime, func() {
		if l.Notice == text {
			l.Notice = ""
		}
	})
}

// fade removes the engine's message after some seconds.
func (l *Lab) fade(text string) {
	if text == "" || text == l.fading {
		return
	}
	l.fading = text
	l.screen.After(noticeTime, func() {
		if l.fading = ""; l.Status.Text == text {
			l.Read = text
		}
	})
}

// advance ends a play at the end of the trace.
func (l *Lab) advance() {
	if l.Playing && l.Trace.Complete && l.forward() < 0 {
		l.Playing = false
	}
}

// play starts the timer of a play.
func (l *Lab) play() {
	l.Playing = true
	l.playRun++
	l.nextTick(l.playRun)
}

// nextTick moves the cursor at the pace of a play until that play has ended.
func (l *Lab) nextTick(run int) {
	l.screen.After(time.Second/time.Duration(max(1, l.Controls.Speed)), func() {
		if !l.Playing || l.playRun != run {
			return
		}
		if l.Ready() {
			l.stepForward()
		}
		l.advance()
		l.wrote()
		l.nextTick(run)
	})
}

// stepForward moves the cursor, and samples tokens where there are none yet.
func (l *Lab) stepForward() {
	if !l.current() {
		return
	}
	if next := l.forward(); next >= 0 {
		l.selectToken(next)
		l.selected()
		return
	}
	if !l.Trace.Complete && l.Ready() && len(l.Trace.Tokens) > 0 {
		l.selectToken(len(l.Trace.Tokens) - 1)
		l.Send(session.Generate{Unit: l.Controls.Unit, Sampling: l.Controls.Sampling})
	}
}

// saveTrace offers the trace as a file.
func (l *Lab) saveTrace() {
	data, err := json.Marshal(l.Trace)
	if err != nil {
		l.Failure = session.Failure{Command: "ShowTrace", Text: "The trace could not be saved: " + session.Message(err) + "."}
		return
	}
	l.screen.Download(traceFileName(&l.Trace), "application/json", data)
}
