package rl

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"attnlab/rl/hyper"
	"attnlab/rl/stat"
)

// TLMRE is Training Language Models to Reason Efficiently (Arora & Zanette), arXiv 2502.04463.
//
//	r_i   = 1[c_i] (1 - α σ((L_i - μ)/(s + 1e-8)))     length of the correct responses, standardised
//	A_i   = r_i - mean_{j≠i} r_j                        RLOO, no division by a std
//	A_i,t = A_i - β_r Σ_{u≥t} (log π_old - log π_ref)_u KL in the reward, summed from the token on
//	then (A - mean) / std over all tokens of the batch  whitening
//
// The whole response gets A_i: every token of a long answer pays alike, which is what ATTNPO improves.
//
// KL and whitening are those of the authors' framework, OpenRLHF; the lab leaves both out (switches reward-kl, whiten). Departures:
// the code has no upper bound other than the clip on how far two updates of one batch may move.
var TLMRE = Method{
	Name:    "tlmre",
	Title:   "TLMRE",
	Summary: "A correct response loses reward the longer it is among the correct ones; all its tokens lose the same.",
	Source:  "Arora & Zanette, arXiv 2502.04463",
	Steps:   40,
	Params: slices.Concat(hyper.Table{
		hyper.Problems.With(32, 16).From("TLMRE code"),
		hyper.Group.With(8, 8).From("TLMRE code"),
		hyper.Temperature.With(1, 1).From("TLMRE code"),
		hyper.SamplingKey.With(0, 0),
		hyper.MaxLength.With(32000, hyper.LabMaxLength).From("TLMRE code"),
		hyper.LearningRate.With(5e-6, 5e-4).From("TLMRE code"),
		hyper.WarmUp.With(0, 0),
		hyper.MiniBatches.With(2, 2).From("TLMRE code"),
		hyper.ClipLow.With(0.2, 0.2).From("PPO 3"),
		hyper.ClipHigh.With(0.2, 0.28).From("PPO 3"),
		hyper.DualClip.With(0, 0).From("not in the code"),
		hyper.KL.With(0, 0).From("TLMRE code has it in the reward: reward-kl"),
		hyper.Entropy.With(0, 0).From("not in the code"),
		hyper.Aggregation.Choosing("sequence", "token").From("TLMRE code"),
		hyper.FlatGroups.Choosing("keep", "drop").From("TLMRE code"),
		hyper.Alpha.With(0.1, 0.2).From("TLMRE 4, one of .05, .1, .2, .4"),
		hyper.RewardKL.With(0.001, 0).From("TLMRE code"),
		{Name: "whiten", Meaning: "advantages less their mean over their standard deviation, over all tokens of the batch", Source: "TLMRE code",
			Choices: []string{"off", "batch"}, Max: 1, Step: 1, Paper: hyper.Choice("batch"), Lab: hyper.Choice("off")},
	}, hyper.Optimiser("OpenRLHF, on which the code is built", 0.9, 0.95, 0, 1)),
	New: func(h hyper.Values, _ Setup) (Trainer, error) {
		return tlmre{lengthReward{h.Number("alpha")}, h.Int("problems"), h.Int("group"), h.Number("reward-kl"), h.Choice("whiten") == "batch"}, nil
	},
}

const ofTLMRE = "TLMRE, arXiv 2502.04463; ATTNPO, outcome reward"

type tlmre struct {
	lengthReward
	problems, size int
	kl             float64 // β_r
	whiten         bool
}

// ---- Sample

func (c tlmre) Sample(ctx context.Context, r *Run) ([]Group, error) {
	groups, err := r.sampleGroups(ctx, c.problems, c.size)
	if err != nil || c.kl == 0 {
		return groups, err
	}
	var samples []Sample
	for _, g := range groups {
		samples = append(samples, g.Samples...)
	}
	reference, err := r.referenceLogProbs(samples)
	if err != nil {
		return nil, err
	}
	for _, g := range groups {
		for i := range g.Samples {
			g.Samples[i].Reference, reference = reference[0], reference[1:]
		}
	}
	return groups, nil
}

// ---- Score

// lengthReward is the reward of TLMRE and ATTNPO.
type lengthReward struct{ alpha float64 }

// rewards returns r_i: 1[c] (1 - α σ((L-μ)/(s+1e-8))), with the logistic σ and with mean μ and population standard deviation s of L
// over the correct responses. length is in tokens.
func (c lengthReward) rewards(correct []bool, length []int) []float64 {
	r := accuracyReward(correct)
	right := lengthsOfCorrect(correct, length)
	mu, s := stat.Mean(right), stat.PopStdDev(right)
	for i := range r {
		if correct[i] {
			r[i] *= 1 - c.alpha/(1+math.Exp(-(float64(length[i])-mu)/(s+1e-8)))
		}
	}
	return r
}

// ---- Credit

// leaveOneOut returns the RLOO advantages r_i - mean_{j≠i} r_j, which are G/(G-1) (r_i - mean). It panics on a group of one, which
// has no others.
func leaveOneOut(rewards []float64) []float64 {
	if len(rewards) < 2 {
		panic("rl: leaveOneOut of a group of one")
	}
	a := groupScale{std: noStd}.advantages(rewards)
	for i := range a {
		a[i] *= float64(len(a)) / float64(len(a)-1)
	}
	return a
}

func (c tlmre) Credit(_ int, groups []Group) error {
	for _, g := range groups {
		correct, length := g.verdicts()
		rewards := c.rewards(correct, length)
		g.credit(rewards, leaveOneOut(rewards), leaveOneOut(accuracyReward(correct)))
		for _, s := range g.Samples {
			subtractKL(s, c.kl)
		}
	}
	if c.whiten {
		w := whiteningOf(groups)
		for _, g := range groups {
			for i := range g.Samples {
				w.apply(g.Samples[i].Advantage)
				g.Samples[i].Inputs.Own = w
			}
		}
	}
	return nil
}

// subtractKL takes the KL to the reference from each token on off its advantage. Where the reference is not known, as in groups
// from a file, it does nothing.
func subtractKL(s Sample, weight float64) {
	if len(s.Reference) != len(s.Advantage) || weight == 0 {
		return
	}
	sum := 0.0
	for t, reference := range slices.Backward(s.Reference) {
		sum += float64(s.Old[t]) - float64(reference)
		s.Advantage[t] -= weight * sum
	}
}

// whitening is the mean and the standard deviation of the advantages of a batch's tokens.
type whitening struct{ mean, deviation float64 }

func whiteningOf(groups []Group) whitening {
	var all []float64
	for _, g := range groups {
		for _, s := range g.Samples {
			all = append(all, s.Advantage...)
		}
	}
	if len(all) == 0 {
		return whitening{0, 1}
	}
	// The bound is the framework's: a variance of at least 1e-8.
	return whitening{stat.Mean(all), math.Max(stat.PopStdDev(all), 1e-4)}
}

func (w whitening) apply(advantages []float64) {
	for t := range advantages {
		advantages[t] = (advantages[t] - w.mean) / w.deviation
	}
}

// ---- Loss: see lossConfig. Explain

func (c tlmre) Explain(g Group, i int) Explanation {
	x := newExplanation(g.Samples[i])
	x.Outcome = c.explain(g, i)
	if w, ok := g.Samples[i].Inputs.Own.(whitening); ok {
		x.Outcome = append(x.Outcome,
			Term{"m", "mean advantage of all tokens of the batch", w.mean, ofTLMRE},
			Term{"d", "standard deviation of these advantages", w.deviation, ofTLMRE},
			Term{"A'", "A' = (A - m) / d", (g.Samples[i].Inputs.Advantage - w.mean) / w.deviation, ofTLMRE})
	}
	return x
}

// explain goes from the length to the advantage of a response.
func (c lengthReward) explain(g Group, i int) []Term {
	s := g.Samples[i]
	var terms []Term
	form := "a wrong response: r = 0"
	if s.Correct {
		lengths := lengthsOfCorrect(g.verdicts())
		terms = []Term{
			{"L", "length of the response, tokens", float64(len(s.Response())), ofTLMRE},
			{"μ", "mean length of the group's correct responses", stat.Mean(lengths), ofTLMRE},
			{"s", "standard deviation of these lengths", stat.PopStdDev(lengths), ofTLMRE},
			{"α", "share of the reward that length can cost", c.alpha, ofTLMRE}}
		form = "r = 1 - α σ((L - μ) / s), σ the logistic function"
	}
	own := leaveOneOut(g.rewards())[i]
	return append(terms, Term{"r", form, s.Reward, ofTLMRE},
		Term{"mean", fmt.Sprintf("mean reward of the other %d responses", len(g.Samples)-1), s.Reward - own, ofTLMRE},
		Term{"A", "A = r - mean", own, ofTLMRE})
}

// ---- State: nothing

func (tlmre) State() (json.RawMessage, error) { return nil, nil }
