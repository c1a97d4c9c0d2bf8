package panels

import (
	"fmt"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/lab/explain"
	"attnlab/app/session"
	"attnlab/rl/runs"
)

// followPanel is one problem followed through the run: what the policy no longer writes fades.
func (p *Page) followPanel() app.UI {
	if p.ShownMethod() == runs.Pretrain {
		return app.Div().Class("no-results")
	}
	f := &p.Followed
	if len(f.Answers) == 0 || f.ID != p.Run.Info.ID {
		return app.Div().Class("panel").ID("follow").Body(
			app.H2().Text("One problem, followed"),
			app.P().Class("hint").Text("From the first step on, the policy answers one held-out problem again and again. Lines that it stops writing fade here, new ones are marked."),
		)
	}
	place := min(p.Answer, len(f.Answers)-1)
	first, a := f.Answers[0], f.Answers[place]
	redundant := func(a session.FollowedAnswer) (n int) {
		for _, s := range a.Steps {
			if s.Label == "redundant" {
				n++
			}
		}
		return n
	}
	verdict, class := "✗ wrong", "false"
	if a.Correct {
		verdict, class = "✓ right", "right"
	}
	at := fmt.Sprintf("after step %d", a.Step)
	if a.Step == 0 {
		at = "before training"
	}
	list := shortened(lab.FollowedLines(first.Steps, a.Steps))
	return app.Div().Class("panel").ID("follow").Body(
		app.H2().Text("One problem, followed"),
		app.P().Class("chosen-step").Text(f.Problem),
		app.P().Class("follow-facts").Aria("live", "polite").Body(
			app.Text(fmt.Sprintf("%s: %d → %d tokens, %d → %d redundant. ", explain.UpperFirst(at), len(first.Text), len(a.Text), redundant(first), redundant(a))),
			app.Span().Class("mark", class).Text(verdict),
		),
		app.Ol().Class("follow-lines").Body(app.Range(list).Slice(func(i int) app.UI {
			l := list[i]
			note := ""
			if l.gone > 0 {
				return app.Li().Class("follow-line gone").Body(app.Span().Class("tokens").Text(fmt.Sprintf("and %s more, gone", explain.Plural(l.gone, "line"))))
			}
			switch {
			case !l.Now:
				note = "gone"
			case !l.First:
				note = "new"
			}
			return app.Li().Class("follow-line", note).Body(
				badge(l.Label), app.Span().Class("tokens").Text(l.Text), app.If(note != "", func() app.UI { return app.Span().Class("hint").Text(note) }),
			)
		})),
		app.If(len(f.Answers) > 1, func() app.UI {
			return app.Label().Class("slider").Body(
				app.Span().Text("answer"),
				&places{Control: "answer", Label: "answer to the followed problem", Says: at, At: place + 1, Of: len(f.Answers)},
				app.Output().Text(fmt.Sprintf("%d/%d", place+1, len(f.Answers))),
			)
		}),
		app.P().Class("hint").Text(fmt.Sprintf("Right answer %s. The policy's likeliest answer to a problem that it is not trained on, about ten times a run. One problem shows how, not how much.", f.Gold)),
	)
}

// followRow is a line of the followed problem, or a number of lines that are gone.
type followRow struct {
	lab.FollowedLine
	gone int
}

// shortened counts lines that are gone together, after the first two of them.
func shortened(list []lab.FollowedLine) (rows []followRow) {
	for i := 0; i < len(list); i++ {
		n := 0
		for i+n < len(list) && !list[i+n].Now {
			n++
		}
		if n <= 3 {
			rows = append(rows, followRow{FollowedLine: list[i]})
			continue
		}
		rows = append(rows, followRow{FollowedLine: list[i]}, followRow{FollowedLine: list[i+1]}, followRow{gone: n - 2})
		i += n - 1
	}
	return rows
}
