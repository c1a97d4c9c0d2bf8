package panels

import (
	"fmt"
	"strconv"

	"attnlab/app/session"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

func (l *Lab) headsPage() app.UI {
	return app.Div().Class("columns").Body(
		app.Section().Class("column controls").Aria("label", "measurements").Body(
			l.findPanel(),
			l.disruptPanel(),
		),
		app.Section().Class("column middle").Aria("label", "heads").Body(
			l.gridHead(),
			l.grid(),
			l.keyFocus(),
			l.disruptionTable(),
			app.Div().Class("trace-head").Body(app.Div().Body(app.H2().Text("The trace"), app.P().Class("hint").Text("Choose the step that FCI, focus and the cut are about."))),
			l.rows(),
		),
		l.figuresColumn(),
	)
}

func (l *Lab) findPanel() app.UI {
	run := l.button("heads", "primary", app.Text("Find key-focus heads"))
	if l.status.Busy && l.status.Stage == "finding heads" {
		run = l.button("cancel", "primary", icon("stop"), app.Text("Stop"))
	}
	return app.Div().Class("panel").ID("find").Body(
		app.H2().Body(l.term("key-focus head", "Key-focus heads")),
		app.P().Class("hint").Body(
			app.Text("Samples responses to fresh problems and ranks every head by how well its focus tells needed from redundant steps ("),
			l.term("SRA", "SRA"), app.Text(")."),
		),
		app.Div().Class("fields").Body(app.Label().Body(app.Text("problems"), app.Input().Type("number").Min(1).Max(2048).Step(1).DataSet("set", "problems").Value(l.problems))),
		app.Div().Class("buttons").Body(run),
		app.If(l.heads.Of > 0, func() app.UI {
			return app.Div().Body(
				app.Progress().Max(l.heads.Of).Value(l.heads.Problems).Aria("label", "problems done"),
				app.P().Class("hint").Text(fmt.Sprintf("%d of %d problems, %d pairs", l.heads.Problems, l.heads.Of, l.heads.Pairs)),
			)
		}),
	)
}

func (l *Lab) disruptPanel() app.UI {
	which := "Choose a step first."
	if k := l.Selection.Step; k >= 0 && k < len(l.trace.Steps) {
		which = fmt.Sprintf("Step %d: %s", k+1, l.trace.Steps[k].Text)
	}
	busy := l.status.Busy && l.opened
	one := l.button("disrupt", "", app.Text("Cut attention to this step"))
	many := l.button("disrupt-many", "", app.Text("Cut steps in many problems"))
	return app.Div().Class("panel").ID("disrupt").Body(
		app.H2().Body(l.term("disruption", "Disruption")),
		app.P().Class("chosen-step").Text(which),
		app.Div().Class("fields").Body(app.Label().Body(app.Text("samples"), app.Input().Type("number").Min(1).Max(512).Step(1).DataSet("set", "samples").Value(l.samples))),
		app.Div().Class("buttons").Body(one),
		app.P().Class("hint").Body(app.Text("Or pick steps by FCI (top 20 % and the others), by entropy (top 20 %) and by chance, in as many problems as above, with "), l.term("standard error", "standard errors"), app.Text(".")),
		app.Div().Class("buttons").Body(many),
		app.If(busy, func() app.UI {
			return app.Div().Class("buttons").Body(l.button("cancel", "quiet", icon("stop"), app.Text("Stop")))
		}),
	)
}

func (l *Lab) gridHead() app.UI {
	q := l.Grid
	of := "mean over the steps of this trace"
	if k := l.Selection.Step; k >= 0 {
		of = "on step " + stepName(k) + " of this trace"
	}
	if q == bySRA || q == byKurtosis {
		of = "not measured yet: find the key-focus heads"
		if l.heads.Problems > 0 {
			of = "over " + plural(l.heads.Problems, "problem")
		}
	}
	lo, hi := q.span(q.ofHeads(&l.trace, &l.heads, l.Selection))
	return app.Div().Class("trace-head").Body(
		app.Div().Body(app.H1().Text("Heads"), app.P().Class("verdict").Body(
			app.Text(q.Name()+", "+of),
			app.If(l.trace.Layers*l.trace.Heads > 0 && l.Selection.Layer >= 0, func() app.UI {
				at := fmt.Sprintf("%d.%d", l.Selection.Layer, l.Selection.Head)
				return app.Span().Body(app.Text(". "), l.number("head-"+string(q)+":"+at, headName(l.Selection.Layer, l.Selection.Head)+" explained"))
			}),
		)),
		app.Div().Class("colour").Body(
			app.Label().Body(app.Text("colour"), choice("grid", "colour of heads", string(q), names(headQuantities), quantityName)),
			legend(q, lo, hi),
		),
	)
}

// grid is every head, a row a layer; the numbers of a chosen head open.
func (l *Lab) grid() app.UI {
	t := &l.trace
	if t.Layers*t.Heads == 0 {
		return app.P().Class("hint").Text("The heads are shown once there is a trace.")
	}
	values := l.Grid.ofHeads(t, &l.heads, l.Selection)
	lo, hi := l.Grid.span(values)
	return app.Table().Class("grid").ID("grid").Body(
		app.Caption().Class("unseen").Text("Heads by layer"),
		app.THead().Body(app.Tr().Body(
			app.Th().Scope("col").Text("layer"),
			app.Range(make([]int, t.Heads)).Slice(func(h int) app.UI { return app.Th().Scope("col").Text("H" + strconv.Itoa(h)) }),
		)),
		app.TBody().Body(app.Range(make([]int, t.Layers)).Slice(func(layer int) app.UI {
			return app.Tr().Body(
				app.Th().Scope("row").Text("L"+strconv.Itoa(layer)),
				app.Range(make([]int, t.Heads)).Slice(func(h int) app.UI { return l.headCell(layer, h, values, lo, hi) }),
			)
		})),
	)
}

func (l *Lab) headCell(layer, head int, values []float64, lo, hi float64) app.UI {
	i := layer*l.trace.Heads + head
	text, class := "–", ""
	if i < len(values) {
		text, class = format(values[i]), shade(values[i], lo, hi)
	}
	selected := layer == l.Selection.Layer && head == l.Selection.Head
	at := fmt.Sprintf("%d.%d", layer, head)
	return app.Td().Body(
		app.Button().Type("button").Class("cell", class, when(selected, "selected"), when(l.isKeyFocus(layer, head), "key")).DataSet("do", "head:"+at).
			Aria("pressed", strconv.FormatBool(selected)).Aria("label", headName(layer, head)+", "+l.Grid.Name()+" "+text).Text(text),
	)
}

func (l *Lab) isKeyFocus(layer, head int) bool {
	for _, h := range l.heads.KeyFocus {
		if h == [2]int{layer, head} {
			return true
		}
	}
	return false
}

func (l *Lab) keyFocus() app.UI {
	if len(l.heads.KeyFocus) == 0 {
		return app.P().Class("hint").Text("Choosing a head filters the trace and the matrix; choosing it again shows all.")
	}
	sra := bySRA.ofHeads(&l.trace, &l.heads, l.Selection)
	return app.P().Class("key-focus").Body(
		app.Text("Key-focus heads: "),
		app.Range(l.heads.KeyFocus).Slice(func(i int) app.UI {
			h := l.heads.KeyFocus[i]
			name := headName(h[0], h[1])
			if n := h[0]*l.heads.Heads + h[1]; n < len(sra) {
				name += " " + format(sra[n])
			}
			return app.Button().Type("button").Class("chip").DataSet("do", fmt.Sprintf("head:%d.%d", h[0], h[1])).Text(name)
		}),
	)
}

func pickName(pick string) string {
	switch pick {
	case "fci":
		return "FCI, top 20 %"
	case "other":
		return "the other 80 %"
	case "entropy":
		return "entropy, top 20 %"
	case "random":
		return "random"
	case "step":
		return "you"
	}
	return pick
}

func (l *Lab) disruptionTable() app.UI {
	d := &l.disruption
	if len(d.Groups) == 0 {
		return app.Div().Class("no-results")
	}
	what := "Attention cut to a step of many problems"
	if d.Step >= 0 {
		what = "Attention cut to step " + stepName(d.Step) + " of this trace"
	}
	measured := func(v, se float64) app.UI {
		return app.Td().Class("figure").Body(app.Text(format(v)), app.Span().Class("se").Text(" ± "+format(se)))
	}
	return app.Div().Class("results").Body(
		app.Table().Class("table").Body(
			app.Caption().Text(what),
			app.THead().Body(app.Tr().Body(
				app.Th().Scope("col").Text("step picked by"), app.Th().Scope("col").Class("figure").Text("n"),
				app.Th().Scope("col").Class("figure").Text("accuracy, control"), app.Th().Scope("col").Class("figure").Text("accuracy, cut"), app.Th().Scope("col").Class("figure").Text("lost"),
			)),
			app.TBody().Body(app.Range(d.Groups).Slice(func(i int) app.UI {
				g := d.Groups[i]
				loss, se := lossOf(g)
				return app.Tr().Body(
					app.Th().Scope("row").Text(pickName(g.Pick)), app.Td().Class("figure").Text(g.N),
					measured(g.Control, g.ControlSE), measured(g.Disrupted, g.DisruptedSE),
					app.Td().Class("figure").Body(l.number("group:"+strconv.Itoa(i), format(loss)), app.Span().Class("se").Text(" ± "+format(se))),
				)
			})),
		),
		app.Range(d.Groups).Slice(func(i int) app.UI { return example(d.Groups[i]) }),
	)
}

// example sets one intact and one disrupted rest side by side.
func example(g session.DisruptionGroup) app.UI {
	if g.Example == "" && g.ExampleIntact == "" {
		return app.Div().Hidden(true)
	}
	return app.Details().Class("example").Body(
		app.Summary().Text("One continuation, intact and cut, of a step picked by "+pickName(g.Pick)),
		app.Div().Class("pair").Body(
			app.Div().Body(app.H3().Text("control"), app.Pre().Text(g.ExampleIntact)),
			app.Div().Body(app.H3().Text("attention cut"), app.Pre().Text(g.Example)),
		),
	)
}
