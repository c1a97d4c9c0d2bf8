package rl

import (
	"context"
	"fmt"
	"math"
	"slices"

	"attnlab/rl/hyper"
	"attnlab/rl/stat"
)

// forkingTokens is Beyond the 80/20 Rule (Wang et al.), arXiv 2506.01939: the gradient of the tokens of highest entropy alone, which are those
// at which a response forks.
//
//	H_t   = -Σ_v π(v) log π(v)   entropy of the distribution that token t was drawn from, nats
//	τ     = the least of the share ρ of highest H_t over the tokens of the batch's responses with an advantage
//	A_i,t = 1[H_t ≥ τ] A_i       A_i as GRPO; the means of the loss count all tokens
//
// With ρ = 1 it is GRPO. Departures: the paper's base is DAPO and its batch the part of an update; here the base is GRPO and the batch
// that of a training step, so that the choice of tokens is all that differs. Controls in place of H_t, see tokensParam.
var forkingTokens = Method{
	Name:    "forking",
	Title:   "Forking tokens",
	Summary: "GRPO, but only the fifth of the tokens at which the model was least certain learns.",
	Source:  "Wang et al., arXiv 2506.01939",
	Steps:   40,
	Params: slices.Concat(hyper.Table{
		hyper.Problems.With(512, 16).From("Forking tokens, training set-up: DAPO's"),
		hyper.Group.With(16, 8).From("DAPO 4.1"),
		hyper.Temperature.With(1, 1).From("DAPO script"),
		hyper.SamplingKey.With(0, 0),
		hyper.MaxLength.With(20480, hyper.LabMaxLength).From("Forking tokens, training set-up"),
		hyper.LearningRate.With(1e-6, 5e-4).From("Forking tokens, training set-up"),
		hyper.WarmUp.With(0, 0),
		hyper.MiniBatches.With(16, 2).From("Forking tokens, training set-up: parts of 32 problems"),
		hyper.ClipLow.With(0.2, 0.2).From("DAPO 4.1"),
		hyper.ClipHigh.With(0.28, 0.28).From("DAPO 4.1"),
		hyper.DualClip.With(0, 0).From("not in the paper"),
		hyper.KL.With(0, 0).From("Forking tokens, training set-up"),
		hyper.Entropy.With(0, 0).From("Forking tokens, training set-up"),
		hyper.Aggregation.Choosing("token", "sequence").From("DAPO 3.3"),
		hyper.FlatGroups.Choosing("drop", "drop").From("DAPO 3.2"),
		hyper.Std.Choosing("population", "population").From("DAPO, eq. 9"),
		hyper.StdEpsilon.With(1e-6, 1e-6).From("verl"),
		shareParam.With(0.2, 0.2).From("Forking tokens, eq. 5"),
		tokensParam,
	}, hyper.Optimiser("unstated; the defaults of PyTorch without decay", 0.9, 0.999, 0, 1)),
	Takes: Takes{Keys: []string{"token_scores"}},
	New: func(h hyper.Values, _ Setup) (Trainer, error) {
		return forking{newGRPO(h), h.Number("share"), h.Choice("tokens")}, nil
	},
}

const ofForking = "Forking tokens, eq. 5, arXiv 2506.01939"

type forking struct {
	grpo
	share  float64 // ρ
	tokens string  // what scores a token, see tokensParam
}

// ---- Sample

func (c forking) Sample(ctx context.Context, r *Run) ([]Group, error) {
	groups, err := r.sampleGroups(ctx, c.problems, c.size)
	if err != nil {
		return nil, err
	}
	for _, g := range groups {
		for i := range g.Samples {
			s := &g.Samples[i]
			s.TokenScores = make([]float64, len(s.Entropy))
			for t, H := range s.Entropy {
				s.TokenScores[t] = float64(H)
			}
		}
	}
	r.arrangeTokens(c.tokens, groups)
	return groups, nil
}

// ---- Credit

// forkingInputs is what the tokens of a response were chosen by.
type forkingInputs struct{ threshold float64 } // τ

func (c forking) Credit(step int, groups []Group) error {
	if err := c.grpo.Credit(step, groups); err != nil {
		return err
	}
	var of [][]float64
	for _, g := range groups {
		if err := g.checkTokenScores(); err != nil {
			return err
		}
		for _, s := range g.Samples {
			if s.Inputs.Advantage != 0 {
				of = append(of, s.TokenScores)
			}
		}
	}
	τ := leastOfHighest(slices.Concat(of...), c.share)
	for _, g := range groups {
		for _, s := range g.Samples {
			for t, H := range s.TokenScores {
				if H < τ {
					s.Advantage[t] = 0
				}
			}
		}
		for i := range g.Samples {
			g.Samples[i].Inputs.Own = forkingInputs{τ}
		}
	}
	return nil
}

// leastOfHighest is the least of the share of x that is highest, rounded up to a whole number of values; more than that share reaches
// it only where values are equal to it. It is -Inf for all of them, and of nothing.
func leastOfHighest(x []float64, share float64) float64 {
	if len(x) == 0 || share >= 1 {
		return math.Inf(-1)
	}
	sorted := slices.Sorted(slices.Values(x))
	return sorted[len(x)-max(1, int(math.Ceil(share*float64(len(x)))))]
}

// ---- Loss: see lossConfig. Explain

func (c forking) Explain(g Group, i int) Explanation {
	x, s := c.grpo.Explain(g, i), g.Samples[i]
	τ := s.Inputs.Own.(forkingInputs).threshold
	if !math.IsInf(τ, -1) {
		x.Outcome = append(x.Outcome, Term{"τ", fmt.Sprintf("%sa token of the batch's highest %g has at least this, nats", howTokens(c.tokens), c.share), τ, ofForking})
	}
	for k, r := range s.ResponseSteps() {
		taken := 0.0
		for _, H := range s.TokenScores[r[0]:r[1]] {
			taken += stat.Indicator(H >= τ)
		}
		x.Steps[k].Terms = []Term{
			{"H", howTokens(c.tokens) + "highest entropy among the tokens of the step, nats", slices.Max(s.TokenScores[r[0]:r[1]]), ofForking},
			{"n", "tokens of the step with H ≥ τ: these learn, the others get 0", taken, ofForking},
			{"n/|s|", "share of the advantage that the step keeps", taken / float64(r[1]-r[0]), ofForking},
		}
	}
	return x
}

// ---- State: nothing
