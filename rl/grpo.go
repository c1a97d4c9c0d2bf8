package rl

import (
	"context"
	"fmt"
	"math"
	"slices"

	"attnlab/rl/hyper"
	"attnlab/rl/stat"
)

// Group-relative policy optimisation and two corrections of it.
//
//	GRPO      DeepSeekMath, arXiv 2402.03300, eq. 3-4
//	Dr. GRPO  Understanding R1-Zero-Like Training, arXiv 2503.20783
//	DAPO      arXiv 2503.14476, eq. 8-13
//
// A group is G responses to one problem with rewards r_1..r_G:
//
//	GRPO      A_i = (r_i - mean) / (std + 1e-6); mean over the tokens of a response, then over responses
//	Dr. GRPO  A_i =  r_i - mean;                 sum over tokens divided by the constant L_max; no KL
//	DAPO      A_i as GRPO, higher upper clip, mean over all tokens, no KL, groups that
//	          are all right or all wrong dropped, over-long responses punished softly
//
// The three are one struct: they differ in the rows of the table of
// hyper-parameters and in nothing else.
//
// Departures: the papers do not say which standard deviation they mean. The
// population's is the default; verl and TRL compute the sample's (switch std).
// DAPO rewards wrong answers with -1, here with 0, which changes no advantage
// but by the factor that the standard deviation removes again; its token mean
// is over the groups of an update together, and where ten batches have too few
// mixed groups it goes on with those. In the lab all methods have DAPO's upper
// clip, no KL, and drop flat groups (switches clip-high, kl, flat-groups).

// Std says by what a group's advantages are divided.
type Std int

const (
	NoStd Std = iota
	PopulationStd
	SampleStd
)

// GRPO configures GRPO, Dr. GRPO and DAPO.
type GRPO struct {
	Std     Std
	Dynamic bool // drop groups of one outcome
	Limit   int  // L_max, tokens
	Buffer  int  // overlong buffer, tokens; 0 is off
	Factor  float64
	Loss    LossConfig
}

// NewGRPO reads the hyper-parameters of "grpo", "drgrpo" or "dapo".
func NewGRPO(h hyper.Values) GRPO {
	return GRPO{
		Std:     Std(h.Int("std")),
		Dynamic: h.Int("dynamic") == 1,
		Limit:   h.Int("max-length"),
		Buffer:  h.Int("overlong-buffer"),
		Factor:  h["overlong-factor"],
		Loss:    newLoss(h),
	}
}

// ---- Sample

// maxRounds bounds DAPO's dynamic sampling, as its code does.
const maxRounds = 10

// sample returns P groups of G responses. With dynamic sampling those of one
// outcome are dropped and others drawn until there are P, or maxRounds are over.
func (g GRPO) sample(ctx context.Context, r *Run) (kept []Group, err error) {
	P, G := r.Hyper.Int("problems"), r.Hyper.Int("group")
	for round := 0; len(kept) < P && round < maxRounds && (round == 0 || g.Dynamic); round++ {
		groups := r.draw(P)
		if err := r.rollouts(ctx, groups, G); err != nil {
			return nil, err
		}
		for _, group := range groups {
			if correct, _ := group.verdicts(); g.Keep(correct) && len(kept) < P {
				kept = append(kept, group)
			}
		}
	}
	return kept, nil
}

// Keep is DAPO's dynamic sampling: whether a group is trained on, or dropped
// and replaced by another problem's.
func (g GRPO) Keep(correct []bool) bool {
	return !g.Dynamic || slices.Contains(correct, true) && slices.Contains(correct, false)
}

// ---- Score

// Rewards returns 1[correct] and DAPO's overlong penalty; length is in tokens.
func (g GRPO) Rewards(correct []bool, length []int) []float64 {
	r := accuracyReward(correct)
	for i := range r {
		r[i] += OverlongPenalty(length[i], g.Limit, g.Buffer, g.Factor)
	}
	return r
}

// ---- Credit

// Credit returns one advantage a response.
func (g GRPO) Credit(rewards []float64) []float64 { return GroupAdvantages(rewards, g.Std) }

// GroupAdvantages returns (r_i - mean) / (std + 1e-6), or r_i - mean without a
// std. They sum to 0, and are 0 where all rewards are equal.
func GroupAdvantages(rewards []float64, std Std) []float64 {
	a := make([]float64, len(rewards))
	if stat.Constant(rewards) {
		return a
	}
	mean, sd := stat.Mean(rewards), stat.PopStdDev(rewards)
	if std == SampleStd {
		sd = stat.StdDev(rewards)
	}
	for i, r := range rewards {
		a[i] = r - mean
		if std != NoStd {
			a[i] /= sd + 1e-6
		}
	}
	return a
}

// ---- Loss

// Aggregation says how the losses of tokens are averaged.
type Aggregation int

const (
	TokenMean    Aggregation = iota // over all tokens
	SequenceMean                    // over a response's tokens, then over responses
	ConstantMean                    // over responses, each sum divided by L_max
)

// LossConfig holds what the loss of a token is made of:
//
//	-min(ρA, clip(ρ, 1-ε_low, 1+ε_high) A), never below cA for A < 0, + β k3 - c_H H
//
// with ρ = π/π_old.
type LossConfig struct {
	ClipLow, ClipHigh float64
	DualClip          float64 // c; 0 is off
	KL                float64 // β
	Entropy           float64 // c_H
	Aggregation       Aggregation
	MaxLength         int // L_max of ConstantMean, tokens
}

func newLoss(h hyper.Values) LossConfig {
	return LossConfig{
		ClipLow:     h["clip-low"],
		ClipHigh:    h["clip-high"],
		DualClip:    h["dual-clip"],
		KL:          h["kl"],
		Entropy:     h["entropy"],
		Aggregation: Aggregation(h.Int("aggregation")),
		MaxLength:   h.Int("max-length"),
	}
}

// Surrogate returns the clipped objective of one token, which is to be
// maximised, for a probability ratio and an advantage.
func (c LossConfig) Surrogate(ratio, advantage float64) float64 {
	clipped := min(max(ratio, 1-c.ClipLow), 1+c.ClipHigh)
	s := math.Min(ratio*advantage, clipped*advantage)
	if advantage < 0 && c.DualClip > 0 {
		s = math.Max(s, c.DualClip*advantage)
	}
	return s
}

// KLk3 is Schulman's estimate of KL(π || π_ref) from one token's log
// probabilities: e^d - d - 1 with d = log π_ref - log π. It is never negative.
func KLk3(logprob, reference float64) float64 {
	d := reference - logprob
	return math.Expm1(d) - d
}

// TokenWeights returns for each response the weight of each of its tokens in
// the loss; lengths are the numbers of tokens trained on.
func (c LossConfig) TokenWeights(lengths []int) []float64 {
	total := 0
	for _, n := range lengths {
		if n < 0 {
			panic(fmt.Sprintf("rl: TokenWeights of a response with %d tokens", n))
		}
		total += n
	}
	w := make([]float64, len(lengths))
	for i, n := range lengths {
		switch c.Aggregation {
		case TokenMean:
			w[i] = 1 / float64(max(1, total))
		case SequenceMean:
			w[i] = 1 / float64(len(lengths)*max(1, n))
		case ConstantMean:
			w[i] = 1 / float64(len(lengths)*max(1, c.MaxLength))
		}
	}
	return w
}

// ---- Step

func (g GRPO) step(ctx context.Context, r *Run) error {
	groups, err := g.sample(ctx, r)
	if err != nil {
		return err
	}
	for _, group := range groups {
		rewards := g.Rewards(group.verdicts())
		group.credit(rewards, g.Credit(rewards))
	}
	return r.learn(groups, g.Loss)
}
