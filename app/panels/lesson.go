package panels

import (
	"fmt"
	"strconv"

	"attnlab/app/session"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// lesson is a short lesson beside the page it is about: it asks for a prediction, runs an experiment on the visitor's
// own engine by the same actions and commands as the pages, and checks the one by the other.
type lesson struct {
	title string
	about string // one sentence, for the page Learn
	steps []lessonStep

	// The prediction is which stretch of a number line the measured value lies in: choices run from the lowest, bounds
	// lie between them.
	ask      string
	choices  []string
	bounds   []float64
	quantity string // what is measured, as in "the share of redundant steps"

	tries   []try // the experiment: small enough for a software adapter, then longer
	forget  func(l *Lab)
	measure func(s *state) measured
	gather  func(l *Lab) // takes the next of several snapshots and asks for another; nil where one snapshot has it all
}

// lessonStep is one step of a lesson. In its text [word] and [shown|word] are words of the glossary.
type lessonStep struct {
	part   part
	page   string
	ring   string // the element that is ringed, as in lab.css; empty for none
	title  string
	text   string
	source string // paper and section
	shows  []try  // demonstrations
}

// part is what a step is for.
type part int

const (
	tells part = iota
	asks
	runs
	checks
)

// try is something that a lesson does with the page.
type try struct {
	label string
	do    func(l *Lab)
}

// lessons are filled by init, as their functions refer to them by way of the actions.
var lessons []lesson

func init() {
	lessons = []lesson{lessonTrace, lessonAttention, lessonBranching, lessonCredit, lessonShorter}
}

// lessonAt is a place in the lessons, all counted from 1; the zero value is outside of them.
type lessonAt struct {
	Lesson, Step int
	Guess        int // what was predicted, 0 for nothing yet
}

// String is "3.2", empty outside of lessons.
func (a lessonAt) String() string {
	if a.Lesson == 0 {
		return ""
	}
	return fmt.Sprintf("%d.%d", a.Lesson, a.Step)
}

// parseLesson reads what String writes, and a guess; what is no place of any lesson is outside.
func parseLesson(place, guess string) lessonAt {
	n, step, ok := parseHead(place) // the same form
	if !ok || n < 1 || n > len(lessons) || step < 1 || step > len(lessons[n-1].steps) {
		return lessonAt{}
	}
	g := parse(guess, 0, strconv.Atoi)
	if g < 0 || g > len(lessons[n-1].choices) {
		g = 0
	}
	return lessonAt{n, step, g}
}

// record is what a visitor did in a lesson, kept while the page is open.
type record struct {
	guess     int
	tried     bool
	gathering gathering
}

// gathering is what several snapshots of an experiment gave.
type gathering struct {
	done, of      int
	last          uint64    // number of the newest snapshot taken
	needed, spare []float64 // values of needed and of redundant steps
	queue         []int     // rollouts still to be explained
}

// going tells whether there is more to come.
func (g gathering) going() bool { return g.done < g.of }

// lessonNow is the lesson at work, its step, and what was done in it; false outside of lessons.
func (s *state) lessonNow() (c *lesson, step *lessonStep, r *record, ok bool) {
	at := s.View.Lesson
	if at.Lesson == 0 {
		return nil, nil, nil, false
	}
	c = &lessons[at.Lesson-1]
	return c, &c.steps[at.Step-1], s.record(at.Lesson), true
}

// record is of lesson n, from 1.
func (s *state) record(n int) *record {
	for len(s.records) < len(lessons) {
		s.records = append(s.records, record{})
	}
	r := &s.records[n-1]
	if s.View.Lesson.Lesson == n {
		r.guess = s.View.Lesson.Guess // a link has one too
	}
	return r
}

func learnActions() []action {
	free := func(l *Lab) bool { return l.ready() }
	return []action{
		{"lesson", "", "", false, nil, func(l *Lab, a string) { l.goLesson(parseLesson(a, "")) }},
		{"lesson-next", "lesson:n lesson:ArrowRight", "Next step of the lesson, while it has the focus", false, nil, func(l *Lab, _ string) { l.turnLesson(1) }},
		{"lesson-back", "lesson:p lesson:ArrowLeft", "Step before in the lesson, while it has the focus", false, nil, func(l *Lab, _ string) { l.turnLesson(-1) }},
		{"lesson-leave", "", "", false, nil, func(l *Lab, _ string) { l.goLesson(lessonAt{}) }},
		{"lesson-show", "", "", false, free, func(l *Lab, a string) {
			if _, step, _, ok := l.lessonNow(); ok {
				if i := parse(a, -1, strconv.Atoi); i >= 0 && i < len(step.shows) {
					step.shows[i].do(l)
				}
			}
		}},
		{"lesson-try", "", "", false, free, func(l *Lab, a string) { l.tryLesson(parse(a, -1, strconv.Atoi)) }},
		{"lesson-again", "", "", false, nil, func(l *Lab, _ string) {
			if c, _, r, ok := l.lessonNow(); ok {
				*r = record{}
				c.forget(l)
				l.View.Lesson.Guess = 0
				l.goLesson(lessonAt{l.View.Lesson.Lesson, c.stepFor(asks), 0})
			}
		}},
		{"lesson-stop", "", "", false, nil, func(l *Lab, _ string) {
			if _, _, r, ok := l.lessonNow(); ok {
				r.gathering.of = r.gathering.done
			}
			l.send(session.Cancel{})
		}},
		{"term", "", "", true, nil, func(l *Lab, a string) {
			l.show(pageGlossary)
			l.View.Term, l.sought = a, ""
			l.screen.reveal(anchor(a))
		}},
	}
}

// setLearn gives a control of the lessons its value; false where they have no such control.
func (l *Lab) setLearn(name, value string) bool {
	if name != "guess" {
		return false
	}
	c, _, r, ok := l.lessonNow()
	if g := parse(value, 0, strconv.Atoi); ok && !r.tried && g >= 1 && g <= len(c.choices) {
		l.View.Lesson.Guess = g
		r.guess = g
	}
	return true
}

// goLesson goes to a place in the lessons, or out of them to the page Learn.
func (l *Lab) goLesson(at lessonAt) {
	l.tour, l.explain, l.dialog, l.playing = 0, "", "", false
	if _, _, r, ok := l.lessonNow(); ok && at.Lesson != l.View.Lesson.Lesson {
		r.gathering.of = r.gathering.done // nobody watches it any more
	}
	if at.Lesson == 0 {
		l.View.Lesson = at
		l.show(pageLearn)
		return
	}
	if at.Guess == 0 {
		at.Guess = l.record(at.Lesson).guess
	}
	l.View.Lesson = at
	step := lessons[at.Lesson-1].steps[at.Step-1]
	l.show(step.page)
	if step.ring != "" {
		l.screen.reveal(step.ring)
	}
	l.screen.after(func() {
		if card := app.Window().GetElementByID("lesson"); card.Truthy() {
			card.Call("focus", map[string]any{"preventScroll": true})
		}
	})
}

// turnLesson goes on or back a step, past the last to the page Learn.
func (l *Lab) turnLesson(by int) {
	at := l.View.Lesson
	if at.Lesson == 0 {
		return
	}
	switch at.Step += by; {
	case at.Step > len(lessons[at.Lesson-1].steps):
		l.goLesson(lessonAt{})
	case at.Step >= 1:
		l.goLesson(at)
	}
}

// stepFor is the first step of a lesson with a part, from 1.
func (c *lesson) stepFor(p part) int {
	for i, s := range c.steps {
		if s.part == p {
			return i + 1
		}
	}
	panic("panels: the lesson " + c.title + " lacks a part")
}

// tryLesson runs the experiment, once there is a prediction.
func (l *Lab) tryLesson(i int) {
	c, _, r, ok := l.lessonNow()
	if !ok || r.guess == 0 || i < 0 || i >= len(c.tries) {
		return
	}
	c.forget(l)
	r.tried, r.gathering = true, gathering{}
	c.tries[i].do(l)
}

// lessonHeard lets an experiment of several snapshots go on.
func (l *Lab) lessonHeard(event session.Event) {
	c, _, r, ok := l.lessonNow()
	if !ok || c.gather == nil || !r.gathering.going() {
		return
	}
	if _, failed := event.(session.Failure); failed {
		r.gathering.of = r.gathering.done
		return
	}
	c.gather(l)
}
