package panels

import (
	"fmt"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/lab/explain"
	"attnlab/app/lab/glossary"
	"attnlab/app/lab/lessons"
)

// learnPage lists the lessons, with what was predicted and found in each.
func (p *Page) learnPage() app.UI {
	return app.Div().Class("learn").Body(
		app.H1().Text("Learn"),
		app.P().Text("Eight short lessons on the live pages. Each asks what you expect, runs an experiment, and compares your prediction with the measurement. Seven run "+p.Place()+"; the last counts the runs that the lab ships."),
		app.Ol().Class("lessons").ID("lessons").Body(app.Range(lessons.All).Slice(func(i int) app.UI { return p.lessonRow(i + 1) })),
		app.Div().Class("panel").Body(
			app.H2().Text("A first look"),
			app.P().Class("hint").Text(fmt.Sprintf("The guided tour has %d stops: it cuts a step, finds heads, grows a tree, and ends with training.", len(lab.TourStops))),
			app.Div().Class("buttons").Body(p.button("tour", "", app.Text("Take the tour"))),
		),
		app.Div().Class("panel").Body(
			app.H2().Text("Words"),
			app.P().Class("hint").Text(fmt.Sprintf("%d terms, each with its formula and source. On every page, words with a dotted line open their definition.", len(glossary.Entries))),
			app.Div().Class("buttons").Body(app.A().Class("button").Href("#"+p.at(lab.PageGlossary)).DataSet("do", "page:"+lab.PageGlossary).Text("Open the glossary")),
		),
	)
}

// at is the address of another page at this view.
func (p *Page) at(page string) string {
	v := p.View
	v.Page = page
	return v.String()
}

func (p *Page) lessonRow(n int) app.UI {
	c, r := &lessons.All[n-1], p.Record(n)
	end, past := p.Endings[c.Title]
	v := p.View
	v.Page, v.Lesson = c.Steps[0].Page, lab.LessonPlace{Lesson: n, Step: 1, Guess: r.Guess}
	return app.Li().Body(
		lessonPicture(n),
		app.Div().Body(
			app.H2().Body(app.A().Href("#"+v.String()).DataSet("do", fmt.Sprintf("lesson:%d.1", n)).Text(fmt.Sprintf("%d  %s", n, c.Title))),
			app.P().Text(c.About),
			app.P().Class("hint").Body(app.Text(fmt.Sprintf("about %s · %s · on %s", explain.Plural(c.Minutes, "minute"), explain.Plural(len(c.Steps), "part"), pageTitle(c.Steps[0].Page)))),
		),
		app.If(r.Guess > 0 || past, func() app.UI {
			return app.Div().Class("found").Body(
				app.P().Class("hint").Text(c.Ask),
				app.If(r.Guess > 0, func() app.UI { return app.P().Text("You predicted: " + c.Choices[r.Guess-1] + ".") }),
				app.If(r.Tried, func() app.UI {
					f := c.Find(c.Measure(&p.Snapshots, &r.Gathering), r.Guess)
					found := f.Says
					if f.Settled {
						found = "Measured: " + c.Choices[f.Choice-1] + "."
					}
					return app.P().Class(when(f.Settled, "settled")).Text(found)
				}).ElseIf(past, func() app.UI {
					return app.P().Class("before").Text(end.Says)
				}),
				app.If(!r.Tried && past, func() app.UI {
					return app.P().Class("hint").Text("Last result here: " + end.Numbers + ".")
				}),
			)
		}),
	)
}

// pageTitle is a page as its tab has it.
func pageTitle(page string) string {
	return map[string]string{lab.PageTrace: "Trace", lab.PageHeads: "Heads", lab.PageTree: "Tree", lab.PageTrain: "Train", lab.PageCompare: "Compare", lab.PageLearn: "Learn", lab.PageGlossary: "Glossary", lab.PageBench: "Benchmark"}[page]
}
