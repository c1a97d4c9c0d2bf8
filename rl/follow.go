package rl

import (
	"context"

	"attnlab/model"
	"attnlab/rl/runs"
	"attnlab/rl/task"
)

// Answer is the policy's likeliest response to a problem, with the log-probabilities of its tokens and of those of first, another
// response to the same problem; without first, that is the response itself. It takes no random numbers and counts no tokens, so a
// run goes on as it would without.
func (p *Policy) Answer(ctx context.Context, step int, problem task.Problem, first []int) (a runs.Answer, err error) {
	longest := min(p.MaxLength, p.Decoder.MaxContext-len(problem.Prompt))
	rollouts, err := p.Decoder.Generate(ctx, []model.Request{{Tokens: problem.Prompt, Max: longest}}, model.Sampling{}, nil)
	if err != nil {
		return a, err
	}
	a.Step, a.Response = step, rollouts[0].Tokens
	if first == nil {
		first = a.Response
	}
	both, err := ResponseLogProbs(p.Scorer, problem.Prompt, a.Response, first)
	if err != nil {
		return a, err
	}
	a.LogProbs, a.OnFirst = both[0], both[1]
	return a, nil
}

// ResponseLogProbs are the log-probabilities, at temperature 1, of the tokens of responses to one prompt under a scorer's model.
func ResponseLogProbs(s *model.Scorer, prompt []int, responses ...[]int) (of [][]float32, err error) {
	var requests []model.ScoreRequest
	for _, r := range responses {
		requests = append(requests, model.ScoreRequest{Tokens: append(append([]int{}, prompt...), r...)})
	}
	scores, err := s.Score(requests)
	if err != nil {
		return nil, err
	}
	for _, score := range scores {
		of = append(of, score.LogProbs[len(prompt):])
	}
	return of, nil
}
