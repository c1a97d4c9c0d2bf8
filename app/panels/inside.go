package panels

import (
	"fmt"
	"math"
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
)

// insidePanel opens the model where it predicts the selected token.
func (p *Page) insidePanel() app.UI {
	v := &p.Inside
	opened := p.LookedInto && len(v.Reads) > 0 && v.Token < len(p.Trace.Text)
	at := "the last token of the answer"
	if i := p.Selection.Token; i >= 1 && i < len(p.Trace.Text) {
		at = "token " + strconv.Itoa(i)
	}
	return app.Section().Class("panel inside").ID("inside").Aria("label", "inside the model").Body(
		app.H2().Text("Why this token? Inside one head"),
		app.P().Class("hint").Body(app.Text("Opens the forward pass that predicts a token: what each part of the model adds to its "), p.term("logit", "logit"),
			app.Text(" and to that of the likeliest other token, and what one "), p.term("head", "head"), app.Text(" reads. All numbers add up. Select other tokens and heads to go on.")),
		app.Div().Class("buttons").Body(
			p.button("inside", "", app.Text("Open "+at)),
			app.If(opened, func() app.UI { return p.button("close-inside", "quiet", app.Text("Close")) }),
		),
		app.If(opened, func() app.UI {
			return app.Div().Class("losses").Body(p.insideVerdict(), p.lens(), p.parts(), p.walk(), p.reads())
		}),
	)
}

// insideVerdict names the two tokens and what decides between them.
func (p *Page) insideVerdict() app.UI {
	v := &p.Inside
	a, b := v.Targets[0], v.Targets[1]
	return app.Div().Class("facts").Aria("live", "polite").Body(
		app.P().Class("verdict").Text(fmt.Sprintf("Token %d is “%s” with a probability of %.3f; the likeliest other one is “%s” with %.3f.", v.Token, explain.Visible(a.Text), a.Prob, explain.Visible(b.Text), b.Prob)),
		fact("logit of "+explain.Visible(a.Text), p.number("inside:0", explain.Format(v.Logits[0]))),
		fact("logit of "+explain.Visible(b.Text), p.number("inside:1", explain.Format(v.Logits[1]))),
		fact("difference", app.Span().Class("figure").Text(explain.WithSign(session.Odds(v.Logits)))),
	)
}

// lens is the logit lens.
func (p *Page) lens() app.UI {
	v := &p.Inside
	return app.Div().Class("scroll").TabIndex(0).Role("region").Aria("label", "logit lens").Body(app.Table().Class("table lens").Body(
		app.Caption().Body(p.term("logit lens", "Logit lens"), app.Text(": what the residual stream says before each layer")),
		app.THead().Body(app.Tr().Body(columnHead("layer"), columnHead("likeliest"), numberHead("log p "+explain.Visible(v.Targets[0].Text)), numberHead("log p "+explain.Visible(v.Targets[1].Text)))),
		app.TBody().Body(app.Range(v.Lens).Slice(func(l int) app.UI {
			r := v.Lens[l]
			return app.Tr().Body(app.Th().Scope("row").Text(explain.LayerName(v, l)),
				app.Td().Body(app.Code().Text(explain.Visible(r.Best.Text)), app.Span().Class("se").Text(fmt.Sprintf(" %.3f", r.Best.Prob))),
				app.Td().Class("figure").Text(explain.Format(r.LogProbs[0])), app.Td().Class("figure").Text(explain.Format(r.LogProbs[1])))
		})),
	))
}

// parts is what embedding, heads and feed-forward parts add to the difference of both logits. A head is opened by a press.
func (p *Page) parts() app.UI {
	v, H := &p.Inside, p.Trace.Heads
	top := 0.0
	for _, x := range append(append([][2]float64{v.Embed}, v.Heads...), v.Feed...) {
		top = math.Max(top, math.Abs(session.Odds(x)))
	}
	cell := func(x [2]float64) app.UI {
		odds := session.Odds(x)
		return app.Td().Class("figure", signed(odds, top)).Text(explain.WithSign(odds))
	}
	return app.Div().Class("scroll").TabIndex(0).Role("region").Aria("label", "parts of the logits").Body(app.Table().Class("table parts").Body(
		app.Caption().Text("What each part adds to the first logit over the second"),
		app.THead().Body(app.Tr().Body(columnHead("layer"), app.Range(make([]struct{}, H)).Slice(func(h int) app.UI { return numberHead("H" + strconv.Itoa(h)) }), numberHead("feed-forward"))),
		app.TBody().Body(
			app.Tr().Body(app.Th().Scope("row").Text("embedding"), app.Td().ColSpan(H), cell(v.Embed)),
			app.Range(v.Feed).Slice(func(l int) app.UI {
				return app.Tr().Body(app.Th().Scope("row").Text(strconv.Itoa(l)), app.Range(make([]struct{}, H)).Slice(func(h int) app.UI {
					odds, open := session.Odds(v.Heads[l*H+h]), l == v.Layer && h == v.Head
					return app.Td().Class("figure", signed(odds, top)).Body(p.button(fmt.Sprintf("inside-head:%d.%d", l, h), "num", app.Text(explain.WithSign(odds))).
						Aria("pressed", strconv.FormatBool(open)).Aria("label", explain.HeadName(l, h)+" adds "+explain.WithSign(odds)))
				}), cell(v.Feed[l]))
			}),
		),
	))
}

// reads is what the open head reads, the strongest first.
func (p *Page) reads() app.UI {
	v, t := &p.Inside, &p.Trace
	a, b := explain.Visible(v.Targets[0].Text), explain.Visible(v.Targets[1].Text)
	list := explain.Strongest(v)
	shown := list[:min(session.ReadsShown, len(list))]
	rest := session.HeadRead{}
	for _, r := range list[len(shown):] {
		rest.Weight += r.Weight
		rest.Logits[0] += r.Logits[0]
		rest.Logits[1] += r.Logits[1]
	}
	name := explain.HeadName(v.Layer, v.Head)
	share := v.Heads[v.Layer*t.Heads+v.Head]
	number := func(x float64) app.UI { return app.Td().Class("figure").Text(explain.Format(x)) }
	change := func(x float64) app.UI { return app.Td().Class("figure").Text(explain.WithSign(x)) }
	return app.Div().Class("scroll").TabIndex(0).Role("region").Aria("label", "what the head reads").Body(app.Table().Class("table reads").Body(
		app.Caption().Body(app.Text("What "+name+" reads there: "), p.number("inside:head", explain.WithSign(session.Odds(share)))),
		app.THead().Body(app.Tr().Body(columnHead("token"), numberHead("q·k"), numberHead("÷ √C"), numberHead("weight"), app.Th().Scope("col").Aria("label", "weight as a bar"), numberHead("value"), numberHead("to "+a), numberHead("to "+b))),
		app.TBody().Body(
			app.Range(shown).Slice(func(n int) app.UI {
				r := shown[n]
				at := strconv.Itoa(r.Key)
				return app.Tr().Body(
					app.Th().Scope("row").Body(app.Button().Type("button").Class("quiet link").DataSet("do", "token:"+at).Aria("label", "select token "+at).Body(app.Text(at+" "), app.Code().Text(explain.Visible(t.Text[r.Key])))),
					number(r.Dot), number(r.Scaled), app.Td().Class("figure").Body(p.number("inside:read-"+at, fmt.Sprintf("%.3f", r.Weight))), app.Td().Body(bar(r.Weight)), number(r.Value), change(r.Logits[0]), change(r.Logits[1]))
			}),
			app.If(len(list) > len(shown), func() app.UI {
				return app.Tr().Body(app.Th().Scope("row").Text(explain.Plural(len(list)-len(shown), "more token")), app.Td(), app.Td(), app.Td().Class("figure").Text(fmt.Sprintf("%.3f", rest.Weight)), app.Td().Body(bar(rest.Weight)), app.Td(), change(rest.Logits[0]), change(rest.Logits[1]))
			}),
			app.Tr().Class("sum").Body(app.Th().Scope("row").Text("sum"), app.Td(), app.Td(), app.Td().Class("figure").Text("1.000"), app.Td(), app.Td(), change(share[0]), change(share[1])),
		),
	))
}
