package panels

import (
	"fmt"
	"math"
	"slices"

	"attnlab/app/session"
)

// lessonAttention is about what later steps look at, and whether they need it.
var lessonAttention = lesson{
	title: "What later steps look at",
	about: "Follow attention back through a trace, then cut it and see what breaks.",
	steps: []lessonStep{
		{page: pageTrace, ring: "figure-arcs", title: "Looking back",
			text:   "In every [head] a token spreads a weight of 1 over itself and what came before. The mean over the tokens of two steps says how much one step looks at the other. Arcs show it: choose a step and see where its later readers are.",
			source: "AttnRL, arXiv 2509.26628, FCI: the mean is over the tokens of both steps, so it is a density",
			shows:  []try{{"Take the top step", func(l *Lab) { l.do("step-top") }}}},
		{page: pageTrace, ring: "step-panel", title: "One number for a step",
			text:   "[FCI] adds up what the steps from [Δ] later on pay to a step, and takes the head in which that is most. A sum over later steps favours early ones, and there are many heads to choose from: a high FCI is a hint, not a proof.",
			source: "AttnRL, arXiv 2509.26628, FCI; Δ from Thought Anchors, arXiv 2506.19143. The bias is our reading",
			shows: []try{{"Open its sum", func(l *Lab) {
				l.do("step-top")
				if k := l.Selection.Step; k >= 0 && l.explain != fmt.Sprintf("fci:%d", k) {
					l.do(fmt.Sprintf("explain:fci:%d", k))
				}
			}}}},
		{part: asks, page: pageHeads, ring: "disrupt", title: "Predict",
			text:   "The proof is a cut. After a step out of the 20 % with the highest FCI, later tokens stop seeing that step, and the rest is sampled again; once more without the cut, as control. What is lost is the [disruption].",
			source: "AttnRL, arXiv 2509.26628, disruption analysis"},
		{part: runs, page: pageHeads, ring: "disrupt", title: "Cut",
			text: "In each problem with a right response one step is taken from the top 20 % by FCI, and one from the others. The table on this page fills as the engine goes."},
		{part: checks, page: pageHeads, ring: "disrupt", title: "What was seen",
			text:   "AttnRL reports the largest loss for steps of high FCI, then for steps of high [entropy], then for the others. Here entropy peaks on words such as wait, which open redundant steps: the order of the last two can differ. The page can cut by entropy as well.",
			source: "AttnRL, arXiv 2509.26628, disruption analysis (order of losses; its bars give no numbers)"},
	},
	ask:      "How much accuracy is lost by cutting a step of high FCI?",
	choices:  []string{"less than 0.1", "0.1 or more"},
	bounds:   []float64{0.1},
	quantity: "accuracy lost",
	tries: []try{
		{"48 problems", func(l *Lab) { l.cutSteps(48) }},
		{"256 problems", func(l *Lab) { l.cutSteps(256) }},
	},
	forget: func(l *Lab) { l.disruption = session.Disruption{} },
	measure: func(s *state) measured {
		group := func(pick string) (g session.DisruptionGroup, ok bool) {
			if s.disruption.Step >= 0 { // of the one step that a visitor cut meanwhile
				return g, false
			}
			i := slices.IndexFunc(s.disruption.Groups, func(g session.DisruptionGroup) bool { return g.Pick == pick })
			if i < 0 {
				return g, false
			}
			g = s.disruption.Groups[i]
			g.ControlSE, g.DisruptedSE = shareError(g.Control, g.ControlSE, g.N), shareError(g.Disrupted, g.DisruptedSE, g.N)
			return g, true
		}
		top, ok := group("fci")
		m := measured{n: top.N, what: "cuts", freedom: 2 * (top.N - 1)}
		if !ok {
			return m
		}
		m.value, m.se = lossOf(top)
		if other, ok := group("other"); ok {
			loss, se := lossOf(other)
			d, dse := m.value-loss, math.Hypot(m.se, se)
			m.saw = fmt.Sprintf("Cutting one of the other steps lost %s ± %s (n = %d). The difference is %s ± %s", format(loss), format(se), other.N, format(d), format(dse))
			if math.Abs(d) < student(top.N+other.N)*dse {
				m.saw += ", too close to call: the longer experiment may settle it."
			} else {
				m.saw += "."
			}
		}
		return m
	},
}

// cutSteps cuts attention to a step of n problems each, by FCI and not.
func (l *Lab) cutSteps(n int) {
	l.problems = n
	l.send(session.Disrupt{Step: -1, Problems: n, Picks: []string{"fci", "other"}})
}
