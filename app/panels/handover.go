package panels

import (
	"strings"

	"attnlab/app/session"
	"attnlab/rl/runs"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// handOvers are the buttons that hand a run over to trainers on many machines. Runs that learn from demonstrations and logs of other trainers
// have none; why another run cannot be handed over, the engine says.
func (p *Page) handOvers(i session.RunInfo, method, class string) (buttons []app.HTMLButton) {
	if m, ok := p.Methods.Of(method); !ok || m.Teacher || strings.HasPrefix(i.From, runs.ForeignFrom) {
		return nil
	}
	for _, to := range p.Methods.Trainers {
		buttons = append(buttons, p.button("export-part:"+to.Name+":"+i.ID, class, app.Text("Hand over to "+to.Title)).
			Title("The run as a project for "+to.Title+" on many machines, as a zip file: model, problems, rewards, settings and a README"))
	}
	return buttons
}
