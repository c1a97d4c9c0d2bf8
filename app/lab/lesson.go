package lab

import (
	"fmt"
	"slices"
	"strconv"

	"attnlab/app/lab/explain"
	"attnlab/app/lab/glossary"
	"attnlab/app/lab/lessons"
	"attnlab/app/session"
	"attnlab/rl/task"
)

// LessonPlace is a place in the lessons, counted from 1. The zero value is outside of them.
type LessonPlace struct {
	Lesson, Step int
	Guess        int // the predicted choice, 0 before a prediction
}

// String is "3.2", empty outside of lessons.
func (at LessonPlace) String() string {
	if at.Lesson == 0 {
		return ""
	}
	return fmt.Sprintf("%d.%d", at.Lesson, at.Step)
}

// parseLesson reads what String writes, and a guess. It is false for a place that no lesson has; a guess that is no
// choice counts as none.
func parseLesson(place, guess string) (LessonPlace, bool) {
	n, step, ok := explain.ParseHead(place) // the same form
	if !ok || n < 1 || n > len(lessons.All) || step < 1 || step > len(lessons.All[n-1].Steps) {
		return LessonPlace{}, false
	}
	g := parse(guess, 0, strconv.Atoi)
	if g < 0 || g > len(lessons.All[n-1].Choices) {
		return LessonPlace{n, step, 0}, guess == ""
	}
	return LessonPlace{n, step, g}, true
}

// LessonRecord is what a visitor did in a lesson while the page is open.
type LessonRecord struct {
	Guess     int
	Tried     bool
	Gathering lessons.Gathering
}

// lessonEnd is the last result of a lesson in this browser, as it was worded then.
type lessonEnd struct {
	Numbers string `json:"numbers"`
	Says    string `json:"says"`
}

// endingsKey is the name of all lessonEnds in the browser's storage, which holds them by the lessons' titles.
const endingsKey = "attnlab-lessons"

// LessonNow is the open lesson, its step, and what was done in it; ok is false outside of lessons.
func (s *State) LessonNow() (c *lessons.Lesson, step *lessons.Step, r *LessonRecord, ok bool) {
	at := s.View.Lesson
	if at.Lesson == 0 {
		return nil, nil, nil, false
	}
	c = &lessons.All[at.Lesson-1]
	return c, &c.Steps[at.Step-1], s.Record(at.Lesson), true
}

// Record is what was done in lesson n, from 1.
func (s *State) Record(n int) *LessonRecord {
	for len(s.records) < len(lessons.All) {
		s.records = append(s.records, LessonRecord{})
	}
	r := &s.records[n-1]
	if s.View.Lesson.Lesson == n {
		r.Guess = s.View.Lesson.Guess // a link has one too
	}
	return r
}

func lessonActions() []Action {
	free := func(l *Lab) bool { return l.Ready() }
	return []Action{
		{"lesson", "", "", false, nil, func(l *Lab, a string) {
			at, _ := parseLesson(a, "")
			l.GoLesson(at)
		}},
		{"lesson-next", "lesson:n lesson:ArrowRight", "Next step of the lesson, while it has the focus", false, nil, func(l *Lab, _ string) { l.turnLesson(1) }},
		{"lesson-back", "lesson:p lesson:ArrowLeft", "Previous step of the lesson, while it has the focus", false, nil, func(l *Lab, _ string) { l.turnLesson(-1) }},
		{"lesson-leave", "", "", false, nil, func(l *Lab, _ string) { l.GoLesson(LessonPlace{}) }},
		{"lesson-show", "", "", false, free, func(l *Lab, a string) {
			if _, step, r, ok := l.LessonNow(); ok {
				if i := parse(a, -1, strconv.Atoi); i >= 0 && i < len(step.Shows) {
					step.Shows[i].Do(l, &r.Gathering)
				}
			}
		}},
		{"lesson-try", "", "", false, free, func(l *Lab, a string) { l.tryLesson(parse(a, -1, strconv.Atoi)) }},
		{"lesson-again", "", "", false, nil, func(l *Lab, _ string) {
			if c, _, r, ok := l.LessonNow(); ok {
				*r = LessonRecord{}
				c.Clear(&l.Snapshots)
				l.View.Lesson.Guess = 0
				l.GoLesson(LessonPlace{l.View.Lesson.Lesson, c.StepFor(lessons.Asks), 0})
			}
		}},
		{"lesson-stop", "", "", false, nil, func(l *Lab, _ string) {
			if _, _, r, ok := l.LessonNow(); ok {
				r.Gathering.StopEarly()
			}
			l.Send(session.Cancel{})
		}},
		{"term", "", "", true, nil, func(l *Lab, a string) {
			l.show(PageGlossary)
			l.View.Term, l.Sought = a, ""
			l.screen.Reveal(glossary.Anchor(a))
		}},
	}
}

// setLesson gives a control of the lessons its value. It returns false if the lessons have no such control.
func (l *Lab) setLesson(name, value string) bool {
	if name != "guess" {
		return false
	}
	c, _, r, ok := l.LessonNow()
	if g := parse(value, 0, strconv.Atoi); ok && !r.Tried && g >= 1 && g <= len(c.Choices) {
		l.View.Lesson.Guess = g
		r.Guess = g
	}
	return true
}

// GoLesson goes to a place in the lessons, or out of them to the page Learn.
func (l *Lab) GoLesson(at LessonPlace) {
	l.Tour, l.Explained, l.Dialog, l.Playing = 0, "", "", false
	if at.Lesson > 0 && at.Lesson != l.View.Lesson.Lesson && l.needsBase() {
		l.GoTo(l.View.forLessons())
	}
	if _, _, r, ok := l.LessonNow(); ok && at.Lesson != l.View.Lesson.Lesson {
		r.Gathering.StopEarly() // the visitor has left it
	}
	if at.Lesson == 0 {
		l.View.Lesson = at
		l.show(PageLearn)
		return
	}
	if at.Guess == 0 {
		at.Guess = l.Record(at.Lesson).Guess
	}
	l.View.Lesson = at
	step := lessons.All[at.Lesson-1].Steps[at.Step-1]
	l.show(step.Page)
	if step.Ring != "" {
		l.screen.Reveal(step.Ring)
	}
	l.screen.Focus("lesson")
}

// needsBase reports whether the current model, or that of the worked example, is of another task than the lessons speak of.
func (l *Lab) needsBase() bool {
	if !l.Opened {
		return l.ofSite()
	}
	name := l.Capabilities.Model.Task
	return name != "" && name != task.ChainKind.Name && slices.Contains(l.Capabilities.Bases, lessons.Base)
}

// forLessons is the view with the model that the lessons speak of, and the first problem answered.
func (v View) forLessons() View {
	v.Model, v.Example, v.Recorded, v.Text, v.Seed, v.Tokens, v.Selection = lessons.Base, false, "", "", 1, AllTokens, session.NoSelection
	return v
}

// turnLesson goes to the next or the previous step; after the last it goes to the page Learn.
func (l *Lab) turnLesson(by int) {
	at := l.View.Lesson
	if at.Lesson == 0 {
		return
	}
	switch at.Step += by; {
	case at.Step > len(lessons.All[at.Lesson-1].Steps):
		l.GoLesson(LessonPlace{})
	case at.Step >= 1:
		l.GoLesson(at)
	}
}

// tryLesson runs the experiment, once there is a prediction.
func (l *Lab) tryLesson(i int) {
	c, _, r, ok := l.LessonNow()
	if !ok || r.Guess == 0 || i < 0 || i >= len(c.Tries) {
		return
	}
	c.Clear(&l.Snapshots)
	r.Tried, r.Gathering = true, lessons.Gathering{}
	c.Tries[i].Do(l, &r.Gathering)
	l.noteEnding() // of an experiment that asks nothing of the engine
}

// followLesson lets an experiment of several snapshots continue after an event.
func (l *Lab) followLesson(event session.Event) {
	c, _, r, ok := l.LessonNow()
	if !ok || c.Gather == nil || !r.Gathering.Going() {
		return
	}
	if _, failed := event.(session.Failure); failed {
		r.Gathering.StopEarly()
		return
	}
	c.Gather(l, &r.Gathering)
}

// noteEnding saves how the open lesson ended, once its experiment is over.
func (l *Lab) noteEnding() {
	c, _, r, ok := l.LessonNow()
	if !ok || !r.Tried || r.Gathering.Going() || l.Status.Busy {
		return
	}
	f := c.Find(c.Measure(&l.Snapshots, &r.Gathering), r.Guess)
	if end := (lessonEnd{f.Numbers, f.Says}); f.Numbers != "" && l.Endings[c.Title] != end {
		l.Endings[c.Title] = end
		l.screen.Store(endingsKey, l.Endings)
	}
}

// Now is the newest snapshots, for a lesson.
func (l *Lab) Now() *session.Snapshots { return &l.Snapshots }

// Answered is the finished response to the problem of the view, nil before that and while the engine is busy.
func (l *Lab) Answered() *session.Trace {
	if !l.Ready() || l.ofSite() || !l.current() || !l.Trace.Complete {
		return nil
	}
	return &l.Trace
}

// Train begins a run of a method from the current model and lets it train.
func (l *Lab) Train(method string, steps int, difficulty string, hyper map[string]string) {
	p := startPlan()
	p.Method, p.Steps, p.Difficulty = method, steps, difficulty
	p.setHyper(hyper)
	l.Plan = p
	l.Send(session.Begin{Settings: l.Settings()})
	l.Send(session.Advance{})
}
