package lessons

import (
	"fmt"
	"maps"
	"slices"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
	"attnlab/rl/stat"
)

// lessonControls asks whether ATTNPO needs attention, by the shipped runs and their controls.
var lessonControls = Lesson{
	Title:   "Is it attention, or is it position?",
	About:   "Set the shipped runs of ATTNPO beside runs in which the place of a step, or chance, decides who gets the credit.",
	Minutes: 3,
	Steps: []Step{
		{Page: "compare", Ring: "contenders", Title: "The same strength, another aim",
			Text:   "ATTNPO weighs steps by the scores [S_k|S] of its [key-focus heads|key-focus head]. Its controls keep the strength of these scores and change where they point: sorted by place, so that earlier steps get more, or dealt out at random among the steps of a response. Runs of one seed share problems and random numbers.",
			Source: "attnlab train --method attnpo --focus position, shuffle or random-heads; the controls are ours"},
		{Page: "compare", Ring: "contenders", Title: "What each control rules out",
			Text:   "Chance asks whether it matters which steps get the weight. Place asks whether it takes attention to choose them: early steps are needed more often here, and anyone can count lines. Only a method that beats both has earned something by attention. Beating no control shows nothing about where a gain comes from.",
			Source: "docs/results.md: ATTNPO, its controls and TLMRE"},
		{Part: Asks, Page: "compare", Title: "Predict",
			Text: "The lab takes the redundant steps a response in the last 5 training steps of each shipped run, and subtracts from each run of ATTNPO the run of the same seed that goes by place. A quarter of a step is about half of what aiming gained over chance."},
		{Part: Runs, Page: "compare", Ring: "contenders", Title: "Count the runs",
			Text: "Nothing is trained now: these are the runs of the tables in the docs, and one command trains them again. Begin with three seeds, as many as papers often have, and see whether they decide. Then take all eight."},
		{Part: Checks, Page: "compare", Title: "What was seen",
			Text:   "On 1,000 fresh problems after each of eight runs, ATTNPO left fewer redundant steps than with shuffled scores: shown (−0.47, −0.63 to −0.32). Against place alone a difference is not shown (−0.06, −0.14 to +0.03), and twelve more seeds did not show it. So aim matters; that it takes attention to aim is not shown.",
			Source: "docs/results.md: attnlab reproduce attnpo, seeds 1 to 8, and attnlab reproduce place, seeds 9 to 20; 95 % intervals over seeds"},
	},
	Ask:      "Which leaves fewer redundant steps?",
	Choices:  []string{"attention, by 0.25 or more", "both alike, within 0.25", "place, by 0.25 or more"},
	Bounds:   []float64{-0.25, 0.25},
	Quantity: "redundant steps with attention less with place,",
	Tries: []Try{
		{"3 seeds", countRuns(3)},
		{"8 seeds", countRuns(8)},
	},
	Clear: func(*session.Snapshots) {},
	Measure: func(now *session.Snapshots, g *Gathering) Measured {
		attention := redundantEnds(now.Runs.Runs, "")
		place, chance := pairedEnds(attention, redundantEnds(now.Runs.Runs, "focus=position"), g.Of), pairedEnds(attention, redundantEnds(now.Runs.Runs, "focus=shuffle"), g.Of)
		m := Measured{Value: place.Mean, SE: place.Error, N: place.N, What: "pairs of runs", Freedom: place.N - 1}
		if chance.N >= Least {
			m.Saw = fmt.Sprintf("With attention less with shuffled scores it was %s ± %s (%s).", explain.Format(chance.Mean), explain.Format(chance.Error), explain.N(chance.N))
		}
		return m
	},
}

// countRuns takes the shipped runs of the first n seeds.
func countRuns(n int) func(Bench, *Gathering) {
	return func(_ Bench, g *Gathering) { g.Of, g.Done = n, n }
}

// redundantEnds are the redundant steps a response at the end of the shipped runs of ATTNPO with some changed settings, by seed.
func redundantEnds(list []session.KeptRun, changed string) map[uint64]float64 {
	ends := map[uint64]float64{}
	for _, r := range list {
		values := valuesOf(r.Metrics, "redundant_steps")
		if r.Info.From == "shipped" && r.Settings.Method == session.FirstMethod && r.Settings.FocusHeads == "" && r.Settings.Series.Hyper == changed && len(values) >= lastSteps {
			ends[uint64(r.Settings.Seed)] = stat.Mean(values[len(values)-lastSteps:])
		}
	}
	return ends
}

// pairedEnds is a less b over the first n seeds that both have.
func pairedEnds(a, b map[uint64]float64, n int) stat.Difference {
	var x, y []float64
	for _, seed := range slices.Sorted(maps.Keys(a)) {
		if of, both := b[seed]; both && len(x) < n {
			x, y = append(x, a[seed]), append(y, of)
		}
	}
	return stat.Paired(x, y)
}
