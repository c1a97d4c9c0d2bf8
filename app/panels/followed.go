package panels

import (
	"fmt"
	"slices"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"attnlab/app/lab"
	"attnlab/app/lab/explain"
	"attnlab/app/session"
	"attnlab/rl/task"
)

// followedPanel sets the base's answer to one problem beside the run's, with a slider through the steps at which the run answered. On
// the Train page that is the current run, and before there is one a shipped run; on the Compare page the run that was chosen for it.
func (p *Page) followedPanel() app.UI {
	id, example := p.FollowedRun()
	if id == "" {
		return app.Div().Class("no-results")
	}
	f := &p.Followed
	panel := func(body ...app.UI) app.UI {
		return app.Section().Class("panel followed").ID("followed").Aria("label", "one problem through the run").Body(append([]app.UI{app.H2().Text("Base against trained")}, body...)...)
	}
	if f.ID != id || len(f.Answers) == 0 {
		if p.Page == lab.PageCompare {
			return panel(app.P().Class("hint").Text("The answers of this run are loading."))
		}
		return panel(app.P().Class("hint").Text("From before the first step on, the policy answers one held-out problem about ten times. Its answers appear here beside that of the base."))
	}
	n := len(f.Answers)
	at := min(max(p.Answer, 0), n-1)
	a, b := f.Answers[0], f.Answers[at]
	play := p.button("play-answers", "tool", icon("play")).Aria("label", "play the answers")
	if p.PlayingAnswers {
		play = p.button("play-answers", "tool", icon("pause")).Aria("label", "pause")
	}
	run, _ := p.KeptRunOf(id)
	return panel(
		app.If(example || p.Page == lab.PageCompare, func() app.UI {
			return app.P().Class("hint").Text(p.whoseAnswers(run, example))
		}),
		app.If(example && p.otherModel(run), func() app.UI {
			return app.Div().Class("buttons").Body(p.button("use-settings:"+id, "", app.Text("Train "+run.Settings.Model+" instead")).Title("The settings and the seed of this run"))
		}),
		app.P().Class("chosen-step").Body(app.Text(problemText(f.Problem)+" "), app.Span().Class("se").Text("→ "+f.Gold)),
		app.P().Class("verdict").Aria("live", "polite").Body(app.Text(followedFacts(a, b)+" "), endMark(b)),
		app.Div().Class("answer-slider").Body(
			play,
			app.Label().Body(
				app.Span().Text("after step"),
				&places{Control: "answer", Label: "step of the run", Says: fmt.Sprintf("after step %d, %s", b.Step, explain.Plural(len(b.Text), "token")), At: at + 1, Of: n},
				app.Output().Text(b.Step),
			),
		),
		p.figure("followed", "Side by side", true),
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
		p.typedPanel(run),
		app.P().Class("hint").Text(whether(f.Typed, "A problem that was typed", "A problem that no run trains on")+"; each answer is the likeliest one. One problem shows how, not how much: the curves have the means."),
	)
}

// otherModel reports whether a run began from another model than the one that the plan begins from.
func (p *Page) otherModel(run session.KeptRun) bool { return run.Settings.Model != p.Settings().Model }

// whoseAnswers says whose answers are shown, and where they come from another model than the plan's.
func (p *Page) whoseAnswers(run session.KeptRun, example bool) string {
	switch {
	case example && p.otherModel(run):
		return fmt.Sprintf("No run from %s is shipped. This one is %s, from %s; your own takes its place once it has begun.", p.Settings().Model, run.Info.Name, run.Settings.Model)
	case example:
		return "For example: " + run.Info.Name + ", from " + run.Settings.Model + "."
	}
	return run.Info.Name + ", from " + run.Settings.Model + "."
}

// typedPanel lets the two ends of a run answer a problem that is typed. It needs the run's model.
func (p *Page) typedPanel(run session.KeptRun) app.UI {
	if run.Info.ID == "" || !run.Info.HasModel() || run.Info.Step == 0 {
		return app.Div().Class("no-results")
	}
	kind, _ := task.Find(run.Settings.Task)
	id := run.Info.ID
	return app.Details().Class("own").Open(!p.Folded["follow"]).Body(
		app.Summary().DataSet("do", "fold:follow").Text("Another problem"),
		app.If(!p.Folded["follow"], func() app.UI {
			return app.Div().Class("follow-typed").Body(
				app.Textarea().ID("follow-text").DataSet("set", "follow-text").Rows(2).Spellcheck(false).Placeholder(kind.Words.Example).Attr("value", p.FollowText).
					Aria("label", "problem for base and trained").Aria("describedby", "follow-why"),
				app.P().Class("hint").ID("follow-why").Text(kind.Words.Typing+" The base and the trained model answer it."),
				app.Div().Class("buttons").Body(
					p.button("follow-typed:"+id, "", app.Text("Compare on this problem")),
					app.If(p.Followed.Typed, func() app.UI { return p.button("follow-run:"+id, "quiet", app.Text("Back to the run's problem")) }),
				),
			)
		}),
	)
}

// problemText is a problem without the marks around it.
func problemText(text string) string {
	return strings.Join(slices.DeleteFunc(strings.Fields(text), func(token string) bool { return strings.HasPrefix(token, "<") }), " ")
}

// endMark says whether an answer is right.
func endMark(a session.FollowedAnswer) app.UI {
	if a.Correct {
		return app.Span().Class("mark right").Text("✓ right")
	}
	return app.Span().Class("mark false").Text("✗ wrong")
}

// followedFacts says in words how the second answer differs from the first.
func followedFacts(a, b session.FollowedAnswer) string {
	redundant := func(a session.FollowedAnswer) (n int) {
		for _, s := range a.Steps {
			if s.Label == "redundant" {
				n++
			}
		}
		return n
	}
	if b.Step == a.Step {
		return fmt.Sprintf("Before training: %s, %s.", explain.Plural(len(a.Text), "token"), explain.Plural(redundant(a), "redundant step"))
	}
	return fmt.Sprintf("After step %d: %d → %s, %d → %s.", b.Step, len(a.Text), explain.Plural(len(b.Text), "token"), redundant(a), explain.Plural(redundant(b), "redundant step"))
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
