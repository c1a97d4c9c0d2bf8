package panels

import (
	"fmt"
	"slices"

	"attnlab/app/session"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// keepAwake asks the browser to leave the screen on, or no longer to (Screen Wake Lock API). A browser gives it up when
// the tab is hidden; visible asks again.
func (s *screen) keepAwake(l *Lab) {
	if s.ctx.Context == nil {
		return
	}
	if s.lock != nil {
		s.lock.Call("release")
		s.lock = nil
	}
	if l.asleep = ""; !l.awake {
		return
	}
	refuse := func(why string) {
		l.awake = false
		l.asleep = why + " Set the screen's time-out in the system's settings instead."
	}
	wake := app.Window().Get("navigator").Get("wakeLock")
	if !wake.Truthy() {
		refuse("This browser cannot keep the screen awake.")
		return
	}
	then := func(do func(v app.Value)) app.Func {
		return app.FuncOf(func(_ app.Value, args []app.Value) any {
			s.ctx.Dispatch(func(app.Context) { do(args[0]) })
			return nil
		})
	}
	wake.Call("request", "screen").Call("then",
		then(func(lock app.Value) { s.lock = lock }),
		then(func(reason app.Value) {
			refuse("The browser refuses to keep the screen awake (" + reason.Get("name").String() + ").")
		}))
}

// setTitle names the window.
func (s *screen) setTitle(title string) {
	if s.ctx.Context != nil && title != s.title {
		s.title = title
		app.Window().Get("document").Set("title", title)
	}
}

// followRun is what the page itself does about a new snapshot of a run.
func (l *Lab) followRun(r session.Run) {
	l.screen.setTitle(l.title())
	if l.Page == pageTrain && l.chosen() < 0 && len(r.Rollouts) > 0 {
		l.showCredit(max(0, slices.IndexFunc(r.Rollouts, func(r session.RolloutRow) bool { return r.Trained && r.Correct && r.Advantage != 0 })))
	}
}

// visible notes that the tab was hidden or shown again: what a run did meanwhile is worth a sentence.
func (l *Lab) visible(is bool) {
	if !is {
		l.away.hidden, l.away.step, l.away.hiddenRate = true, l.run.Info.Step, 0
		return
	}
	l.away.hidden = false
	if n := l.run.Info.Step - l.away.step; n > 0 && l.running() {
		text := fmt.Sprintf("Training went on while this tab was hidden: %s.", plural(n, "step"))
		if l.away.slowed() {
			text = fmt.Sprintf("Training went on while this tab was hidden, but the browser slowed it to %.0f tokens a second: %s.", l.away.hiddenRate, plural(n, "step"))
		}
		l.say(text)
	}
	if l.awake {
		l.screen.keepAwake(l)
	}
}

// title is the window's: how far a run is, where there is one at work.
func (l *Lab) title() string {
	if l.running() {
		return fmt.Sprintf("Step %d of %d · attnlab", l.run.Info.Step, l.run.Settings.Steps)
	}
	return "attnlab: step through a reasoning trace"
}
