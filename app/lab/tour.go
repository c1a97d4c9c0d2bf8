package lab

// stop is one stop of the guided tour. Its demonstration presses the real controls.
type stop struct {
	Page  string
	Ring  string // the element that pages.css rings
	Title string
	Text  string
	Label string // of the button that demonstrates; empty for none
	Needs bool   // the worked example
	show  func(l *Lab)
}

// TourStops are the stops of the guided tour, in order.
var TourStops = []stop{
	{PageTrace, "rows", "A model that thinks aloud",
		"The first row is the problem. Each row below is one step of the model's reasoning. The badge is the true label of the step, found by replaying the arithmetic: essential, redundant, correcting or wrong.",
		"Walk through it", true, func(l *Lab) { l.Do("walk") }},
	{PageTrace, "step-panel", "Who looks back at whom",
		"Later steps attend to earlier ones. FCI adds up what they pay to a step, in the head with the largest sum. Here it is highest where the search gives up and starts again. Every number opens to its sum.",
		"Take the top step and open its FCI", true, func(l *Lab) { l.Do("explain-top") }},
	{PageTrace, "cut-panel", "Cut, and see what breaks",
		"Attention is only a hint. To test it, later tokens stop seeing one step, and the rest is sampled again, 32 times with the step and 32 times without. Cut the step that attention favours, and one that the answer uses. This example was chosen because it shows both outcomes; Heads measures many problems.",
		"Cut both", true, func(l *Lab) { l.Do("cut-both") }},
	{PageHeads, "find", "Heads with a job",
		"The lab ranks heads by how often they look more at a needed step than at a redundant one: the best are the key-focus heads. Compare them with position alone. The grid shows all heads; choosing one filters everything.",
		"Find them over 32 problems", false, func(l *Lab) {
			l.Controls.Problems = 32
			l.Do("heads")
		}},
	{PageTree, "growth", "What a step is worth",
		"Sample the rest of a response again from several of its steps. The share of right endings below a step is its value, and the difference to its surroundings is its advantage: credit without attention.",
		"Grow a tree", false, func(l *Lab) { l.Do("grow-again:all") }},
	{PageTrain, "method", "Then train on the answer",
		"This page trains the model by reinforcement learning. Each training step samples responses, pays right and short ones, and updates the model. GRPO pays all tokens of a response alike; ATTNPO shares the payment among its steps by attention. Press Start and watch accuracy and length.",
		"", false, nil},
	{PageCompare, "contenders", "Did it help?",
		"Each run has its accuracy and its length. Further up is more accurate, further left is shorter; a run is better only if it is both. Your runs stand beside runs that come with the lab.",
		"", false, nil},
	{PageLearn, "lessons", "Predict, then measure",
		"Seven lessons ask for a prediction, run an experiment, and check one against the other. They begin with the traces, go through training, and end with changing a thought.",
		"", false, nil},
}

// GoTour goes to a stop; 0 and past the last leave the tour. A stop about the worked example shows it.
func (l *Lab) GoTour(n int) {
	l.Tour, l.Explained, l.Dialog, l.Playing = 0, "", "", false
	if n < 1 || n > len(TourStops) {
		return
	}
	if l.View.Lesson.Lesson > 0 {
		l.View.Lesson = LessonPlace{}
	}
	s := TourStops[n-1]
	l.show(s.Page)
	if s.Needs && !l.Example {
		l.Do("example")
	}
	l.Tour = n
	l.screen.Reveal(s.Ring)
}

// showStop runs the demonstration of the stop.
func (l *Lab) showStop() {
	if l.Tour > 0 && TourStops[l.Tour-1].show != nil {
		TourStops[l.Tour-1].show(l)
		l.screen.Reveal(TourStops[l.Tour-1].Ring)
	}
}
