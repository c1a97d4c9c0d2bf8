package examine

import (
	"context"
	"slices"

	"attnlab/model"
	"attnlab/rl/score"
	"attnlab/rl/stat"
	"attnlab/rl/task"
)

// AnswerLosses returns for each step of each trace how much less likely the answer part is when the attention of all later tokens to that step
// is set to zero: the fall of its log-probability, summed over its tokens, in nats [K]. It needs neither labels nor an expected answer,
// and draws nothing. A trace without an answer part has no losses: nil. Only tokens from a step on are computed for it, see
// [model.Decoder.LogProbs].
//
// AnswerLosses calls progress, if not nil, with how many steps are done, of all. If ctx ends, it returns the losses of the first traces with ctx's
// error.
func AnswerLosses(ctx context.Context, d *model.Decoder, traces []task.Trace, progress func(done, of int)) ([][]float64, error) {
	done, all := 0, 0
	for _, t := range traces {
		all += len(t.Steps)
	}
	losses := make([][]float64, 0, len(traces))
	for _, t := range traces {
		var own []float64
		if t.AnswerEnd > t.AnswerStart && t.AnswerStart > 0 {
			tokens := t.Tokens[:t.AnswerEnd]
			whole, err := answerLogProb(ctx, d, tokens, t.AnswerStart, []model.Hide{{}})
			if err != nil {
				return losses, err
			}
			own = make([]float64, 0, len(t.Steps))
			for some := range slices.Chunk(t.Steps, stepsATime) {
				hides := make([]model.Hide, len(some))
				for i, step := range some {
					hides[i] = model.Hide{Start: step.Start, End: step.End}
				}
				without, err := answerLogProb(ctx, d, tokens, t.AnswerStart, hides)
				if err != nil {
					return losses, err
				}
				for _, p := range without {
					own = append(own, whole[0]-p)
				}
				if progress != nil {
					progress(done+len(own), all)
				}
			}
		}
		losses = append(losses, own)
		done += len(t.Steps)
	}
	return losses, nil
}

// stepsATime is how many steps AnswerLosses removes before it reports progress.
const stepsATime = 8

// answerLogProb sums the log-probabilities of tokens[from:] for each hidden range.
func answerLogProb(ctx context.Context, d *model.Decoder, tokens []int, from int, hides []model.Hide) ([]float64, error) {
	logProbs, err := d.LogProbs(ctx, tokens, from, hides)
	if err != nil {
		return nil, err
	}
	sums := make([]float64, len(hides))
	for i, own := range logProbs {
		for _, p := range own {
			sums[i] += float64(p)
		}
	}
	return sums, nil
}

// AnswerDisruption is how much less likely answers are after one step of each trace is ablated.
type AnswerDisruption struct {
	Pick          score.StepChoice `json:"pick"`
	Loss          float64          `json:"loss"` // of log-probability, nats, mean over traces
	StandardError stat.Number      `json:"standard_error"`
	Problems      int              `json:"problems"`
}

// DisruptAnswers compares rules by the losses of [AnswerLosses]: of each trace the mean over the steps that a rule chooses from, so that
// nothing is drawn. Traces without losses, with fewer than two steps, without any FCI, or without a step for one of the rules are left out,
// so that every rule sees the same ones.
func DisruptAnswers(examined []Examined, losses [][]float64, choices []score.StepChoice) []AnswerDisruption {
	by := make([][]float64, len(choices))
	for i, e := range examined {
		if losses[i] == nil || len(e.Steps) < 2 || slices.Max(e.FCI) <= 0 {
			continue
		}
		var own []float64
		for _, choice := range choices {
			var chosen []float64
			for _, k := range candidates(choice, e) {
				chosen = append(chosen, losses[i][k])
			}
			if len(chosen) > 0 {
				own = append(own, stat.Mean(chosen))
			}
		}
		if len(own) == len(choices) {
			for c := range choices {
				by[c] = append(by[c], own[c])
			}
		}
	}
	var all []AnswerDisruption
	for c, values := range by {
		if len(values) > 0 {
			d := AnswerDisruption{Pick: choices[c], Problems: len(values)}
			d.Loss, d.StandardError = meanError(values)
			all = append(all, d)
		}
	}
	return all
}
