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
