package panels

import "fmt"

// lessonTrace is about a trace and its length.
var lessonTrace = lesson{
	title: "What a trace is, and why it is too long",
	about: "Walk through one response, then count how much of many responses was needed.",
	steps: []lessonStep{
		{page: pageTrace, ring: "rows", title: "A response, step by step",
			text:   "The model thinks before it answers. Its [rollout] is cut at line ends into [steps|step]. The arithmetic can be replayed, so each step carries the truth about itself, its [label]: [essential], [redundant], [correcting] or [wrong]. With that and its attention it is a [trace].",
			source: "AttnRL, arXiv 2509.26628, step segmentation; labels are this lab's own",
			shows: []try{{"Walk through it", func(l *Lab) {
				l.unit = "step"
				l.Selection.Step, l.Selection.Token = -1, -1
				l.play()
			}}}},
		{page: pageTrace, ring: "rows", title: "Where the length comes from",
			text:   "A [reward] for right answers alone does not ask for brevity, and the texts that this model learned from check and repeat themselves. So it works out values that nobody needs, checks what is right, and says it again. Each such token costs time and shares in the credit.",
			source: "REA-RL, arXiv 2505.19862, chunk labels: what follows the first right result is overthinking"},
		{part: asks, page: pageTrace, title: "Predict",
			text: "The next step draws fresh problems, one after another, lets the model answer each, and counts the labels of its steps."},
		{part: runs, page: pageTrace, ring: "rows", title: "Count",
			text: "The responses pass by on the page as they are written. Every one counts, right or wrong. The [sampling] is that of the page."},
		{part: checks, page: pageTrace, ring: "rows", title: "What was seen",
			text:   "A redundant step is not a wrong one: a check can save an answer. The next lessons look for a signal that tells which steps mattered, as labels exist only in a task like this one.",
			source: "ATTNPO, arXiv 2602.09953, key-focus heads: there, three LLM judges label the steps"},
	},
	ask:      "What share of the steps of a response is redundant?",
	choices:  []string{"under a fifth", "from a fifth to a third", "over a third"},
	bounds:   []float64{1. / 5, 1. / 3},
	quantity: "share of redundant steps",
	tries: []try{
		{"12 problems", func(l *Lab) { l.countSteps(12) }},
		{"48 problems", func(l *Lab) { l.countSteps(48) }},
	},
	forget: func(*Lab) {},
	gather: (*Lab).gatherSteps,
	measure: func(s *state) measured {
		g := s.record(1).gathering
		m := measured{n: len(g.spare), what: "responses", freedom: len(g.spare) - 1}
		if m.n < least {
			return m
		}
		m.value, m.se = meanError(g.spare)
		needed, se := meanError(g.needed)
		m.saw = fmt.Sprintf("Needed, that is essential or correcting, were %s ± %s of the steps; the rest was wrong or malformed.", format(needed), format(se))
		return m
	},
}

// countSteps draws the first of n problems.
func (l *Lab) countSteps(n int) {
	l.record(1).gathering = gathering{of: n}
	l.drawAndAnswer()
}

// drawAndAnswer presses the page's own buttons.
func (l *Lab) drawAndAnswer() {
	l.do("problem")
	l.generate(true)
}

// gatherSteps takes the shares of a finished response's labels, and draws the next problem.
func (l *Lab) gatherSteps() {
	g, t := &l.record(1).gathering, &l.trace
	if !l.ready() || l.Example || !l.current() || !t.Complete || t.Number <= g.last {
		return
	}
	g.last = t.Number
	if K := float64(len(t.Steps)); K > 0 { // a response without steps has no shares
		needed, redundant := 0., 0.
		for _, step := range t.Steps {
			switch step.Label {
			case "essential", "correcting":
				needed++
			case "redundant":
				redundant++
			}
		}
		g.needed, g.spare = append(g.needed, needed/K), append(g.spare, redundant/K)
	}
	if g.done++; g.going() {
		l.drawAndAnswer()
	}
}
