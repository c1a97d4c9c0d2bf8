package rl

import (
	"context"

	"attnlab/model"
	"attnlab/rl/runs"
	"attnlab/rl/task"
)

// Answer is the policy's likeliest response to a problem, with the log-probabilities of its tokens and of those of first, another
// response to the same problem; without first, that is the response itself. It takes no random numbers and counts no tokens, so the
// run continues as it would without.
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
	both, err := p.Scorer.LogProbs(problem.Prompt, a.Response, first)
	if err != nil {
		return a, err
	}
	a.LogProbs, a.OnFirst = both[0], both[1]
	return a, nil
}
