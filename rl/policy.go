package rl

import (
	"context"
	"fmt"
	"slices"
	"time"

	"attnlab/model"
	"attnlab/rl/task"
)

// Policy is a model that writes responses to a task's problems, and can be looked
// into while it does.
type Policy struct {
	Task        task.Task
	Decoder     *model.Decoder
	Scorer      *model.Scorer
	Temperature float64
	MaxLength   int // of a response, tokens; the context may allow fewer
	seed        uint64

	Count // of what was sampled
	tally *tally
}

// Count is what a policy has sampled so far. It is part of a run's state: the
// number of calls is a key of the random generator.
type Count struct {
	Problems  uint64 `json:"problems"`  // drawn
	Calls     int    `json:"calls"`     // of the decoder
	Generated int64  `json:"generated"` // tokens sampled, a prefix that is gone on with not counted again
	Charged   int64  `json:"charged"`   // tokens of all responses, prefixes counted each time
}

// Sample is one response and what a training step learns from it.
type Sample struct {
	task.Trace
	Old       []float32 // [response] log-probabilities under the policy that wrote it
	Reward    float64
	Advantage []float64 // [response]; nil is not trained on
	Given     Given     `json:"-"`
}

// Group is the responses to one problem.
type Group struct {
	Problem task.Problem
	Index   uint64 // of the problem in its stream
	Samples []Sample
	Tree    *Tree `json:"-"` // of trees, once credited
}

// begun is a response to begin or to go on with: the first tokens that are given,
// and what is known of their log-probabilities. Those that the policy did not
// sample (a forced </think>) have none: the scorer supplies the policy's own.
type begun struct {
	problem  task.Problem
	response []int
	old      []float32
	most     int // tokens to sample; 0 is as many as fit
}

// draw takes the next n problems, with a group each.
func (p *Policy) draw(n int) []Group {
	groups := make([]Group, n)
	for i := range groups {
		groups[i] = Group{Problem: task.Draw(p.Task, task.RolloutStream, p.seed, p.Problems), Index: p.Problems}
		p.Problems++
	}
	return groups
}

// fresh are n responses from the start for each group.
func fresh(groups []Group, n int) []begun {
	var from []begun
	for _, g := range groups {
		for range n {
			from = append(from, begun{problem: g.Problem})
		}
	}
	return from
}

// rollouts samples n responses for each of the groups, in one call.
func (p *Policy) rollouts(ctx context.Context, groups []Group, n int) error {
	samples, err := p.generate(ctx, fresh(groups, n))
	if err != nil {
		return err
	}
	deal(groups, samples, n)
	p.tally.groups(groups)
	return nil
}

// deal hands every group its n samples.
func deal(groups []Group, samples []Sample, n int) {
	for i := range groups {
		groups[i].Samples = slices.Clip(samples[i*n : (i+1)*n])
	}
}

// generate writes and judges all responses in one call of the decoder.
func (p *Policy) generate(ctx context.Context, from []begun) ([]Sample, error) {
	samples, err := p.write(ctx, from, 0)
	if err == nil {
		p.Calls++
	}
	return samples, err
}

// write is a part of such a call: its responses from number first on.
func (p *Policy) write(ctx context.Context, from []begun, first int) ([]Sample, error) {
	requests := []model.Request{}
	of := make([]int, len(from)) // its request, or -1
	for i, b := range from {
		tokens := slices.Concat(b.problem.Prompt, b.response)
		room := min(p.MaxLength-len(b.response), p.Decoder.MaxContext-len(tokens))
		if b.most > 0 {
			room = min(room, b.most)
		}
		if of[i] = -1; room < 1 {
			if len(b.response) == 0 {
				return nil, fmt.Errorf("rl: a prompt has %d tokens, the model's context holds %d; use easier problems or a model with a longer context",
					len(tokens), p.Decoder.MaxContext)
			}
			continue
		}
		of[i] = len(requests)
		requests = append(requests, model.Request{Tokens: tokens, Max: room, ID: uint32(first + i)})
	}
	start := time.Now()
	rollouts, err := p.Decoder.Generate(ctx, requests, model.Sampling{Temperature: float32(p.Temperature),
		Seed: uint32(task.SeedOf("sample", p.seed, 0)), Step: uint32(p.Calls)}, nil)
	if err != nil {
		return nil, err
	}
	p.tally.Sampling += time.Since(start).Seconds()
	samples := make([]Sample, len(from))
	for i, b := range from {
		var r model.Rollout
		if of[i] >= 0 {
			r = rollouts[of[i]]
		}
		s := Sample{Trace: p.Task.Judge(b.problem, slices.Concat(b.response, r.Tokens)), Reward: 0}
		s.Old = append(b.old[:len(b.old):len(b.old)], r.LogProbs...)
		p.Generated += int64(len(r.Tokens))
		p.Charged += int64(len(s.Response()))
		if len(b.response) == 0 {
			p.tally.sample(s.Trace, r)
		}
		samples[i] = s
	}
	return samples, p.complete(from, samples)
}

// complete supplies the log-probabilities that the decoder cannot: of forced
// tokens, and all that were sampled at another temperature than 1.
func (p *Policy) complete(from []begun, samples []Sample) error {
	var which []int
	for i, b := range from {
		if len(b.old) < len(b.response) || p.Temperature != 1 {
			which = append(which, i)
		}
	}
	scores, err := p.logprobs(p.Scorer, samples, which)
	if err != nil {
		return err
	}
	for j, i := range which {
		// Judge ends a response at the first <eos>, so it can be shorter than what was begun.
		known := min(len(from[i].old), len(scores[j]))
		samples[i].Old = append(from[i].old[:known:known], scores[j][known:]...)
	}
	return nil
}

// logprobs are those of the responses of some samples under a scorer's model, at
// the rollouts' temperature.
func (p *Policy) logprobs(s *model.Scorer, samples []Sample, which []int) ([][]float32, error) {
	requests := make([]model.ScoreRequest, len(which))
	for j, i := range which {
		requests[j] = model.ScoreRequest{Tokens: samples[i].Tokens}
	}
	s.Temperature = float32(p.Temperature)
	scores, err := s.Score(requests)
	s.Temperature = 1
	if err != nil {
		return nil, err
	}
	of := make([][]float32, len(which))
	for j, i := range which {
		of[j] = scores[j].LogProbs[samples[i].PromptLength:]
	}
	return of, nil
}

// verdicts are what rewards are made of: whether each response is right, and its
// length in tokens.
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

// credit gives every token of a response its advantage.
func (g Group) credit(rewards, advantages []float64) {
	for i := range g.Samples {
		s := &g.Samples[i]
		s.Reward = rewards[i]
		s.Given.Advantage = advantages[i]
		s.Advantage = make([]float64, len(s.Response()))
		for t := range s.Advantage {
			s.Advantage[t] = advantages[i]
		}
	}
}

// before keeps what each response would have got without the method's own term.
func (g Group) before(advantages []float64) {
	for i := range g.Samples {
		g.Samples[i].Given.Advantage = advantages[i]
	}
}

// valid says whether a group teaches anything.
func (g Group) valid() bool {
	return slices.ContainsFunc(g.Samples, func(s Sample) bool {
		return slices.ContainsFunc(s.Advantage, func(a float64) bool { return a != 0 })
	})
}

// PolicyConfig is how a policy samples and how much room it takes.
type PolicyConfig struct {
	Seed        uint64
	Temperature float64
	MaxLength   int // of a response, tokens
	Slots       int // sequences at once
	Tokens      int // of a scoring pass
}

// NewPolicy makes room for sampling from m and for scoring with it.
func NewPolicy(m *model.Model, task task.Task, c PolicyConfig) (*Policy, error) {
	// Room for the sequences under way and as many finished ones, whose prefixes are gone on with.
	d, err := model.NewDecoder(m, model.DecoderSize{Slots: c.Slots, Rows: 2 * c.Slots * m.MaxContext, Chunk: 16})
	if err != nil {
		return nil, err
	}
	s, err := model.NewScorer(m, max(c.Tokens, m.MaxContext))
	if err != nil {
		d.Release()
		return nil, err
	}
	return PolicyOf(d, s, task, c), nil
}

// PolicyOf is a policy of a decoder and a scorer that are there already; of the room
// in c nothing is used.
func PolicyOf(d *model.Decoder, s *model.Scorer, task task.Task, c PolicyConfig) *Policy {
	return &Policy{Task: task, Decoder: d, Scorer: s, Temperature: c.Temperature, MaxLength: c.MaxLength, seed: c.Seed, tally: &tally{}}
}

// Release frees the device's memory, not the model.
func (p *Policy) Release() {
	p.Decoder.Release()
	p.Scorer.Release()
}
