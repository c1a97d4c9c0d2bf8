package panels

import (
	"fmt"
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/lab/explain"
	"attnlab/app/session"
)

// besidePanel sets a saved trace beside the one that is shown: lines aligned, the first difference marked.
func (p *Page) besidePanel() app.UI {
	c, ok := p.Differences()
	open := "Compare with a saved trace…"
	if ok {
		open = "Another trace…"
	}
	return app.Section().Class("panel beside").ID("beside").Aria("label", "comparison with a saved trace").Body(
		app.H2().Text("How does another trace differ?"),
		app.P().Class("hint").Text("Sets a trace that was saved beside this one: of another seed, of another model, or of this one before and after training."),
		app.Div().Class("buttons").Body(
			p.button("open-beside", "", app.Text(open)),
			app.If(ok, func() app.UI { return p.button("close-beside", "quiet", app.Text("Close")) }),
		),
		app.If(ok, func() app.UI { return p.comparison(c) }),
	)
}

// comparison says where two traces part, and has their lines.
func (p *Page) comparison(c *lab.Differences) app.UI {
	here, there := &p.Trace, &p.Beside.Trace
	parts := "All tokens are the same."
	if c.First >= 0 {
		parts = fmt.Sprintf("They first differ at token %d of the response, in line %d. %d of %s are the same.", c.Token+1, c.First+1, c.Equal(here, there), explain.Plural(len(c.Pairs), "line"))
	}
	return app.Div().Class("losses").Body(
		app.P().Class("verdict").Aria("live", "polite").Text(parts),
		app.If(!c.SameProblem, func() app.UI {
			return app.P().Class("hint").Text("The problem of the saved trace is another one: " + shortened(problemText(lab.PromptOf(there)), 200))
		}),
		app.P().Class("hint").Body(app.Text(colourOf(c)+" "), app.If(c.Top > 0, func() app.UI { return signedLegend(c.Top) })),
		sideBySide(c, here, there, "this trace", p.Beside.Name),
		app.Div().Class("buttons").Body(p.button("save-beside", "quiet", app.Text("CSV"))),
	)
}

// sideBySide is the table of the lines of two traces, the first difference marked.
func sideBySide(c *lab.Differences, here, there *session.Trace, nameHere, nameThere string) app.UI {
	return app.Div().Class("scroll").TabIndex(0).Role("region").Aria("label", "lines of both traces").Body(app.Table().Class("table side-by-side").Body(
		app.Caption().Class("unseen").Text("Lines of both traces, aligned"),
		app.THead().Body(app.Tr().Body(columnHead("line"), columnHead(nameHere+": "+traceFacts(here)), columnHead(nameThere+": "+traceFacts(there)))),
		app.TBody().Body(app.Range(c.Pairs).Slice(func(i int) app.UI {
			pair := c.Pairs[i]
			name := app.Th().Scope("row").Body(app.Text(strconv.Itoa(i + 1)))
			if i == c.First {
				name = app.Th().Scope("row").Body(app.Text(strconv.Itoa(i+1)+" "), app.Span().Class("first").Text("first difference"))
			}
			return app.Tr().Class(when(c.Same(pair, here, there), "same"), when(i == c.First, "parts")).Body(name,
				lineCell(here, c.Here, pair[0], here.PromptLength+c.Token, c, false), lineCell(there, c.There, pair[1], there.PromptLength+c.Token, c, true))
		})),
	))
}

// lineCell is a line of one of two compared traces. parts is the first token that differs.
func lineCell(t *session.Trace, lines []session.Line, at, parts int, c *lab.Differences, there bool) app.UI {
	if at < 0 {
		return app.Td().Class("no-line").Body(app.Span().Class("unseen").Text("no such line"))
	}
	line := lines[at]
	return app.Td().Body(
		app.If(line.Label != "", func() app.UI { return badge(line.Label) }),
		app.Span().Class("tokens").Body(app.Range(line.Tokens).Slice(func(n int) app.UI {
			i := line.Tokens[n]
			shade, title := "", ""
			if there && i < len(c.Change) && c.Change[i] == c.Change[i] {
				shade, title = signed(c.Change[i], c.Top), "log p "+explain.WithSign(c.Change[i])
			}
			return app.Span().Class("tok", shade, when(c.Token >= 0 && i == parts, "cursor"), when(explain.Special(t.Text[i]), "special"), when(t.Forced(i), "forced")).Title(title).Text(explain.Visible(t.Text[i]))
		})),
	)
}

// colourOf says what the colour of the tokens is, or why they have none.
func colourOf(c *lab.Differences) string {
	switch {
	case c.Change != nil && c.Token < 0:
		return "Colour: log-probability of the token there less that here, in nats."
	case c.Change != nil:
		return "Colour: log-probability of the token there less that here, in nats, up to the first difference. Beyond it neither trace has the other's log-probabilities."
	case !c.SameProblem:
		return "No colour: the models read other problems, and neither trace has the other's log-probabilities."
	case c.Token == 0:
		return "No colour: the responses differ from the first token on, and neither trace has the log-probabilities of the other's tokens."
	}
	return "No colour: one of the traces has no log-probabilities."
}

// shortened is a text of at most n characters.
func shortened(text string, n int) string {
	if runes := []rune(text); len(runes) > n {
		return string(runes[:n]) + "…"
	}
	return text
}

// traceFacts are the length and the end of a trace.
func traceFacts(t *session.Trace) string {
	text := explain.Plural(len(t.Steps), "step") + ", " + explain.Plural(len(t.Tokens)-t.PromptLength, "token")
	switch {
	case !t.Complete:
		return text + ", not complete"
	case t.Gold == "":
		return text
	case t.Correct:
		return text + ", right"
	}
	return text + ", wrong"
}
