package rl

import (
	"context"
	"encoding/json"
	"slices"

	"attnlab/rl/hyper"
	"attnlab/rl/task"
)

// SFT is supervised training on the teacher's demonstrations, the simplest use of more compute. The loss is the mean
// cross-entropy of the response tokens.
//
// It learns from no samples. At every step the policy writes a few responses for the report alone, so that its curves compare with
// those of other methods; they count as generated tokens.
var SFT = Method{
	Name:    "sft",
	Title:   "SFT",
	Summary: "Continue on a teacher's worked solutions, without any reward: the simplest use of more compute.",
	Source:  "the lab's own",
	Steps:   200,
	Params: slices.Concat(hyper.Table{
		hyper.MaxLength.With(hyper.LabMaxLength, hyper.LabMaxLength).From("ours"),
		hyper.LearningRate.With(3e-3, 3e-3).From("ours"),
		hyper.WarmUp.With(0, 0).From("ours"),
	}, hyper.Optimiser("ours", 0.9, 0.98, 0, 1)),
	Takes: Takes{Demonstrations: true},
	New:   func(hyper.Values, Setup) (Trainer, error) { return sft{}, nil },
}

type sft struct{}

// sftProblems are demonstrated at a step; sftWatched are answered by the policy.
const (
	sftProblems = 32
	sftWatched  = 16
)

// ---- Sample: responses for the report

func (sft) Sample(ctx context.Context, r *Run) ([]Group, error) {
	watched := r.draw(sftWatched)
	return watched, r.rollouts(ctx, watched, 1)
}

// ---- Credit: none

func (sft) Credit(int, []Group) error { return nil }

// ---- Loss: cross-entropy. Step

// demonstrations are the teacher's, as many as fit one micro-batch.
func (sft) demonstrations(r *Run) (traces [][]int, prompts []int) {
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

func (s sft) learn(r *Run, watched []Group) error {
	r.last = watched
	traces, prompts := s.demonstrations(r)
	if err := r.trainOn(supervised(traces, prompts, r.Model.VocabSize)); err != nil {
		return err
	}
	return r.reportUpdates()
}

// ---- Explain, State: nothing

func (sft) Explain(g Group, i int) Explanation { return newExplanation(g.Samples[i]) }

func (sft) State() (json.RawMessage, error) { return nil, nil }
