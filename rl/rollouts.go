package rl

import (
	"fmt"
	"slices"

	"attnlab/rl/runs"
	"attnlab/rl/stat"
	"attnlab/rl/task"
)

// saved are the responses of the last training step as a run saves them. Groups that DAPO samples and leaves out are not among them.
func (r *Run) saved() (all []runs.Rollout) {
	c, share := r.Last(), r.SaveRollouts
	if c == nil || share == nil || *share == 0 {
		return nil
	}
	for i, g := range c.Groups {
		prompt := task.Text(c.Task, g.Problem.Prompt)
		if !runs.Keeps(*share, prompt) {
			continue
		}
		id := fmt.Sprintf("%s-%d-%d", task.RolloutStream, r.Seed, g.Index)
		for j := range g.Samples {
			one := c.rollout(i, j)
			one.Problem, one.Prompt, one.Cut = id, prompt, r.cutOff(g.Problem, g.Samples[j])
			all = append(all, one)
		}
	}
	return all
}

// cutOff reports whether a response reached the longest length without its end.
func (p *Policy) cutOff(of task.Problem, s Sample) bool {
	response := s.Response()
	return len(response) >= p.capacity(of) && !task.Ends(p.Task, response[len(response)-1])
}

// rollout is one response of a step with its credit.
func (c *Credited) rollout(group, sample int) runs.Rollout {
	g := c.Groups[group]
	s := g.Samples[sample]
	correct, formed := s.Correct, s.WellFormed
	one := runs.Rollout{Step: c.Step, Sample: sample, Kind: s.Kind, Gold: g.Problem.Gold, Response: task.Text(c.Task, s.Response()), Correct: &correct, WellFormed: &formed,
		Tokens: len(s.Response()), Think: s.ThinkTokens(), Reward: s.Reward, Reflections: task.Reflections(c.Task, s.Trace), Scales: s.Inputs.Scales,
		Trained: slices.ContainsFunc(s.Advantage, func(a float64) bool { return a != 0 })}
	for _, t := range c.Explain(group, sample).Outcome {
		if x := stat.Finite(t.Value); x != nil {
			if one.Parts == nil {
				one.Parts = map[string]float64{}
			}
			one.Parts[t.Name] = *x
		}
	}
	one.Advantage = runs.To(0.0)
	if len(s.Advantage) > 0 {
		one.Advantage = stat.Finite(stat.Mean(s.Advantage))
	}
	for _, x := range s.Scores {
		one.Scores = append(one.Scores, stat.Finite(x))
	}
	return one
}
