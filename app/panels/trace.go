package panels

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/lab/explain"
	"attnlab/app/session"
	"attnlab/rl/task"
)

func (p *Page) tracePage() app.UI {
	return app.Div().Class("columns").Body(
		app.If(p.Example, p.introduction).Else(hidden), // so that the columns have the same places on both pages, see figuresColumn
		app.Section().Class("column controls").Aria("label", "problem and sampling").Body(
			p.later("controls", "problem", func() app.UI {
				if p.Recorded != "" {
					return p.recordedPanel()
				}
				return p.problemPanel()
			}),
			p.later("controls", "sampling", p.unlessRecorded(p.samplingPanel)),
		),
		app.Section().Class("column middle").Aria("label", "trace").Body(
			p.traceHead(),
			p.taskLine(),
			p.later("above", "cut", p.unlessRecorded(p.cutPanel)),
			p.later("above", "arc legend", p.arcLegend),
			p.later("rows", "rows of the trace", p.rows),
			p.later("below", "transport", p.transport),
			p.later("below", "cursor", p.cursorPanel),
			p.later("below", "edit", p.unlessRecorded(p.editPanel)),
			p.later("models", "inside", p.unlessRecorded(p.insidePanel)),
			p.later("models", "ablation", p.unlessRecorded(p.ablationPanel)),
			p.later("models", "patch", p.unlessRecorded(p.patchPanel)),
			p.later("answer", "answer", p.answerPanel),
			p.later("answer", "every step", p.unlessRecorded(p.everyStepPanel)),
			p.later("samples", "importance", p.unlessRecorded(p.importancePanel)),
			p.later("samples", "many", p.unlessRecorded(p.manyPanel)),
			p.later("samples", "beside", p.besidePanel),
		),
		p.figuresColumn(),
	)
}

// figuresColumn is the same on both pages, so that no figure has to start again when the page changes.
func (p *Page) figuresColumn() app.UI {
	return app.Section().Class("column figures").Aria("label", "attention").Body(
		p.headStrip(),
		p.figure("heads", "Heads by layer, as a figure", p.Page == lab.PageHeads),
		p.figure("matrix", "Attention between steps, as a matrix", true),
		p.stepPanel(),
		p.matrixTable(),
	)
}

// introduction says what the lab is for, above the worked example.
func (p *Page) introduction() app.UI {
	return app.Section().Class("introduction").Aria("label", "introduction").Body(
		app.H1().Text("Which steps of a model’s reasoning mattered? Cut one and see. Then train on the answer."),
		app.P().Body(
			app.Text("A small transformer reasons "+p.Place()+". Follow the "),
			p.term("attention", "attention"),
			app.Text(" between its "),
			p.term("step", "steps"),
			app.Text(", cut one, sample the rest again, then train by reinforcement learning and see it get shorter."),
		),
		app.Div().Class("buttons").Body(
			p.button("tour", "", app.Text("Take the tour")),
			app.A().Class("button quiet").Href("#page=learn").DataSet("do", "page:learn").Text("Seven lessons"),
			recordedLink(),
		),
	)
}

func (p *Page) problemPanel() app.UI {
	if p.FreeText() {
		return p.promptPanel()
	}
	kind, _ := task.Find(cmp.Or(p.Capabilities.Model.Task, p.Trace.Task))
	difficulties := []string{""}
	for level := max(1, kind.Levels.Min); level <= kind.Levels.Max; level++ {
		difficulties = append(difficulties, strconv.Itoa(level))
	}
	if !slices.Contains(difficulties, p.Controls.Difficulty) { // of a link
		difficulties = append(difficulties, p.Controls.Difficulty)
	}
	check := app.UI(app.P().Class("hint").ID("typed-check").Text(kind.Words.Typing))
	if p.Controls.Typed != "" && p.Checked.Text == p.Controls.Typed {
		if p.Checked.Error != "" {
			check = app.Div().ID("typed-check").Body(app.P().Class("hint bad").Text(p.Checked.Error), app.P().Class("hint").Text(kind.Words.Typing))
		} else {
			check = app.P().Class("hint good").ID("typed-check").Text("This problem is valid.")
		}
	}
	typed := app.Textarea().ID("typed").DataSet("set", "typed").Rows(3).Spellcheck(false).
		Placeholder(kind.Words.Example).Attr("value", p.Controls.Typed).Aria("label", "your problem").Aria("describedby", "typed-check")
	own := app.Details().Class("own")
	if p.Controls.Typed != "" {
		own = own.Open(true)
	}
	return app.Div().Class("panel").ID("problem").Body(
		app.H2().Text("Problem"),
		app.Div().Class("fields").Body(
			app.Label().Body(app.Text("difficulty"), choice("difficulty", "difficulty", p.Controls.Difficulty, difficulties, func(s string) string {
				if s == "" {
					return "mixed"
				}
				return s + " " + kind.Words.Unit
			})),
			p.numberField("seed", "seed", 0, math.MaxUint64, p.seedShown()),
		),
		app.Div().Class("buttons").Body(
			p.button("problem", "", icon("fresh"), app.Text("New problem")),
			p.button("example", "quiet", app.Text("Worked example")),
		),
		own.Body(
			app.Summary().Text("Type your own"),
			typed,
			check,
			p.button("typed", "", app.Text("Use this problem")),
		),
	)
}

func (p *Page) samplingPanel() app.UI {
	slider := func(id, value string, lo, hi int, at float64) app.UI {
		return app.Label().Class("slider").Body(
			app.Span().Body(p.term(id, id)),
			app.Input().ID(id).Type("range").Min(lo).Max(hi).DataSet("set", id).Value(math.Round(at*lab.SliderSteps)).Aria("label", id).Aria("valuetext", value),
			app.Output().Text(value),
		)
	}
	t := float64(p.Controls.Sampling.Temperature)
	temperature := fmt.Sprintf("%.2f", t)
	if t == 0 {
		temperature = "greedy"
	}
	topP := float64(p.Controls.Sampling.TopP)
	if topP == 0 {
		topP = 1
	}
	greedy := app.Input().Type("checkbox").DataSet("set", "greedy")
	if t == 0 {
		greedy = greedy.Checked(true)
	}
	return app.Div().Class("panel").ID("sampling").Body(
		app.H2().Text("Sampling"),
		slider("temperature", temperature, 0, lab.MaxTemperature*lab.SliderSteps, t),
		slider("top-p", fmt.Sprintf("%.2f", topP), 1, lab.SliderSteps, topP),
		app.Div().Class("fields").Body(
			app.Label().Class("check").Body(greedy, app.Text("greedy")),
			p.numberField("draw", "sampling seed", 0, math.MaxUint32, p.Controls.Sampling.Seed),
		),
		app.Div().Class("buttons").Body(p.generateButton()),
	)
}

// taskLine says how the task's problems are written.
func (p *Page) taskLine() app.UI {
	name := cmp.Or(p.Trace.Task, p.Capabilities.Model.Task)
	notation := task.WordsOf(name).Notation
	return app.P().Class("task-line").Body(app.If(notation != "", func() app.UI {
		return app.Span().Body(p.term(name, explain.UpperFirst(name)), app.Text(": "+notation))
	}))
}

// generateButton is the one thing to press: it generates, generates another, or stops.
func (p *Page) generateButton() app.UI {
	switch {
	case p.Status.Busy && p.Opened:
		return p.button("cancel", "primary", icon("stop"), app.Text("Stop")).Title("Stop (Esc)")
	case p.Recorded != "":
		return app.Span()
	case p.Trace.Complete && !p.Edited():
		return p.button("regenerate", when(!p.Example, "primary"), app.Text("Regenerate"))
	}
	return p.button("generate", "primary", app.Text("Generate"))
}

// traceHead summarises the trace and explains its colours.
func (p *Page) traceHead() app.UI {
	t := &p.Trace
	what := "No trace yet. Generate one, or step through it token by token."
	switch {
	case len(t.Tokens) == 0 && !p.Opened:
		what = "The engine is loading. The first trace appears when it is ready."
	case len(t.Tokens) == 0:
		what = "No problem yet. Draw a new one."
	case len(t.Tokens) > t.PromptLength:
		what = fmt.Sprintf("%s, %s of thought", explain.Plural(len(t.Steps), "step"), explain.Plural(max(0, t.Think[1]-t.Think[0]), "token"))
		switch {
		case t.Complete && t.Gold == "" && t.Found != "":
			what += ", answer " + t.Found
		case t.Complete && t.WellFormed && t.Gold != "":
			what += ", right answer " + t.Gold
		}
	case t.Gold != "":
		what = "Not generated yet. The right answer is " + t.Gold + "."
	}
	name := "Trace"
	switch {
	case p.Example:
		name = "A worked example"
	case t.Recorded != nil:
		name = t.Recorded.Model
	case len(t.Tokens) > 0 && t.Typed:
		name = "Your problem"
		if p.FreeText() {
			name = "Your prompt"
		}
	case len(t.Tokens) > 0:
		name = "Problem " + t.Seed.String()
	}
	q := p.Quantity
	lo, hi := q.Span(q.OfTokens(t, p.Selection))
	return app.Div().Class("trace-head").Body(
		app.Div().Body(
			app.If(p.Example, func() app.UI { return app.H2().Class("title").Text(name) }).Else(func() app.UI { return app.H1().Class("title").Text(name) }),
			app.P().Class("verdict").Body(app.Text(what), app.If(t.Complete, func() app.UI { return verdict(t) })),
		),
		app.Div().Class("colour").Body(
			app.Label().Body(app.Text("colour"), choice("colour", "colour of tokens", string(q), names(explain.TokenQuantities()), quantityName)),
			legend(q, lo, hi),
		),
	)
}

func verdict(t *session.Trace) app.UI {
	switch {
	case t.Wording != nil && t.Gold == "": // nobody knows
		return app.Text("")
	case t.Correct:
		return app.Span().Class("mark right").Text("✓ correct")
	case t.WellFormed:
		return app.Span().Class("mark false").Text("✗ not correct")
	}
	return app.Span().Class("mark false").Text("✗ no readable answer")
}

// legend is the colour scale with its ends.
func legend(q explain.Quantity, lo, hi float64) app.UI {
	const cells = 11
	unit := q.Unit()
	if unit != "" {
		unit = " " + unit
	}
	return app.Div().Class("legend").Aria("label", fmt.Sprintf("%s from %s to %s%s", q.Name(), explain.Format(lo), explain.Format(hi), unit)).Body(
		app.Span().Text(explain.Format(lo)),
		app.Span().Class("ramp").Body(app.Range(make([]int, cells)).Slice(func(i int) app.UI {
			return app.I().Class(shade(float64(i), 0, cells-1))
		})),
		app.Span().Text(explain.Format(hi)+unit),
	)
}

func (p *Page) transport() app.UI {
	play := p.button("play", "tool", icon("play")).Aria("label", "play")
	if p.Playing {
		play = p.button("play", "tool", icon("pause")).Aria("label", "pause")
	}
	return app.Div().Class("transport").ID("transport").Role("toolbar").Aria("label", "step through the trace").Body(
		p.button("back", "tool", icon("back")).Aria("label", "previous"),
		play,
		p.button("forward", "tool", icon("next")).Aria("label", "next"),
		app.Span().Class("by").Body(
			app.Text("by"),
			choice("unit", "go by", p.Controls.Unit, []string{"step", "token"}, func(s string) string { return s }),
		),
		app.Label().Class("by").Body(
			app.Text("speed"),
			app.Input().Type("range").Min(1).Max(20).Step(1).DataSet("set", "speed").Value(p.Controls.Speed).Aria("label", "speed").Aria("valuetext", fmt.Sprintf("%d per second", p.Controls.Speed)),
			app.Output().Text(fmt.Sprintf("%d/s", p.Controls.Speed)),
		),
		app.Span().Class("grow"),
		app.Span().Class("narrow-only").Body(p.generateButton()),
		p.button("save", "quiet", app.Text("Save")),
		p.button("open-trace", "quiet", app.Text("Open")),
	)
}

// cursorPanel is what the model thought at the selected token.
func (p *Page) cursorPanel() app.UI {
	t := &p.Trace
	i := p.Selection.Token
	if i < 0 || i >= len(t.Tokens) {
		return app.Div().Class("cursor-panel empty").Body(app.P().Class("hint").Text("Select a token, or move by tokens, to see what else the model could have written there."))
	}
	value := func(from []float32, sign float64) float64 {
		if i < len(from) {
			return sign * float64(from[i])
		}
		return math.NaN()
	}
	top := t.TopAt(i)
	at := strconv.Itoa(i)
	return app.Div().Class("cursor-panel").Body(
		app.Div().Class("facts").Body(
			app.H2().Body(app.Text("Token "+at+" "), app.Code().Text(explain.Visible(t.Text[i]))),
			fact("log p", p.number("logprob:"+at, explain.Format(value(t.LogProbs, 1)))),
			fact("entropy", p.number("entropy:"+at, explain.Format(value(t.Entropy, 1)))),
			fact("received", p.number("received:"+at, explain.Format(value(t.Received, 1)))),
		),
		app.Ol().Class("choices").Aria("label", "likeliest tokens at this place").Body(app.Range(top).Slice(func(n int) app.UI {
			c := top[n]
			return app.Li().Class(when(c.Token == t.Tokens[i], "taken")).Body(
				p.alternative(i, n, top), bar(float64(c.Prob)), app.Span().Class("figure").Text(fmt.Sprintf("%.3f", c.Prob)))
		})),
		app.If(len(top) == 0, func() app.UI {
			return app.P().Class("hint").Text("The first token is given; the model does not predict it.")
		}),
	)
}

func fact(name string, value app.UI) app.UI {
	return app.Span().Class("fact").Body(app.Span().Text(name), value)
}
