package panels

import (
	"fmt"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
	"attnlab/rl/task"
)

// followedPanel sets the base's answer to one problem beside the run's, with a slider through the steps at which the run answered.
func (p *Page) followedPanel() app.UI {
	f := &p.Followed
	n := len(f.Answers)
	if n == 0 || f.ID != p.Run.Info.ID {
		return app.Div().Class("no-results")
	}
	at := min(max(p.Answer, 0), n-1)
	a, b := f.Answers[0], f.Answers[at]
	play := p.button("play-answers", "tool", icon("play")).Aria("label", "play the answers")
	if p.PlayingAnswers {
		play = p.button("play-answers", "tool", icon("pause")).Aria("label", "pause")
	}
	return app.Section().Class("panel followed").ID("followed").Aria("label", "one problem through the run").Body(
		app.H2().Text("Base against trained"),
		app.P().Class("verdict").Aria("live", "polite").Text(followedVerdict(a, b)),
		app.Div().Class("answer-slider").Body(
			play,
			app.Label().Body(
				app.Span().Text("after step"),
				&places{Control: "answer", Label: "step of the run", Says: fmt.Sprintf("after step %d, %s", b.Step, explain.Plural(len(b.Text), "token")), At: at + 1, Of: n},
				app.Output().Text(b.Step),
			),
		),
		p.figure("followed", "Two answers side by side; colour: change of each token's log-probability", true),
		app.If(b.Change == nil, func() app.UI {
			return app.Div().Class("buttons").Body(p.button("follow-run:"+f.ID, "", app.Text("Compute what the base thinks of it")))
		}),
		app.Details().Class("as-table").Open(!p.Folded["answers"]).Body(
			app.Summary().DataSet("do", "fold:answers").Text("The answers as text"),
			app.If(!p.Folded["answers"], func() app.UI {
				return app.Div().Class("pair").Body(
					app.Div().Body(app.H3().Text("base"), app.Pre().Text(answerText(a))),
					app.Div().Body(app.H3().Text(fmt.Sprintf("after step %d", b.Step)), app.Pre().Text(answerText(b))),
				)
			}),
		),
	)
}

// followedVerdict says in words how the second answer differs from the first.
func followedVerdict(a, b session.FollowedAnswer) string {
	end := func(a session.FollowedAnswer) string {
		if a.Correct {
			return "right"
		}
		return "wrong"
	}
	if b.Step == a.Step {
		return fmt.Sprintf("The base writes %s in %s and is %s. It never trains on this problem.", explain.Plural(len(a.Text), "token"), explain.Plural(len(a.Steps), "step"), end(a))
	}
	change := "as long as before"
	switch d := len(b.Text) - len(a.Text); {
	case d < 0:
		change = explain.Plural(-d, "token") + " shorter"
	case d > 0:
		change = explain.Plural(d, "token") + " longer"
	}
	return fmt.Sprintf("Base: %s, %s. After step %d: %s, %s, %s. One problem; the curves have the mean of many.", explain.Plural(len(a.Text), "token"), end(a), b.Step, explain.Plural(len(b.Text), "token"), end(b), change)
}

// answerText is an answer as it is read, a line a step.
func answerText(a session.FollowedAnswer) string {
	return strings.ReplaceAll(strings.Join(a.Text, " "), " \n ", "\n")
}

// followedHeight is the height of the figure of two answers, in pixels: 28 for each pair of lines of the answer that needs most.
func followedHeight(f *session.Followed) int {
	lines := func(a session.FollowedAnswer) (text []string) {
		for _, s := range a.Steps {
			text = append(text, s.Text)
		}
		return text
	}
	most := 0
	for _, a := range f.Answers {
		most = max(most, 1+len(task.Align(lines(f.Answers[0]), lines(a)))) // and the answer part
	}
	return min(max(82+28*most, 200), 760)
}
