// Package panels is the page of the lab, written as go-app components. It never computes: it sends the commands of
// package session and draws the newest snapshots.
//
// Everything that can be pressed carries data-do="action" or data-do="action:argument"; [actions] says what each does,
// by which key, and in which words. The components hold no state of their own: state.go has it all.
package panels

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"attnlab/app/session"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// Lab is the page.
type Lab struct {
	app.Compo
	*state

	link    Link
	screen  screen
	playRun int // counts plays, so that an old timer stops
}

// Link is the page's way to the engine and to the other screens of its session.
type Link struct {
	Session string
	Port    *session.Port // nil where a page is drawn ahead of time
	Backend string        // as asked for: auto, webgpu or host
	Version string        // of the site
}

// New is a page at a view; example is the shipped trace, the zero Trace where there is none.
func New(link Link, v View, example session.Trace) *Lab {
	return &Lab{state: newState(v, example), link: link}
}

// ReadExample reads web/example.json. A site without one has the zero Trace.
func ReadExample(data []byte) session.Trace {
	var t session.Trace
	if json.Unmarshal(data, &t) != nil {
		return session.Trace{}
	}
	t.Number = 0 // any snapshot of an engine is newer
	return t
}

// OnMount takes up the session.
func (l *Lab) OnMount(ctx app.Context) {
	l.booting = "the engine"
	l.screen.open(ctx, l)
	go func() {
		breaths(l.link.Port.In, breath, func(messages []any) {
			ctx.Dispatch(func(app.Context) {
				for _, m := range messages {
					l.hear(m)
				}
			})
		})
	}()
	l.send(session.Hello{})
}

// breath is how long news of a run may wait for what follows.
const breath = 50 * time.Millisecond

// breaths calls hear with what is said in one breath, so that the page is drawn once for it: a step of a run brings the
// run, its credit, and then what the engine is at.
func breaths(in <-chan any, breath time.Duration, hear func(messages []any)) {
	var held []any
	var over <-chan time.Time
	say := func() {
		if len(held) > 0 {
			hear(held)
		}
		held, over = nil, nil
	}
	defer say()
	for {
		select {
		case message, ok := <-in:
			if !ok {
				return
			}
			switch message.(type) {
			case session.Selection: // what the engine remembers; this page knows better, and need not be drawn for it
				continue
			case session.Run, session.Runs, session.Credit:
				if held = append(held, message); over == nil {
					over = time.After(breath)
				}
				continue
			}
			held = append(held, message)
			say()
		case <-over:
			say()
		}
	}
}

// send sends a command. From one that is work for the engine the page counts as busy, until the engine says that it rests.
func (l *Lab) send(c session.Command) {
	if l.link.Port == nil {
		return
	}
	switch c.(type) {
	case session.Hello, session.Select, session.Check, session.Cancel, session.ShowCredit:
	default:
		l.status = session.Status{Stage: "asking the engine", Busy: true, Text: l.status.Text}
	}
	l.link.Port.Send(c)
}

// hear takes what comes over the link.
func (l *Lab) hear(message any) {
	switch m := message.(type) {
	case session.Hover: // of another screen, like this
		l.hovered = m.Step
	case session.Select:
		l.select_(m.Selection)
		l.wrote()
	case session.Selection: // what the engine remembers; this page knows better
	case session.Hello: // of a figure: until the engine has a model, this page shows it the example
		if !l.opened && len(l.trace.Tokens) > 0 {
			l.link.Port.Send(l.trace)
			l.link.Port.Send(l.Selection)
		}
	case session.RunFiles:
		l.takeFiles(m)
	case session.Event:
		node := l.Selection.Node
		if l.apply(m); !l.status.Busy { // the address can wait
			l.wrote()
		}
		if l.Selection.Node != node { // a tree that grows numbers its nodes anew
			l.selected()
		}
		if _, ok := m.(session.Capabilities); ok && !l.opened && l.capabilities.Model.Name != "" {
			l.opened = true
			l.restore(nil) // whatever the engine has, it is to have what the link says
		}
		l.advance()
		l.lessonHeard(m)
		l.noteEnding()
		if run, ok := m.(session.Run); ok {
			l.touch()
			l.followRun(run)
		}
	case error:
		l.notice = m.Error()
	}
}

// do carries out an action by its name and argument, such as "step:3".
func (l *Lab) do(what string) {
	name, argument, _ := strings.Cut(what, ":")
	a, ok := findAction(name)
	if !ok {
		return
	}
	if a.may != nil && !a.may(l) {
		return
	}
	before := l.View
	l.wanted = nil
	a.do(l, argument)
	if a.undoable && l.View != before {
		l.undo = append(l.undo, before)
		if len(l.undo) > 100 {
			l.undo = l.undo[1:]
		}
	}
	l.wrote()
}

// selected tells the other screens what is selected now.
func (l *Lab) selected() {
	l.send(session.Select{Selection: l.Selection})
	if !l.opened && l.link.Port != nil {
		l.link.Port.Send(l.Selection)
	}
}

// goTo shows another view, by the commands it takes to get there.
func (l *Lab) goTo(v View) {
	old := l.View
	if v.Page != pageTrain { // only links to that page hold a plan
		v.Plan = l.Plan
	}
	if v.Page != pageTree {
		v.Growth = l.Growth
	}
	if v.Page != pageCompare {
		v.Runs = l.Runs
	}
	l.View = v
	l.difficulty, l.typed, l.sampling = v.Difficulty, v.Text, v.Sampling
	l.restore(&old)
}

// restore sends the commands that lead from an old view to this one; nil is an engine that has nothing yet.
func (l *Lab) restore(old *View) {
	if !l.opened {
		return // the first capabilities will
	}
	v := l.View
	l.wanted = &v.Selection
	switch {
	case v.Example && (old == nil || !old.Example):
		if len(l.example.Tokens) > 0 {
			l.trace = l.example
			p := l.example.PromptLength
			l.send(session.ShowTrace{Prompt: l.example.Tokens[:p], Response: l.example.Tokens[p:]})
		} else { // a site without an example begins with a problem
			l.View.Example, l.View.Tokens = false, 0
			l.send(session.NewProblem{Seed: l.Seed})
		}
	case !v.Example && (old == nil || !old.sameResponse(v)):
		if old == nil || !old.sameProblem(v) || v.Tokens == 0 {
			l.send(session.NewProblem{Difficulty: v.Difficulty, Seed: v.Seed, Text: v.Text})
		}
		if v.Tokens == AllTokens {
			l.send(session.Generate{Unit: "all", Restart: true, Sampling: v.Sampling})
		}
		for i := range min(v.Tokens, 4096) {
			l.send(session.Generate{Unit: "token", Restart: i == 0, Sampling: v.Sampling})
		}
	}
	l.restoreTree(old)
	l.selected()
}

// wrote brings the address up to date.
func (l *Lab) wrote() {
	l.screen.address(l.View)
	l.screen.setTitle(l.title())
}

// advance goes on playing once the engine is free.
func (l *Lab) advance() {
	if l.playing && l.trace.Complete && l.forward() < 0 {
		l.playing = false
	}
}

// play starts the timer of a play.
func (l *Lab) play() {
	l.playing = true
	l.playRun++
	l.screen.every(l, l.playRun)
}

// tick is one beat of a play.
func (l *Lab) tick() {
	if l.ready() {
		l.stepForward()
	}
	l.advance()
}

func (l *Lab) pace() time.Duration { return time.Second / time.Duration(max(1, l.speed)) }

// stepForward moves the cursor, and makes tokens where there are none yet.
func (l *Lab) stepForward() {
	if !l.current() {
		return
	}
	if next := l.forward(); next >= 0 {
		l.selectToken(next)
		l.selected()
		return
	}
	if !l.trace.Complete && l.ready() && len(l.trace.Tokens) > 0 {
		l.selectToken(len(l.trace.Tokens) - 1)
		l.send(session.Generate{Unit: l.unit, Sampling: l.sampling})
	}
}

// Render draws the page.
func (l *Lab) Render() app.UI {
	return app.Div().ID("lab").Class("lab").DataSet("page", l.Page).DataSet("tour", strconv.Itoa(l.tour)).DataSet("lesson", l.View.Lesson.String()).DataSet("ring", l.ring()).
		OnClick(l.pressed).OnInput(l.changed).OnChange(l.changed).Body(
		l.header(),
		l.banners(),
		app.Main().ID("main").TabIndex(-1).Body(l.page()),
		l.footer(),
		l.explanation(),
		l.tourCard(),
		l.lessonCard(),
		l.dialogs(),
	)
}

func (l *Lab) page() app.UI {
	switch l.Page {
	case pageHeads:
		return l.headsPage()
	case pageTree:
		return l.treePage()
	case pageTrain:
		return l.trainPage()
	case pageCompare:
		return l.comparePage()
	case pageLearn:
		return l.learnPage()
	case pageGlossary:
		return l.glossaryPage()
	}
	return l.tracePage()
}
