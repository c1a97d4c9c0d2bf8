package rl

import (
	"context"
	"encoding/json"
	"slices"

	"attnlab/rl/hyper"
	"attnlab/rl/stat"
)

// GRPO is group-relative policy optimisation, DeepSeekMath, arXiv 2402.03300, eq. 3-4. A group is G responses to one problem with
// rewards r_1..r_G:
//
//	A_i = (r_i - mean) / (std + 1e-6); mean over the tokens of a response, then over responses
//
// Departures: the paper does not say which standard deviation it means. The population's is the default; verl and TRL compute the
// sample's (switch std). The paper's batch of 1,024 is read as 16 problems of 64 responses. In the lab all methods have DAPO's
// upper clip and no KL, and drop groups without an advantage (switches clip-high, kl, flat-groups).
var GRPO = Method{
	Name:    "grpo",
	Title:   "GRPO",
	Summary: "A response's credit is its reward minus its group's mean, divided by the group's standard deviation. Every token gets the same.",
	Source:  "DeepSeekMath, arXiv 2402.03300, eq. 3 and 4",
	Steps:   40,
	Params: slices.Concat(hyper.Table{
		hyper.Problems.With(16, 16).From("DeepSeekMath 4.2, a batch of 1,024 read as responses"),
		hyper.Group.With(64, 8).From("DeepSeekMath 4.2"),
		hyper.Temperature.With(1, 1),
		hyper.SamplingKey.With(0, 0),
		hyper.MaxLength.With(1024, hyper.LabMaxLength).From("DeepSeekMath 4.2"),
		hyper.LearningRate.With(1e-6, 5e-4).From("DeepSeekMath 4.2"),
		hyper.WarmUp.With(0, 0),
		hyper.MiniBatches.With(1, 2).From("DeepSeekMath 4.2"),
		hyper.ClipLow.With(0.2, 0.2).From("PPO 3"),
		hyper.ClipHigh.With(0.2, 0.28).From("PPO 3"),
		hyper.DualClip.With(0, 0).From("not in the paper"),
		hyper.KL.With(0.04, 0).From("DeepSeekMath 4.2"),
		hyper.Entropy.With(0, 0).From("not in the paper"),
		hyper.Aggregation.Choosing("sequence", "sequence").From("GRPO 4.1"),
		hyper.FlatGroups.Choosing("keep", "drop").From("GRPO 4.1 averages over all"),
		hyper.Std.Choosing("population", "population").From("GRPO 4.1; sample is what verl and TRL compute"),
		hyper.StdEpsilon.With(1e-6, 1e-6).From("verl"),
	}, hyper.Optimiser("unstated; the defaults of PyTorch without decay", 0.9, 0.999, 0, 1)),
	New: func(h hyper.Values, _ Setup) (Trainer, error) { return newGRPO(h), nil },
}

const ofGRPO = "GRPO 4.1, arXiv 2402.03300"

// grpo is GRPO and, with other values, Dr. GRPO.
type grpo struct {
	problems, size int
	scale          groupScale
}

func newGRPO(h hyper.Values) grpo {
	return grpo{h.Int("problems"), h.Int("group"), newGroupScale(h)}
}

// ---- Sample

func (c grpo) Sample(ctx context.Context, r *Run) ([]Group, error) {
	return r.sampleGroups(ctx, c.problems, c.size)
}

// sampleGroups draws problems and writes size responses to each.
func (r *Run) sampleGroups(ctx context.Context, problems, size int) ([]Group, error) {
	groups := r.draw(problems)
	return groups, r.rollouts(ctx, groups, size)
}

// ---- Score: 1[correct]. Credit

func (c grpo) Credit(_ int, groups []Group) error {
	for _, g := range groups {
		correct, _ := g.verdicts()
		rewards := accuracyReward(correct)
		advantages := c.scale.advantages(rewards)
		g.credit(rewards, advantages, advantages)
	}
	return nil
}

// std names the standard deviation that a group's advantages are divided by.
type std string

const (
	noStd         std = "off"
	populationStd std = "population"
	sampleStd     std = "sample"
)

// groupScale is how rewards of a group become advantages.
type groupScale struct {
	std     std
	epsilon float64
}

func newGroupScale(h hyper.Values) groupScale {
	return groupScale{std(h.Choice("std")), h.Number("std-epsilon")}
}

// advantages returns (r_i - mean) / (std + epsilon), or r_i - mean without a std. They sum to 0, and are 0 where all rewards are
// equal.
func (c groupScale) advantages(rewards []float64) []float64 {
	a := make([]float64, len(rewards))
	if stat.Constant(rewards) {
		return a
	}
	mean := stat.Mean(rewards)
	for i, r := range rewards {
		a[i] = r - mean
		if c.std != noStd {
			a[i] /= c.deviation(rewards) + c.epsilon
		}
	}
	return a
}

func (c groupScale) deviation(rewards []float64) float64 {
	if c.std == sampleStd {
		return stat.StdDev(rewards)
	}
	return stat.PopStdDev(rewards)
}

// ---- Loss: see lossConfig. Explain

func (c grpo) Explain(g Group, i int) Explanation {
	s := g.Samples[i]
	x := newExplanation(s)
	x.Outcome = append([]Term{{"r", "r = 1[correct]", s.Reward, ofGRPO}}, explainGroup(g, c.scale, s.Inputs.Advantage, ofGRPO)...)
	return x
}

// ---- State: nothing

func (grpo) State() (json.RawMessage, error) { return nil, nil }
