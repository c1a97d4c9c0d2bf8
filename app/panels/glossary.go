package panels

import (
	"fmt"
	"slices"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/lab/glossary"
)

// glossaryPage has every word, or those that are sought, in the order of the alphabet, each with an anchor.
func (p *Page) glossaryPage() app.UI {
	words := slices.SortedFunc(slices.Values(glossary.Entries), func(a, b glossary.Entry) int {
		return strings.Compare(strings.ToLower(a.Word), strings.ToLower(b.Word))
	})
	all := len(words)
	words = slices.DeleteFunc(words, func(e glossary.Entry) bool { return !e.Says(p.Sought) })
	return app.Div().Class("learn").Body(
		app.H1().Text("Glossary"),
		app.P().Class("hint").Text(fmt.Sprintf("%d terms. A source marked “second-hand” was read in summaries of the paper. “By its code” means that the published code decides.", all)),
		app.Input().Class("filter").Type("search").DataSet("set", "sought").Placeholder("Find a term").Aria("label", "find a term").Value(p.Sought),
		app.If(len(words) == 0, func() app.UI {
			return app.P().Class("hint").Role("status").Text("No entry matches. Try other words or fewer letters.")
		}),
		app.Dl().Class("glossary").Body(app.Range(words).Slice(func(i int) app.UI {
			e := words[i]
			v := p.View
			v.Page, v.Term = lab.PageGlossary, e.Word
			return app.Div().ID(glossary.Anchor(e.Word)).Class("entry", when(p.View.Term == e.Word, "selected")).Body(
				app.Dt().Body(app.A().Href("#"+v.String()).DataSet("do", "term:"+e.Word).Text(e.Word)),
				app.Dd().Body(
					app.P().Text(e.Means),
					app.If(e.Formula != "", func() app.UI { return app.P().Class("formula").Text(e.Formula) }),
					app.If(e.Source != "", func() app.UI { return app.P().Class("hint").Text(e.Source) }),
				),
			)
		})),
	)
}
