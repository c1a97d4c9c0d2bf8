package panels

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/lab/explain"
	"attnlab/app/lab/lessons"
)

// lessonCard is the lesson, docked beside the page.
func (p *Page) lessonCard() app.UI {
	c, step, r, ok := p.LessonNow()
	if !ok {
		return app.Aside().ID("lesson").Class("lesson").Hidden(true)
	}
	at := p.View.Lesson
	last := at.Step == len(c.Steps)
	back := app.Button().Type("button").DataSet("do", "lesson-back").Title("Back (p)").Text("Back")
	if at.Step == 1 {
		back = back.Disabled(true)
	}
	return app.Aside().ID("lesson").Class("lesson").TabIndex(-1).Aria("label", fmt.Sprintf("lesson %d: %s", at.Lesson, c.Title)).Body(
		app.Div().Class("card-head").Body(
			app.Span().Class("hint").Text(fmt.Sprintf("lesson %d of %d · part %d of %d", at.Lesson, len(lessons.All), at.Step, len(c.Steps))),
			app.Button().Type("button").Class("tool").DataSet("do", "lesson-leave").Aria("label", "leave the lesson").Title("Leave the lesson (Esc)").Body(icon("close")),
		),
		app.P().Class("hint").Text(c.Title),
		app.H2().Text(step.Title),
		p.prose(step.Text),
		app.If(p.Page != step.Page, func() app.UI {
			return app.Div().Class("buttons").Body(app.Button().Type("button").Class("quiet").DataSet("do", "lesson:"+at.String()).Text("To the page of this step"))
		}),
		app.If(len(step.Shows) > 0, func() app.UI {
			return app.Div().Class("buttons").Body(app.Range(step.Shows).Slice(func(i int) app.UI {
				return p.button("lesson-show:"+strconv.Itoa(i), "primary", app.Text(step.Shows[i].Label))
			}))
		}),
		app.If(step.Part == lessons.Asks, func() app.UI { return p.question(c, r) }),
		app.If(step.Part == lessons.Runs, func() app.UI { return p.experiment(c, r) }),
		app.If(step.Part == lessons.Checks, func() app.UI { return p.outcome(c, r) }),
		app.If(step.Source != "", func() app.UI { return app.P().Class("hint source").Text(step.Source) }),
		app.Div().Class("buttons turn").Body(
			back,
			app.Button().Type("button").DataSet("do", "lesson-next").Title("Next (n)").Text(whether(last, "Done", "Next")),
			app.If(last && at.Lesson < len(lessons.All), func() app.UI {
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

// question asks for the prediction, which cannot change after the experiment has begun.
func (p *Page) question(c *lessons.Lesson, r *lab.LessonRecord) app.UI {
	set := app.FieldSet().Class("guess")
	if r.Tried {
		set = set.Disabled(true)
	}
	return set.Body(
		app.Legend().Text(c.Ask),
		app.Range(c.Choices).Slice(func(i int) app.UI {
			return app.Label().Body(
				app.Input().Type("radio").Name("guess").Value(i+1).DataSet("set", "guess").Checked(r.Guess == i+1),
				app.Text(c.Choices[i]),
			)
		}),
		app.If(r.Tried, func() app.UI {
			return app.P().Class("hint").Text("Your prediction is recorded, because the experiment has begun.")
		}),
	)
}

// experiment starts, stops and counts.
func (p *Page) experiment(c *lessons.Lesson, r *lab.LessonRecord) app.UI {
	if r.Guess == 0 {
		return app.Div().Class("buttons").Body(
			app.Button().Type("button").DataSet("do", fmt.Sprintf("lesson:%d.%d", p.View.Lesson.Lesson, c.StepFor(lessons.Asks))).Text("Predict first"),
		)
	}
	m, beforehand := c.Measure(&p.Snapshots, &r.Gathering), ""
	if c.Beforehand != nil {
		beforehand = c.Beforehand(&p.Snapshots)
	}
	return app.Div().Class("trial").Body(
		app.P().Class("hint").Text("You predicted: "+c.Choices[r.Guess-1]+"."),
		app.Div().Class("buttons").Body(
			app.Range(c.Tries).Slice(func(i int) app.UI {
				return p.button("lesson-try:"+strconv.Itoa(i), when(i == 0, "primary"), app.Text(c.Tries[i].Label))
			}),
			app.If(r.Tried && (p.Status.Busy || r.Gathering.Going()), func() app.UI {
				return p.button("lesson-stop", "quiet", icon("stop"), app.Text("Stop"))
			}),
		),
		app.P().Class("hint").Text("The short one suits software adapters. The long one gives a clearer answer."),
		app.If(beforehand != "", func() app.UI { return app.P().Class("hint").Text(beforehand) }),
		app.If(r.Gathering.Of > 0, func() app.UI {
			return app.Progress().Max(r.Gathering.Of).Value(r.Gathering.Done).Aria("label", "done")
		}),
		app.If(r.Tried && m.N > 0, func() app.UI {
			return app.P().Class("so-far").Aria("live", "polite").Text(whether(m.N < lessons.Least || m.SE != m.SE, fmt.Sprintf("%d %s so far.", m.N, m.What),
				fmt.Sprintf("So far: %s %s ± %s, %s %s.", c.Quantity, explain.Format(m.Value), explain.Format(m.SE), explain.N(m.N), m.What)))
		}),
	)
}

// outcome shows the prediction beside the numbers.
func (p *Page) outcome(c *lessons.Lesson, r *lab.LessonRecord) app.UI {
	if !r.Tried {
		return app.Div().Class("buttons").Body(
			app.P().Text("There is no measurement yet."),
			app.Button().Type("button").DataSet("do", fmt.Sprintf("lesson:%d.%d", p.View.Lesson.Lesson, c.StepFor(lessons.Runs))).Text("To the experiment"),
		)
	}
	m := c.Measure(&p.Snapshots, &r.Gathering)
	f := c.Find(m, r.Guess)
	return app.Div().Class("outcome-of", when(f.Settled, "settled")).Aria("live", "polite").Body(
		app.If(f.Numbers != "", func() app.UI { return app.P().Class("measured").Text(f.Numbers) }),
		app.P().Class("says").Text(f.Says),
		app.If(m.Saw != "", func() app.UI { return app.P().Text(m.Saw) }),
		app.If(p.Status.Busy || r.Gathering.Going(), func() app.UI { return app.P().Class("hint").Text("The experiment is still running.") }),
		app.P().Class("hint").Body(app.Text("± is one "), p.term("standard error", "standard error"), app.Text(".")),
		app.Div().Class("buttons").Body(app.Button().Type("button").Class("quiet").DataSet("do", "lesson-again").Text("Predict again")),
	)
}

// prose is text in which [word] and [shown|word] open the glossary.
func (p *Page) prose(text string) app.UI {
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
		body = append(body, p.term(word, shown), app.Text(after))
	}
	return app.P().Class("prose").Body(body...)
}

// ring is the element that the lesson rings on the current page, empty for none.
func (p *Page) ring() string {
	if _, step, _, ok := p.LessonNow(); ok && p.Page == step.Page {
		return step.Ring
	}
	if p.Tour > 0 && p.View.Page == lab.TourStops[p.Tour-1].Page {
		return lab.TourStops[p.Tour-1].Ring
	}
	return ""
}
