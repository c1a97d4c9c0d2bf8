package rl

import (
	"cmp"
	"context"
	"math"
	"slices"

	"attnlab/model"
	"attnlab/rl/examine"
	"attnlab/rl/score"
	"attnlab/rl/stat"
	"attnlab/rl/task"
)

// Probe measures a model by its own samples on problems that it is never trained
// on. A run measures its base, so that the trained model can be compared with it,
// and may measure the trained model too. Means are over responses.
type Probe struct {
	Problems       int          `json:"problems"`
	Tokens         int          `json:"tokens"` // sampled for it
	Accuracy       float64      `json:"accuracy"`
	ThinkTokens    float64      `json:"think_tokens"`
	RedundantSteps float64      `json:"redundant_steps"`
	EssentialSteps float64      `json:"essential_steps"`          // correcting ones counted
	Density        float64      `json:"density"`                  // REA-RL's D_q, reflections a think token
	Errors         *probeErrors `json:"standard_error,omitempty"` // of the means; nil of runs saved by older versions
	Heads          []headRank   `json:"heads"`                    // by step ranking accuracy on easy problems, best first
}

// probeErrors are the standard errors of a probe's means over problems, null of a single problem.
type probeErrors struct {
	Accuracy       stat.Number `json:"accuracy"`
	ThinkTokens    stat.Number `json:"think_tokens"`
	RedundantSteps stat.Number `json:"redundant_steps"`
	EssentialSteps stat.Number `json:"essential_steps"`
}

// headRank is a head with its step ranking accuracy.
type headRank struct {
	score.Head
	SRA float64 `json:"sra"`
}

// Measure samples the current policy on the run's probing problems. These tokens
// do not count as the run's.
func (r *Run) Measure(ctx context.Context) (Probe, error) {
	problems := task.Problems(r.Task, task.ProbeStream, r.Seed, r.RunConfig.Probe)
	attempts, err := examine.Attempts(ctx, r.Decoder, r.Task, problems, r.MaxLength,
		model.Sampling{Temperature: float32(r.Temperature), Seed: uint32(task.SeedOf("probe", r.Seed, 0))},
		func(done, of int) { r.say("sampling", done, of) })
	if err != nil {
		return Probe{}, err
	}
	e := examine.Evaluate(r.Task, attempts)
	p := Probe{Problems: e.Problems, Accuracy: e.Accuracy, ThinkTokens: e.ThinkTokens,
		RedundantSteps: e.Labels[task.Redundant], EssentialSteps: e.Labels[task.Essential] + e.Labels[task.Correcting]}
	var densities, redundant, essential []float64
	for _, a := range attempts {
		p.Tokens += len(a.Rollout.Tokens)
		redundant = append(redundant, float64(a.Trace.Count(task.Redundant)))
		essential = append(essential, float64(a.Trace.Count(task.Essential)+a.Trace.Count(task.Correcting)))
		densities = append(densities, reflectionDensity(task.Reflections(r.Task, a.Trace), a.Trace.ThinkTokens()))
	}
	errorOf := func(x []float64) stat.Number {
		_, standardError := stat.MeanError(x)
		return stat.Number(standardError)
	}
	p.Errors = &probeErrors{e.AccuracyError, e.ThinkTokensError, errorOf(redundant), errorOf(essential)}
	quantile := 0.2
	if name := "density-quantile"; r.Hyper.Has(name) {
		quantile = r.Hyper.Number(name)
	}
	p.Density = stat.Quantile(densities, quantile)
	p.Heads, err = r.rankHeads(attempts)
	return p, err
}

// rankHeads ranks all heads on the right responses to the easier half of
// difficulties, as ATTNPO's probing set is easy.
func (r *Run) rankHeads(attempts []examine.Attempt) ([]headRank, error) {
	lowest, highest := math.MaxInt, 0
	for _, a := range attempts {
		lowest, highest = min(lowest, a.Problem.Difficulty), max(highest, a.Problem.Difficulty)
	}
	var traces []task.Trace
	for _, a := range attempts {
		if a.Trace.Correct && 2*a.Problem.Difficulty <= lowest+highest {
			traces = append(traces, a.Trace)
		}
	}
	examined, err := examine.Examine(r.Scorer, traces, 1)
	if err != nil {
		return nil, err
	}
	ranks := []headRank{}
	for l, layer := range examine.ScoreHeads(examined).SRA {
		for h, sra := range layer {
			if !math.IsNaN(sra) {
				ranks = append(ranks, headRank{Head: score.Head{Layer: l, Head: h}, SRA: sra})
			}
		}
	}
	slices.SortStableFunc(ranks, func(a, b headRank) int { return cmp.Compare(b.SRA, a.SRA) })
	return ranks, nil
}
