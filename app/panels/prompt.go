package panels

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
	"attnlab/rl/task"
	freetext "attnlab/rl/task/text"
)

// promptPanel is where a visitor chooses what a model of free text is asked, and how, and writes what it reads, markers of the chat included.
func (p *Page) promptPanel() app.UI {
	w, kind := p.Trace.Wording, p.Kind()
	var rules []string
	for _, r := range freetext.Rules() {
		rules = append(rules, string(r))
	}
	about, _ := freetext.Find(kind)
	return app.Div().Class("panel").ID("problem").Body(
		app.H2().Text("Prompt"),
		choice("kind", "kind of prompt", kind, freetext.Names(), func(name string) string {
			k, _ := freetext.Find(name)
			return k.Title
		}),
		app.P().Class("hint").Text(about.Summary+kindHint(kind)),
		p.problemOf(kind),
		p.systemText(),
		app.Textarea().ID("typed").Class("prompt-box").DataSet("set", "typed").Rows(8).Spellcheck(false).
			Attr("value", p.Controls.Typed).Aria("label", "prompt").Aria("describedby", "typed-check"),
		app.P().Class("hint").ID("typed-check").Text(p.promptHint(w)),
		app.Div().Class("fields").Body(
			app.Label().Body(app.Text("markers"), disabled(p.Whole(), choice("chat", "markers of the chat", w.Chat, freetext.ChatNames(), func(name string) string {
				chat, _ := freetext.FindChat(name)
				return chat.Title
			}))),
			app.Label().Body(app.Text("a step is a"), choice("step-rule", "a step is a", w.Rule, rules, func(s string) string { return s })),
		),
		app.Div().Class("buttons").Body(p.button("example", "quiet", app.Text("Worked example"))),
	)
}

// kindHint says whether steps and answers are judged.
func kindHint(kind string) string {
	switch kind {
	case freetext.FewShotChain.Name:
		return " Every step has a true label, also after you edit the examples or the definitions below."
	case freetext.FreeText.Name:
		return " Answers are not judged, and steps have labels where their arithmetic says something."
	}
	return ""
}

// problemOf has the controls of a kind: how its problems are drawn, or the file that they are from.
func (p *Page) problemOf(kind string) app.UI {
	switch kind {
	case freetext.FewShotChain.Name:
		levels := []string{""}
		for n := freetext.Levels.Min; n <= freetext.Levels.Max; n++ {
			levels = append(levels, strconv.Itoa(n))
		}
		if !slices.Contains(levels, p.Controls.Difficulty) { // of a link
			levels = append(levels, p.Controls.Difficulty)
		}
		return app.Div().Class("prompt-kind").Body(
			app.Div().Class("fields").Body(
				p.numberField("shots", "examples", 0, freetext.MostShots, p.Trace.Wording.Shots),
				app.Label().Body(app.Text("operations"), choice("difficulty", "operations", p.Controls.Difficulty, levels, func(s string) string { return cmp.Or(s, freetext.DefaultDifficulty.String()) })),
				p.numberField("seed", "seed", 0, math.MaxUint64, p.seedShown()),
			),
			app.Div().Class("buttons").Body(p.button("problem", "", icon("fresh"), app.Text("Draw a problem"))),
		)
	case freetext.Problems.Name:
		n, where := p.OwnProblems(), "It stays in this browser."
		if p.Native() {
			where = "The engine " + p.Place() + " gets its problems."
		}
		return app.Div().Class("prompt-kind").Body(
			app.P().Class("hint").Text(`Choose a file, or drop it on the page. A line of it is a problem: {"prompt": "What is 2 + 3?", "answer": "5"}. `+where),
			app.If(n > 0, func() app.UI {
				return app.Div().Class("fields").Body(p.numberField("seed", fmt.Sprintf("problem, of %s", explain.Grouped(int64(n))), 1, uint64(n), p.seedShown()))
			}),
			app.Div().Class("buttons").Body(
				p.button("open-problems", "", app.Text("Choose a file")),
				app.If(n > 1, func() app.UI { return p.button("problem", "", icon("next"), app.Text("Next problem")) }),
			),
		)
	}
	return app.Text("")
}

// systemText is what the system says first, folded while it says nothing.
func (p *Page) systemText() app.UI {
	text := app.Textarea().Class("prompt-box system").DataSet("set", "system").Rows(2).Attr("value", p.Controls.System).Aria("label", "system text")
	all := app.Details().Class("own")
	if p.Controls.System != "" {
		all = all.Open(true)
	}
	return all.Body(app.Summary().Text("System text"), disabled(p.Whole(), text))
}

// promptHint says what the lab does with the text in the box.
func (p *Page) promptHint(w *session.Wording) string {
	chat, err := freetext.FindChat(cmp.Or(w.Chat, freetext.Plain.Name))
	switch {
	case p.Whole():
		return "The model reads what stands here, markers and system text too. Draw a problem, or write a question without markers, to set these beside it."
	case err != nil || chat.Name == freetext.Plain.Name:
		return "The model reads the text as it is, without markers. After a text that does not end its line comes a line end, and before it the system text."
	}
	return "A text without markers is put between those of " + chat.Title + "."
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
