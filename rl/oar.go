package rl

import (
	"context"
	"fmt"
	"math"
	"slices"

	"attnlab/model"
	"attnlab/rl/hyper"
	"attnlab/rl/stat"
	"attnlab/rl/task"
)

// oar is Outcome-Grounded Advantage Reshaping by perturbation (OAR-P), arXiv 2601.07408: what the answer depends on gets more credit. It
// reads no attention, and so is what credit by attention has to beat.
//
//	I_k  = max(0, mean over the answer's tokens of log π(token) - log π(token | line k replaced by <pad>))
//	I'_t = log(1 + I) of token t, stretched to [0, 1] over the think part
//	θ    = the q-quantile of I'
//	w_t  = max(I'_t / θ, 0.1)               where I'_t < θ
//	     = 1 + β (I'_t - θ) / (1 - θ)       elsewhere
//	A_i,t = w_t L / Σ w A_i                 over the L tokens of the lines; the other tokens keep A_i, as GRPO
//
// With q = 0 and β = 0 it is GRPO. Departures: a line is replaced as a whole, where the paper replaces one token at a time, which takes a
// forward pass a token (row perturb). I is what the authors' code calls answer_joint, one of its three. Their q and β are not known to us.
// Controls in place of I, see tokensParam.
var oar = Method{
	Name:    "oar",
	Title:   "OAR",
	Summary: "GRPO, but a step's credit grows with how much less likely the answer becomes when the step is blanked out. It needs no attention.",
	Source:  "arXiv 2601.07408",
	Steps:   40,
	Params: slices.Concat(hyper.Table{
		hyper.Problems.With(16, 16).From("unstated"),
		hyper.Group.With(8, 8).From("unstated"),
		hyper.Temperature.With(1, 1),
		hyper.SamplingKey.With(0, 0),
		hyper.MaxLength.With(4096, hyper.LabMaxLength).From("unstated"),
		hyper.LearningRate.With(1e-6, 5e-4).From("unstated"),
		hyper.WarmUp.With(0, 0),
		hyper.MiniBatches.With(1, 2).From("unstated"),
		hyper.ClipLow.With(0.2, 0.2).From("PPO 3"),
		hyper.ClipHigh.With(0.2, 0.28).From("PPO 3"),
		hyper.DualClip.With(0, 0).From("not in the code"),
		hyper.KL.With(0, 0).From("OAR code"),
		hyper.Entropy.With(0, 0).From("not in the code"),
		hyper.Aggregation.Choosing("sequence", "sequence").From("OAR code"),
		hyper.FlatGroups.Choosing("keep", "drop").From("OAR code"),
		hyper.Std.Choosing("population", "population").From("GRPO 4.1"),
		hyper.StdEpsilon.With(1e-6, 1e-6).From("verl"),
		tokensParam,
		{Name: "perturb", Meaning: "what is replaced by <pad> at once to see how the answer changes: a token or a line of the think part", Source: "OAR code",
			Choices: []string{"token", "line"}, Max: 1, Step: 1, Paper: hyper.Choice("token"), Lab: hyper.Choice("line")},
		{Name: "suppress", Symbol: "q", Meaning: "share of think tokens, lowest influence on the answer first, that lose credit; 0 is off", Source: "OAR, bi-level reshaping; its value is unstated",
			Min: 0, Max: 1, Step: 0.05, Paper: hyper.Number(0.5), Lab: hyper.Number(0.5)},
		{Name: "boost", Symbol: "β", Meaning: "how much more credit the think token of most influence gets; 0 is off", Source: "OAR, bi-level reshaping; its value is unstated",
			Min: 0, Max: 4, Step: 0.1, Paper: hyper.Number(1), Lab: hyper.Number(1)},
	}, hyper.Optimiser("unstated; the defaults of PyTorch without decay", 0.9, 0.999, 0, 1)),
	Takes: Takes{Keys: []string{"token_scores", "answer_tokens", "step_ranges"}},
	New: func(h hyper.Values, _ Setup) (Trainer, error) {
		return reshaping{newGRPO(h), h.Choice("tokens"), h.Choice("perturb") == "token", h.Number("suppress"), h.Number("boost")}, nil
	},
}

const ofOAR = "OAR, bi-level reshaping, arXiv 2601.07408"

// leastWeight bounds w from below.
const leastWeight = 0.1

type reshaping struct {
	grpo
	tokens   string  // what scores a token, see tokensParam
	byToken  bool    // one token is replaced at a time, not a line
	suppress float64 // q
	boost    float64 // β
}

// ---- Sample

func (c reshaping) Sample(ctx context.Context, r *Run) ([]Group, error) {
	groups, err := r.sampleGroups(ctx, c.problems, c.size)
	if err != nil || c.off() {
		return groups, err
	}
	return groups, c.influence(ctx, r, groups)
}

func (c reshaping) off() bool { return c.suppress == 0 && c.boost == 0 }

// ---- Score

// influence stores I of each think token as its score, for the responses that have an advantage.
func (c reshaping) influence(ctx context.Context, r *Run, groups []Group) error {
	for _, g := range groups {
		for j := range g.Samples {
			s := &g.Samples[j]
			if s.TokenScores = make([]float64, len(s.Response())); !g.mixed() || s.AnswerEnd == s.AnswerStart {
				continue
			}
			pieces := c.pieces(*s)
			requests := []model.ScoreRequest{{Tokens: s.Tokens}}
			for _, p := range pieces {
				requests = append(requests, model.ScoreRequest{Tokens: blanked(s.Tokens, p, max(0, r.Model.PadID))})
			}
			scores, err := r.Scorer.ScoreBy(ctx, requests, nil)
			if err != nil {
				return err
			}
			lost := make([]float64, len(pieces))
			for k := range pieces {
				for t := s.AnswerStart; t < s.AnswerEnd; t++ {
					lost[k] += float64(scores[0].LogProbs[t]-scores[k+1].LogProbs[t]) / float64(s.AnswerEnd-s.AnswerStart)
				}
				lost[k] = max(0, lost[k])
			}
			arrange(c.tokens, lost, task.NewRandom(task.SeedOf("tokens", r.Seed, g.Index), uint64(j)))
			if !c.byToken {
				r.tally.scored(lost)
			}
			for k, p := range pieces {
				for t := p.Start; t < p.End; t++ {
					s.TokenScores[t-s.PromptLength] = lost[k]
				}
			}
		}
	}
	return nil
}

// pieces are the tokens that are replaced together.
func (c reshaping) pieces(s Sample) (pieces []model.Range) {
	for _, step := range s.Steps {
		if !c.byToken {
			pieces = append(pieces, model.Range{Start: step.Start, End: step.End})
			continue
		}
		for t := step.Start; t < step.End; t++ {
			pieces = append(pieces, model.Range{Start: t, End: t + 1})
		}
	}
	return pieces
}

// blanked are tokens of which a piece is replaced by another token: <pad>, or where a model has none its first.
func blanked(tokens []int, piece model.Range, by int) []int {
	tokens = slices.Clone(tokens)
	for t := piece.Start; t < piece.End; t++ {
		tokens[t] = by
	}
	return tokens
}

// ---- Credit

// weights returns w of the think tokens from their influence I: they add up to their number.
func (c reshaping) weights(influence []float64) []float64 {
	w := make([]float64, len(influence))
	if len(w) == 0 {
		return w
	}
	for t, I := range influence {
		w[t] = math.Log1p(I)
	}
	low, high := slices.Min(w), slices.Max(w)
	if low == high {
		return ones(len(w))
	}
	for t := range w {
		w[t] = (w[t] - low) / (high - low)
	}
	θ := stat.Quantile(slices.Sorted(slices.Values(w)), c.suppress)
	sum := 0.0
	for t, I := range w {
		switch {
		case I < θ:
			w[t] = max(I/θ, leastWeight)
		case θ == 1: // all that are left have the most influence
			w[t] = 1 + c.boost
		default:
			w[t] = 1 + c.boost*(I-θ)/(1-θ)
		}
		sum += w[t]
	}
	for t := range w {
		w[t] *= float64(len(w)) / sum
	}
	return w
}

// weighed marks a response whose think tokens were weighed.
type weighed struct{}

func (c reshaping) Credit(step int, groups []Group) error {
	if err := c.grpo.Credit(step, groups); err != nil || c.off() {
		return err
	}
	for _, g := range groups {
		if err := g.checkTokenScores(); err != nil {
			return err
		}
		for i := range g.Samples {
			s := &g.Samples[i]
			var think []int // response tokens in lines
			var influence []float64
			for _, r := range s.ResponseSteps() {
				for t := r[0]; t < r[1]; t++ {
					if s.TokenScores[t] < 0 {
						return fmt.Errorf("response %d: the score of token %d is %g; influence is at least 0", i, t, s.TokenScores[t])
					}
					think, influence = append(think, t), append(influence, s.TokenScores[t])
				}
			}
			for j, w := range c.weights(influence) {
				s.Advantage[think[j]] *= w
			}
			s.Inputs.Own = weighed{}
		}
	}
	return nil
}

// ---- Loss: see lossConfig. Explain

func (c reshaping) Explain(g Group, i int) Explanation {
	x, s := c.grpo.Explain(g, i), g.Samples[i]
	if _, is := s.Inputs.Own.(weighed); !is || s.Inputs.Advantage == 0 {
		return x
	}
	for k, r := range s.ResponseSteps() {
		x.Steps[k].Terms = []Term{
			{"I", howTokens(c.tokens) + "log-probability that a token of the answer loses when the step is blanked out, mean over the step's tokens", stat.Mean(s.TokenScores[r[0]:r[1]]), ofOAR},
			{"w", fmt.Sprintf("mean factor of the step's tokens, from I against the quantile %g of the response", c.suppress), stat.Mean(s.Advantage[r[0]:r[1]]) / s.Inputs.Advantage, ofOAR},
		}
	}
	return x
}

// ---- State: nothing
