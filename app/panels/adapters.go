package panels

import (
	"fmt"
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/lab/explain"
	"attnlab/app/session"
	"attnlab/rl/hyper"
)

// adaptersPanel chooses what a run over a model of free text trains, and says what that needs.
func (p *Page) adaptersPanel() app.UI {
	if !p.TrainsText() {
		return app.Text("")
	}
	var ranks []string
	for _, r := range p.Ranks() {
		ranks = append(ranks, strconv.Itoa(r))
	}
	rank := p.Rank()
	on := "attention"
	if p.AdaptsAll() {
		on = "all"
	}
	frozen := p.Capabilities.Model.Frozen
	return app.Div().Class("panel").ID("adapters").Body(
		app.H2().Text("What is trained"),
		app.P().Class("hint").Text(p.ProblemsToTrainOn()),
		app.Div().Class("fields").Body(
			app.Label().Body(app.Text("adapters"), p.menu("h."+hyper.LoRA.Name, "rank of adapters", strconv.Itoa(rank), ranks, func(s string) string {
				if s == "0" {
					return "none: all weights"
				}
				return "rank " + s
			})),
			app.If(rank > 0, func() app.UI {
				return app.Label().Body(app.Text("on"), p.menu("h."+hyper.LoRAOn.Name, "what has adapters", on, []string{"attention", "all"}, func(s string) string {
					return map[string]string{"attention": "attention", "all": "all matrices"}[s]
				}))
			}),
		),
		complaint(p.Wrong()[hyper.LoRA.Name]),
		p.adapterNeeds(),
		app.If(frozen, func() app.UI {
			return app.P().Class("hint").Text("The model lies on the device to run forward. Its weights stay as they are, and low-rank adapters are trained over them; without its adapters it is the reference.")
		}),
	)
}

// adapterNeeds is the memory plan of adapters.
func (p *Page) adapterNeeds() app.UI {
	weights, cache, step, ok := p.AdapterNeeds()
	if !ok {
		return app.Text("")
	}
	row := func(what string, bytes int64) app.UI {
		return app.Tr().Body(app.Th().Scope("row").Text(what), app.Td().Class("figure").Text(size(bytes)))
	}
	of := p.Capabilities.Model
	return app.Div().ID("adapter-needs").Body(
		app.Table().Class("table").Body(
			app.Caption().Class("hint").Text("It needs, beside the model that is open:"),
			app.TBody().Body(
				row("the model once more", weights),
				row(fmt.Sprintf("a training step of %s tokens", explain.Grouped(int64(of.Adapters.Tokens))), step),
				row("keys and values of a response", cache),
				row("together", weights+step+cache),
			),
		),
		app.P().Class("hint").Text("Responses are sampled together while their keys and values take at most 512 MB. WebGPU does not say how much memory a GPU has."),
	)
}

// headsField names the heads of attnpo; without any it finds them.
func (p *Page) headsField() app.UI {
	const name = "focus"
	input, why := p.textInput(name, p.FocusText(), "found by probing", "layer.head, counted from 0, such as 16.2, 20.9")
	_, bad := p.Refused[name]
	return app.Label().Class("wide", when(bad, "refused")).Body(app.Text("key-focus heads"), disabled(p.Fixed(), input), why)
}

// adapterExports are the buttons that export parts of a run that trains adapters.
func (p *Page) adapterExports(r session.Run) []app.HTMLButton {
	if !lab.TrainedAdapters(r.Settings) {
		return nil
	}
	return []app.HTMLButton{
		p.button("export-part:"+session.Adapter+":"+r.Info.ID, "", app.Text("Export adapter")).Title("The adapters as a zip file, as PEFT opens them over the model"),
		p.button("export-part:"+session.Merged+":"+r.Info.ID, "", app.Text("Export merged")).Title("The model with its adapters in its weights, as a zip file that transformers opens"),
	}
}
