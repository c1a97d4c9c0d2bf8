package panels

import (
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab/explain"
	"attnlab/rl/task"
)

// row is a line of the trace with tokens: the problem or a step. go-app draws it again only when its Line has changed, so
// that neither a trace that grows nor a selection costs more than the lines it changes.
type row struct {
	app.Compo
	Line line
}

// line is all that a row shows.
type line struct {
	step     int // -1 is the problem
	start    int // its first token
	tokens   []string
	shades   []string // the colour class of each token
	cursor   int      // the token that is selected, as a position in the trace
	selected bool
	hovered  bool    // a figure points at it
	share    float64 // of the longest bar
	fci      string
	scored   bool
	explain  bool   // the number is open
	cut      bool   // attention to the step is removed
	words    string // what it says
	label    string
	byHand   bool   // a person gave the label
	forced   []bool // tokens that a person wrote; nil for none
	free     bool   // of free text, whose labels a person may give
}

// lines are what the rows of the trace show: the problem, the steps, and what comes after them.
func (p *Page) lines() (problem line, steps []line, answer line) {
	t := &p.Trace
	values := p.Quantity.OfTokens(t, p.Selection)
	lo, hi := p.Quantity.Span(values)
	_, top := explain.ByFCI.Span(explain.ByFCI.OfTokens(t, p.Selection))
	words, free := task.WordsOf(t.Task), p.FreeText()
	steps = make([]line, 0, len(t.Steps))
	of := func(step, start, end int) line {
		start = min(start, len(t.Tokens)) // a file can say anything
		end = max(start, min(end, len(t.Tokens)))
		n := line{step: step, start: start, tokens: t.Text[start:end], shades: make([]string, end-start), cursor: -1}
		for i := range n.shades {
			n.shades[i] = shade(values[start+i], lo, hi)
		}
		for i := range n.tokens {
			if t.Forced(start + i) {
				if n.forced == nil {
					n.forced = make([]bool, len(n.tokens))
				}
				n.forced[i] = true
			}
		}
		if at := p.Selection.Token; start <= at && at < end {
			n.cursor = at
		}
		return n
	}
	for k, step := range t.Steps {
		n, fci := of(k, step.Start, step.End), explain.StepFCI(t, p.Selection, k)
		n.cut, n.words = p.IsCut(k), words.Line(step.Text)
		if n.fci, n.label, n.scored = explain.Format(fci), step.Label, t.Scored(k); n.scored && top > 0 {
			n.share = fci / top
		}
		n.byHand, n.free = step.ByHand, free && t.Recorded == nil
		n.selected, n.hovered, n.explain = k == p.Selection.Step, k == p.Hovered, p.Explained == "fci:"+strconv.Itoa(k)
		steps = append(steps, n)
	}
	problem = of(-1, 0, t.PromptLength)
	problem.free, problem.words = free, words.Ask(p.PromptText())
	return problem, steps, of(-1, p.afterSteps(), len(t.Tokens))
}

// rows are the trace as text, a row a step.
func (p *Page) rows() app.UI {
	t := &p.Trace
	if len(t.Tokens) == 0 {
		return app.Ol().Class("rows empty").Body(app.Range(make([]int, 6)).Slice(func(int) app.UI {
			return app.Li().Class("row ghost").Aria("hidden", "true")
		}))
	}
	column := "FCI"
	if p.Selection.Head >= 0 {
		column = "FCI " + explain.HeadName(p.Selection.Layer, p.Selection.Head)
	}
	problem, steps, answer := p.lines()
	before := []app.UI{
		app.Li().Class("row heading").Body(
			app.Span().Class("no").Text("step"), app.Span().Class("tokens").Text("tokens"),
			app.Span().Class("fci").Body(p.term("fci", column)), app.Span().Class("label").Body(p.term("label", "label"))),
		&row{Line: problem},
	}
	var after []app.UI
	if len(answer.tokens) > 0 {
		after = append(after, app.Li().Class("row answer").DataSet("range", len(t.Steps)+1).Body(
			app.Span().Class("no").Title("the answer part").Text("="), answer.body(), app.Span().Class("fci"),
			app.Span().Class("label").Body(app.If(t.Complete, func() app.UI { return verdict(t) })),
		))
	}
	if !t.Complete {
		after = append(after, app.Li().Class("row more").Body(app.Span().Class("no").Text("…"),
			app.Span().Class("tokens").Body(p.button("forward", "quiet", app.Text("One "+p.Controls.Unit+" more")), p.button("generate", "quiet", app.Text("All of it")))))
	}
	prose := when(p.FreeText(), "prose")
	if len(steps) > wholeRows {
		return app.Div().ID("rows-box").Class("rows-box").TabIndex(0).Role("region").Aria("label", "the steps").Body(
			app.Div().ID("rows-with-arcs").Class("rows-with-arcs").Body(&gutter{Arcs: p.arcsOf(), page: p, in: p.drawing}, p.longRows(before, steps, after, prose), p.threads()))
	}
	list := before
	for _, n := range steps {
		list = append(list, &row{Line: n})
	}
	return app.Div().ID("rows-with-arcs").Class("rows-with-arcs").Body(&gutter{Arcs: p.arcsOf(), page: p, in: p.drawing}, app.Ol().Class("rows", prose).ID("rows").Body(append(list, after...)...), p.threads())
}

// Render draws the row.
func (r *row) Render() app.UI {
	n := r.Line
	if n.step < 0 {
		return app.Li().Class("row prompt").DataSet("range", 0).Body(
			app.Span().Class("no").Title("the problem").Text("?"), n.body(), app.Span().Class("fci"), app.Span().Class("label"))
	}
	at, name := strconv.Itoa(n.step), explain.StepName(n.step)
	return app.Li().Class("row", when(n.selected, "selected"), when(n.hovered, "hovered"), when(n.cut, "cut-off")).ID("step-"+at).DataSet("do", "step:"+at).DataSet("range", n.step+1).Body(
		app.Button().Type("button").Class("no").Aria("pressed", strconv.FormatBool(n.selected)).Aria("label", "step "+name+", "+n.label+". "+n.words).Text(name),
		n.body(),
		app.Span().Class("fci").Body(n.bar(), number("fci:"+at, n.fci, n.explain)),
		app.If(n.free, func() app.UI { return labelMenu(n) }).Else(func() app.UI { return badge(n.label) }),
	)
}

// bar is the FCI of the step; hatched where it is not scored.
func (n line) bar() app.UI {
	if n.scored {
		return bar(n.share)
	}
	return app.Span().Class("bar unscored").Title("not scored")
}

// body is the tokens of a line.
func (n line) body() app.UI {
	tokens := app.Span().Class("tokens")
	if n.free && n.step < 0 { // long prompts scroll, by keys too
		tokens = tokens.TabIndex(0).Role("group").Aria("label", "prompt")
	}
	return tokens.Body(app.Range(n.tokens).Slice(func(i int) app.UI {
		return app.Span().Class("tok", n.shades[i], when(n.start+i == n.cursor, "cursor"), when(explain.Special(n.tokens[i]), "special"), when(n.forced != nil && n.forced[i], "forced")).
			DataSet("do", "token:"+strconv.Itoa(n.start+i)).Text(explain.Visible(n.tokens[i]))
	}), app.If(n.words != "", func() app.UI { return app.Span().Class("words").Role("tooltip").Text(n.words) }))
}

// afterSteps is the first token after the prompt that belongs to no step.
func (p *Page) afterSteps() int {
	if n := len(p.Trace.Steps); n > 0 {
		return p.Trace.Steps[n-1].End
	}
	return p.Trace.PromptLength
}

// letter is the first letter of a label in its colour.
func letter(label string) app.UI {
	return app.Span().Class("badge label-"+label).Aria("hidden", "true").Text(strings.ToUpper(label[:1]))
}

// badge is a true label: a letter and a colour, and the word if it fits.
func badge(label string) app.UI {
	if label == "" {
		return app.Span().Class("label")
	}
	return app.Span().Class("label").Body(
		letter(label),
		app.Span().Class("word").Text(label),
	)
}
