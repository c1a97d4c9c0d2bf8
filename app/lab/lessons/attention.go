package lessons

import (
	"fmt"
	"slices"
	"strconv"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
	"attnlab/rl/score"
	"attnlab/rl/stat"
)

// lessonAttention is about what later steps look at, and whether they need it.
var lessonAttention = Lesson{
	Title:   "What later steps look at",
	About:   "Follow attention back through a trace, then cut it and see what breaks.",
	Minutes: 3,
	Steps: []Step{
		{Page: "trace", Ring: "rows-with-arcs", Title: "Looking back",
			Text:   "In every [head] a token spreads a weight of 1 over itself and the tokens before it. The mean over the tokens of two steps says how much one step looks at the other. Arcs beside the rows show it: choose a step to see which later steps read it.",
			Source: "AttnRL, arXiv 2509.26628, FCI: the mean is over the tokens of both steps, so it is a density",
			Shows:  []Try{{"Take the top step", do("step-top")}}},
		{Page: "trace", Ring: "step-panel", Title: "One number for a step",
			Text:   "[FCI] adds up what the steps from [Δ] later on pay to a step, and takes the head with the largest sum. Earlier steps have more later steps, so FCI mostly follows position: in these models the rank correlation of the two is −0.90 to −0.98. A high FCI is a hint, not a proof.",
			Source: "AttnRL, arXiv 2509.26628, FCI; Δ from Thought Anchors, arXiv 2506.19143. The correlation was measured here on about 300 traces of each base",
			Shows:  []Try{{"Open its sum", do("explain-top")}}},
		{Part: Asks, Page: "heads", Ring: "disrupt", Title: "Predict",
			Text:   "The proof is a cut. After a step out of the 20 % with the highest FCI, later tokens stop seeing that step, and the rest is sampled again; a control is sampled without the cut. The accuracy lost is the [disruption].",
			Source: "AttnRL, arXiv 2509.26628, disruption analysis"},
		{Part: Runs, Page: "heads", Ring: "disrupt", Title: "Cut",
			Text: "In each problem with a right response the lab cuts one step from the top 20 % by FCI, and one of the others. The table on this page fills while the engine works."},
		{Part: Checks, Page: "heads", Ring: "disrupt", Title: "What was seen",
			Text:   "AttnRL reports the largest loss for steps of high FCI, then for steps of high [entropy], then for the others. Here entropy is highest on words such as wait, which open redundant steps, so the last two can change places. This page can also cut by entropy.",
			Source: "AttnRL, arXiv 2509.26628, disruption analysis (order of losses; its bars give no numbers)"},
	},
	Ask:      "How much accuracy is lost by cutting a step of high FCI?",
	Choices:  []string{"less than 0.1", "0.1 or more"},
	Bounds:   []float64{0.1},
	Quantity: "accuracy lost",
	Tries: []Try{
		{"48 problems", cutSteps(48)},
		{"256 problems", cutSteps(256)},
	},
	Clear: func(now *session.Snapshots) { now.Disruption = session.Disruption{} },
	Measure: func(now *session.Snapshots, _ *Gathering) Measured {
		group := func(pick score.StepChoice) (g session.DisruptionGroup, ok bool) {
			if now.Disruption.Step >= 0 { // the visitor cut one step meanwhile
				return g, false
			}
			i := slices.IndexFunc(now.Disruption.Groups, func(g session.DisruptionGroup) bool { return g.Pick == string(pick) })
			if i < 0 {
				return g, false
			}
			return now.Disruption.Groups[i], true
		}
		top, ok := group(score.ChooseFCI)
		m := Measured{N: top.N, What: "cuts", Freedom: top.N - 1}
		if !ok {
			return m
		}
		m.Value, m.SE, m.Reach = top.Loss, top.LossSE, lossInterval(top)
		if other, ok := group(score.ChooseOther); ok {
			loss, se, reach := other.Loss, other.LossSE, lossInterval(other)
			d := m.Value - loss
			between := stat.DifferenceInterval(m.Value, m.Reach, loss, reach)
			m.Saw = fmt.Sprintf("Cutting one of the other steps lost %s ± %s (%s). The difference is %s ± %s", explain.Format(loss), explain.Format(se), explain.N(other.N), explain.Format(d), explain.Format(stat.DifferenceError(m.SE, se)))
			if between.Low <= 0 && 0 <= between.High {
				m.Saw += ", too close to call: the longer experiment may settle it."
			} else {
				m.Saw += "."
			}
		}
		return m
	},
}

// lossInterval is the 95 % interval of the accuracy lost.
func lossInterval(g session.DisruptionGroup) stat.Interval {
	return stat.PairedShareDifference(g.Control, g.Disrupted, g.N, g.LossSE)
}

// cutSteps cuts attention to a step of n problems each, by FCI and not.
func cutSteps(n int) func(Bench, *Gathering) {
	return func(b Bench, _ *Gathering) {
		b.Set("problems", strconv.Itoa(n))
		b.Send(session.Disrupt{Step: -1, Problems: n, Picks: []string{string(score.ChooseFCI), string(score.ChooseOther)}})
	}
}
