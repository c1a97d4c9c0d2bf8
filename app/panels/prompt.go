package panels

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/rl/task"
	freetext "attnlab/rl/task/text"
)

// promptPanel is where a visitor writes what a model of free text reads, markers of the chat included.
func (p *Page) promptPanel() app.UI {
	w := p.Trace.Wording
	var rules []string
	for _, r := range freetext.Rules() {
		rules = append(rules, string(r))
	}
	chat, err := freetext.FindChat(cmp.Or(w.Chat, freetext.Plain.Name))
	markers := "The tokenizer has no chat markers that the lab knows, so the model reads the text as it is."
	if err == nil && chat.Name != freetext.Plain.Name {
		markers = "The tokenizer has the markers of " + chat.Title + ". The lab puts a text without markers between them."
	}
	return app.Div().Class("panel").ID("problem").Body(
		app.H2().Text("Prompt"),
		app.Textarea().ID("typed").Class("prompt-box").DataSet("set", "typed").Rows(8).Spellcheck(false).
			Attr("value", p.Controls.Typed).Aria("label", "prompt").Aria("describedby", "typed-check"),
		app.P().Class("hint").ID("typed-check").Text(markers),
		app.Div().Class("fields").Body(
			app.Label().Body(app.Text("a step is a"), choice("step-rule", "a step is a", w.Rule, rules, func(s string) string { return s })),
			p.numberField("seed", "seed", 0, math.MaxUint64, p.seedShown()),
		),
		app.Div().Class("buttons").Body(
			p.button("problem", "", icon("fresh"), app.Text("Draw a problem")),
			p.button("example", "quiet", app.Text("Worked example")),
		),
		app.P().Class("hint").Text("Drawn problems are few-shot chain: "+lowerFirst(freetext.FewShotChain.Summary)+" Their steps have true labels."),
	)
}

// lowerFirst continues a sentence.
func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return string(s[0]|0x20) + s[1:]
}

// labelMenu lets a visitor give a step of free text another label, or take it back.
func labelMenu(n line) app.UI {
	var values []string
	for _, l := range task.Labels() {
		values = append(values, l.String())
	}
	if !slices.Contains(values, n.label) { // the step is being written
		return badge(n.label)
	}
	if n.byHand {
		values = append(values, "")
	}
	at := strconv.Itoa(n.step)
	menu := choice("label-"+at, "label of step "+strconv.Itoa(n.step+1), n.label, values, func(s string) string {
		if s == "" {
			return "as judged"
		}
		return s
	})
	return app.Span().Class("label by-hand").Body(letter(n.label), menu.Class(when(n.byHand, "given")).Title(menuTitle(n)))
}

func menuTitle(n line) string {
	if n.byHand {
		return "Labelled by hand"
	}
	return "Label this step by hand"
}
