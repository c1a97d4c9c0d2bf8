package panels

import (
	"fmt"
	"math"
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/lab/explain"
	"attnlab/rl/runs"
	"attnlab/rl/stat"
)

// lossPanel is the loss of the chosen rollout, token by token: colours, the numbers of one token, and all of them as a table.
func (p *Page) lossPanel() app.UI {
	panel := app.Div().Class("panel").ID("token-loss")
	head := app.H2().Body(p.term("loss", "Loss"), app.Text(", token by token"))
	l := &p.TokenLosses
	switch {
	case l.Rollout != p.Credit.Rollout || len(p.Credit.Text) == 0:
		return panel.Body(head, app.P().Class("hint").Text("The loss is shown with the credit of a rollout."))
	case len(l.Tokens) == 0:
		return panel.Body(head, app.P().Class("hint").Text("The step did not train on this rollout: nothing in its group has an advantage, or the method left it out."))
	}
	c := p.LossColour()
	top, at := c.Largest(l.Tokens), min(p.LossToken, len(l.Tokens)-1)
	return panel.Body(
		app.Div().Class("panel-head").Body(head, app.If(c.Sided && c.Middle == 0, func() app.UI { return signedLegend(top) })),
		app.P().Class("hint").Text(fmt.Sprintf("Update %d of %d of training step %d trained on this rollout. Its tokens add %s to the loss %s of that update; the step reports the mean over its updates, %s.",
			l.Update, len(l.Updates), l.Step, explain.Large(l.Sum()), explain.Large(l.Updates[l.Update-1]), explain.Large(stat.Mean(l.Updates)))),
		app.Div().Class("fields").Body(
			app.Label().Body(app.Text("colour"), choice("loss-by", "colour of the tokens", c.Name, lossColours(), func(s string) string { return s })),
			app.Label().Class("slider").Body(app.Text("token"),
				&places{Control: "loss-token", Label: "token of the rollout", Says: fmt.Sprintf("%d of %d, %s", at+1, len(l.Tokens), explain.Visible(l.Tokens[at].Text)), At: at + 1, Of: len(l.Tokens)},
				app.Output().Text(fmt.Sprintf("%d of %d", at+1, len(l.Tokens)))),
		),
		app.Div().Class("tokens loss-tokens").Body(app.Range(l.Tokens).Slice(func(i int) app.UI {
			t := l.Tokens[i]
			return app.Span().Class("tok", lossShade(c, t, top), when(i == at, "cursor"), when(t.Clipped, "clipped"), when(explain.Special(t.Text), "special")).
				DataSet("do", "loss-token:"+strconv.Itoa(i)).Title(lossTitle(t)).Text(explain.Visible(t.Text))
		})),
		app.P().Class("hint").Text(colourScale(c, top)+" Clipped tokens are underlined."),
		p.tokenNumbers(at),
		p.tokenTable(),
		app.Div().Class("buttons").Body(p.button("save-token-loss", "quiet", app.Text("CSV"))),
	)
}

func lossColours() (names []string) {
	for _, c := range lab.LossColours {
		names = append(names, c.Name)
	}
	return names
}

// colourScale says what the full colour means.
func colourScale(c lab.LossColour, top float64) string {
	if c.Middle != 0 {
		return fmt.Sprintf("Full colour: %s from %s, or more.", explain.Large(top), explain.Format(c.Middle))
	}
	return "Full colour: " + explain.Large(top) + "."
}

// lossShade is the CSS class of a token's colour.
func lossShade(c lab.LossColour, t runs.TokenLoss, top float64) string {
	if c.Sided {
		return signed(c.Of(t)-c.Middle, top)
	}
	return shade(math.Abs(c.Of(t)), 0, top)
}

// lossTitle is what the pointer shows of a token.
func lossTitle(t runs.TokenLoss) string {
	text := ""
	for _, c := range lab.LossColours {
		text += c.Name + " " + c.Text(t) + "\n"
	}
	return text + clippedText(t)
}

func clippedText(t runs.TokenLoss) string {
	if t.Clipped {
		return "clipped"
	}
	return "not clipped"
}

// tokenNumbers are all numbers of one token. The loss opens to its sum.
func (p *Page) tokenNumbers(i int) app.UI {
	t := p.TokenLosses.Tokens[i]
	return app.Div().Class("facts").Aria("live", "polite").Body(
		app.Span().Class("fact").Body(app.Span().Text("token "+strconv.Itoa(i+1)), app.Code().Text(explain.Visible(t.Text))),
		app.Range(lab.LossColours).Slice(func(n int) app.UI {
			c := lab.LossColours[n]
			value := app.UI(app.Span().Class("figure").Text(c.Text(t)))
			if c.Name == "loss" {
				value = p.number("token-loss:"+strconv.Itoa(i), c.Text(t))
			}
			return app.Span().Class("fact").Body(p.term(c.Word, c.Name), value)
		}),
		app.Span().Class("fact").Body(p.term("clip", "clipped"), app.Span().Class("figure").Text(map[bool]string{true: "yes", false: "no"}[t.Clipped])),
	)
}

// tokenTable has the numbers of all tokens.
func (p *Page) tokenTable() app.UI {
	head := []app.UI{columnHead("token")}
	for _, c := range lab.LossColours {
		head = append(head, numberHead(c.Name))
	}
	tokens := p.TokenLosses.Tokens
	return p.foldedTable("token-loss-table", "The tokens as a table", "token-losses", "The loss of the rollout, token by token", append(head, columnHead("clipped")), len(tokens), func(i int) app.UI {
		t := tokens[i]
		row := []app.UI{app.Th().Scope("row").Text(strconv.Itoa(i+1) + " " + explain.Visible(t.Text))}
		for _, c := range lab.LossColours {
			row = append(row, app.Td().Class("figure").Text(c.Text(t)))
		}
		return app.Tr().Body(append(row, app.Td().Text(map[bool]string{true: "clipped", false: ""}[t.Clipped]))...)
	})
}
