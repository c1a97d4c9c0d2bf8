package panels

import (
	"fmt"
	"slices"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// glossaryPage has every word, in the order of the alphabet, each with an anchor.
func (l *Lab) glossaryPage() app.UI {
	words := slices.SortedFunc(slices.Values(glossary), func(a, b entry) int {
		return strings.Compare(strings.ToLower(a.word), strings.ToLower(b.word))
	})
	return app.Div().Class("learn").Body(
		app.H1().Text("Glossary"),
		app.P().Class("hint").Text(fmt.Sprintf("%d terms. A source marked “second-hand” is known to us from summaries of the paper; where it says “by its code”, the code decides.", len(words))),
		app.Dl().Class("glossary").Body(app.Range(words).Slice(func(i int) app.UI {
			e := words[i]
			v := l.View
			v.Page, v.Term = pageGlossary, e.word
			return app.Div().ID(anchor(e.word)).Class("entry", when(l.View.Term == e.word, "selected")).Body(
				app.Dt().Body(app.A().Href("#"+v.String()).DataSet("do", "term:"+e.word).Text(e.word)),
				app.Dd().Body(
					app.P().Text(e.means),
					app.If(e.formula != "", func() app.UI { return app.P().Class("formula").Text(e.formula) }),
					app.If(e.source != "", func() app.UI { return app.P().Class("hint").Text(e.source) }),
				),
			)
		})),
	)
}

// anchor is the id of a word's entry.
func anchor(word string) string { return "term-" + strings.ReplaceAll(word, " ", "-") }
