package lab

import "time"

// growPause is the time between two rounds of a tree that grows by itself, so that each can be seen.
const growPause = 350 * time.Millisecond

// growOn grows a tree round by round where a visitor comes to the Tree page and there is none of the problem, once a problem. Whatever
// the visitor does ends it.
func (l *Lab) growOn() {
	if l.Page != PageTree || !l.Opened || l.Status.Busy || !l.Ready() || l.Lesson.Lesson > 0 || l.Recorded != "" || l.wanted != nil && l.wanted.Node >= 0 || !l.current() {
		return
	}
	problem := l.PromptText()
	switch {
	case problem == "":
	case !l.Planted() && l.Growth.Rounds == 0 && l.GrownFor != problem:
		l.GrownFor, l.growing = problem, true
		l.grow("round", true)
	case l.growing && l.Planted() && !l.Tree.Done && l.sameGrowth():
		at := l.Tree.Number
		l.screen.After(growPause, func() {
			if l.growing && l.Page == PageTree && l.Tree.Number == at && !l.Status.Busy {
				l.grow("round", false)
			}
		})
	}
}
