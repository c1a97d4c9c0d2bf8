package rl

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"attnlab/rl/hyper"
	"attnlab/rl/stat"
)

// vinePPO is VinePPO (Kazemnejad et al.), arXiv 2410.01679 (ICML 2025): the value of the state before each step is the share of right
// ones among K continuations from there, and a step's credit is what it adds.
//
//	V(s_k)   = mean of 1[right] over K continuations of the response's first tokens, up to step k
//	A_k      = V(s_k+1) - V(s_k)          for all tokens of step k, no discount
//	A_last   = r - V(s_last)              r = 1[right]
//
// The continuations are not trained on. They are sampled, and so count as generated tokens, and with their prefixes as charged ones. A
// step's first state is where it begins; the first step takes what comes before it, and what follows the last is one step more. All A of
// a response add up to r - V(s_0).
//
// Departures: V(s_0) is the mean of the group's other responses, which cost nothing more, in place of K new ones. Groups of one outcome
// are neither valued nor trained on. Advantages are not whitened, as the authors' code does. With K = 0 a response is one step, which is
// leave-one-out (RLOO): TLMRE without its length term.
var vinePPO = Method{
	Name:    "vineppo",
	Title:   "VinePPO",
	Summary: "Each step is credited with how much it changes the chance of a right answer, estimated by continuing from its ends. It is the yardstick of credit, and costs many samples.",
	Source:  "arXiv 2410.01679",
	Steps:   10,
	Params: slices.Concat(hyper.Table{
		hyper.Problems.With(64, 16).From("VinePPO code: 512 responses"),
		hyper.Group.With(8, 8).From("VinePPO code"),
		hyper.Temperature.With(0.6, 1).From("VinePPO code"),
		hyper.SamplingKey.With(0, 0),
		hyper.MaxLength.With(1024, hyper.LabMaxLength).From("VinePPO code"),
		hyper.LearningRate.With(1e-6, 5e-4).From("VinePPO code"),
		hyper.WarmUp.With(0, 0).From("VinePPO code has 3 % of its steps"),
		hyper.MiniBatches.With(8, 2).From("VinePPO code: parts of 64; its second pass over a batch is left out"),
		hyper.ClipLow.With(0.2, 0.2).From("PPO 3"),
		hyper.ClipHigh.With(0.2, 0.28).From("PPO 3"),
		hyper.DualClip.With(0, 0).From("not in the paper"),
		hyper.KL.With(0.0001, 0).From("VinePPO code"),
		hyper.Entropy.With(0, 0).From("not in the paper"),
		hyper.Aggregation.Choosing("token", "sequence").From("unstated"),
		hyper.FlatGroups.Choosing("keep", "drop"),
		{Name: "continuations", Symbol: "K", Meaning: "continuations that value the state before a step; 0 values none", Source: "VinePPO 4",
			Min: 0, Max: 64, Step: 1, Paper: hyper.Number(9), Lab: hyper.Number(3)},
	}, hyper.Optimiser("unstated; the defaults of PyTorch without decay", 0.9, 0.999, 0, 1)),
	Takes: Takes{Keys: []string{"token_scores", "answer_tokens", "step_ranges"}},
	New: func(h hyper.Values, _ Setup) (Trainer, error) {
		return vine{h.Int("problems"), h.Int("group"), h.Int("continuations")}, nil
	},
}

const ofVinePPO = "VinePPO 4, arXiv 2410.01679"

type vine struct {
	problems, size int
	continuations  int // K
}

// ---- Sample

func (c vine) Sample(ctx context.Context, r *Run) ([]Group, error) {
	groups, err := r.sampleGroups(ctx, c.problems, c.size)
	if err != nil || c.continuations == 0 {
		return groups, err
	}
	return groups, c.value(ctx, r, groups)
}

// value samples the continuations and stores V of the state before each token's step as the score of the token.
func (c vine) value(ctx context.Context, r *Run, groups []Group) error {
	var from []pendingBranch
	for _, g := range mixed(groups) {
		for i := range g.Samples {
			s := &g.Samples[i]
			for _, at := range stepStarts(*s)[1:] {
				for range c.continuations {
					from = append(from, pendingBranch{problem: g.Problem, response: s.Response()[:at], old: s.Old[:at]})
				}
			}
		}
	}
	continued, err := r.generate(ctx, from)
	if err != nil {
		return err
	}
	for _, g := range mixed(groups) {
		for i := range g.Samples {
			s := &g.Samples[i]
			starts := stepStarts(*s)
			s.TokenScores = make([]float64, len(s.Response()))
			for k, at := range starts[1:] {
				V := Group{Samples: continued[:c.continuations]}.passRate()
				continued = continued[c.continuations:]
				for t := at; t < append(starts, len(s.TokenScores))[k+2]; t++ {
					s.TokenScores[t] = V
				}
			}
		}
	}
	return nil
}

// stepStarts are the response tokens at which the steps of a response begin, in order and without repeats: the first is 0, and what
// follows the last step is one step more.
func stepStarts(s Sample) []int {
	starts, end := []int{0}, 0
	for k, r := range s.ResponseSteps() {
		if k > 0 {
			starts = append(starts, r[0])
		}
		end = r[1]
	}
	if end > 0 && end < len(s.Response()) {
		starts = append(starts, end)
	}
	return starts
}

// ---- Score: 1[correct] and V. Credit

// vineInputs is what the steps of a response were credited with.
type vineInputs struct{ values []float64 } // V at each of its stepStarts, and r

func (c vine) Credit(_ int, groups []Group) error {
	for _, g := range groups {
		correct, _ := g.verdicts()
		rewards := accuracyReward(correct)
		outcome := leaveOneOut(rewards)
		g.credit(rewards, outcome, outcome)
		if c.continuations == 0 || stat.Constant(rewards) {
			continue
		}
		if err := g.checkTokenScores(); err != nil {
			return err
		}
		for i := range g.Samples {
			s := &g.Samples[i]
			starts := stepStarts(*s)
			values := []float64{rewards[i] - outcome[i]} // V(s_0): the mean of the others
			for _, at := range starts[1:] {
				values = append(values, s.TokenScores[at])
			}
			values, starts = append(values, rewards[i]), append(starts, len(s.Advantage))
			for k, at := range starts[1:] {
				for t := starts[k]; t < at; t++ {
					s.Advantage[t] = values[k+1] - values[k]
				}
			}
			s.Inputs.Own = vineInputs{values}
		}
	}
	return nil
}

// ---- Loss: see lossConfig. Explain

func (c vine) Explain(g Group, i int) Explanation {
	s := g.Samples[i]
	x := newExplanation(s)
	x.Outcome = []Term{{"r", "r = 1[correct]", s.Reward, ofVinePPO},
		{"V(s_0)", fmt.Sprintf("share of right ones among the other %d responses", len(g.Samples)-1), s.Reward - s.Inputs.Advantage, ofVinePPO},
		{"A", "A = r - V(s_0): the steps' credit adds up to it", s.Inputs.Advantage, ofVinePPO}}
	own, valued := s.Inputs.Own.(vineInputs)
	if !valued {
		return x
	}
	for k := range x.Steps {
		V, next := own.values[k], own.values[k+1]
		x.Steps[k].Terms = []Term{
			{"V(s_k)", fmt.Sprintf("chance of a right answer before the step, of %d continuations", c.continuations), V, ofVinePPO},
			{"V(s_k+1)", "the same after it", next, ofVinePPO},
			{"A_k", "V(s_k+1) - V(s_k)", next - V, ofVinePPO},
		}
	}
	return x
}

// ---- State: nothing

func (vine) State() (json.RawMessage, error) { return nil, nil }
