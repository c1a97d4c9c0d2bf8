package panels

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/lab/explain"
	"attnlab/app/session"
	"attnlab/rl/stat"
)

// ablationPanel measures what answers lose without heads.
func (p *Page) ablationPanel() app.UI {
	c := p.Controls.Ablated
	return p.measurementPanel(measurement{id: "ablation", label: "answers without heads", asks: "What do answers lose without a head?",
		does: []app.UI{p.term("ablation", "Ablation"), app.Text(" replaces what heads read, at every token of fresh responses. What changes is how likely the model finds the responses’ own answers, and how often it gives a right one.")},
		fields: []app.UI{p.ablatedField(),
			app.Label().Body(app.Text("replaced by"), choice("ablate-by", "replaced by", c.By, session.AblateBy, func(s string) string { return s })),
			p.numberField("ablate-over", "problems", 1, session.MaxProblems, c.Problems)},
		do: "ablate", press: "Ablate", stage: "ablating heads", counts: "responses and ablations",
		found: len(p.Ablations.Rows) > 0, save: "save-ablations",
		result: func() []app.UI {
			grid := app.UI(app.Text(""))
			if len(p.Ablations.Asked.Heads) == 0 {
				grid = p.ablationGrid()
			}
			return []app.UI{app.P().Class("verdict").Aria("live", "polite").Text(explain.AblationVerdict(&p.Ablations)), p.ablationFacts(), grid, p.ablationTable()}
		}})
}

// ablatedField names the heads, with buttons for the selected one and for all.
func (p *Page) ablatedField() app.UI {
	return app.Div().Class("ablated").Body(
		p.textField("ablate-heads", "heads", p.Controls.Ablated.Heads, lab.EachHead, "each, or heads that are ablated together: layer.head, counted from 0, such as 1.2, 0.3"),
		app.If(p.Selection.Head >= 0, func() app.UI {
			head := fmt.Sprintf("%d.%d", p.Selection.Layer, p.Selection.Head)
			in := strings.Contains(","+p.Controls.Ablated.Heads+",", ","+head+",")
			return p.button("ablate-head", "quiet", app.Text(whether(in, "Without ", "Add ")+explain.HeadName(p.Selection.Layer, p.Selection.Head)))
		}),
		app.If(p.Controls.Ablated.Heads != "each", func() app.UI { return p.button("ablate-each", "quiet", app.Text("Each head")) }),
	)
}

// ablationFacts are the numbers of the whole model.
func (p *Page) ablationFacts() app.UI {
	v := &p.Ablations
	mean := func(m session.Mean) app.UI {
		se := ""
		if m.SE != nil {
			se = explain.PlusMinus(*m.SE)
		}
		return app.Span().Class("figure").Body(app.Text(explain.Format(m.Value)), app.Span().Class("se").Text(se))
	}
	return app.Div().Class("facts").Body(
		fact("log p of the answers, whole model", mean(v.LogProb)), fact("right answers", mean(v.Right)),
		fact("n", app.Span().Class("figure").Text(explain.Plural(v.Traces, "response"))),
		app.If(len(v.Rows) < v.Of, func() app.UI {
			return app.Span().Class("hint").Text(fmt.Sprintf("%d of %d measured", len(v.Rows), v.Of))
		}),
	)
}

// ablationGrid is the change of the answers' log-probability without each head. A press selects the head.
func (p *Page) ablationGrid() app.UI {
	v := &p.Ablations
	top, layers, heads := 0.0, 0, 0
	for _, row := range v.Rows {
		top = math.Max(top, math.Abs(row.LogProb.Value))
		layers, heads = max(layers, row.Heads[0][0]+1), max(heads, row.Heads[0][1]+1)
	}
	return app.Div().Class("scroll").TabIndex(0).Role("region").Aria("label", "log-probability lost without each head").Body(app.Table().Class("table parts").Body(
		app.Caption().Text("Change of the answers’ log-probability without each head, nats"),
		app.THead().Body(app.Tr().Body(columnHead("layer"), app.Range(make([]struct{}, heads)).Slice(func(h int) app.UI { return numberHead("H" + strconv.Itoa(h)) }))),
		app.TBody().Body(app.Range(make([]struct{}, layers)).Slice(func(l int) app.UI {
			return app.Tr().Body(app.Th().Scope("row").Text(strconv.Itoa(l)), app.Range(make([]struct{}, heads)).Slice(func(h int) app.UI {
				i := l*heads + h
				if i >= len(v.Rows) {
					return app.Td()
				}
				change := v.Rows[i].LogProb
				at := fmt.Sprintf("%d.%d", l, h)
				selected := p.Selection.Layer == l && p.Selection.Head == h
				return app.Td().Class("figure", signed(change.Value, top)).Body(p.button("head:"+at, "num", app.Text(explain.WithSign(change.Value))).
					Aria("pressed", strconv.FormatBool(selected)).Aria("label", explain.HeadName(l, h)+" "+explain.ChangeText(change)))
			}))
		})),
	))
}

// ablationTable has all numbers with their errors.
func (p *Page) ablationTable() app.UI {
	rows := p.Ablations.Rows
	head := []app.UI{columnHead("without"), numberHead("log p of the answers"), numberHead("95 %"), numberHead("right answers"), numberHead("95 %")}
	return p.foldedTable("ablations-table", "The ablations as a table", "", "What the answers lose without heads", head, len(rows), func(i int) app.UI {
		var names []string
		for _, h := range rows[i].Heads {
			names = append(names, explain.HeadName(h[0], h[1]))
		}
		cell := func(text string) app.UI { return app.Td().Class("figure").Text(text) }
		return app.Tr().Body(app.Th().Scope("row").Text(strings.Join(names, ", ")), cell(explain.ChangeText(rows[i].LogProb)), cell(explain.ChangeInterval(rows[i].LogProb)),
			cell(explain.ChangeText(rows[i].Right)), cell(explain.ChangeInterval(rows[i].Right)))
	})
}

// patchPanel puts states of the response into another one to the same problem.
func (p *Page) patchPanel() app.UI {
	do, press, why := "patch-another", "Patch into another response", ""
	if len(p.Trace.Edits) > 0 {
		do, press = "patch-edit", "Patch into the changed response"
	}
	if !p.Trace.Complete || p.Trace.Answer[1] <= p.Trace.Answer[0] {
		why = "Generate a whole response with an answer first."
	}
	return p.measurementPanel(measurement{id: "patching", label: "states put into another response", asks: "Where is the answer held?",
		does: []app.UI{p.term("activation patching", "Activation patching"), app.Text(" puts states of one response into another with another answer, layer by layer and part by part. What comes back was held there. After a change of a thought the two are the response before it and the one after; else the other is sampled.")},
		do:   do, press: press, stage: "patching states", counts: "passes", why: why,
		found: len(p.Patched.Back) > 0, save: "save-patched",
		result: func() []app.UI {
			return []app.UI{app.P().Class("verdict").Aria("live", "polite").Text(explain.PatchVerdict(&p.Patched)), p.patchFacts(), p.patchGrid(), p.gainedTable()}
		}})
}

// patchFacts are the two responses.
func (p *Page) patchFacts() app.UI {
	v := &p.Patched
	a, b := explain.Visible(v.Targets[0].Text), explain.Visible(v.Targets[1].Text)
	figure := func(text string) app.UI { return app.Span().Class("figure").Text(text) }
	return app.Div().Class("facts").Body(
		fact("logit of "+a+" over "+b+", here", figure(explain.WithSign(v.Odds[0]))), fact("in the other", figure(explain.WithSign(v.Odds[1]))),
		fact("log p of "+a+", here", figure(explain.Format(v.LogProbs[0]))), fact("in the other", figure(explain.Format(v.LogProbs[1]))),
		app.If(v.Into == session.PatchAnother, func() app.UI { return fact("sampling seed of the other", figure(strconv.Itoa(int(v.Seed)))) }),
		app.Details().Class("example").Body(app.Summary().Text("The other response"), app.Pre().Text(strings.TrimSpace(v.Response))),
	)
}

// patchHead is a column for each part of the response; those that differ are marked.
func (p *Page) patchHead() []app.UI {
	v := &p.Patched
	head := []app.UI{columnHead("before layer")}
	for k, part := range v.Ranges {
		name, says := explain.PartName(k, len(v.Ranges)), ""
		if !part.Same {
			says = " ≠"
		}
		if part.Label != "" {
			says += ", " + part.Label
		}
		head = append(head, app.Th().Scope("col").Class("figure").Title(strings.TrimSpace(part.Text)).Text(name+says))
	}
	return head
}

// patchGrid is the share of the difference that comes back.
func (p *Page) patchGrid() app.UI {
	v := &p.Patched
	return app.Div().Class("scroll").TabIndex(0).Role("region").Aria("label", "what patched states bring back").Body(app.Table().Class("table parts").Body(
		app.Caption().Text("The share of the difference between the answers that comes back; ≠ has other tokens, – another number of them"),
		app.THead().Body(app.Tr().Body(p.patchHead()...)),
		app.TBody().Body(app.Range(v.Back).Slice(func(l int) app.UI {
			return app.Tr().Body(app.Th().Scope("row").Text(strconv.Itoa(l)), app.Range(v.Back[l]).Slice(func(k int) app.UI {
				if v.Back[l][k] == nil {
					return app.Td().Class("figure").Text("–")
				}
				return app.Td().Class("figure", shade(*v.Back[l][k], 0, 1)).Text(stat.Decimals(*v.Back[l][k], 2))
			}))
		})),
	))
}

// gainedTable is how much likelier the answer becomes.
func (p *Page) gainedTable() app.UI {
	v := &p.Patched
	title := "How much likelier the answer becomes, nats"
	return p.foldedTable("patched-table", title, "", title, p.patchHead(), len(v.Gained), func(l int) app.UI {
		return app.Tr().Body(app.Th().Scope("row").Text(strconv.Itoa(l)), app.Range(v.Gained[l]).Slice(func(k int) app.UI {
			if v.Gained[l][k] == nil {
				return app.Td().Class("figure").Text("–")
			}
			return app.Td().Class("figure").Text(explain.WithSign(*v.Gained[l][k]))
		}))
	})
}
