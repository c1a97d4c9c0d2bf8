package lessons

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
	"attnlab/rl/stat"
)

// lessonCredit is about ATTNPO's γ.
var lessonCredit = Lesson{
	Title:   "Who gets the credit",
	About:   "Take one training step of ATTNPO and see how it shares the credit among the steps of a rollout.",
	Minutes: 3,
	Steps: []Step{
		{Page: "train", Ring: "method", Title: "One number for a response",
			Text:   "ATTNPO begins like [TLMRE]: a right answer earns 1, less a share that grows with its length among the right ones. Its [advantage] is that [reward] minus the mean of the others in its [group], [leave-one-out]. Without more, all tokens would get the same.",
			Source: "ATTNPO, arXiv 2602.09953, outcome reward, by its code; Arora and Zanette (TLMRE)"},
		{Page: "train", Ring: "settings", Title: "What the answer looked at",
			Text:   "The [key-focus heads|key-focus head] show where the answer looked: [S_k|S] is what it pays to step k, [S_base] what even attention would pay. A step below that, in a response with positive advantage, keeps only the share [γ] of the advantage.",
			Source: "ATTNPO, arXiv 2602.09953, step rescaling, by its code: γ = p^λ S_k/S_base + 1 − p^λ"},
		{Part: Asks, Page: "train", Title: "Predict",
			Text: "The lab takes one training step and reads γ for the steps of right responses with positive advantage. γ acts most in groups with many right answers, so the problems are easy. The [schedule] is off, because it would spare mixed groups at first."},
		{Part: Runs, Page: "train", Ring: "rollouts", Title: "Take a step",
			Text: "The engine measures the base, finds its key-focus heads, samples groups of eight responses and updates the model once. Then the credit view explains one rollout after another."},
		{Part: Checks, Page: "train", Ring: "rollouts", Title: "What was seen",
			Text:   "γ does not know the labels, only where the answer looked. In the shipped runs the same scores dealt out at random did worse, and sorted by place, without attention, they left as few redundant steps a response (−0.06, −0.14 to +0.03): that it takes attention is not shown. Open the γ of any step.",
			Source: "ATTNPO, arXiv 2602.09953, step rescaling. The difference of ATTNPO and place is of eight seeds, with its 95 % interval: docs/results.md"},
	},
	Ask:      "Which steps keep more of a positive advantage?",
	Choices:  []string{"redundant ones", "both the same, within 0.05", "needed ones"},
	Bounds:   []float64{-0.05, 0.05},
	Quantity: "mean γ of needed less that of redundant steps,",
	Tries: []Try{
		{"8 problems, 12 rollouts", takeCredit(8, 12)},
		{"32 problems, 64 rollouts", takeCredit(32, 64)},
	},
	Clear:  func(now *session.Snapshots) { now.Run, now.Credit = session.Run{}, session.Credit{} },
	Gather: gatherCredit,
	Measure: func(_ *session.Snapshots, g *Gathering) Measured {
		// Steps of a problem share its responses and their lengths, so that problems count, not steps.
		m := Measured{N: len(g.problems), What: "problems", Freedom: len(g.problems) - 1}
		needed, nse := stat.ClusterMean(g.neededOf)
		spare, sse := stat.ClusterMean(g.spareOf)
		if m.N < Least || math.IsNaN(needed) || math.IsNaN(spare) {
			m.Value = math.NaN()
			return m
		}
		m.Value, m.SE = stat.ClusterDifference(g.neededOf, g.spareOf)
		m.Saw = fmt.Sprintf("Mean γ was %s ± %s on %d needed and %s ± %s on %d redundant steps of %s. The errors take problems, not steps, as independent.",
			explain.Format(needed), explain.Format(nse), count(g.neededOf), explain.Format(spare), explain.Format(sse), count(g.spareOf), explain.Plural(g.Done, "rollout"))
		return m
	},
}

// takeCredit takes one step of ATTNPO over a number of problems, and then explains a number of its rollouts.
func takeCredit(problems, rollouts int) func(Bench, *Gathering) {
	return func(b Bench, g *Gathering) {
		g.Of = rollouts
		b.Train(session.FirstMethod, 1, "2", map[string]string{"problems": strconv.Itoa(problems), "schedule": "0"})
	}
}

// gatherCredit reads γ of the explained rollout, and requests the next.
func gatherCredit(b Bench, g *Gathering) {
	now := b.Now()
	if len(g.queue) == 0 {
		if now.Run.Info.Step < 1 || now.Run.Settings.Method != session.FirstMethod || len(now.Run.Rollouts) == 0 {
			return
		}
		g.queue = acrossProblems(now.Run.Rollouts, g.Of)
		g.Of = len(g.queue) // there may be fewer
		if g.Going() {
			b.Do("credit:" + strconv.Itoa(g.queue[0]))
		}
		return
	}
	c := &now.Credit
	if c.Rollout >= len(now.Run.Rollouts) || c.Rollout != g.queue[g.Done] || c.Number <= g.last || len(c.Steps) == 0 && len(c.Text) == 0 {
		return
	}
	g.last = c.Number
	problem := now.Run.Rollouts[c.Rollout].Group
	at := slices.Index(g.problems, problem)
	if at < 0 {
		at = len(g.problems)
		g.problems, g.neededOf, g.spareOf = append(g.problems, problem), append(g.neededOf, nil), append(g.spareOf, nil)
	}
	for _, step := range c.Steps {
		switch step.Label {
		case "essential", "correcting":
			g.neededOf[at] = append(g.neededOf[at], step.Scale)
		case "redundant":
			g.spareOf[at] = append(g.spareOf[at], step.Scale)
		}
	}
	if g.Done++; g.Going() {
		b.Do("credit:" + strconv.Itoa(g.queue[g.Done]))
	}
}

// acrossProblems lists at most n rollouts of right responses with positive advantage: one of each problem, then a second of each, and
// so on, so that few rollouts are of many problems.
func acrossProblems(rollouts []session.RolloutRow, n int) (list []int) {
	var groups [][]int
	at := map[int]int{}
	for i, r := range rollouts {
		if !r.Correct || !r.Trained || r.Advantage <= 0 {
			continue
		}
		g, ok := at[r.Group]
		if !ok {
			g = len(groups)
			at[r.Group], groups = g, append(groups, nil)
		}
		groups[g] = append(groups[g], i)
	}
	for turn := 0; ; turn++ {
		before := len(list)
		for _, g := range groups {
			if turn < len(g) && len(list) < n {
				list = append(list, g[turn])
			}
		}
		if len(list) == before {
			return list
		}
	}
}

// count is the number of values in all clusters.
func count(clusters [][]float64) (n int) {
	for _, values := range clusters {
		n += len(values)
	}
	return n
}
