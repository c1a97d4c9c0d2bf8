package rl

import (
	"context"
	"fmt"
	"slices"

	"attnlab/rl/hyper"
	"attnlab/rl/task"
)

// REA-RL: Reflection-Aware Online Reinforcement Learning for Efficient
// Reasoning Models, arXiv 2505.19862 (ICLR 2026).
//
//	sample o_1..o_G; a reflection model gives each step a probability P_i that it states a result;
//	cut o_i there, force the end of thinking, let the policy finish: revision o'_i
//	a wrong revision becomes a copy of its response; group = {o_1..o_G, o'_1..o'_G}
//	R = R_acc + R_len + R_refl;  A = (R - mean) / std over the 2G;  all wrong: A = 0
//	R_len  = 1 - (L - min)/(max - min) if correct, else 0
//	R_refl = min(0, D/D_0.2 - 1), D = reflections a think token, D_0.2 a quantile of the base model
//
// The switch reward-form takes the code's R_len and R_refl in place of the
// paper's. Equal lengths of all correct responses, where the paper's formula
// is 0/0, count as shortest.
//
// Departures: a step is a task's line, not 32 to 128 tokens; a cut at the last
// step drops that step, for the paper its last paragraph; in the cut "strong"
// we read "highest before the first result" as the likeliest step of 0.25 or
// more before the first of 0.5; oracle cuts use the task's labels in place of
// a reflection model; the words that count as reflections are the task's; P_i is
// the probability of Result among all tokens, not of Result and Think alone; the
// learning rate is constant (a cosine there) and the ratio that of PPO on fresh
// samples (1 on samples one batch old there).

// REARL configures the method.
type REARL struct {
	Std             Std
	Cut             string // "normal", "weak", "strong" or "oracle"
	Revise          bool
	RevisionTokens  int
	CodeForm        bool
	Accuracy        float64 // weights of the rewards
	Length          float64
	Reflection      float64
	Density         float64 // D_q, reflections a think token
	DensityQuantile float64 // q
	Loss            LossConfig
}

// NewREARL reads the hyper-parameters of "rearl".
func NewREARL(h hyper.Values) REARL {
	return REARL{
		Std:             Std(h.Int("std")),
		Cut:             h.Choice("cut"),
		Revise:          h.Choice("revise") == "on",
		RevisionTokens:  h.Int("revision-tokens"),
		CodeForm:        h.Choice("reward-form") == "code",
		Accuracy:        h["accuracy-weight"],
		Length:          h["length-weight"],
		Reflection:      h["reflection-weight"],
		Density:         density(h["reflection-tokens"]),
		DensityQuantile: h["density-quantile"],
		Loss:            newLoss(h),
	}
}

// density is the inverse of tokens a reflection; 0 where that is to be measured.
func density(tokens float64) float64 {
	if tokens == 0 {
		return 0
	}
	return 1 / tokens
}

// ---- Sample: where to cut

// CutNormal returns how many steps a revision keeps: up to and with the first
// step i >= n/2 that states a result, P_i >= 0.5.
func CutNormal(p []float64) int {
	return keptSteps(slices.IndexFunc(p[(len(p)+1)/2:], states), (len(p)+1)/2, len(p))
}

// CutWeak keeps up to and with the start of the second run of such steps.
func CutWeak(p []float64) int {
	runs := 0
	for i := (len(p) + 1) / 2; i < len(p); i++ {
		if states(p[i]) && (i == (len(p)+1)/2 || !states(p[i-1])) {
			if runs++; runs == 2 {
				return keptSteps(i, 0, len(p))
			}
		}
	}
	return keptSteps(-1, 0, len(p))
}

// CutStrong looks anywhere: before the first step of P_i >= 0.5 it takes the
// likeliest with P_i >= 0.25, else that step.
func CutStrong(p []float64) int {
	first := slices.IndexFunc(p, states)
	best := -1
	for i, v := range p {
		if i == first {
			break
		}
		if v >= 0.25 && (best < 0 || v > p[best]) {
			best = i
		}
	}
	if best < 0 {
		best = first
	}
	return keptSteps(best, 0, len(p))
}

// CutOracle keeps up to and with the first step that truly states the right
// final result, and drops the last step where none does.
func CutOracle(statesAnswer []bool) int {
	if i := slices.Index(statesAnswer, true); i >= 0 {
		return i + 1
	}
	return max(0, len(statesAnswer)-1)
}

func states(p float64) bool { return p >= 0.5 }

// keptSteps turns the cut step found+offset, or none (found < 0), into a number
// of steps: capped at n-1-min(0.05(n+10), 5), and never all n.
func keptSteps(found, offset, n int) int {
	last := n - 1 - min((n+10)/20, 5)
	cut := last
	if found >= 0 {
		cut = min(found+offset, last)
	}
	return max(0, min(cut+1, n-1))
}

// steps returns how many steps the revision of each response keeps.
func (c REARL) steps(r *Run, groups []Group) (kept [][]int, err error) {
	var p [][]float64 // a response, all groups in a row
	if c.Cut != "oracle" {
		if p, err = r.Reflector.Results(groups); err != nil {
			return nil, err
		}
	}
	for _, g := range groups {
		kept = append(kept, make([]int, len(g.Samples)))
		for i, s := range g.Samples {
			row := kept[len(kept)-1]
			switch c.Cut {
			case "oracle":
				row[i] = CutOracle(r.Task.Concludes(g.Problem, s.Trace))
				continue
			case "normal":
				row[i] = CutNormal(p[0])
			case "weak":
				row[i] = CutWeak(p[0])
			case "strong":
				row[i] = CutStrong(p[0])
			}
			p = p[1:]
		}
	}
	return kept, nil
}

// revise cuts every response, closes its think part and lets the policy finish:
// one revision each, groups in a row.
func (c REARL) revise(ctx context.Context, r *Run, groups []Group) ([]Sample, error) {
	kept, err := c.steps(r, groups)
	if err != nil {
		return nil, err
	}
	var from []begun
	for i, g := range groups {
		for j, s := range g.Samples {
			end := 0
			if n := kept[i][j]; n > 0 {
				end = s.Steps[n-1].End - s.PromptLength
			}
			// The forced token has no sampler's log-probability.
			from = append(from, begun{problem: g.Problem, response: append(slices.Clone(s.Response()[:end]), task.EndThink), old: s.Old[:end], most: c.RevisionTokens})
		}
	}
	return r.generate(ctx, from)
}

// ---- Score

// REASample is what REA-RL's rewards need of a response.
type REASample struct {
	Correct     bool
	Length      int // tokens
	Reflections int
	ThinkTokens int
}

// Group returns the responses followed by their revisions, of which there is
// one each or none at all; copied[i] tells that revision i was wrong and is a
// copy of its response.
func (c REARL) Group(responses, revisions []REASample) (group []REASample, copied []bool) {
	if len(revisions) != 0 && len(revisions) != len(responses) {
		panic(fmt.Sprintf("rl: REARL.Group: %d responses, %d revisions", len(responses), len(revisions)))
	}
	group = slices.Concat(responses, revisions)
	copied = make([]bool, len(revisions))
	for i, r := range revisions {
		if !r.Correct {
			group[len(responses)+i], copied[i] = responses[i], true
		}
	}
	return group, copied
}

// Rewards returns R for each member of a group.
func (c REARL) Rewards(group []REASample) []float64 {
	rewards, _ := c.rewards(group)
	return rewards
}

// rewards returns R and what it is the weighted sum of: R_acc, R_len and R_refl.
func (c REARL) rewards(group []REASample) (rewards []float64, parts [][3]float64) {
	correct := make([]bool, len(group))
	length := make([]int, len(group))
	for i, s := range group {
		correct[i], length[i] = s.Correct, s.Length
	}
	right, short := accuracyReward(correct), RefinedLengthReward(correct, length, c.CodeForm)
	parts = make([][3]float64, len(group))
	rewards = make([]float64, len(group))
	for i, s := range group {
		density := ReflectionDensity(s.Reflections, s.ThinkTokens)
		parts[i] = [3]float64{right[i], short[i], ReflectionReward(density, c.Density, c.CodeForm)}
		rewards[i] = c.Accuracy*parts[i][0] + c.Length*parts[i][1] + c.Reflection*parts[i][2]
	}
	return rewards, parts
}

// reaSample measures a response for the rewards.
func reaSample(kind task.Task, trace task.Trace) REASample {
	return REASample{trace.Correct, len(trace.Response()), task.Reflections(kind, trace), trace.ThinkTokens()}
}

func measured(task task.Task, samples []Sample) []REASample {
	of := make([]REASample, len(samples))
	for i, s := range samples {
		of[i] = reaSample(task, s.Trace)
	}
	return of
}

// ---- Credit

// Credit returns one advantage for each member, all 0 where none is correct.
func (c REARL) Credit(group []REASample, rewards []float64) []float64 {
	if !slices.ContainsFunc(group, func(s REASample) bool { return s.Correct }) {
		return make([]float64, len(group))
	}
	return GroupAdvantages(rewards, c.Std)
}

// ---- Loss: see LossConfig

// ---- Step

func (c REARL) step(ctx context.Context, r *Run) error {
	if c.Density == 0 {
		c.Density = r.state.Base.Density
	}
	groups := r.draw(r.Hyper.Int("problems"))
	if err := r.rollouts(ctx, groups, r.Hyper.Int("group")); err != nil {
		return err
	}
	var revisions []Sample // one a response, groups in a row
	if c.Revise {
		var err error
		if revisions, err = c.revise(ctx, r, groups); err != nil {
			return err
		}
	}
	for i := range groups {
		g := &groups[i]
		own := revisions[:min(len(g.Samples), len(revisions))]
		revisions = revisions[len(own):]
		members, copied := c.Group(measured(r.Task, g.Samples), measured(r.Task, own))
		for j, s := range own {
			if copied[j] {
				s = g.Samples[j]
			}
			s.Given.Revision, s.Given.Copied = true, copied[j]
			g.Samples = append(g.Samples, s)
		}
		rewards, parts := c.rewards(members)
		g.credit(rewards, c.Credit(members, rewards))
		correct, _ := g.verdicts()
		g.before(GroupAdvantages(accuracyReward(correct), c.Std))
		for j := range g.Samples {
			g.Samples[j].Given.Rewards = parts[j]
		}
	}
	return r.learn(groups, c.Loss)
}
