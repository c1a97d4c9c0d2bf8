package panels

import (
	"fmt"
	"slices"
	"strings"

	"attnlab/app/session"
)

// lessonShorter is about training for length, and what it costs.
var lessonShorter = lesson{
	title: "Shorter without getting worse",
	about: "Train for shorter reasoning and see whether accuracy pays for it.",
	steps: []lessonStep{
		{page: pageCompare, ring: "contenders", title: "Two axes",
			text:   "It is easy to write less and be wrong more often. So length and accuracy are shown together: up is more often right, left is shorter, and only runs up and to the left of another are plainly better. Each run has its own settings and seed.",
			source: "ATTNPO, arXiv 2602.09953, results: accuracy and tokens; one number for both is AES, O1-Pruner"},
		{page: pageCompare, title: "Three ways to press",
			text:   "[TLMRE] pays short right answers more, all their tokens alike. ATTNPO spends the same [reward] by step: it takes credit from steps that the answer did not look at. REA-RL cuts a response where it first has the result, and trains on that [revision] too.",
			source: "Arora and Zanette (TLMRE); ATTNPO, arXiv 2602.09953; REA-RL, arXiv 2505.19862, sequential revision"},
		{part: asks, page: pageTrain, title: "Predict",
			text: "The next step trains the model on show with ATTNPO. A straight line is laid through the think tokens of its steps; its rise from the first step to the last is the change."},
		{part: runs, page: pageTrain, ring: "run-head", title: "Train",
			text: "Each training step samples groups of eight responses to fresh problems, gives them credit and updates the model. It goes on when this page is in the background, and can be paused."},
		{part: checks, page: pageCompare, title: "What was seen",
			text:   "Few steps seldom settle it, as every step has other problems. ATTNPO reports 60 % fewer tokens and 7.3 points more accuracy for a model of 1.5 B parameters, second-hand; the small base here has ten thousand times fewer. Shipped runs are on this page.",
			source: "ATTNPO, arXiv 2602.09953, results (read in summaries)"},
	},
	ask:      "How will the think tokens of a response change over these training steps?",
	choices:  []string{"they get fewer", "they get more"},
	bounds:   []float64{0},
	quantity: "change in think tokens",
	tries: []try{
		{"4 steps of 8 problems", func(l *Lab) { l.begin(4, "", map[string]float64{"problems": 8}) }},
		{"40 steps of 16 problems", func(l *Lab) { l.begin(40, "", map[string]float64{"problems": 16}) }},
	},
	forget: func(l *Lab) { l.run = session.Run{} },
	measure: func(s *state) measured {
		tokens, accuracy := valuesOf(s.run.Metrics, "think_tokens"), valuesOf(s.run.Metrics, "accuracy")
		m := measured{n: len(tokens), what: "training steps", freedom: len(tokens) - 2}
		if m.n < least || len(accuracy) != m.n {
			return m
		}
		m.value, m.se = trend(tokens)
		rise, se := trend(accuracy)
		m.saw = fmt.Sprintf("Accuracy changed by %s ± %s meanwhile, from about %s.", format(rise), format(se), format(mean(accuracy)-rise/2))
		if shipped := shippedOutcomes(s.runs.Runs); shipped != "" {
			m.saw += " " + shipped
		}
		return m
	},
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

// shippedOutcomes says where the shipped runs ended, a clause a method: means over n runs.
func shippedOutcomes(runs []session.KeptRun) string {
	end := func(values []float64) float64 { return mean(values[max(0, len(values)-lastSteps):]) }
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
		clauses = append(clauses, fmt.Sprintf("%s %.1f tokens at accuracy %s (n = %d)", m, mean(tokens[m]), format(mean(accuracy[m])), len(tokens[m])))
	}
	if len(clauses) == 0 {
		return ""
	}
	return fmt.Sprintf("Shipped runs ended, by the mean of their last %d steps, at: %s.", lastSteps, strings.Join(clauses, "; "))
}
