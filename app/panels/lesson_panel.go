package panels

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// lessonCard is the lesson, docked beside the page.
func (l *Lab) lessonCard() app.UI {
	c, step, r, ok := l.lessonNow()
	if !ok {
		return app.Aside().ID("lesson").Class("lesson").Hidden(true)
	}
	at := l.View.Lesson
	last := at.Step == len(c.steps)
	back := app.Button().Type("button").DataSet("do", "lesson-back").Title("Back (p)").Text("Back")
	if at.Step == 1 {
		back = back.Disabled(true)
	}
	return app.Aside().ID("lesson").Class("lesson").TabIndex(-1).Aria("label", fmt.Sprintf("lesson %d: %s", at.Lesson, c.title)).Body(
		app.Div().Class("card-head").Body(
			app.Span().Class("hint").Text(fmt.Sprintf("%d of %d · step %d of %d", at.Lesson, len(lessons), at.Step, len(c.steps))),
			app.Button().Type("button").Class("tool").DataSet("do", "lesson-leave").Aria("label", "leave the lesson").Title("Leave the lesson (Esc)").Body(icon("close")),
		),
		app.P().Class("hint").Text(c.title),
		app.H2().Text(step.title),
		l.prose(step.text),
		app.If(l.Page != step.page, func() app.UI {
			return app.Div().Class("buttons").Body(app.Button().Type("button").Class("quiet").DataSet("do", "lesson:"+at.String()).Text("To the page of this step"))
		}),
		app.If(len(step.shows) > 0, func() app.UI {
			return app.Div().Class("buttons").Body(app.Range(step.shows).Slice(func(i int) app.UI {
				return l.button("lesson-show:"+strconv.Itoa(i), "primary", app.Text(step.shows[i].label))
			}))
		}),
		app.If(step.part == asks, func() app.UI { return l.question(c, r) }),
		app.If(step.part == runs, func() app.UI { return l.experiment(c, r) }),
		app.If(step.part == checks, func() app.UI { return l.outcome(c, r) }),
		app.If(step.source != "", func() app.UI { return app.P().Class("hint source").Text(step.source) }),
		app.Div().Class("buttons turn").Body(
			back,
			app.Button().Type("button").DataSet("do", "lesson-next").Title("Next (n)").Text(whether(last, "Done", "Next")),
			app.If(last && at.Lesson < len(lessons), func() app.UI {
				return app.Button().Type("button").Class("quiet").DataSet("do", fmt.Sprintf("lesson:%d.1", at.Lesson+1)).Text("Next lesson")
			}),
		),
	)
}

func whether(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}

// question asks for the prediction; once the experiment has begun it cannot be changed.
func (l *Lab) question(c *lesson, r *record) app.UI {
	set := app.FieldSet().Class("guess")
	if r.tried {
		set = set.Disabled(true)
	}
	return set.Body(
		app.Legend().Text(c.ask),
		app.Range(c.choices).Slice(func(i int) app.UI {
			return app.Label().Body(
				app.Input().Type("radio").Name("guess").Value(i+1).DataSet("set", "guess").Checked(r.guess == i+1),
				app.Text(c.choices[i]),
			)
		}),
		app.If(r.tried, func() app.UI { return app.P().Class("hint").Text("Recorded: the experiment has begun.") }),
	)
}

// experiment starts, stops and counts.
func (l *Lab) experiment(c *lesson, r *record) app.UI {
	if r.guess == 0 {
		return app.Div().Class("buttons").Body(
			app.Button().Type("button").DataSet("do", fmt.Sprintf("lesson:%d.%d", l.View.Lesson.Lesson, c.stepFor(asks))).Text("Predict first"),
		)
	}
	m := c.measure(l.state)
	return app.Div().Class("trial").Body(
		app.P().Class("hint").Text("You said: "+c.choices[r.guess-1]+"."),
		app.Div().Class("buttons").Body(
			app.Range(c.tries).Slice(func(i int) app.UI {
				return l.button("lesson-try:"+strconv.Itoa(i), when(i == 0, "primary"), app.Text(c.tries[i].label))
			}),
			app.If(r.tried && (l.status.Busy || r.gathering.going()), func() app.UI {
				return l.button("lesson-stop", "quiet", icon("stop"), app.Text("Stop"))
			}),
		),
		app.P().Class("hint").Text("The shorter one is for software adapters; the longer one says more."),
		app.If(r.gathering.of > 0, func() app.UI {
			return app.Progress().Max(r.gathering.of).Value(r.gathering.done).Aria("label", "done")
		}),
		app.If(r.tried && m.n > 0, func() app.UI {
			return app.P().Class("so-far").Aria("live", "polite").Text(whether(m.n < least || m.se != m.se, fmt.Sprintf("%d %s so far.", m.n, m.what),
				fmt.Sprintf("So far: %s %s ± %s, n = %d %s.", c.quantity, format(m.value), format(m.se), m.n, m.what)))
		}),
	)
}

// outcome lays the prediction beside the numbers.
func (l *Lab) outcome(c *lesson, r *record) app.UI {
	if !r.tried {
		return app.Div().Class("buttons").Body(
			app.P().Text("Nothing has been measured yet."),
			app.Button().Type("button").DataSet("do", fmt.Sprintf("lesson:%d.%d", l.View.Lesson.Lesson, c.stepFor(runs))).Text("To the experiment"),
		)
	}
	m := c.measure(l.state)
	f := c.find(m, r.guess)
	return app.Div().Class("outcome-of", when(f.settled, "settled")).Aria("live", "polite").Body(
		app.If(f.numbers != "", func() app.UI { return app.P().Class("measured").Text(f.numbers) }),
		app.P().Class("says").Text(f.says),
		app.If(m.saw != "", func() app.UI { return app.P().Text(m.saw) }),
		app.If(l.status.Busy || r.gathering.going(), func() app.UI { return app.P().Class("hint").Text("The experiment is still going on.") }),
		app.P().Class("hint").Body(app.Text("± is one "), l.term("standard error", "standard error"), app.Text(".")),
		app.Div().Class("buttons").Body(app.Button().Type("button").Class("quiet").DataSet("do", "lesson-again").Text("Predict again")),
	)
}

// prose is text in which [word] and [shown|word] open the glossary.
func (l *Lab) prose(text string) app.UI {
	var body []app.UI
	for piece := range strings.SplitSeq(text, "[") {
		inside, after, isTerm := strings.Cut(piece, "]")
		if !isTerm {
			body = append(body, app.Text(piece))
			continue
		}
		shown, word, two := strings.Cut(inside, "|")
		if !two {
			word = shown
		}
		body = append(body, l.term(word, shown), app.Text(after))
	}
	return app.P().Class("prose").Body(body...)
}

// ring is the element that the lesson rings on the page on show, empty for none.
func (l *Lab) ring() string {
	if _, step, _, ok := l.lessonNow(); ok && l.Page == step.page {
		return step.ring
	}
	return ""
}
