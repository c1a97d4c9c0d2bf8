package lessons

import (
	"fmt"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
	"attnlab/rl/stat"
)

// lessonTrace is about a trace and its length.
var lessonTrace = Lesson{
	Title:   "What a trace is, and why it is too long",
	About:   "Walk through one response, then count how much of many responses was needed.",
	Minutes: 2,
	Steps: []Step{
		{Page: "trace", Ring: "rows", Title: "A response, step by step",
			Text:   "The model thinks before it answers. The lab cuts its [rollout] at line ends into [steps|step]. The arithmetic can be replayed, so each step has a true [label]: [essential], [redundant], [correcting] or [wrong]. A rollout with its labels and its attention is a [trace].",
			Source: "AttnRL, arXiv 2509.26628, step segmentation; labels are this lab's own",
			Shows:  []Try{{"Walk through it", do("walk")}}},
		{Page: "trace", Ring: "rows", Title: "Where the length comes from",
			Text:   "A [reward] for right answers alone does not ask for short ones, and the texts that this model learned from check and repeat themselves. So the model computes values that nobody needs, checks what is right, and repeats it. Each such token costs time and shares in the credit.",
			Source: "REA-RL, arXiv 2505.19862, chunk labels: what follows the first right result is overthinking"},
		{Part: Asks, Page: "trace", Title: "Predict",
			Text: "The next step draws fresh problems, one after another, lets the model answer each, and counts the labels of its steps."},
		{Part: Runs, Page: "trace", Ring: "rows", Title: "Count",
			Text: "The page shows the responses while they are written. Every response counts, right or wrong. The [sampling] is that of the page."},
		{Part: Checks, Page: "trace", Ring: "rows", Title: "What was seen",
			Text:   "A redundant step is not a wrong one: a check can save an answer. The next lessons look for a signal that shows which steps mattered, because only a task like this one has true labels.",
			Source: "ATTNPO, arXiv 2602.09953, key-focus heads: there, three LLM judges label the steps"},
	},
	Ask:      "What share of the steps of a response is redundant?",
	Choices:  []string{"under a fifth", "from a fifth to a third", "over a third"},
	Bounds:   []float64{1. / 5, 1. / 3},
	Quantity: "share of redundant steps",
	Tries: []Try{
		{"12 problems", countSteps(12)},
		{"48 problems", countSteps(48)},
	},
	Clear:  func(*session.Snapshots) {},
	Gather: gatherSteps,
	Measure: func(_ *session.Snapshots, g *Gathering) Measured {
		m := Measured{N: len(g.spare), What: "responses", Freedom: len(g.spare) - 1}
		if m.N < Least {
			return m
		}
		m.Value, m.SE = stat.MeanError(g.spare)
		needed, se := stat.MeanError(g.needed)
		m.Saw = fmt.Sprintf("Needed steps, that is essential or correcting ones, were %s ± %s of the steps. The others were wrong or malformed.", explain.Format(needed), explain.Format(se))
		return m
	},
}

// countSteps draws the first of n problems.
func countSteps(n int) func(Bench, *Gathering) {
	return func(b Bench, g *Gathering) {
		g.Of = n
		b.Do("draw")
	}
}

// gatherSteps counts the labels of a finished response, and draws the next problem.
func gatherSteps(b Bench, g *Gathering) {
	t := b.Answered()
	if t == nil || t.Number <= g.last {
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
	if g.Done++; g.Going() {
		b.Do("draw")
	}
}
