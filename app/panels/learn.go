package panels

import (
	"fmt"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// learnPage lists the lessons, with what was predicted and found in each.
func (l *Lab) learnPage() app.UI {
	return app.Div().Class("learn").Body(
		app.H1().Text("Learn"),
		app.P().Text("Five short lessons on the live pages. Each asks what you expect, runs an experiment on your own machine, and lays your prediction beside what was measured. None of the numbers are prepared."),
		app.Ol().Class("lessons").Body(app.Range(lessons).Slice(func(i int) app.UI { return l.lessonRow(i + 1) })),
		app.Div().Class("panel").Body(
			app.H2().Text("A first look"),
			app.P().Class("hint").Text("The guided tour shows the Trace and Heads pages in five stops."),
			app.Div().Class("buttons").Body(l.button("tour", "", app.Text("Take the tour, five steps"))),
		),
		app.Div().Class("panel").Body(
			app.H2().Text("Words"),
			app.P().Class("hint").Text(fmt.Sprintf("%d terms, each with its formula and source. Words with a dotted line open to their definition on every page.", len(glossary))),
			app.Div().Class("buttons").Body(app.A().Class("button").Href("#"+l.at(pageGlossary)).DataSet("do", "page:"+pageGlossary).Text("Open the glossary")),
		),
	)
}

// at is the address of another page at this view.
func (l *Lab) at(page string) string {
	v := l.View
	v.Page = page
	return v.String()
}

func (l *Lab) lessonRow(n int) app.UI {
	c, r := &lessons[n-1], l.record(n)
	end, past := l.endings[c.title]
	v := l.View
	v.Page, v.Lesson = c.steps[0].page, lessonAt{n, 1, r.guess}
	return app.Li().Body(
		app.Div().Body(
			app.H2().Body(app.A().Href("#"+v.String()).DataSet("do", fmt.Sprintf("lesson:%d.1", n)).Text(fmt.Sprintf("%d  %s", n, c.title))),
			app.P().Text(c.about),
			app.P().Class("hint").Body(app.Text(fmt.Sprintf("%s, on the page %s", plural(len(c.steps), "step"), pageTitle(c.steps[0].page)))),
		),
		app.If(r.guess > 0 || past, func() app.UI {
			return app.Div().Class("found").Body(
				app.P().Class("hint").Text(c.ask),
				app.If(r.guess > 0, func() app.UI { return app.P().Text("You said: " + c.choices[r.guess-1] + ".") }),
				app.If(r.tried, func() app.UI {
					f := c.find(c.measure(l.state), r.guess)
					found := f.says
					if f.settled {
						found = "Measured: " + c.choices[f.choice-1] + "."
					}
					return app.P().Class(when(f.settled, "settled")).Text(found)
				}).ElseIf(past, func() app.UI {
					return app.P().Class("before").Text(end.Says)
				}),
				app.If(!r.tried && past, func() app.UI {
					return app.P().Class("hint").Text("Last taken here: " + end.Numbers + ".")
				}),
			)
		}),
	)
}

// pageTitle is a page as its tab has it.
func pageTitle(page string) string {
	return map[string]string{pageTrace: "Trace", pageHeads: "Heads", pageTree: "Tree", pageTrain: "Train", pageCompare: "Compare", pageLearn: "Learn", pageGlossary: "Glossary"}[page]
}
