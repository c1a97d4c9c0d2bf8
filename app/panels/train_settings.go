package panels

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// methodText says what a method does, in a sentence, and whose it is.
var methodText = map[string]struct{ name, does, source string }{
	pretrain: {"Pretraining", "From random weights: predict the next token of a teacher's worked solutions, until the model reasons by itself.", "the lab's own"},
	"sft":    {"SFT", "Go on with a teacher's worked solutions, without any reward: the plainest thing to do with more compute.", "the lab's own"},
	"grpo":   {"GRPO", "A response is credited with its reward less its group's mean, over the group's standard deviation, and every token alike.", "DeepSeekMath, arXiv 2402.03300, eq. 3 and 4"},
	"drgrpo": {"Dr. GRPO", "GRPO without the division by the standard deviation and by the response's length.", "arXiv 2503.20783"},
	"dapo":   {"DAPO", "GRPO with more room above the clip, groups of one outcome replaced by others, and a soft penalty for overlong responses.", "arXiv 2503.14476, eq. 8 to 13"},
	"tlmre":  {"TLMRE", "A correct response loses reward the longer it is among the correct ones; every token of it pays alike.", "Arora & Zanette, arXiv 2502.04463"},
	"treerl": {"TreeRL", "Branch responses at their most uncertain tokens; a piece of a response is credited with what its leaves gained over the root and over its parent.", "arXiv 2506.11902"},
	"attnrl": {"AttnRL", "Trees as in TreeRL that branch where later steps look back, and more often on hard problems.", "arXiv 2509.26628"},
	"attnpo": {"ATTNPO", "TLMRE, and then key-focus heads weigh the steps: redundant ones of good responses get less credit, needed ones of long responses are not charged.", "arXiv 2602.09953"},
	"rearl":  {"REA-RL", "Each response is cut where it has its result and finished anew; both compete in the group for accuracy, shortness and enough reflection.", "arXiv 2505.19862"},
}

func methodName(method string) string { return cmp.Or(methodText[method].name, method) }

// knobs are the hyper-parameters shown before all others.
var knobs = []string{"problems", "group", "initial", "points", "rollouts", "learning-rate", "tokens", "rate", "alpha", "heads", "negative", "branch", "delta", "cut", "length-weight"}

// methodPanel chooses the method and what the run starts from.
func (l *Lab) methodPanel() app.UI {
	p, text := l.Plan, methodText[l.Plan.Method]
	list := l.methods.Methods
	if len(list) == 0 {
		list = []string{p.Method}
	}
	if !slices.Contains(list, p.Method) {
		list = append([]string{p.Method}, list...)
	}
	wrong := l.wrong()
	field := func(label, name string, min, max int, value any) app.UI {
		return app.Label().Body(app.Text(label), disabled(l.fixed(), app.Input().Type("number").Min(min).Max(max).Step(1).DataSet("set", name).Value(value)))
	}
	difficulties := []string{"", "2-3", "2", "3", "4", "5", "6"}
	if !slices.Contains(difficulties, p.Difficulty) {
		difficulties = append(difficulties, p.Difficulty)
	}
	return app.Div().Class("panel").ID("method").Body(
		app.H2().Text("Method"),
		l.menu("method", "method", p.Method, list, methodName),
		app.P().Text(text.does),
		app.P().Class("hint").Text(text.source),
		complaint(wrong["method"]),
		app.Div().Class("fields").Body(
			app.Label().Body(app.Text(startsFrom(p.Method)), l.menu("run-model", startsFrom(p.Method), l.settings().Model, l.startModels(), l.modelName)),
			app.If(p.Method == pretrain || p.Method == "sft", func() app.UI {
				return app.Label().Body(app.Text("teacher"), l.menu("teacher", "teacher", p.Teacher, []string{"", "verdict", "recompute", "plain"}, func(s string) string { return cmp.Or(s, "usual") }))
			}),
			app.Label().Body(app.Text("difficulty"), l.menu("run-difficulty", "difficulty", p.Difficulty, difficulties, func(s string) string { return cmp.Or(s, "mixed") })),
			field("steps", "steps", 1, maxSteps, cmp.Or(p.Steps, usualSteps(p.Method))),
			field("seed", "run-seed", 0, 1<<31-1, p.Seed),
		),
		complaint(wrong["model"]),
		app.If(l.fixed(), func() app.UI {
			return app.P().Class("hint").Text("These are the settings of the run at work. Stop it to choose others.")
		}),
	)
}

func startsFrom(method string) string {
	if method == pretrain {
		return "size"
	}
	return "starts from"
}

// startModels are what a run of the plan's method can start from.
func (s *state) startModels() []string {
	if s.Plan.Method == pretrain {
		return presets
	}
	models := slices.Clone(s.capabilities.Bases)
	add := func(name string) {
		if name != "" && !slices.Contains(models, name) {
			models = append(models, name)
		}
	}
	add(s.capabilities.Model.Name)
	add(s.settings().Model)
	return models
}

// modelName is a model in a menu: a run's by the run's name.
func (s *state) modelName(name string) string {
	if id, ok := strings.CutPrefix(name, "run:"); ok {
		for _, r := range s.runs.Runs {
			if r.Info.ID == id {
				return fmt.Sprintf("%s, after step %d", r.Info.Name, r.Info.Step)
			}
		}
	}
	return name
}

// menu is a choice that is fixed while a run is at work.
func (l *Lab) menu(do, label, chosen string, values []string, name func(string) string) app.UI {
	return disabled(l.fixed(), choice(do, label, chosen, values, name))
}

// disabled makes a control one that cannot be used, if it is so.
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
func (l *Lab) settingsPanel() app.UI {
	rows := l.hyperRows()
	if len(rows) == 0 {
		text := "The hyper-parameters are shown once the engine is ready."
		if l.opened && len(l.methods.Rows) > 0 {
			text = "This method has no hyper-parameters."
		}
		return app.Div().Class("panel").ID("settings").Body(app.H2().Text("Hyper-parameters"), app.P().Class("hint").Text(text))
	}
	first, rest := []hyperRow{}, []hyperRow{}
	for _, r := range rows {
		if slices.Contains(knobs, r.Name) {
			first = append(first, r)
		} else {
			rest = append(rest, r)
		}
	}
	wrong := l.wrong()
	var unknown []string
	for name := range l.Plan.hyper() {
		if _, ok := l.hyperRow(name); !ok {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	more := len(rest)
	if l.Plan.Method != pretrain {
		more++ // the probe
	}
	all := app.Details().Class("own").ID("all-settings")
	if !l.folded["settings"] {
		all = all.Open(true)
	}
	return app.Div().Class("panel").ID("settings").Body(
		app.Div().Class("panel-head").Body(
			app.H2().Text("Hyper-parameters"),
			disabled(l.fixed() || l.Plan.Hyper == "" && len(l.mistyped) == 0, l.button("reset-all", "quiet", app.Text("Reset all"))),
		),
		app.Range(unknown).Slice(func(i int) app.UI {
			return app.Div().Class("knob wrong").Body(app.Span().Text(unknown[i]), l.button("reset:"+unknown[i], "tool", icon("undo")).Aria("label", "reset "+unknown[i]), complaint(wrong[unknown[i]]))
		}),
		app.Range(first).Slice(func(i int) app.UI { return l.knob(first[i], wrong[first[i].Name], false) }),
		app.If(more > 0, func() app.UI {
			return all.Body(
				app.Summary().DataSet("do", "fold:settings").Text(fmt.Sprintf("All settings, %d more", more)),
				app.If(!l.folded["settings"], func() app.UI {
					return app.Div().Class("knobs").Body(
						app.If(l.Plan.Method != pretrain, func() app.UI { return l.probeKnob() }),
						app.Range(rest).Slice(func(i int) app.UI { return l.knob(rest[i], wrong[rest[i].Name], true) }),
					)
				}),
			)
		}),
	)
}

// probeKnob is no hyper-parameter: it says how well the base is known.
func (l *Lab) probeKnob() app.UI {
	return app.Div().Class("knob").Body(
		app.Span().Class("knob-name").Body(l.term("probe", "probe")),
		disabled(l.fixed(), app.Input().ID("h-probe").Type("number").Min(0).Max(maxProbes).Step(1).DataSet("set", "probe").Value(l.Plan.Probe).Aria("label", "probe")),
		app.P().Class("hint").Text("Problems that the base is measured on before the first step; 0 is the usual number."),
	)
}

// knob is the control of a row, with a way back to the lab's value; said spells out what opening its name says.
func (l *Lab) knob(r hyperRow, wrong string, said bool) app.UI {
	id := "h-" + r.Name
	value := r.text(r.value(l.Plan))
	if text, ok := l.mistyped[r.Name]; ok {
		value = text
	}
	control := app.UI(disabled(l.fixed(), app.Input().ID(id).Type("number").Attr("min", plain(r.low())).Attr("max", plain(r.high())).Attr("step", "any").
		DataSet("set", "h."+r.Name).Value(value).Aria("invalid", strconv.FormatBool(wrong != "")).Aria("label", r.Name)))
	if len(r.Choices) > 0 {
		control = l.menu("h."+r.Name, r.Name, value, r.Choices, func(s string) string { return s })
	}
	_, differs := l.Plan.hyper()[r.Name]
	_, bad := l.mistyped[r.Name]
	return app.Div().Class("knob", when(wrong != "", "wrong"), when(differs || bad, "differs")).Body(
		app.Span().Class("knob-name").Body(
			app.Button().Type("button").Class("term", open(l.explain == "hyper:"+r.Name)).DataSet("do", "explain:hyper:"+r.Name).Text(r.Name),
			app.If(r.Symbol != "", func() app.UI { return symbol(r.Symbol) }),
		),
		control,
		disabled(l.fixed() || !differs && !bad, l.button("reset:"+r.Name, "tool", icon("undo")).Aria("label", "reset "+r.Name).Title("Back to "+r.text(r.lab(l.Plan.Method)))),
		app.If(said, func() app.UI {
			return app.P().Class("hint").Text(upperFirst(r.Meaning) + ". " + r.values(l.Plan.Method))
		}),
		complaint(wrong),
	)
}

// symbol is a paper's letter, with what stands low after a "_".
func symbol(s string) app.UI {
	letter, low, _ := strings.Cut(s, "_")
	return app.Span().Class("symbol").Body(app.Text(" "+letter), app.If(low != "", func() app.UI { return app.Sub().Text(low) }))
}

// values sets the paper's value beside the lab's.
func (r hyperRow) values(method string) string {
	paper, ok := r.Paper[method]
	lab := r.lab(method)
	switch {
	case !ok:
		return "The lab takes " + r.text(lab) + "."
	case paper == lab:
		return "The paper and the lab take " + r.text(lab) + "."
	}
	return "The paper takes " + r.text(paper) + ", the lab " + r.text(lab) + "."
}

// explainHyper opens the name of a hyper-parameter.
func explainHyper(s *state, name string) (Explanation, bool) {
	r, ok := s.hyperRow(name)
	if !ok {
		return Explanation{}, false
	}
	method := s.Plan.Method
	e := Explanation{Title: strings.TrimSpace(r.Name + " " + r.Symbol), Value: r.text(r.value(s.Plan)), Note: upperFirst(r.Meaning) + ".", Source: r.Source}
	if paper, ok := r.Paper[method]; ok {
		e.Terms = append(e.Terms, Term{Name: "the paper", Value: r.text(paper)})
	}
	e.Terms = append(e.Terms, Term{Name: "this lab's small models", Value: r.text(r.lab(method))})
	if len(r.Choices) > 0 {
		e.Total = "one of " + strings.Join(r.Choices, ", ")
	} else {
		e.Total = "from " + plain(r.low()) + " to " + plain(r.high())
	}
	return e, true
}

// chooseMethod plans another method: what of the hyper-parameters it has too stays.
func (l *Lab) chooseMethod(method string) {
	p := &l.Plan
	if (method == pretrain) != (p.Method == pretrain) {
		p.Model = "" // sizes are no bases
	}
	p.Method, p.Steps, l.mistyped = method, 0, nil
	values := p.hyper()
	maps.DeleteFunc(values, func(name string, _ float64) bool { _, ok := l.hyperRow(name); return !ok })
	p.setHyper(values)
}

// reset sets one hyper-parameter back.
func (l *Lab) reset(name string) {
	values := l.Plan.hyper()
	delete(values, name)
	l.Plan.setHyper(values)
	delete(l.mistyped, name)
}

// setHyper takes what was typed or chosen for a hyper-parameter. What cannot be read stays to be seen, beside what is
// wrong with it.
func (l *Lab) setHyper(name, text string) {
	r, ok := l.hyperRow(name)
	if !ok {
		return
	}
	l.reset(name)
	v, err := r.read(text)
	if i := slices.Index(r.Choices, text); i >= 0 {
		v, err = float64(i), nil
	}
	if err != nil {
		if l.mistyped == nil {
			l.mistyped = map[string]string{}
		}
		l.mistyped[name] = text
		return
	}
	if !r.isLab(l.Plan.Method, v) {
		values := l.Plan.hyper()
		values[name] = v
		l.Plan.setHyper(values)
	}
}

// setTrain gives a control of the Train page its value; false where it has no such control.
func (l *Lab) setTrain(name, value string) bool {
	whole := func(lo, hi int) int { return min(max(parse(value, lo, strconv.Atoi), lo), hi) }
	if name, ok := strings.CutPrefix(name, "h."); ok {
		if !l.fixed() {
			l.setHyper(name, value)
		}
		return true
	}
	p := &l.Plan
	switch name {
	case "method", "group":
		l.do(name + ":" + value)
	case "run-model":
		if p.Model = value; value == l.capabilities.Model.Name && p.Method != pretrain {
			p.Model = ""
		}
	case "teacher":
		p.Teacher = value
	case "run-difficulty":
		p.Difficulty = value
	case "run-seed":
		p.Seed = parse(value, p.Seed, parseSeed)
	case "steps":
		if p.Steps = whole(1, maxSteps); p.Steps == usualSteps(p.Method) {
			p.Steps = 0
		}
	case "probe":
		p.Probe = whole(0, maxProbes)
	case "x":
		if slices.Contains(curvesOver, value) {
			l.Curves.X = value
		}
	case "smooth":
		l.Curves.Smooth = whole(0, maxSmooth)
	case "awake":
		l.awake = value == "true"
		l.screen.keepAwake(l)
	default:
		return false
	}
	return true
}
