package panels

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab/explain"
	"attnlab/rl/score"
)

// figure is a drawing in a frame of its own, which follows the session; it can be folded away, and opened in a window. It
// is loaded after the engine, so that it does not hold up the first answer.
func (p *Page) figure(name, title string, here bool) app.UI {
	kinds := []string{"svg", "png", "csv"}
	if name == "followed" {
		kinds = append(kinds, "gif")
	}
	return p.figureSavedAs(kinds, name, title, here)
}

// measuredFigure is the figure of a measurement, whose panel saves its numbers.
func (p *Page) measuredFigure(name, title string) app.UI {
	return p.figureSavedAs([]string{"svg", "png"}, name, title, true)
}

func (p *Page) figureSavedAs(kinds []string, name, title string, here bool) app.UI {
	view := app.UI(app.Div().Class("frame waiting").Body(app.Span().Text("The figure appears when the engine is ready. The table below has its numbers.")))
	if p.Figures && p.Link.Session != "" {
		view = &frame{Name: name, Title: title, Address: p.figureAddress(name), Height: p.figureHeight(name)}
	}
	details := app.Details().Class("figure").ID("figure-" + name)
	if p.Folded[name] {
		view = app.Div().Class("frame folded") // a figure that cannot be seen does not run
	} else {
		details = details.Open(true)
	}
	return app.Div().Class("figure-box", when(!here, "elsewhere")).Body(
		details.Body(app.Summary().DataSet("do", "fold:"+name).Body(app.Span().Text(title)), view),
		app.Div().Class("figure-tools").Body(
			app.If(p.Figures && !p.Folded[name], func() app.UI {
				return app.Span().Body(app.Range(kinds).Slice(func(i int) app.UI { return saveFigure(kinds[i], name, title) }))
			}),
			p.ownWindow(name, title),
		),
	)
}

// figureAddress is the address of a figure's document, with the options that the page has chosen.
func (p *Page) figureAddress(name string) string {
	return "./" + p.Link.Folder + "figure.html#figure=" + name + "&session=" + p.Link.Session + "&theme=" + p.Theme + p.figureOptions()
}

// figureHeight is the height in pixels of a figure with a row for each line of its data; 0 leaves it to the style sheet.
func (p *Page) figureHeight(name string) int {
	switch name {
	case "losses":
		return lossesHeight(len(p.Losses.Steps))
	case "importance":
		return lossesHeight(len(p.Importances.Steps))
	case "samples":
		return samplesHeight(len(p.Samples.Responses))
	case "followed":
		return followedHeight(&p.Followed)
	}
	return 0
}

// ownWindow is the link that opens a figure in a window of its own.
func (p *Page) ownWindow(name, title string) app.UI {
	return app.A().Class("tool").Href(p.figureAddress(name)).Target("_blank").Rel("noopener").Aria("label", title+", in a window of its own").Title("In a window of its own").Body(icon("out"))
}

// saveFigure is the button that saves a figure as a file of a kind: svg, png, gif or csv.
func saveFigure(kind, name, title string) app.UI {
	upper := strings.ToUpper(kind)
	return app.Button().Type("button").Class("quiet").DataSet("do", "figure-"+kind+":"+name).Title("Save as "+upper).Aria("label", upper+": save "+title).Text(upper)
}

// mostPips is how many heads the strip shows at once at most. Of a larger model it shows one layer.
const mostPips = 64

// numbers are the numbers from 0 to below n, as text.
func numbers(n int) (list []string) {
	for i := range n {
		list = append(list, strconv.Itoa(i))
	}
	return list
}

// headStrip is every head small: choosing one filters trace, figures and table.
func (p *Page) headStrip() app.UI {
	t := &p.Trace
	values := explain.ByFCI.OfHeads(t, &p.Heads, p.Selection)
	lo, hi := explain.ByFCI.Span(values)
	large := t.Layers*t.Heads > mostPips
	what := "all heads, maximum"
	if p.Selection.Head >= 0 {
		what = explain.HeadName(p.Selection.Layer, p.Selection.Head) + " alone"
	}
	return app.Div().Class("strip").ID("strip").Role("group").Aria("label", "heads").Body(
		app.Span().Class("strip-name").Body(p.term("head", "heads"), app.Text(": "+what)),
		app.If(large, func() app.UI {
			return app.Label().Class("strip-choice").Body(app.Text("layer"), choice("strip-layer", "layer of the strip", strconv.Itoa(p.ShownLayer()), numbers(t.Layers), func(s string) string { return s }))
		}),
		app.Div().Class("strip-layers").Body(app.Range(make([]int, t.Layers)).Slice(func(layer int) app.UI {
			if large && layer != p.ShownLayer() {
				return app.Text("")
			}
			return app.Div().Class("strip-layer").Body(
				app.Span().Text("L"+strconv.Itoa(layer)),
				app.Range(make([]int, t.Heads)).Slice(func(h int) app.UI {
					i := layer*t.Heads + h
					class, name := "", explain.HeadName(layer, h)
					if i < len(values) {
						class, name = shade(values[i], lo, hi), name+", FCI "+explain.Format(values[i])
					}
					selected := layer == p.Selection.Layer && h == p.Selection.Head
					return app.Button().Type("button").Class("pip", class, when(selected, "selected"), when(p.isKeyFocus(layer, h), "key")).
						DataSet("do", fmt.Sprintf("head:%d.%d", layer, h)).Aria("pressed", strconv.FormatBool(selected)).Aria("label", name).Title(name)
				}),
			)
		})),
	)
}

// stepPanel is what is known of the selected step.
func (p *Page) stepPanel() app.UI {
	t, k := &p.Trace, p.Selection.Step
	if k < 0 || k >= len(t.Steps) {
		return app.Div().Class("step-panel").ID("step-panel").Body(
			app.P().Class("hint").Text("Select a step to see what looks back at it."),
			app.Div().Class("buttons").Body(p.button("step-top", "quiet", app.Text("The step with the highest FCI"))),
		)
	}
	at := strconv.Itoa(k)
	where := "max over heads"
	if p.Selection.Head >= 0 {
		where = "in " + explain.HeadName(p.Selection.Layer, p.Selection.Head)
	}
	layer, head := p.Selection.Layer, p.Selection.Head
	if head < 0 {
		layer, head = p.BestHeadOf(k)
	}
	focus := t.FocusIn(layer, head, k)
	step := t.Steps[k]
	return app.Div().Class("step-panel").ID("step-panel").Body(
		app.Div().Class("facts").Body(
			app.H2().Text("Step "+explain.StepName(k)),
			badge(step.Label),
			fact("FCI, "+where, p.number("fci:"+at, explain.Format(explain.StepFCI(t, p.Selection, k)))),
			fact("answer focus, "+explain.HeadName(layer, head), p.number(fmt.Sprintf("head-focus:%d.%d", layer, head), explain.Format(focus))),
			app.Range(t.StepScores).Slice(func(i int) app.UI {
				s, err := score.Find(t.StepScores[i].Name)
				if err != nil || s.Name == score.FCI.Name || s.Control { // FCI is shown above, in the selected head
					return app.Text("")
				}
				return fact(s.Title, p.number("score:"+s.Name+":"+at, explain.Format(explain.StepScore(t, s.Name, k))))
			}),
		),
		app.Div().Class("buttons").Body(
			p.button("disrupt", "", app.Text("Cut attention to it")),
			app.If(p.Disruption.Step == k && len(p.Disruption.Groups) > 0, func() app.UI {
				g := p.Disruption.Groups[0]
				return app.Span().Class("outcome").Body(
					app.Text(fmt.Sprintf("accuracy %s → %s, lost ", explain.Format(g.Control), explain.Format(g.Disrupted))),
					p.number("group:0", explain.Format(g.Loss)), app.Text(explain.PlusMinus(g.LossSE)+" ("+explain.N(g.N)+")"))
			}),
		),
	)
}

// matrixTable is the step matrix as a table: for screen readers, and for copying. It has many cells, so it is made only
// when it is open.
func (p *Page) matrixTable() app.UI {
	t := &p.Trace
	K := len(t.Steps)
	table := func(content app.UI) app.UI {
		return app.Details().Class("as-table").Open(!p.Folded["table"]).Body(app.Summary().DataSet("do", "fold:table").Text("The attention as a table"), content)
	}
	switch {
	case p.Folded["table"]:
		return table(app.Div())
	case K == 0 || len(t.Attention) != t.Ranges()*t.Ranges():
		return table(app.P().Class("hint").Text("There is no attention yet."))
	}
	if K > wholeRows {
		return table(p.stepTable())
	}
	last := K + 1
	if t.Answer[1] <= t.Answer[0] {
		last = K
	}
	name := func(j int) string {
		switch j {
		case 0:
			return "prompt"
		case K + 1:
			return "answer"
		}
		return explain.StepName(j - 1)
	}
	pay := func(j, k int) float64 {
		if p.Selection.Head >= 0 {
			return explain.Attention(t, p.Selection.Layer, p.Selection.Head, j, k)
		}
		return float64(t.Attention[j*t.Ranges()+k])
	}
	hi := 0.0
	for j := range last + 1 {
		for k := range j + 1 {
			hi = math.Max(hi, pay(j, k))
		}
	}
	where := "maximum over heads"
	if p.Selection.Head >= 0 {
		where = explain.HeadName(p.Selection.Layer, p.Selection.Head)
	}
	return table(
		app.Div().Class("scroll").TabIndex(0).Body(app.Table().Class("matrix").Body(
			app.Caption().Text("What a token of the row pays to a token of the column, mean over both; "+where),
			app.THead().Body(app.Tr().Body(app.Th().Scope("col").Text("from \\ to"),
				app.Range(make([]int, last+1)).Slice(func(k int) app.UI { return app.Th().Scope("col").Text(name(k)) }))),
			app.TBody().Body(app.Range(make([]int, last+1)).Slice(func(j int) app.UI {
				return app.Tr().Body(app.Th().Scope("row").Text(name(j)),
					app.Range(make([]int, j+1)).Slice(func(k int) app.UI {
						v := pay(j, k)
						return app.Td().Class("figure", shade(v, 0, hi)).Text(explain.Format(v))
					}))
			})),
		)),
	)
}
