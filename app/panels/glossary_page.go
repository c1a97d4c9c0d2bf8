package panels

import (
	"fmt"
	"slices"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// glossaryPage has every word, or those that are sought, in the order of the alphabet, each with an anchor.
func (l *Lab) glossaryPage() app.UI {
	words := slices.SortedFunc(slices.Values(glossary), func(a, b entry) int {
		return strings.Compare(strings.ToLower(a.word), strings.ToLower(b.word))
	})
	all := len(words)
	words = slices.DeleteFunc(words, func(e entry) bool { return !e.says(l.sought) })
	return app.Div().Class("learn").Body(
		app.H1().Text("Glossary"),
		app.P().Class("hint").Text(fmt.Sprintf("%d terms. A source marked “second-hand” is known to us from summaries of the paper; where it says “by its code”, the code decides.", all)),
		app.Input().Class("filter").Type("search").DataSet("set", "sought").Placeholder("Find a term").Aria("label", "find a term").Value(l.sought),
		app.If(len(words) == 0, func() app.UI {
			return app.P().Class("hint").Role("status").Text("No entry says this; take other words or fewer letters.")
		}),
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
