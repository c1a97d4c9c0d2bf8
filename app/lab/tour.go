package lab

import "attnlab/app/lab/explain"

// stop is one stop of the guided tour. Its demonstration presses the real controls.
type stop struct {
	Page  string
	Ring  string // the element that lab.css rings
	Title string
	Text  string
	Label string // of the button that demonstrates
	show  func(l *Lab)
}

// TourStops are the stops of the guided tour, in order.
var TourStops = []stop{
	{PageTrace, "rows", "A model that thinks aloud",
		"The first row is the problem: some values, some definitions, and a question. Each row below is one step of the model's reasoning. The badge is the true label of the step, found by replaying the arithmetic: essential, redundant, correcting or wrong.",
		"Walk through it", func(l *Lab) { l.Do("walk") }},
	{PageTrace, "sampling", "Make your own",
		"Draw a problem that nobody has seen and let the model answer it. At a higher temperature it samples less likely tokens more often. The same draw gives the same answer.",
		"Draw and generate", func(l *Lab) { l.Do("draw") }},
	{PageTrace, "step-panel", "Who looks back at whom",
		"Arcs join a step to the earlier steps that its tokens attend to. FCI adds up what later steps pay to a step, in the head with the largest sum. In these models it mostly follows position: the earlier a step, the higher its FCI. Every number opens to its sum.",
		"Take the top step and open its FCI", func(l *Lab) { l.Do("explain-top") }},
	{PageHeads, "find", "Heads with a job",
		"The lab ranks heads by how often they look more at a needed step than at a redundant one: the best are the key-focus heads. Compare them with position alone, which ranks 0.85 of such pairs correctly here. The grid shows all heads; choosing one filters everything.",
		"Find them over 32 problems", func(l *Lab) {
			l.Controls.Problems = 32
			l.Grid = explain.BySRA
			l.Do("heads")
		}},
	{PageHeads, "disrupt", "Cut, and see what breaks",
		"Attention is only a hint until it is cut. Here all later tokens stop seeing one step, and the rest is sampled again: if accuracy falls, the step was needed.",
		"Cut the top step", func(l *Lab) {
			l.selectStep(l.topStep())
			l.selected()
			l.Do("disrupt")
		}},
}

// GoTour goes to a stop; 0 and past the last leave the tour.
func (l *Lab) GoTour(n int) {
	l.Tour, l.Explained, l.Dialog = 0, "", ""
	if n >= 1 && n <= len(TourStops) {
		l.Tour = n
		l.show(TourStops[n-1].Page)
		l.screen.Reveal(TourStops[n-1].Ring)
	}
}

// showStop runs the demonstration of the stop.
func (l *Lab) showStop() {
	if l.Tour > 0 {
		TourStops[l.Tour-1].show(l)
	}
}
