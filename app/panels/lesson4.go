package panels

import (
	"fmt"
	"math"

	"attnlab/app/session"
)

// lessonCredit is about ATTNPO's γ.
var lessonCredit = lesson{
	title: "Who gets the credit",
	about: "Take one training step of ATTNPO and see how it shares the credit among the steps of a rollout.",
	steps: []lessonStep{
		{page: pageTrain, ring: "method", title: "One number for a response",
			text:   "ATTNPO begins like [TLMRE]: a right answer earns 1, less a share that grows with its length among the right ones. Its [advantage] is that [reward] less the mean of the others in its [group], [leave-one-out]. All tokens would get the same.",
			source: "ATTNPO, arXiv 2602.09953, outcome reward, by its code; Arora and Zanette (TLMRE)"},
		{page: pageTrain, ring: "settings", title: "What the answer looked at",
			text:   "The [key-focus heads|key-focus head] of the answer say which steps it used: [S_k|S] is what it pays to step k, [S_base] what even attention would pay. A step below that, in a response with positive advantage, keeps only the share [γ] of it.",
			source: "ATTNPO, arXiv 2602.09953, step rescaling, by its code: γ = p^λ S_k/S_base + 1 − p^λ"},
		{part: asks, page: pageTrain, title: "Predict",
			text: "One training step is taken, and γ is read off for the steps of right responses with positive advantage. γ acts most in groups with many right answers, so the problems are easy; and the [schedule], which would spare mixed groups at first, is off."},
		{part: runs, page: pageTrain, ring: "rollouts", title: "Take a step",
			text: "The engine measures the base, finds its key-focus heads, samples groups of eight responses and updates the model once. Then rollout after rollout is explained in the credit view."},
		{part: checks, page: pageTrain, ring: "rollouts", title: "What was seen",
			text:   "γ knows nothing of labels: it says where the answer looked, and that can be wrong both ways. Choose a rollout on this page and open the γ of any step for its arithmetic.",
			source: "ATTNPO, arXiv 2602.09953, step rescaling; attention is not explanation"},
	},
	ask:      "Which steps keep more of a positive advantage?",
	choices:  []string{"redundant ones", "both the same, within 0.05", "needed ones"},
	bounds:   []float64{-0.05, 0.05},
	quantity: "mean γ of needed less that of redundant steps,",
	tries: []try{
		{"8 problems, 12 rollouts", func(l *Lab) { l.takeCredit(8, 12) }},
		{"32 problems, 64 rollouts", func(l *Lab) { l.takeCredit(32, 64) }},
	},
	forget: func(l *Lab) { l.run, l.credit = session.Run{}, session.Credit{} },
	gather: (*Lab).gatherCredit,
	measure: func(s *state) measured {
		g := s.record(4).gathering
		m := measured{n: len(g.needed) + len(g.spare), what: "steps", freedom: len(g.needed) + len(g.spare) - 2}
		if len(g.needed) < least || len(g.spare) < least {
			m.n = min(len(g.needed), len(g.spare))
			return m
		}
		needed, nse := meanError(g.needed)
		spare, sse := meanError(g.spare)
		m.value, m.se = needed-spare, math.Hypot(nse, sse)
		m.saw = fmt.Sprintf("Mean γ was %s ± %s on %d needed and %s ± %s on %d redundant steps of %d rollouts.",
			format(needed), format(nse), len(g.needed), format(spare), format(sse), len(g.spare), g.done)
		return m
	},
}

// takeCredit takes one step of ATTNPO over some problems, to explain so many of its rollouts.
func (l *Lab) takeCredit(problems, rollouts int) {
	l.record(4).gathering = gathering{of: rollouts}
	l.begin(1, "2", map[string]float64{"problems": float64(problems), "schedule": 0})
}

// begin makes a run of ATTNPO from the model on show, and lets it go.
func (l *Lab) begin(steps int, difficulty string, hyper map[string]float64) {
	p := startPlan()
	p.Method, p.Steps, p.Difficulty = "attnpo", steps, difficulty
	p.setHyper(hyper)
	l.Plan = p
	l.send(session.Begin{Settings: l.settings()})
	l.send(session.Advance{})
}

// gatherCredit takes the γ of the rollout that was explained, and asks for the next.
func (l *Lab) gatherCredit() {
	g := &l.record(4).gathering
	if len(g.queue) == 0 { // the step has just been taken, or not yet
		if l.run.Info.Step < 1 || l.run.Settings.Method != "attnpo" || len(l.run.Rollouts) == 0 {
			return
		}
		for i, r := range l.run.Rollouts {
			if r.Correct && r.Trained && r.Advantage > 0 && len(g.queue) < g.of {
				g.queue = append(g.queue, i)
			}
		}
		g.of = len(g.queue) // there may be fewer
		if g.going() {
			l.showCredit(g.queue[0])
		}
		return
	}
	c := &l.credit
	if c.Rollout != g.queue[g.done] || c.Number <= g.last || len(c.Steps) == 0 && len(c.Text) == 0 {
		return
	}
	g.last = c.Number
	for _, step := range c.Steps {
		switch step.Label {
		case "essential", "correcting":
			g.needed = append(g.needed, step.Scale)
		case "redundant":
			g.spare = append(g.spare, step.Scale)
		}
	}
	if g.done++; g.going() {
		l.showCredit(g.queue[g.done])
	}
}
