package examine

import (
	"context"
	"fmt"

	"attnlab/model"
	"attnlab/rl/hyper"
	"attnlab/rl/stat"
	"attnlab/rl/task"
)

// Attempt is what a policy wrote about one problem, verified.
type Attempt struct {
	Problem task.Problem
	Trace   task.Trace
	Rollout model.Rollout // the response with its log-probabilities and entropies
}

// Longest is the default length limit of a response in a measurement, in tokens.
func Longest() int { return hyper.LabMaxLength }

// Cap is the longest response, in tokens, that a context allows of longest (0: as many as it holds): the prompt takes at least one
// token. It is what a measurement records.
func Cap(longest, context int) int {
	if longest == 0 {
		return context - 1
	}
	return min(longest, context-1)
}

// Attempts samples one response to each problem, of at most longest tokens (0: as many as the context holds).
// Problem i is sequence i of the random generator. progress, where not nil, is called with
// how many are finished, of how many.
//
// If ctx ends first, Attempts returns its error with the problems before the first
// unfinished one: the finished ones alone would be the short ones. It returns an error where a prompt fills the context.
func Attempts(ctx context.Context, d *model.Decoder, task task.Task, problems []task.Problem, longest int, s model.Sampling, progress func(finished, of int)) ([]Attempt, error) {
	requests := make([]model.Request, len(problems))
	for i, p := range problems {
		most := capacity(d.MaxContext, longest, len(p.Prompt))
		if most < 1 {
			return nil, fmt.Errorf("examine: the prompt of problem %d has %d tokens, the model's context holds %d; use easier problems or a model with a longer context",
				i, len(p.Prompt), d.MaxContext)
		}
		requests[i] = model.Request{Tokens: p.Prompt, Max: most, ID: uint32(i)}
	}
	rollouts, err := d.Generate(ctx, requests, s, count(progress, len(requests)))
	if err != nil && ctx.Err() == nil {
		return nil, err
	}
	var attempts []Attempt
	for i, r := range rollouts {
		if len(r.Tokens) == 0 {
			break
		}
		attempts = append(attempts, Attempt{problems[i], task.Judge(problems[i], r.Tokens), r})
	}
	return attempts, err
}

// capacity is how many tokens a response may have.
func capacity(context, longest, prompt int) int {
	if longest > 0 {
		return min(longest, context-prompt)
	}
	return context - prompt
}

// count turns a progress function into what a decoder calls for each rollout.
func count(progress func(finished, of int), of int) func(int, model.Rollout) {
	if progress == nil {
		return nil
	}
	finished := 0
	return func(int, model.Rollout) {
		finished++
		progress(finished, of)
	}
}

// Evaluation is the summary of attempts. Means are over responses; lengths are in tokens. Standard errors are those of package
// stat, null for one response.
type Evaluation struct {
	Problems         int                    `json:"problems"`
	Accuracy         float64                `json:"accuracy"`
	AccuracyError    stat.Number            `json:"accuracy_standard_error"`
	WellFormed       float64                `json:"well_formed"` // share
	ThinkTokens      float64                `json:"think_tokens"`
	ThinkTokensError stat.Number            `json:"think_tokens_standard_error"`
	ThinkOverMinimum float64                `json:"think_over_minimum"` // think tokens over those of the shortest complete traces
	Steps            float64                `json:"steps"`
	Reflections      float64                `json:"reflections"` // re-checks a response, as [CountReflections] counts them
	Labels           map[task.Label]float64 `json:"labels"`      // steps of each label a response
	ByDifficulty     []LevelEvaluation      `json:"by_difficulty"`
	Each             *Each                  `json:"each,omitempty"`
}

// Each is what an evaluation found at each problem, in their order: two evaluations of the same problems can be compared problem by
// problem.
type Each struct {
	Correct        stat.Counts `json:"correct"` // 1 or 0
	ThinkTokens    stat.Counts `json:"think_tokens"`
	RedundantSteps stat.Counts `json:"redundant_steps"`
}

// LevelEvaluation is the part of an evaluation with one difficulty.
type LevelEvaluation struct {
	Difficulty       int         `json:"difficulty"`
	Problems         int         `json:"problems"`
	Accuracy         float64     `json:"accuracy"`
	AccuracyError    stat.Number `json:"accuracy_standard_error"`
	ThinkTokens      float64     `json:"think_tokens"`
	ThinkOverMinimum float64     `json:"think_over_minimum"`
	Reflections      float64     `json:"reflections"`
}

// Evaluate summarises attempts at problems of a task, at least one.
func Evaluate(kind task.Task, attempts []Attempt) Evaluation {
	if len(attempts) == 0 {
		panic("examine: Evaluate of no attempts")
	}
	e := Evaluation{Problems: len(attempts), Labels: map[task.Label]float64{}, Each: &Each{}}
	var correct, wellFormed, think, minimum, steps, reflections []float64
	for _, a := range attempts {
		reflections = append(reflections, float64(task.Reflections(kind, a.Trace)))
		correct = append(correct, stat.Indicator(a.Trace.Correct))
		wellFormed = append(wellFormed, stat.Indicator(a.Trace.WellFormed))
		think = append(think, float64(a.Trace.ThinkTokens()))
		minimum = append(minimum, float64(a.Problem.MinimumThink))
		steps = append(steps, float64(len(a.Trace.Steps)))
		e.Each.Correct = append(e.Each.Correct, int(stat.Indicator(a.Trace.Correct)))
		e.Each.ThinkTokens = append(e.Each.ThinkTokens, a.Trace.ThinkTokens())
		e.Each.RedundantSteps = append(e.Each.RedundantSteps, a.Trace.Count(task.Redundant))
	}
	for _, label := range task.Labels() {
		var count []float64
		for _, a := range attempts {
			count = append(count, float64(a.Trace.Count(label)))
		}
		e.Labels[label] = stat.Mean(count)
	}
	e.WellFormed = stat.Mean(wellFormed)
	e.Steps = stat.Mean(steps)
	e.Reflections = stat.Mean(reflections)
	e.Accuracy, e.AccuracyError = meanError(correct)
	e.ThinkTokens, e.ThinkTokensError = meanError(think)
	e.ThinkOverMinimum = stat.Ratio(think, minimum)
	e.ByDifficulty = byDifficulty(attempts, reflections)
	return e
}

// meanError is [stat.MeanError] for a JSON document.
func meanError(x []float64) (float64, stat.Number) {
	mean, standardError := stat.MeanError(x)
	return mean, stat.Number(standardError)
}

// byDifficulty has the reflections of each attempt.
func byDifficulty(attempts []Attempt, reflections []float64) []LevelEvaluation {
	hardest := 0
	for _, a := range attempts {
		hardest = max(hardest, a.Problem.Difficulty)
	}
	levels := []LevelEvaluation{}
	for difficulty := range hardest + 1 {
		var correct, think, minimum, checks []float64
		for i, a := range attempts {
			if a.Problem.Difficulty == difficulty {
				correct = append(correct, stat.Indicator(a.Trace.Correct))
				think = append(think, float64(a.Trace.ThinkTokens()))
				minimum = append(minimum, float64(a.Problem.MinimumThink))
				checks = append(checks, reflections[i])
			}
		}
		if len(correct) == 0 {
			continue
		}
		level := LevelEvaluation{Difficulty: difficulty, Problems: len(correct), ThinkOverMinimum: stat.Ratio(think, minimum)}
		level.Accuracy, level.AccuracyError = meanError(correct)
		level.ThinkTokens = stat.Mean(think)
		level.Reflections = stat.Mean(checks)
		levels = append(levels, level)
	}
	return levels
}
