package panels

import (
	"fmt"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// stop is one stop of the guided tour. Its demonstration presses the real controls.
type stop struct {
	page  string
	ring  string // the element that is ringed, as in lab.css
	title string
	text  string
	label string // of the button that demonstrates
	show  func(l *Lab)
}

var tour = []stop{
	{pageTrace, "rows", "A model that thinks aloud",
		"The first row is the problem: some values, some definitions, and a question. Each row below is one step of the model's reasoning. The badge is the truth about it, known because the arithmetic can be replayed: essential, redundant, correcting or wrong.",
		"Walk through it", func(l *Lab) {
			l.unit = "step"
			l.Selection.Step, l.Selection.Token = -1, -1
			l.play()
		}},
	{pageTrace, "sampling", "Make your own",
		"Draw a problem that nobody has seen and let the model answer it. With a higher temperature it takes more chances; with the same draw it gives the same answer.",
		"Draw and generate", func(l *Lab) {
			l.do("problem")
			l.generate(true)
		}},
	{pageTrace, "step-panel", "Who looks back at whom",
		"Arcs join a step to the earlier steps that its tokens pay attention to. FCI adds up what later steps pay to a step, in the head that does so most. Every number opens to its sum.",
		"Take the top step and open its FCI", func(l *Lab) {
			l.do("step-top")
			if k := l.Selection.Step; k >= 0 {
				l.do(fmt.Sprintf("explain:fci:%d", k))
			}
		}},
	{pageHeads, "find", "Heads with a job",
		"Few heads carry the answer. Ranked over many problems, some look at the needed steps nearly always: the key-focus heads. The grid shows all heads; choosing one filters everything.",
		"Find them over 32 problems", func(l *Lab) {
			l.problems = 32
			l.Grid = bySRA
			l.do("heads")
		}},
	{pageHeads, "disrupt", "Cut, and see what breaks",
		"Attention is only a hint until it is cut. Here all later tokens stop seeing one step, and the rest is sampled again: if accuracy falls, the step was needed.",
		"Cut the top step", func(l *Lab) {
			l.selectStep(l.topStep())
			l.selected()
			l.do("disrupt")
		}},
}

// goTour goes to a stop; 0 and past the last leave the tour.
func (l *Lab) goTour(n int) {
	l.tour, l.explain, l.dialog = 0, "", ""
	if n >= 1 && n <= len(tour) {
		l.tour = n
		l.show(tour[n-1].page)
		l.screen.reveal(tour[n-1].ring)
	}
}

func (l *Lab) tourCard() app.UI {
	if l.tour == 0 {
		return app.Aside().Class("card tour").Hidden(true)
	}
	s := tour[l.tour-1]
	next := "Next"
	if l.tour == len(tour) {
		next = "Done"
	}
	show := app.Button().Type("button").DataSet("do", "tour-do").Class("primary").Text(s.label)
	if l.tour > 1 && !l.ready() {
		show = show.Disabled(true)
	}
	return app.Aside().Class("card tour").Role("dialog").Aria("label", "guided tour").Aria("live", "polite").Body(
		app.Div().Class("card-head").Body(
			app.Span().Class("hint").Text(fmt.Sprintf("%d of %d", l.tour, len(tour))),
			app.Button().Type("button").Class("tool").DataSet("do", "tour:0").Aria("label", "leave the tour").Body(icon("close")),
		),
		app.H2().Text(s.title),
		app.P().Text(s.text),
		app.Div().Class("buttons").Body(
			show,
			app.If(l.tour > 1, func() app.UI {
				return app.Button().Type("button").DataSet("do", fmt.Sprintf("tour:%d", l.tour-1)).Text("Back")
			}),
			app.Button().Type("button").DataSet("do", fmt.Sprintf("tour:%d", l.tour+1)).Text(next),
		),
	)
}
