package lab

import (
	"fmt"
	"slices"

	"attnlab/app/lab/explain"
	"attnlab/app/lab/lessons"
	"attnlab/app/session"
)

// keepAwake asks the browser to keep the screen on, or to stop doing so. A browser stops when the tab is hidden; Visible
// asks again.
func (l *Lab) keepAwake() {
	l.Asleep = ""
	l.screen.Awake(l.Awake, func(why string) {
		l.Awake = false
		l.Asleep = why + " Set the screen's time-out in the system's settings instead."
	})
}

// followRun updates the page after a new snapshot of a run.
func (l *Lab) followRun(r session.Run) {
	l.screen.Title(l.title())
	if l.Page == PageTrain && l.Chosen() < 0 && len(r.Rollouts) > 0 {
		l.showCredit(max(0, slices.IndexFunc(r.Rollouts, func(r session.RolloutRow) bool { return r.Trained && r.Correct && r.Advantage != 0 })))
	}
}

// Visible notes that the tab was hidden or shown again, and then reports what a run did meanwhile.
func (l *Lab) Visible(is bool) {
	if !is {
		l.Away.hidden, l.Away.step, l.Away.HiddenRate = true, l.Run.Info.Step, 0
		return
	}
	l.Away.hidden = false
	if n := l.Run.Info.Step - l.Away.step; n > 0 && l.Running() {
		text := fmt.Sprintf("Training continued while this tab was hidden: %s.", explain.Plural(n, "step"))
		if l.Slowed() {
			text = fmt.Sprintf("Training continued while this tab was hidden, but the browser slowed it to %.0f tokens per second: %s.", l.Away.HiddenRate, explain.Plural(n, "step"))
		}
		l.say(text)
	}
	if l.Awake {
		l.keepAwake()
	}
}

// title is the title of the window: the progress of a run, if one is running.
func (l *Lab) title() string {
	if l.Running() {
		return fmt.Sprintf("Step %s of %s · attnlab", explain.Grouped(int64(l.Run.Info.Step)), explain.Grouped(int64(l.Run.Settings.Steps)))
	}
	switch name := explain.UpperFirst(l.Page); {
	case l.View.Lesson.Lesson > 0:
		return lessons.All[l.View.Lesson.Lesson-1].Title + " · attnlab"
	case l.Page == PageTrace && l.Example:
		return "attnlab: which steps of a model’s reasoning mattered?"
	case l.Page == PageTrace && l.Recorded != "":
		return "A real model’s trace · attnlab"
	case l.Page == PageTrace && l.Text == "":
		return fmt.Sprintf("%s of problem %d · attnlab", name, l.Seed)
	default:
		return name + " · attnlab"
	}
}
