package rl

import (
	"context"

	"attnlab/rl/hyper"
)

// TLMRE: Training Language Models to Reason Efficiently (Arora & Zanette),
// arXiv 2502.04463.
//
//	r_i = 1[c_i] (1 - α σ((L_i - μ)/(s + 1e-8)))     length of the correct responses, standardised
//	A_i = r_i - mean_{j≠i} r_j                        RLOO, no division by a std
//
// The whole response gets A_i: every token of a long answer pays alike, which
// is what ATTNPO mends.
//
// Departures: the loss is PPO's clipped surrogate with a mean over all tokens.

// TLMRE configures the method.
type TLMRE struct {
	Alpha float64 // α
	Loss  LossConfig
}

// NewTLMRE reads the hyper-parameters of "tlmre" or "attnpo".
func NewTLMRE(h hyper.Values) TLMRE { return TLMRE{Alpha: h["alpha"], Loss: newLoss(h)} }

// ---- Sample

// sample returns P groups of G responses.
func (t TLMRE) sample(ctx context.Context, r *Run) ([]Group, error) {
	groups := r.draw(r.Hyper.Int("problems"))
	return groups, r.rollouts(ctx, groups, r.Hyper.Int("group"))
}

// ---- Score

// Rewards returns r_i; length is in tokens.
func (t TLMRE) Rewards(correct []bool, length []int) []float64 {
	return ShortCorrectReward(correct, length, t.Alpha)
}

// ---- Credit

// Credit returns one advantage a response.
func (t TLMRE) Credit(rewards []float64) []float64 { return RLOO(rewards) }

// RLOO returns the leave-one-out advantages r_i - mean_{j≠i} r_j, which are
// G/(G-1) (r_i - mean). It panics on a group of one, which has no others.
func RLOO(rewards []float64) []float64 {
	if len(rewards) < 2 {
		panic("rl: RLOO of a group of one")
	}
	a := GroupAdvantages(rewards, NoStd)
	for i := range a {
		a[i] *= float64(len(a)) / float64(len(a)-1)
	}
	return a
}

// ---- Loss: see LossConfig

// ---- Step

func (t TLMRE) step(ctx context.Context, r *Run) error {
	groups, err := t.sample(ctx, r)
	if err != nil {
		return err
	}
	for _, group := range groups {
		correct, length := group.verdicts()
		rewards := t.Rewards(correct, length)
		group.credit(rewards, t.Credit(rewards))
		group.before(t.Credit(accuracyReward(correct)))
	}
	return r.learn(groups, t.Loss)
}
