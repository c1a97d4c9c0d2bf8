package panels

import (
	"fmt"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab/explain"
)

// mostLinks is how many links the table of a long trace lists.
const mostLinks = 40

// stepTable is the attention of a long trace as a table: the links of the selected step, or the strongest of all. All of them would be
// tens of thousands of cells.
func (p *Page) stepTable() app.UI {
	l := p.linksOf()
	if l.ranges == 0 {
		return app.P().Class("hint").Text("There is no attention yet.")
	}
	what, links := "The strongest links", l.shown
	if k := p.Selection.Step; k >= 0 && k < len(p.Trace.Steps) {
		what, links = "The strongest links of step "+explain.StepName(k), l.of(k+1, 0)
	}
	where := "largest over heads"
	if p.Selection.Head >= 0 {
		where = explain.HeadName(p.Selection.Layer, p.Selection.Head)
	}
	links = links[max(0, len(links)-mostLinks):]
	end := func(i int) app.UI {
		name := rangeName(i, len(p.Trace.Steps))
		if i < 1 || i > len(p.Trace.Steps) {
			return app.Text(name)
		}
		return app.Button().Type("button").Class("quiet link").DataSet("do", fmt.Sprintf("step:%d", i-1)).Text(name)
	}
	return app.Div().Class("scroll").TabIndex(0).Body(app.Table().Class("table").Body(
		app.Caption().Text(fmt.Sprintf("%s, %s: what a token of the reader pays to a token of what it reads", what, where)),
		app.THead().Body(app.Tr().Body(app.Th().Scope("col").Text("reader"), app.Th().Scope("col").Text("reads"), app.Th().Scope("col").Class("figure").Text("per token"))),
		app.TBody().Body(app.Range(links).Slice(func(i int) app.UI {
			link := links[len(links)-1-i]
			return app.Tr().Body(app.Td().Body(end(link.Reader)), app.Td().Body(end(link.Read)), app.Td().Class("figure").Text(explain.Format(link.Attention)))
		})),
	))
}
