package lab

import (
	"time"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
)

// walkTime is how long a walk through a head shows each stage.
const walkTime = 900 * time.Millisecond

// Walk is a walk through the open head, token by token and stage by stage.
type Walk struct {
	Shown   int  // stages so far, over all tokens; 0 for none
	Playing bool // it moves by itself
	run     int  // counts plays, so that an old timer stops
}

// walkEnd is how many stages the walk has.
func (s *State) walkEnd() int {
	if s.Inside.Token == 0 || len(s.Inside.Reads) == 0 {
		return 0
	}
	return explain.Walked(&s.Inside) * len(explain.StageNames)
}

// MovesBySelf reports whether a walk may move by itself: the visitor's system does not ask for reduced motion.
func (l *Lab) MovesBySelf() bool { return !l.screen.Still() }

// walkBy goes some stages on or back.
func (l *Lab) walkBy(n int) {
	l.Walk.Playing = false
	l.Walk.Shown = min(max(l.Walk.Shown+n, 0), l.walkEnd())
}

// playWalk lets the walk move by itself to its end, or stops it. Under reduced motion it goes on by one stage.
func (l *Lab) playWalk() {
	w := &l.Walk
	switch {
	case w.Playing:
		w.Playing = false
		return
	case l.screen.Still():
		l.walkBy(1)
		return
	case w.Shown >= l.walkEnd():
		w.Shown = 0
	}
	w.Playing = true
	w.run++
	l.nextStage(w.run)
}

func (l *Lab) nextStage(run int) {
	w := &l.Walk
	if !w.Playing || w.run != run {
		return
	}
	if w.Shown++; w.Shown >= l.walkEnd() {
		w.Shown, w.Playing = l.walkEnd(), false
		return
	}
	l.screen.After(walkTime, func() { l.nextStage(run) })
}

// takeInside shows another opened token or head. The walk of the old one ends; a snapshot that is sent again, for a screen that joins, leaves it.
func (s *State) takeInside(v session.InsideView) {
	if v.Number == s.Inside.Number && v.Number > 0 {
		return
	}
	s.Inside, s.Walk = v, Walk{run: s.Walk.run + 1}
}
