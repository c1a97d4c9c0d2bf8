package rl

import (
	"slices"

	"attnlab/rl/task"
)

// Sample is one response and what a training step learns from it.
type Sample struct {
	task.Trace
	Old       []float32 // [response] log-probabilities under the policy that wrote it
	Reward    float64
	Advantage []float64 // [response]; nil is not trained on

	Kind        string       `json:"-"` // "" written from the start, "branch" or "revision"
	Scores      []float64    `json:"-"` // of each step, where the method has a score
	TokenScores []float64    `json:"-"` // [response] by which the method weighs tokens, where it does
	Entropy     []float32    `json:"-"` // [response] of the distribution each token was drawn from, nats; nil of continued responses
	Reflections int          `json:"-"` // words of reflection
	Given       int          `json:"-"` // response tokens, from the first, that are another response's and are not trained on here
	Of          int          `json:"-"` // the sample of the group whose tokens these are, where there are any
	Reference   []float32    `json:"-"` // [response] log-probabilities under the frozen base, where Credit needs them
	Inputs      creditInputs `json:"-"`
	trained     *trainedOn   // nil where the step did not train on it
}

// creditInputs is what the credit of a response was computed from, for its explanation. Training does not need it.
type creditInputs struct {
	Advantage float64   // of the whole response
	Before    float64   // what each token would have got without the method's own term
	Scales    []float64 // factor of each step's advantage; nil where the method has none
	Own       any       // the method's own
}

// Group is the responses to one problem.
type Group struct {
	Problem task.Problem
	Index   uint64 // of the problem in its stream
	Samples []Sample
	Tree    *Tree `json:"-"` // of methods that credit trees
}

// verdicts are what rewards are computed from: whether each response is right, and its length in tokens.
func (g Group) verdicts() (correct []bool, length []int) {
	for _, s := range g.Samples {
		correct, length = append(correct, s.Correct), append(length, len(s.Response()))
	}
	return correct, length
}

// passRate is the share of right responses.
func (g Group) passRate() float64 {
	right := 0
	for _, s := range g.Samples {
		if s.Correct {
			right++
		}
	}
	return float64(right) / float64(max(1, len(g.Samples)))
}

// mixed reports whether a group has right and wrong responses.
func (g Group) mixed() bool { return g.passRate() > 0 && g.passRate() < 1 }

// mixed are the groups that have right and wrong responses.
func mixed(groups []Group) []Group {
	return slices.DeleteFunc(slices.Clone(groups), func(g Group) bool { return !g.mixed() })
}

// rewards are the rewards of a group as credited.
func (g Group) rewards() []float64 {
	r := make([]float64, len(g.Samples))
	for i, s := range g.Samples {
		r[i] = s.Reward
	}
	return r
}

// credit gives every token of a response its response's advantage. before is what it would be without the method's own term.
func (g Group) credit(rewards, advantages, before []float64) {
	for i := range g.Samples {
		s := &g.Samples[i]
		s.Reward = rewards[i]
		s.Inputs.Advantage, s.Inputs.Before = advantages[i], before[i]
		s.Advantage = make([]float64, len(s.Response()))
		for t := range s.Advantage {
			s.Advantage[t] = advantages[i]
		}
	}
}

// valid reports whether some token of a group has an advantage.
func (g Group) valid() bool {
	return slices.ContainsFunc(g.Samples, func(s Sample) bool {
		return slices.ContainsFunc(s.Advantage, func(a float64) bool { return a != 0 })
	})
}
