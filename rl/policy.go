package rl

import (
	"context"
	"fmt"
	"slices"
	"time"

	"attnlab/model"
	"attnlab/rl/examine"
	"attnlab/rl/task"
)

// Policy is a model that writes responses to a task's problems, with a scorer of what it writes.
type Policy struct {
	Task        task.Task
	Decoder     *model.Decoder
	Scorer      *model.Scorer
	Temperature float64
	MaxLength   int // of a response, tokens; the context may allow fewer
	seed, key   uint64

	// Progress, where not nil, is called during a training step: with a stage, and how much of it is done where that is known.
	Progress func(stage string, done, of int)

	Count // of what was sampled
	tally *tally
}

// Count is what a policy has sampled so far. It is part of a run's state: the number of calls is a key of the random generator.
type Count struct {
	Problems  uint64 `json:"problems"`  // drawn
	Calls     int    `json:"calls"`     // of the decoder
	Generated int64  `json:"generated"` // tokens sampled; a prefix that is continued does not count again
	Charged   int64  `json:"charged"`   // tokens of all responses, prefixes counted each time
}

// pendingBranch is a response to write or to continue: the first tokens that are given, and their log-probabilities as far as they
// are known. Tokens that the policy did not sample (a forced </think>) have none: the scorer supplies the policy's own.
type pendingBranch struct {
	problem  task.Problem
	response []int
	old      []float32
	most     int  // tokens to sample; 0 is as many as fit
	closed   bool // append <eos> where that many tokens do not end the response
}

// say reports a stage of a training step.
func (p *Policy) say(stage string, done, of int) {
	if p.Progress != nil {
		p.Progress(stage, done, of)
	}
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

// fresh are n new responses for each group.
func fresh(groups []Group, n int) []pendingBranch {
	var from []pendingBranch
	for _, g := range groups {
		for range n {
			from = append(from, pendingBranch{problem: g.Problem})
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
func (p *Policy) generate(ctx context.Context, from []pendingBranch) ([]Sample, error) {
	samples, err := p.write(ctx, from, 0)
	if err == nil {
		p.Calls++
	}
	return samples, err
}

// capacity is how many tokens a response to a problem may have.
func (p *Policy) capacity(problem task.Problem) int {
	return min(p.MaxLength, p.Decoder.MaxContext-len(problem.Prompt))
}

// write is one part of such a call: the responses from index first.
func (p *Policy) write(ctx context.Context, from []pendingBranch, first int) ([]Sample, error) {
	requests := []model.Request{}
	of := make([]int, len(from)) // its request, or -1
	for i, b := range from {
		tokens := slices.Concat(b.problem.Prompt, b.response)
		capacity := p.capacity(b.problem) - len(b.response)
		if b.most > 0 {
			capacity = min(capacity, b.most)
		}
		if of[i] = -1; capacity < 1 {
			if len(b.response) == 0 {
				return nil, fmt.Errorf("rl: a prompt has %d tokens, the model's context holds %d; use easier problems or a model with a longer context",
					len(tokens), p.Decoder.MaxContext)
			}
			continue
		}
		of[i] = len(requests)
		requests = append(requests, model.Request{Tokens: tokens, Max: capacity, ID: uint32(first + i)})
	}
	start, done := time.Now(), 0
	p.say("sampling", 0, len(requests))
	rollouts, err := p.Decoder.Generate(ctx, requests, model.Sampling{Temperature: float32(p.Temperature),
		Seed: uint32(task.SeedOf("sample", p.seed, p.key)), Step: uint32(p.Calls)}, func(int, model.Rollout) {
		done++
		p.say("sampling", done, len(requests))
	})
	if err != nil {
		return nil, err
	}
	p.say("scoring", 0, 0)
	p.tally.Sampling += time.Since(start).Seconds()
	samples := make([]Sample, len(from))
	for i, b := range from {
		var r model.Rollout
		if of[i] >= 0 {
			r = rollouts[of[i]]
		}
		response := slices.Concat(b.response, r.Tokens)
		if b.closed && len(r.Tokens) == b.most && !task.Ends(p.Task, response[len(response)-1]) && len(response) < p.capacity(b.problem) {
			response = append(response, task.End(p.Task)) // the sampler did not compute its log-probability
		}
		s := Sample{Trace: p.Task.Judge(b.problem, response)}
		s.Reflections = task.Reflections(p.Task, s.Trace)
		s.Old = append(b.old[:len(b.old):len(b.old)], r.LogProbs...)
		p.Generated += int64(len(r.Tokens))
		p.Charged += int64(len(s.Response()))
		if len(b.response) == 0 {
			s.Entropy = r.Entropy
			p.tally.sample(s.Trace, r, len(r.Tokens) > 0 && task.Ends(p.Task, r.Tokens[len(r.Tokens)-1]))
		}
		samples[i] = s
	}
	return samples, p.complete(from, samples)
}

// complete supplies the log-probabilities that the decoder cannot: of forced tokens, and of all that were sampled at another
// temperature than 1.
func (p *Policy) complete(from []pendingBranch, samples []Sample) error {
	var which []int
	for i, b := range from {
		if len(b.old) < len(b.response) || len(samples[i].Old) < len(samples[i].Response()) || p.Temperature != 1 {
			which = append(which, i)
		}
	}
	scores, err := p.logprobs(p.Scorer, samples, which)
	if err != nil {
		return err
	}
	for j, i := range which {
		// Judge ends a response at the first <eos>, so it can be shorter than its given tokens.
		known := min(len(from[i].old), len(scores[j]))
		samples[i].Old = append(from[i].old[:known:known], scores[j][known:]...)
	}
	return nil
}

// logprobs are those of the responses of some samples under a scorer's model, at the rollouts' temperature.
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

// PolicyConfig is how a policy samples and how much memory it takes.
type PolicyConfig struct {
	Seed        uint64
	SamplingKey uint64 // other random numbers for the same problems
	Temperature float64
	MaxLength   int // of a response, tokens
	Slots       int // sequences at once
	Tokens      int // of a scoring pass
}

// NewPolicy allocates what sampling from m and scoring with it need.
func NewPolicy(m *model.Model, task task.Task, c PolicyConfig) (*Policy, error) {
	// Capacity for the sequences that are being written and as many finished ones, whose prefixes are continued.
	d, err := model.NewDecoder(m, model.DecoderSize{Slots: c.Slots, Rows: 2 * c.Slots * m.MaxContext, Chunk: 16})
	if err != nil {
		return nil, err
	}
	if err := d.ChooseForRun(); err != nil {
		d.Release()
		return nil, err
	}
	s, err := model.NewScorer(m, max(c.Tokens, m.MaxContext))
	if err != nil {
		d.Release()
		return nil, err
	}
	return PolicyOf(d, s, task, c), nil
}

// PolicyOf returns a policy that uses an existing decoder and scorer; it ignores Slots and Tokens of c.
func PolicyOf(d *model.Decoder, s *model.Scorer, task task.Task, c PolicyConfig) *Policy {
	return &Policy{Task: task, Decoder: d, Scorer: s, Temperature: c.Temperature, MaxLength: examine.Cap(c.MaxLength, d.MaxContext), seed: c.Seed, key: c.SamplingKey, tally: &tally{}}
}

// Release frees the device's memory but not the model's.
func (p *Policy) Release() {
	p.Decoder.Release()
	p.Scorer.Release()
}
