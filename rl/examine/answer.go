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
// and draws nothing. A trace without an answer part has no losses: nil.
func AnswerLosses(s *model.Scorer, traces []task.Trace) ([][]float64, error) {
	return AnswerLossesBy(context.Background(), s, traces, nil)
}

// AnswerLossesBy is AnswerLosses that calls progress, if not nil, with how many sequences are scored, of all. If ctx ends, it returns the losses of
// the first traces with ctx's error.
func AnswerLossesBy(ctx context.Context, s *model.Scorer, traces []task.Trace, progress func(done, of int)) ([][]float64, error) {
	scored, all := 0, 0
	for _, t := range traces {
		all += 1 + len(t.Steps)
	}
	losses := make([][]float64, 0, len(traces))
	for _, t := range traces {
		before := scored
		scored += 1 + len(t.Steps)
		losses = append(losses, nil)
		if t.AnswerEnd <= t.AnswerStart || t.AnswerStart == 0 {
			continue
		}
		requests := []model.ScoreRequest{{Tokens: t.Tokens[:t.AnswerEnd]}}
		for _, step := range t.Steps {
			requests = append(requests, model.ScoreRequest{Tokens: t.Tokens[:t.AnswerEnd], Hide: model.Hide{Start: step.Start, End: step.End}})
		}
		scores, err := s.ScoreBy(ctx, requests, func(done, _ int) {
			if progress != nil {
				progress(before+done, all)
			}
		})
		if err != nil {
			return losses[:len(losses)-1], err
		}
		own := make([]float64, len(t.Steps))
		for k := range t.Steps {
			for at := t.AnswerStart; at < t.AnswerEnd; at++ {
				own[k] += float64(scores[0].LogProbs[at]) - float64(scores[k+1].LogProbs[at])
			}
		}
		losses[len(losses)-1] = own
	}
	return losses, nil
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
