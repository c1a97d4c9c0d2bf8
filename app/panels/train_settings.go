package panels

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/lab/explain"
	"attnlab/app/session"
	"attnlab/rl/hyper"
	"attnlab/rl/runs"
	freetext "attnlab/rl/task/text"
)

// methodPanel chooses the method and what the run starts from.
func (p *Page) methodPanel() app.UI {
	planned := p.Plan
	about, _ := p.Methods.Of(planned.Method)
	list := p.Methods.Names()
	if len(list) == 0 {
		list = []string{planned.Method}
	}
	if !slices.Contains(list, planned.Method) {
		list = append([]string{planned.Method}, list...)
	}
	wrong := p.Wrong()
	field := func(label, name string, lo, hi uint64, value any) app.UI {
		input, why := p.numberInput(name, lo, hi, value)
		return app.Label().Body(app.Text(label), disabled(p.Fixed(), input), why)
	}
	kind := p.PlanTask()
	levels, unit := kind.Levels, kind.Words.Unit
	if p.TrainsText() {
		levels, unit = freetext.Levels, "operations"
	}
	difficulties := []string{""}
	for level := levels.Min; level <= levels.Max; level++ {
		difficulties = append(difficulties, strconv.Itoa(level))
	}
	if !slices.Contains(difficulties, planned.Difficulty) { // of a link, such as 2-3
		difficulties = append(difficulties, planned.Difficulty)
	}
	return app.Div().Class("panel").ID("method").Body(
		app.H2().Text("Method"),
		p.menu("method", "method", planned.Method, list, p.Title),
		app.P().Text(about.Summary),
		app.P().Class("hint").Text(about.Source),
		complaint(wrong["method"]),
		app.Div().Class("fields").Body(
			app.Label().Body(app.Text(lab.StartsFrom(planned.Method)), p.menu("run-model", lab.StartsFrom(planned.Method), p.Settings().Model, p.StartModels(), p.ModelName)),
			app.If(about.Teacher, func() app.UI {
				return app.Label().Body(app.Text("teacher"), p.menu("teacher", "teacher", planned.Teacher, append([]string{""}, kind.Teachers...), func(s string) string { return cmp.Or(s, "usual") }))
			}),
			app.If(!p.TrainsText() || !p.TrainsOwn(), func() app.UI {
				return app.Label().Body(app.Text("difficulty"), p.menu("run-difficulty", "difficulty", planned.Difficulty, difficulties, func(s string) string {
					if _, err := strconv.Atoi(s); err == nil {
						return s + " " + unit
					}
					return cmp.Or(s, "mixed")
				}))
			}),
			field("steps", "steps", 1, session.MaxSteps, cmp.Or(planned.Steps, p.UsualSteps(planned.Method))),
			field("seed", "run-seed", 0, math.MaxUint64, planned.Seed),
			app.If(about.Heads, p.headsField),
			p.besideField(),
		),
		complaint(wrong["model"]),
		complaint(wrong["beside"]),
		app.If(p.Fixed(), func() app.UI {
			return app.P().Class("hint").Text("These are the settings of the current run. Stop the run to choose others.")
		}),
	)
}

// menu is a choice that is disabled while a run fixes the settings.
func (p *Page) menu(do, label, chosen string, values []string, name func(string) string) app.UI {
	return disabled(p.Fixed(), choice(do, label, chosen, values, name))
}

// disabled disables a control on a condition.
func disabled[T interface{ Disabled(bool) T }](is bool, control T) T {
	if is {
		return control.Disabled(true)
	}
	return control
}

func complaint(text string) app.UI {
	return app.If(text != "", func() app.UI { return app.P().Class("hint bad").Role("alert").Text(text) })
}

// settingsPanel has the hyper-parameters: the few that matter most, and all the others on demand. Both are made from the
// engine's one table.
func (p *Page) settingsPanel() app.UI {
	rows := p.HyperRows()
	if len(rows) == 0 {
		text := "The hyper-parameters appear once the engine is ready."
		if p.Opened && len(p.Methods.Methods) > 0 {
			text = "This method has no hyper-parameters."
		}
		return app.Div().Class("panel").ID("settings").Body(app.H2().Text("Hyper-parameters"), app.P().Class("hint").Text(text))
	}
	first, rest := hyper.Table{}, hyper.Table{}
	for _, r := range rows {
		if p.TrainsText() && (r.Name == hyper.LoRA.Name || r.Name == hyper.LoRAOn.Name) {
			continue // beside their memory
		}
		if slices.Contains(lab.Knobs, r.Name) {
			first = append(first, r)
		} else {
			rest = append(rest, r)
		}
	}
	wrong := p.Wrong()
	var unknown []string
	for name := range p.Plan.HyperValues() {
		if _, ok := p.HyperRow(name); !ok {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	more := len(rest)
	if p.Plan.Method != runs.Pretrain {
		more += 4 // the probe, the held-out problems and the saved rollouts
	}
	all := app.Details().Class("own").ID("all-settings")
	if !p.Folded["settings"] {
		all = all.Open(true)
	}
	return app.Div().Class("panel").ID("settings").Body(
		app.Div().Class("panel-head").Body(
			app.H2().Text("Hyper-parameters"),
			disabled(p.Fixed() || p.Plan.Hyper == "" && len(p.Mistyped) == 0, p.button("reset-all", "quiet", app.Text("Reset all"))),
		),
		app.Range(unknown).Slice(func(i int) app.UI {
			return app.Div().Class("knob wrong").Body(app.Span().Text(unknown[i]), p.button("reset:"+unknown[i], "tool", icon("undo")).Aria("label", "reset "+unknown[i]), complaint(wrong[unknown[i]]))
		}),
		app.Range(first).Slice(func(i int) app.UI { return p.knob(first[i], wrong[first[i].Name], false) }),
		app.If(more > 0, func() app.UI {
			return all.Body(
				app.Summary().DataSet("do", "fold:settings").Text(fmt.Sprintf("All settings, %d more", more)),
				app.If(!p.Folded["settings"], func() app.UI {
					return app.Div().Class("knobs").Body(
						app.If(p.Plan.Method != runs.Pretrain, func() app.UI { return p.probeKnob() }),
						app.If(p.Plan.Method != runs.Pretrain, p.heldOutKnobs),
						app.If(p.Plan.Method != runs.Pretrain, p.rolloutsKnob),
						app.Range(rest).Slice(func(i int) app.UI { return p.knob(rest[i], wrong[rest[i].Name], true) }),
					)
				}),
			)
		}),
	)
}

// probeKnob sets how precisely the base is measured. It is not a hyper-parameter.
func (p *Page) probeKnob() app.UI {
	input, why := p.numberInput("probe", 0, session.MaxProblems, p.Plan.Probe)
	return app.Div().Class("knob").Body(
		app.Span().Class("knob-name").Body(p.term("probe", "probe")),
		disabled(p.Fixed(), input.Aria("label", "probe")),
		why,
		app.P().Class("hint").Text("Problems on which the base is measured before the first step; 0 is the default, 256."),
	)
}

// heldOutKnobs set on how many held-out problems the run is measured while it trains, and how often.
func (p *Page) heldOutKnobs() app.UI {
	problems, every := p.HeldOut()
	knob := func(name, says string, input app.HTMLInput, why app.UI) app.UI {
		return app.Div().Class("knob").Body(
			app.Span().Class("knob-name").Body(p.term("held-out accuracy", name)),
			disabled(p.Fixed(), input.Aria("label", name)),
			why,
			app.P().Class("hint").Text(says),
		)
	}
	input, why := p.numberInput("held-out", 0, session.MaxProblems, problems)
	gap, whyGap := p.numberInput("held-out-every", 1, session.MaxTokens, every)
	return app.Div().Class("knobs").Body(
		knob("held-out", "Fixed problems that the policy is measured on while it trains, the same for all runs of a task; 0 is none.", input, why),
		knob("held-out-every", "Generated tokens between two such measurements.", gap, whyGap),
	)
}

// rolloutsKnob sets of how many problems the responses are saved.
func (p *Page) rolloutsKnob() app.UI {
	input, why := p.numberInput("save-rollouts", 0, 100, p.Plan.SavedShare())
	return app.Div().Class("knob").Body(
		app.Span().Class("knob-name").Body(p.term("rollout", "saved rollouts")),
		disabled(p.Fixed(), input.Aria("label", "saved rollouts, percent")),
		why,
		app.P().Class("hint").Text("Percent of the problems whose responses are saved with the run, to be browsed later; 0 saves none. “attnlab train --save-rollouts” takes the same as a share from 0 to 1."),
	)
}

// knob is the control of a row with a button for the lab's value. said adds the explanation that its name opens.
func (p *Page) knob(r hyper.Param, wrong string, said bool) app.UI {
	id := "h-" + r.Name
	value := p.ValueOf(r)
	if text, ok := p.Mistyped[r.Name]; ok {
		value = text
	}
	input := disabled(p.Fixed(), app.Input().ID(id).Type("number").Attr("min", lab.Plain(r.Min)).Attr("max", lab.Plain(r.Max)).Attr("step", "any").
		DataSet("set", "h."+r.Name).Value(value).Aria("invalid", strconv.FormatBool(wrong != "")).Aria("label", r.Name))
	if wrong != "" {
		input = input.Aria("describedby", id+"-why")
	}
	control := app.UI(input)
	if len(r.Choices) > 0 {
		control = p.menu("h."+r.Name, r.Name, value, r.Choices, func(s string) string { return s })
	}
	_, differs := p.Plan.HyperValues()[r.Name]
	_, bad := p.Mistyped[r.Name]
	return app.Div().Class("knob", when(wrong != "", "wrong"), when(differs || bad, "differs")).Body(
		app.Span().Class("knob-name").Body(
			app.Button().Type("button").Class("term", open(p.Explained == "hyper:"+r.Name)).DataSet("do", "explain:hyper:"+r.Name).Text(r.Name),
			app.If(r.Symbol != "", func() app.UI { return symbol(r.Symbol) }),
		),
		control,
		disabled(p.Fixed() || !differs && !bad, p.button("reset:"+r.Name, "tool", icon("undo")).Aria("label", "reset "+r.Name).Title("Back to "+r.Lab.String())),
		app.If(said, func() app.UI {
			return app.P().Class("hint").Text(explain.UpperFirst(r.Meaning) + ". " + lab.PaperAndLab(r))
		}),
		app.If(wrong != "", func() app.UI { return app.P().ID(id + "-why").Class("hint bad").Role("alert").Text(wrong) }),
	)
}

// symbol is a paper's letter, with its subscript after a "_".
func symbol(s string) app.UI {
	letter, low, _ := strings.Cut(s, "_")
	return app.Span().Class("symbol").Body(app.Text(" "+letter), app.If(low != "", func() app.UI { return app.Sub().Text(low) }))
}
