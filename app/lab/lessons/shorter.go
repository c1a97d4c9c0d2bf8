package lessons

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"attnlab/app/lab/explain"
	"attnlab/app/session"
	"attnlab/rl/stat"
)

// lessonShorter is about training for length, and what it costs.
var lessonShorter = Lesson{
	Title:   "Shorter without getting worse",
	About:   "Train for shorter reasoning and see whether accuracy pays for it.",
	Minutes: 3,
	Steps: []Step{
		{Page: "compare", Ring: "contenders", Title: "Two axes",
			Text:   "A model can get shorter by being wrong more often, so the plot shows both: higher is more accurate, further left is shorter. A run is clearly better only if it is both above and to the left of another. Each run has its own settings and seed.",
			Source: "ATTNPO, arXiv 2602.09953, results: accuracy and tokens; one number for both is AES, O1-Pruner"},
		{Page: "compare", Title: "Three ways to press",
			Text:   "[TLMRE] pays short right answers more, and all their tokens alike. ATTNPO divides the same [reward] by step: it takes credit from steps at which the answer did not look. REA-RL cuts a response where it first has the result, and trains on that [revision] too.",
			Source: "Arora and Zanette (TLMRE); ATTNPO, arXiv 2602.09953; REA-RL, arXiv 2505.19862, sequential revision"},
		{Part: Asks, Page: "train", Title: "Predict",
			Text: "The next step trains the current model with ATTNPO. The lab fits a straight line to the think tokens of its training steps; its rise from the first to the last is the change."},
		{Part: Runs, Page: "train", Ring: "run-head", Title: "Train",
			Text: "Each training step samples groups of eight responses to fresh problems, gives them credit and updates the model. Training continues while this page is in the background, and you can pause it."},
		{Part: Checks, Page: "compare", Title: "What was seen",
			Text:   "Every training step has other problems, so few steps seldom settle it. ATTNPO reports 60 % fewer tokens and 7.3 points more accuracy for a model of 1.5 B parameters, second-hand; the small base here has ten thousand times fewer. This page has the shipped runs.",
			Source: "ATTNPO, arXiv 2602.09953, results (read in summaries)"},
	},
	Ask:      "How will the think tokens of a response change over these training steps?",
	Choices:  []string{"they fall", "they rise"},
	Bounds:   []float64{0},
	Quantity: "change in think tokens",
	Tries: []Try{
		{"16 steps of 8 problems", trainShorter(16, 8)},
		{"40 steps of 16 problems", trainShorter(40, 16)},
	},
	Beforehand: func(now *session.Snapshots) string { return shorterApart(now.Runs.Runs, [2]int{16, 8}, [2]int{40, 16}) },
	Clear:      func(now *session.Snapshots) { now.Run = session.Run{} },
	Measure: func(now *session.Snapshots, _ *Gathering) Measured {
		tokens, accuracy := valuesOf(now.Run.Metrics, "think_tokens"), valuesOf(now.Run.Metrics, "accuracy")
		m := Measured{N: len(tokens), What: "training steps", Freedom: len(tokens) - 2}
		if m.N < Least || len(accuracy) != m.N {
			return m
		}
		m.Value, m.SE = stat.Trend(tokens)
		rise, se := stat.Trend(accuracy)
		m.Saw = fmt.Sprintf("Accuracy changed by %s ± %s meanwhile, from about %s.", explain.Format(rise), explain.Format(se), explain.Format(stat.Mean(accuracy)-rise/2))
		if shipped := shippedOutcomes(now.Runs.Runs); shipped != "" {
			m.Saw += " " + shipped
		}
		return m
	},
}

// trainShorter trains the current model by ATTNPO.
func trainShorter(steps, problems int) func(Bench, *Gathering) {
	return func(b Bench, _ *Gathering) {
		b.Train(session.FirstMethod, steps, "", map[string]string{"problems": strconv.Itoa(problems)})
	}
}

// shorterApart says what change of the think tokens a number of training steps with so many problems each can tell from none, by how
// far those of the shipped runs of the method stray from their line. It is empty without such runs.
func shorterApart(list []session.KeptRun, sizes ...[2]int) string {
	var straying, rises []float64
	problems, steps := 0.0, 0
	for _, r := range list {
		tokens, drawn := valuesOf(r.Metrics, "think_tokens"), valuesOf(r.Metrics, "problems")
		if r.Info.From != "shipped" || r.Settings.Method != session.FirstMethod || r.Settings.FocusHeads != "" || len(tokens) < Least || len(drawn) == 0 {
			continue
		}
		rise, _ := stat.Trend(tokens)
		straying, rises = append(straying, stat.Straying(tokens)), append(rises, rise)
		problems, steps = drawn[0], max(steps, len(tokens))
	}
	if len(straying) == 0 {
		return ""
	}
	var can []string
	for _, size := range sizes {
		can = append(can, fmt.Sprintf("%d steps of %d problems can tell a change of about %.0f tokens", size[0], size[1], stat.RiseApart(stat.Mean(straying), size[0], float64(size[1])/problems)))
	}
	return fmt.Sprintf("The think tokens of one training step stray from a line by about %.1f in the shipped runs of ATTNPO (%.0f problems a step, n\u00a0=\u00a0%s). At that, %s. Those runs fell by about %.0f in %d steps.",
		stat.Mean(straying), problems, explain.Plural(len(straying), "run"), strings.Join(can, ", "), -stat.Mean(rises), steps)
}

// valuesOf is a column of metrics, as far as every step has a value.
func valuesOf(metrics []session.Metric, name string) (values []float64) {
	i := slices.IndexFunc(metrics, func(m session.Metric) bool { return m.Name == name })
	if i < 0 {
		return nil
	}
	for _, v := range metrics[i].Values {
		if v == nil {
			return values
		}
		values = append(values, *v)
	}
	return values
}

// lastSteps is how many steps at the end of a run its outcome is taken from.
const lastSteps = 5

// shippedOutcomes describes where the shipped runs ended, a clause a method: means over n runs.
func shippedOutcomes(runs []session.KeptRun) string {
	end := func(values []float64) float64 { return stat.Mean(values[max(0, len(values)-lastSteps):]) }
	var methods []string
	tokens, accuracy := map[string][]float64{}, map[string][]float64{}
	for _, r := range runs {
		t, a := valuesOf(r.Metrics, "think_tokens"), valuesOf(r.Metrics, "accuracy")
		control := r.Settings.FocusHeads != ""
		if r.Info.From != "shipped" || control || len(t) == 0 || len(a) == 0 {
			continue
		}
		m := r.Settings.Method
		if !slices.Contains(methods, m) {
			methods = append(methods, m)
		}
		tokens[m], accuracy[m] = append(tokens[m], end(t)), append(accuracy[m], end(a))
	}
	var clauses []string
	for _, m := range methods {
		clauses = append(clauses, fmt.Sprintf("%s %.1f tokens at accuracy %s (%s)", m, stat.Mean(tokens[m]), explain.Format(stat.Mean(accuracy[m])), explain.N(len(tokens[m]))))
	}
	if len(clauses) == 0 {
		return ""
	}
	return fmt.Sprintf("Shipped runs ended, by the mean of their last %d steps, at: %s.", lastSteps, strings.Join(clauses, "; "))
}
