package panels

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
)

// alternative is a likely token at a position of the trace: a button that writes it there, where another one stands.
func (p *Page) alternative(at, n int, top []session.Choice) app.UI {
	c, taken := top[n], p.Trace.Tokens[at]
	text := app.Code().Text(explain.Visible(c.Text))
	if c.Token == taken || at < p.Trace.PromptLength || p.Recorded != "" {
		return text
	}
	b := p.button("force:"+strconv.Itoa(c.Token), "quiet link", text).Title("Write it here and let the model continue").Aria("label", "write "+explain.Visible(c.Text)+" here and continue")
	if n == 0 || n == 1 && top[0].Token == taken { // the likeliest other one
		b = b.ID("alternative")
	}
	return b
}

// editPanel changes the response by hand, and sets what the model wrote before beside what it writes now.
func (p *Page) editPanel() app.UI {
	t := &p.Trace
	step, place := "a step", "Select a step to rewrite it, or a token to put another in its place."
	if k := p.Selection.Step; k >= 0 && k < len(t.Steps) {
		step, place = "step "+explain.StepName(k), ""
	}
	deleted := step
	if i := p.Selection.Token; i >= t.PromptLength && i < len(t.Tokens) {
		deleted, place = "token "+strconv.Itoa(i), "The likeliest tokens above put another in place of the selected one."
	}
	if len(t.Tokens) <= t.PromptLength {
		place = "Generate a response first."
	}
	return app.Section().Class("panel edit").ID("edit").Aria("label", "change the response").Body(
		app.H2().Text("Change a thought"),
		app.P().Class("hint").Text("Write, insert or delete a step, or force a token. What followed is dropped, and the model writes the rest."),
		app.Div().Class("fields").Body(
			p.numberField("edit-seed", "seed of the rest", 0, math.MaxUint32, p.Controls.EditSeed),
			app.Div().Class("buttons").Body(
				p.button("rewrite", "", app.Text("Rewrite "+step)),
				p.button("insert", "", app.Text("Insert after "+step)),
				p.button("delete", "", app.Text("Delete "+deleted)),
				p.button("alternatives", "quiet", app.Text("Another token")),
			),
		),
		app.If(place != "", func() app.UI { return app.P().Class("hint").Text(place) }),
		app.If(p.Draft.Step >= 0 && p.Draft.Step < len(t.Steps), p.draftField),
		app.If(len(t.Edits) > 0, p.edits),
	)
}

// draftField is where the text of a step is written.
func (p *Page) draftField() app.UI {
	d := p.Draft
	label := "step " + explain.StepName(d.Step) + " in your words"
	if d.After {
		label = "a step after " + explain.StepName(d.Step)
	}
	return app.Div().Class("draft").Body(
		app.Label().Body(app.Text(label), app.Textarea().ID("draft").DataSet("set", "draft").Rows(2).Spellcheck(false).Attr("value", d.Text)),
		app.Div().Class("buttons").Body(
			p.button("write", "primary", app.Text("Write it and continue")),
			p.button("close-draft", "quiet", app.Text("Cancel")),
		),
	)
}

// edits lists the changes, and compares the response before the last of them with the one after it.
func (p *Page) edits() app.UI {
	t := &p.Trace
	c, before, ok := p.EditDifferences()
	return app.Div().Class("losses").Body(
		app.Ol().Class("edits").Body(app.Range(t.Edits).Slice(func(i int) app.UI {
			e := t.Edits[i]
			what := app.UI(app.Code().Text(strings.TrimSpace(e.Text)))
			if len(e.Tokens) == 0 {
				what = app.Text("the model writes on")
			}
			return app.Li().Body(app.Text(fmt.Sprintf("from token %d on: ", e.At)), what, app.Span().Class("se").Text(fmt.Sprintf(", the rest by seed %d", e.Seed)))
		})),
		app.If(ok, func() app.UI {
			return app.Div().Body(
				app.P().Class("verdict").Aria("live", "polite").Text(explain.EditVerdict(t, c.Token)),
				sideBySide(c, before, t, "before", "after"),
			)
		}),
		app.Div().Class("buttons").Body(
			p.button("unedit", "", app.Text("Undo the change")),
			p.button("edit-again", "quiet", app.Text("Write the rest again")),
			p.button("save", "quiet", app.Text("Save")),
			p.button("link", "quiet", icon("link"), app.Text("Link")),
		),
	)
}
