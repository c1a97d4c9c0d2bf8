package panels

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
	"attnlab/rl/stat"
)

// manyPanel samples many responses to the problem and shows them side by side.
func (p *Page) manyPanel() app.UI {
	return p.measurementPanel(measurement{id: "many", label: "many responses to the problem", asks: "What else would it write?",
		does: []app.UI{app.Text("Samples many responses to this problem at once: how often one of k is right ("), p.term("pass@k", "pass@k"),
			app.Text("), how long they are, and where they first part. The trace above stays.")},
		fields: []app.UI{p.numberField("many", "responses", 1, session.MaxResponses, p.Controls.Many)},
		do:     "sample-many", press: "Sample many responses", stage: "sampling many responses", counts: "responses",
		found: len(p.Samples.Responses) > 0, save: "save-samples",
		result: func() []app.UI {
			return []app.UI{p.measuredFigure("samples", "Many responses to one problem"), p.passFacts(), p.splitList(), p.responseTable()}
		}})
}

// passFacts are pass@k with their intervals.
func (p *Page) passFacts() app.UI {
	v := &p.Samples
	if !v.Judged {
		return app.P().Class("hint").Text("Nobody knows the right answer to this prompt, so no response is right or wrong.")
	}
	return app.Div().Class("facts").Aria("live", "polite").Body(
		app.Range(v.Pass).Slice(func(i int) app.UI {
			at := v.Pass[i]
			return fact("pass@"+strconv.Itoa(at.K), app.Span().Body(p.number("pass:"+strconv.Itoa(at.K), explain.Format(at.Value)),
				app.Span().Class("se").Text(" "+explain.Format(at.Low)+" to "+explain.Format(at.High))))
		}),
		fact("n", app.Span().Class("figure").Text(fmt.Sprintf("%d right of %d", v.RightOnes(), len(v.Responses)))),
	)
}

// mostOptions is how many ways to go on are listed.
const mostOptions = 6

// splitList says where the responses first part, and how each way ends.
func (p *Page) splitList() app.UI {
	s := p.Samples.Split
	switch {
	case s == nil:
		return app.Text("")
	case s.Step < 0:
		return app.P().Class("verdict").Text("All responses have the same steps.")
	}
	options := s.Options[:min(mostOptions, len(s.Options))]
	return app.Div().Class("found").Body(
		app.P().Class("verdict").Text(fmt.Sprintf("They first part at token %d, in step %s, and go on in %s:", s.Token+1, explain.StepName(s.Step), explain.Plural(len(s.Options), "way"))),
		app.Ul().Class("ways").Body(app.Range(options).Slice(func(i int) app.UI {
			o := options[i]
			text := app.UI(app.Code().Text(o.Text))
			if o.Text == "" {
				text = app.Text("the answer at once")
			}
			ends := ""
			if p.Samples.Judged {
				ends = fmt.Sprintf(": %d right", o.Right)
			}
			return app.Li().Body(app.Span().Class("figure").Text(fmt.Sprintf("%d times ", o.N)), text, app.Text(ends))
		})),
	)
}

// responseTable lists the responses, each with its text to open.
func (p *Page) responseTable() app.UI {
	v := &p.Samples
	head := []app.UI{columnHead("response"), columnHead("answer"), numberHead("steps"), numberHead("tokens"), numberHead("reward, " + v.Method), columnHead("text")}
	return p.foldedTable("responses-table", "The responses as a list", "responses", "Responses to the problem, in the order of sampling", head, len(v.Responses), func(i int) app.UI {
		r := v.Responses[i]
		mark := ""
		if v.Judged {
			mark = map[bool]string{true: " ✓", false: " ✗"}[r.Right]
		}
		reward := "–"
		if r.Reward != nil {
			reward = stat.Decimals(*r.Reward, 3)
		}
		return app.Tr().Body(app.Th().Scope("row").Text(strconv.Itoa(i+1)+mark), app.Td().Text(r.Answer),
			app.Td().Class("figure").Text(len(r.Steps)), app.Td().Class("figure").Text(r.Tokens), app.Td().Class("figure").Text(reward),
			app.Td().Body(app.Details().Body(app.Summary().Text(firstLine(r.Text)), app.Pre().Text(r.Text))))
	})
}

// firstLine is the first line of a text, cut to a length that a row has room for.
func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return shortened(line, 40)
}

// samplesHeight is the height of the figure of many responses, in pixels: 14 a response, between bounds, and the histograms.
func samplesHeight(responses int) int { return min(max(174+14*responses, 254), 734) }
