// Package panels is the page of the lab, written as go-app components, a page a file. It draws a [lab.Lab] and holds no
// state of its own.
//
// Everything that can be pressed has data-do="action" or data-do="action:argument", every control data-set. Package lab
// defines what they do.
package panels

import (
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
)

// Page is the page.
type Page struct {
	app.Compo
	*lab.Lab

	browser *browser
	linked  linksOf // what was drawn last
	drawing *later  // whose parts are drawn
}

// NewPage is a page at the view of a link, which is the part of an address after the #.
func NewPage(link lab.Link, hash string, example lab.Example) *Page {
	return &Page{Lab: lab.New(link, hash, example)}
}

// OnMount opens the session.
func (p *Page) OnMount(ctx app.Context) {
	p.browser = &browser{ctx: ctx, session: p.Session()}
	p.browser.listen(p)
	p.Open(p.browser, p.browser.stored)
	for _, do := range p.browser.early() {
		p.Do(do)
	}
	go p.Listen(func(take func()) {
		ctx.Dispatch(func(app.Context) { take() })
	})
}

// Render draws the page.
func (p *Page) Render() app.UI {
	return app.Div().ID("lab").Class("lab").DataSet("page", p.Page).DataSet("tour", strconv.Itoa(p.Tour)).DataSet("lesson", p.View.Lesson.String()).DataSet("ring", p.ring()).
		OnClick(p.pressed).OnInput(p.changed).OnChange(p.changed).Body(
		p.header(),
		p.banners(),
		app.Main().ID("main").TabIndex(-1).Body(p.content()),
		p.footer(),
		p.explanation(),
		p.tourCard(),
		p.lessonCard(),
		p.dialogs(),
		p.toasts(),
	)
}

// content is the page that is chosen.
func (p *Page) content() app.UI {
	switch p.Page {
	case lab.PageHeads:
		return p.headsPage()
	case lab.PageTree:
		return p.treePage()
	case lab.PageTrain:
		return p.trainPage()
	case lab.PageCompare:
		return p.comparePage()
	case lab.PageLearn:
		return p.learnPage()
	case lab.PageGlossary:
		return p.glossaryPage()
	case lab.PageBench:
		return p.benchPage()
	}
	return p.tracePage()
}
