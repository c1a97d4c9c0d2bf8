package panels

import (
	"fmt"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/rl/runs"
)

// verdicts says in words what the chosen runs show, group by group.
func (p *Page) verdicts() app.UI {
	all := lab.Verdicts(lab.Standings(p.ChosenRuns()))
	return app.If(len(all) > 0, func() app.UI {
		return app.Section().Class("verdicts").ID("verdicts").Aria("label", "what these runs show").Body(
			app.Ul().Body(app.Range(all).Slice(func(i int) app.UI {
				v := all[i]
				return app.Li().Body(swatch(v.Method), app.Strong().Text(v.Name), app.Text(" "+v.Says()))
			})),
			app.P().Class("hint").Text(fmt.Sprintf("Ends are means of the last %d steps on training problems, each drawn for the first time; bases are measured on others. Intervals: Student's t over seeds.", runs.RecentSteps)),
		)
	})
}

// contrasts sets each pair of groups beside each other.
func (p *Page) contrasts() app.UI {
	all := lab.Contrasts(lab.Standings(p.ChosenRuns()))
	return app.If(len(all) > 0, func() app.UI {
		return app.Div().Class("results").TabIndex(0).Role("region").Aria("label", "groups against each other").Body(app.Table().Class("table").ID("contrasts").Body(
			app.Caption().Text("Each pair of groups at the end: mean difference over shared seeds with its 95 % interval (Student's t). What is called shown has p < .05 after Holm's adjustment for all of these tests."),
			app.THead().Body(app.Tr().Body(
				app.Th().Scope("col").Text("group"), app.Th().Scope("col").Text("against"), numberColumn("shared seeds"),
				app.Th().Scope("col").Text("think tokens"), app.Th().Scope("col").Text("accuracy"),
			)),
			app.TBody().Body(app.Range(all).Slice(func(i int) app.UI {
				c := all[i]
				return app.Tr().Body(app.Th().Scope("row").Text(c.A), app.Td().Text(c.B), app.Td().Class("figure").Text(c.N), app.Td().Text(c.SaysLength()), app.Td().Text(c.SaysRight()))
			})),
		))
	})
}
