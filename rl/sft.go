package rl

import (
	"context"

	"attnlab/rl/task"
)

// SFT: supervised training on the teacher's demonstrations, the plainest thing to
// do with more compute. The loss is the mean cross-entropy of the response tokens.
//
// It samples nothing to learn from. A few responses are written at every step for
// the report alone, so that its curves mean what the other methods' mean; they
// count as generated tokens.

type sft struct{}

// sftProblems are demonstrated at a step; sftWatched are answered by the policy.
const (
	sftProblems = 32
	sftWatched  = 16
)

// ---- Sample: the teacher's

func (sft) sample(r *Run) (traces [][]int, prompts []int) {
	for n := 0; len(traces) < sftProblems; {
		g := r.draw(1)[0]
		response := r.Task.Demonstrate(g.Problem, task.SeedOf(task.RolloutStream, r.Seed, g.Index))
		prompt := g.Problem.Prompt
		if response == nil || len(prompt)+len(response) > r.Model.MaxContext {
			continue
		}
		if n += len(prompt) + len(response); n > r.capacity() {
			break
		}
		traces, prompts = append(traces, append(prompt[:len(prompt):len(prompt)], response...)), append(prompts, len(prompt))
		r.tally.Trained += int64(len(response))
	}
	return traces, prompts
}

// ---- Step

func (s sft) step(ctx context.Context, r *Run) error {
	watched := r.draw(sftWatched)
	if err := r.rollouts(ctx, watched, 1); err != nil {
		return err
	}
	r.last = watched
	traces, prompts := s.sample(r)
	if err := r.Trainer.Step(float32(r.Hyper["learning-rate"]), supervised(traces, prompts, r.Model.VocabSize)); err != nil {
		return err
	}
	metrics, err := r.Trainer.Metrics()
	for _, m := range metrics {
		r.tally.update(m)
	}
	return err
}
