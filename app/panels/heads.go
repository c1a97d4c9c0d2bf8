package panels

import (
	"fmt"
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
	"attnlab/rl/score"
)

func (p *Page) headsPage() app.UI {
	return app.Div().Class("columns").Body(
		hidden(),
		app.Section().Class("column controls").Aria("label", "measurements").Body(
			p.needsModel("find its heads and cut steps"),
			p.later("controls", "find", p.findPanel),
			p.later("controls", "disrupt", p.disruptPanel),
		),
		app.Section().Class("column middle").Aria("label", "heads").Body(
			p.gridHead(),
			p.later("multiples", "multiples", func() app.UI {
				if len(p.Trace.All) == 0 {
					return nil
				}
				return p.figure("multiples", "Attention between steps, head by head", true)
			}),
			p.later("grid", "head controls", p.headControls),
			p.later("grid", "grid", p.grid),
			p.later("measured", "key-focus heads", p.keyFocus),
			p.later("measured", "published heads", p.published),
			p.later("ranks", "ranks", func() app.UI {
				if p.Heads.Of == 0 {
					return nil
				}
				return p.figure("ranks", "Heads ranked by step ranking accuracy", true)
			}),
			p.later("measured", "held out", p.heldOut),
			p.later("measured", "beside the position", p.besidePosition),
			p.later("measured", "disruption", p.disruptionTable),
			p.later("models", "ablation", p.unlessRecorded(p.ablationPanel)),
			app.Div().Class("trace-head").Body(app.Div().Body(app.H2().Text("The trace"), app.P().Class("hint").Text("Choose a step: FCI, focus and the cut are shown for it."))),
			p.later("rows", "rows of the heads", p.rows),
		),
		p.figuresColumn(),
	)
}

func (p *Page) findPanel() app.UI {
	run := p.button("heads", "primary", app.Text("Find key-focus heads"))
	if p.Status.Busy && p.Status.Stage == "finding heads" {
		run = p.button("cancel", "primary", icon("stop"), app.Text("Stop"))
	}
	return app.Div().Class("panel").ID("find").Body(
		app.H2().Body(p.term("key-focus head", "Key-focus heads")),
		app.P().Class("hint").Body(
			app.Text("Samples responses to fresh problems and ranks every head by how well its focus separates needed from redundant steps ("),
			p.term("SRA", "SRA"), app.Text(")."),
		),
		app.Div().Class("fields").Body(p.numberField("problems", "problems", 1, session.MaxProblems, p.Controls.Problems)),
		app.Div().Class("buttons").Body(run),
		app.If(p.Heads.Of > 0, func() app.UI {
			return app.Div().Body(
				app.Progress().Max(p.Heads.Of).Value(p.Heads.Problems).Aria("label", "problems done"),
				app.P().Class("hint").Text(fmt.Sprintf("%d of %d problems, %d pairs", p.Heads.Problems, p.Heads.Of, p.Heads.Pairs)),
			)
		}),
	)
}

func (p *Page) disruptPanel() app.UI {
	which := app.UI(app.P().Class("hint").Text("Choose a step of the trace first."))
	if k := p.Selection.Step; k >= 0 && k < len(p.Trace.Steps) {
		which = app.P().Class("chosen-step").Text(fmt.Sprintf("Step %d: %s", k+1, p.Trace.Steps[k].Text))
	}
	busy := p.Status.Busy && p.Opened
	one := p.button("disrupt", "", app.Text("Cut attention to this step"))
	many := p.button("disrupt-many", "", app.Text("Cut steps in many problems"))
	return app.Div().Class("panel").ID("disrupt").Body(
		app.H2().Body(p.term("disruption", "Disruption")),
		which,
		app.Div().Class("fields").Body(p.numberField("samples", "samples", 1, session.MaxSamples, p.Controls.Samples)),
		app.Div().Class("buttons").Body(one),
		app.P().Class("hint").Body(app.Text("Or pick steps by FCI (top 20 % and the others), by entropy (top 20 %) and by chance, in as many problems as above, with "), p.term("standard error", "standard errors"), app.Text(".")),
		app.Div().Class("buttons").Body(many),
		app.If(busy, func() app.UI {
			return app.Div().Class("buttons").Body(p.button("cancel", "quiet", icon("stop"), app.Text("Stop")))
		}),
	)
}

func (p *Page) gridHead() app.UI {
	q := p.Grid
	of := "mean over the steps of this trace"
	s, ok := q.OfHead()
	if k := p.Selection.Step; k >= 0 {
		of = "on step " + explain.StepName(k) + " of this trace"
	}
	if ok && s.OfTrace {
		of = "over the steps of this trace"
	}
	if ok && s.ManyTraces {
		of = "not measured yet: find the key-focus heads"
		if p.Heads.Problems > 0 {
			of = "over " + explain.Plural(p.Heads.Problems, "problem")
		}
	}
	lo, hi := q.Span(q.OfHeads(&p.Trace, &p.Heads, p.Selection))
	return app.Div().Class("trace-head").Body(
		app.Div().Body(app.H1().Text("Heads"), app.P().Class("verdict").Body(
			app.Text(q.Name()+", "+of),
			app.If(p.Trace.Layers*p.Trace.Heads > 0 && p.Selection.Layer >= 0, func() app.UI {
				at := fmt.Sprintf("%d.%d", p.Selection.Layer, p.Selection.Head)
				return app.Span().Body(app.Text(". "), p.number("head-"+string(q)+":"+at, explain.HeadName(p.Selection.Layer, p.Selection.Head)+" explained"))
			}),
		)),
		app.Div().Class("colour").Body(
			app.Label().Body(app.Text("colour"), choice("grid", "colour of heads", string(q), names(explain.HeadQuantities()), quantityName)),
			legend(q, lo, hi),
		),
	)
}

func (p *Page) isKeyFocus(layer, head int) bool {
	for _, h := range p.Heads.KeyFocus {
		if h == [2]int{layer, head} {
			return true
		}
	}
	return false
}

func (p *Page) keyFocus() app.UI {
	if len(p.Heads.KeyFocus) == 0 {
		return app.P().Class("hint").Text("Choose a head to filter the trace and the matrix. Choose it again to show all heads.")
	}
	if p.Heads.Ranked < 2 {
		return app.P().Class("hint").Text("Too few responses have both a needed and a redundant step to rank heads.")
	}
	sra := explain.BySRA.OfHeads(&p.Trace, &p.Heads, p.Selection)
	return app.P().Class("key-focus").Body(
		app.Text("Key-focus heads: "),
		app.Range(p.Heads.KeyFocus).Slice(func(i int) app.UI {
			h := p.Heads.KeyFocus[i]
			name := explain.HeadName(h[0], h[1])
			if n := h[0]*p.Heads.Heads + h[1]; n < len(sra) {
				name += " " + explain.Format(sra[n])
			}
			return app.Button().Type("button").Class("chip").DataSet("do", fmt.Sprintf("head:%d.%d", h[0], h[1])).Text(name)
		}),
	)
}

func (p *Page) disruptionTable() app.UI {
	d := &p.Disruption
	if len(d.Groups) == 0 {
		return app.Div().Class("no-results")
	}
	what := "Attention cut to a step of many problems"
	if d.Step >= 0 {
		what = "Attention cut to step " + explain.StepName(d.Step) + " of this trace"
	}
	measured := func(v, se float64) app.UI {
		return app.Td().Class("figure").Body(app.Text(explain.Format(v)), app.Span().Class("se").Text(explain.PlusMinus(se)))
	}
	return app.Div().Class("results").TabIndex(0).Role("region").Aria("label", "attention cut to steps").Body(
		app.Table().Class("table").Body(
			app.Caption().Text(what),
			app.THead().Body(app.Tr().Body(
				app.Th().Scope("col").Text("step"), app.Th().Scope("col").Class("figure").Text("n"),
				app.Th().Scope("col").Class("figure").Text("accuracy, control"), app.Th().Scope("col").Class("figure").Text("accuracy, cut"), app.Th().Scope("col").Class("figure").Text("lost"),
			)),
			app.TBody().Body(app.Range(d.Groups).Slice(func(i int) app.UI {
				g := d.Groups[i]
				return app.Tr().Body(
					app.Th().Scope("row").Text(score.StepChoice(g.Pick).Title()), app.Td().Class("figure").Text(g.N),
					measured(g.Control, g.ControlSE), measured(g.Disrupted, g.DisruptedSE),
					app.Td().Class("figure").Body(p.number("group:"+strconv.Itoa(i), explain.Format(g.Loss)), app.Span().Class("se").Text(explain.PlusMinus(g.LossSE))),
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
		app.Summary().Text("One continuation, intact and cut: "+score.StepChoice(g.Pick).Title()),
		app.Div().Class("pair").Body(
			app.Div().Body(app.H2().Text("control"), app.Pre().Text(g.ExampleIntact)),
			app.Div().Body(app.H2().Text("attention cut"), app.Pre().Text(g.Example)),
		),
	)
}
