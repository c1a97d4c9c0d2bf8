package lessons

import (
	"fmt"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
	"attnlab/rl/stat"
)

// lessonImportance asks whether attention says which steps are needed, by the counterfactual experiment.
var lessonImportance = Lesson{
	Title:   "Is attention importance?",
	About:   "Sample every step again, and see whether FCI ranks what the steps contribute better than their place does.",
	Minutes: 4,
	Steps: []Step{
		{Page: "trace", Ring: "importance", Title: "What a step contributes",
			Text:   "Attention shows where a model looks, not what it needs. So let the model write a step again: some continuations keep it, some write another. How much more often those succeed that keep it is its [importance]. It takes no attention and no labels.",
			Source: "Thought Anchors, arXiv 2506.19143, counterfactual importance"},
		{Page: "trace", Ring: "importance", Title: "The control",
			Text:   "A score may rank steps well for a dull reason: early steps are both looked at more often and needed more often. So every score here is set beside the place of a step alone. A score shows something of its own only where it beats that.",
			Source: "The rank correlation of FCI with the place of a step is −0.90 to −0.98 on about 300 traces of each base here"},
		{Part: Asks, Page: "trace", Title: "Predict",
			Text: "The lab answers fresh problems, samples every step of each response again, and ranks the steps by importance, by [FCI] and by place. What counts is how much better FCI agrees with importance than the place does: the difference of the two rank correlations, a response each."},
		{Part: Runs, Page: "trace", Ring: "importance", Title: "Sample every step again",
			Text: "All is sampled at temperature 1: below it the model seldom writes another step. Responses of fewer than 8 steps, and those in which too few have a score, are passed over. The panel below the trace shows the response that is measured now."},
		{Part: Checks, Page: "trace", Ring: "importance", Title: "What was seen",
			Text:   "On 60 problems with 64 continuations, replacing an essential step of this base cost .336 ± .022 of success, a redundant one −.004 ± .003. FCI ranked that no better than place (by .01, −.04 to .07); [focus], where the answer looks, did (by .20, .04 to .36). That focus causes anything is not shown.",
			Source: "docs/results.md: attnlab importance, chain-small, seed 1; errors and 95 % intervals over responses"},
	},
	Ask:      "Which agrees better with importance?",
	Choices:  []string{"the place, by 0.2 or more", "both alike, within 0.2", "FCI, by 0.2 or more"},
	Bounds:   []float64{-0.2, 0.2},
	Quantity: "ρ of FCI less ρ of place, with importance,",
	Tries: []Try{
		{"6 problems, 8 continuations", sampleEvery(6, 8)},
		{"24 problems, 16 continuations", sampleEvery(24, 16)},
	},
	Clear:  func(*session.Snapshots) {},
	Gather: gatherImportance,
	Measure: func(_ *session.Snapshots, g *Gathering) Measured {
		m := Measured{N: len(g.over), What: "responses", Freedom: len(g.over) - 1}
		if m.N < Least {
			return m
		}
		m.Value, m.SE = stat.MeanError(g.over)
		if needed, spare := count(g.neededOf), count(g.spareOf); needed > 0 && spare > 0 {
			of := func(steps [][]float64) string {
				mean, se := stat.ClusterMean(steps)
				return explain.Format(mean) + explain.PlusMinus(se)
			}
			m.Saw = fmt.Sprintf("Replacing a needed step cost %s of success (%s), a redundant one %s (%s).",
				of(g.neededOf), explain.Plural(needed, "step"), of(g.spareOf), explain.Plural(spare, "step"))
		}
		return m
	},
}

// sampleEvery draws the first of n problems, whose steps are sampled again with so many continuations from each place.
func sampleEvery(n, samples int) func(Bench, *Gathering) {
	return func(b Bench, g *Gathering) {
		g.Of, g.samples = n, samples
		b.Set("temperature", "20") // in twentieths: 1, as in docs/results.md; below it another step is seldom written
		b.Do("draw")
	}
}

// fewSteps is how many steps a response needs at least: in fewer, too few have a score to rank.
const fewSteps = 8

// gatherImportance samples the steps of a finished response again, takes what is measured, and draws the next problem. Responses in which too few steps
// can be ranked are passed over.
func gatherImportance(b Bench, g *Gathering) {
	t := b.Answered()
	if t == nil || t.Number <= g.last {
		return
	}
	if t.Number != g.measured && len(t.Steps) >= fewSteps {
		g.measured = t.Number
		b.Send(session.ResampleSteps{Samples: g.samples})
		return
	}
	ranked := false
	if v := &b.Now().Importances; t.Number == g.measured {
		if len(v.Ranking) == 0 || len(v.Steps) != len(t.Steps) {
			return
		}
		ranked = g.takeImportances(v)
	}
	g.last = t.Number
	if !g.passOver(ranked) && g.Going() {
		b.Do("draw")
	}
}

// passOver counts a response that was measured, or one more that was not. After mostPassed of these in a row the experiment ends, and it returns true.
func (g *Gathering) passOver(measured bool) bool {
	if measured {
		g.passed = 0
		g.Done++
		return false
	}
	if g.passed++; g.passed < mostPassed {
		return false
	}
	g.StopEarly()
	return true
}

// mostPassed is how many responses in a row may show nothing.
const mostPassed = 20

// takeImportances takes what one response shows. It returns false where too few of its steps can be ranked.
func (g *Gathering) takeImportances(v *session.Importances) bool {
	fci, _ := v.Rank("fci")
	place, _ := v.Rank("position")
	if fci.Rho == nil || place.Rho == nil {
		return false
	}
	g.over = append(g.over, *fci.Rho-*place.Rho)
	var needed, spare []float64
	for _, s := range v.Steps {
		if s.Importance == nil {
			continue
		}
		switch s.Label {
		case "essential", "correcting":
			needed = append(needed, s.Importance.Value)
		case "redundant":
			spare = append(spare, s.Importance.Value)
		}
	}
	g.neededOf, g.spareOf = append(g.neededOf, needed), append(g.spareOf, spare)
	return true
}
