package rl

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"attnlab/rl/hyper"
)

// DAPO is decoupled clip and dynamic sampling policy optimisation, arXiv 2503.14476, eq. 8-13: GRPO with
//
//	a higher upper clip, a mean over all tokens, no KL
//	dynamic sampling: groups that are all right or all wrong are dropped and others drawn
//	overlong shaping: r = ±1 - min(1, max(0, (L - (L_max - L_cache)) / L_cache)) · factor
//
// Departures: the factor, which the paper lacks; as in its eq. 13 the penalty ends at -factor beyond L_max, where the authors' code
// lets it fall further. With the overlong penalty off a wrong answer has the reward 0, not -1: without a penalty this changes no advantage
// but by the factor that the standard deviation removes again, and the method is then GRPO exactly. The token mean is over the
// groups of an update together. The first draw is of as many problems as are wanted, and later ones of as many as the share of
// mixed groups so far suggests (the code draws three batches at once). After ten batches the step trains on the mixed groups it
// has, even where they are too few.
var DAPO = Method{
	Name:    "dapo",
	Title:   "DAPO",
	Summary: "GRPO with a higher upper clip, groups of one outcome replaced by others, and a soft penalty for overlong responses.",
	Source:  "arXiv 2503.14476, eq. 8 to 13",
	Steps:   40,
	Params: slices.Concat(hyper.Table{
		hyper.Problems.With(512, 16).From("DAPO 4.1"),
		hyper.Group.With(16, 8).From("DAPO 4.1"),
		hyper.Temperature.With(1, 1).From("DAPO script"),
		hyper.SamplingKey.With(0, 0),
		hyper.MaxLength.With(20480, hyper.LabMaxLength).From("DAPO 4.1"),
		hyper.LearningRate.With(1e-6, 5e-4).From("DAPO 4.1"),
		hyper.WarmUp.With(20, 0).From("DAPO 4.1"),
		hyper.MiniBatches.With(16, 2).From("DAPO 4.1"),
		hyper.ClipLow.With(0.2, 0.2).From("DAPO 4.1"),
		hyper.ClipHigh.With(0.28, 0.28).From("DAPO 4.1"),
		hyper.DualClip.With(10, 0).From("DAPO script"),
		hyper.KL.With(0, 0).From("DAPO 2.3"),
		hyper.Entropy.With(0, 0).From("DAPO script"),
		hyper.Aggregation.Choosing("token", "token").From("DAPO 3.3"),
		hyper.FlatGroups.Choosing("drop", "drop").From("DAPO 3.2"),
		hyper.Std.Choosing("population", "population").From("DAPO, eq. 9; sample is what verl computes"),
		hyper.StdEpsilon.With(1e-6, 1e-6).From("verl"),
		{Name: "dynamic", Meaning: "drop groups that are all right or all wrong and sample others", Source: "DAPO 3.2",
			Choices: []string{"off", "on"}, Max: 1, Step: 1, Paper: hyper.Choice("on"), Lab: hyper.Choice("on")},
		{Name: "overlong-buffer", Symbol: "L_cache", Meaning: "tokens before L_max over which the penalty grows; 0 is off", Source: "DAPO 3.4",
			Min: 0, Max: 32768, Step: 1, Paper: hyper.Number(4096), Lab: hyper.Number(40)},
		{Name: "overlong-factor", Meaning: "penalty at L_max", Source: "DAPO 3.4",
			Min: 0, Max: 2, Step: 0.05, Paper: hyper.Number(1), Lab: hyper.Number(1)},
	}, hyper.Optimiser("DAPO script", 0.9, 0.999, 0.1, 1)),
	Rules: []hyper.Rule{
		func(h hyper.Values, l hyper.Limits) error {
			if h.Int("overlong-buffer") == 0 {
				return nil
			}
			if h.Int("overlong-buffer") >= h.Int("max-length") {
				return fmt.Errorf("overlong-buffer is %d and max-length is %d tokens: every response would be punished; give a buffer below max-length, or 0",
					h.Int("overlong-buffer"), h.Int("max-length"))
			}
			return hyper.Reachable(h, l, "the overlong penalty ends there")
		},
	},
	New: func(h hyper.Values, _ Setup) (Trainer, error) { return newDAPO(h), nil },
}

const ofDAPO = "DAPO 3.4, arXiv 2503.14476"

type dapo struct {
	grpo
	dynamic bool // drop groups of one outcome
	limit   int  // L_max, tokens
	buffer  int  // L_cache, tokens; 0 is off
	factor  float64
}

func newDAPO(h hyper.Values) dapo {
	return dapo{newGRPO(h), h.On("dynamic"), h.Int("max-length"), h.Int("overlong-buffer"), h.Number("overlong-factor")}
}

// ---- Sample

// maxRounds is how many batches of problems dynamic sampling draws at most, as in the authors' code.
const maxRounds = 10

func (c dapo) Sample(ctx context.Context, r *Run) (kept []Group, err error) {
	drawn, mixed := 0, 0
	for n := c.problems; n > 0; n = c.toDraw(len(kept), mixed, drawn) {
		groups, err := r.sampleGroups(ctx, n, c.size)
		if err != nil {
			return nil, err
		}
		drawn += n
		for _, g := range groups {
			if !c.keeps(g) {
				continue
			}
			if mixed++; len(kept) < c.problems {
				kept = append(kept, g)
			}
		}
	}
	return kept, nil
}

// toDraw returns how many problems to draw next: as many as should fill the batch at the share of mixed groups so far, within
// maxRounds batches in all. Without a mixed group so far it is another batch.
func (c dapo) toDraw(kept, mixed, drawn int) int {
	missing := c.problems - kept
	if missing == 0 || !c.dynamic {
		return 0
	}
	n := c.problems
	if mixed > 0 {
		n = (missing*drawn + mixed - 1) / mixed // rounded up
	}
	return min(n, maxRounds*c.problems-drawn)
}

// keeps reports whether a group is trained on.
func (c dapo) keeps(g Group) bool { return !c.dynamic || g.mixed() }

// ---- Score

// rewards returns a reward a response; length is in tokens.
func (c dapo) rewards(correct []bool, length []int) []float64 {
	r := accuracyReward(correct)
	if c.buffer == 0 {
		return r
	}
	for i := range r {
		r[i] = 2*r[i] - 1 + overlongPenalty(length[i], c.limit, c.buffer, c.factor)
	}
	return r
}

// overlongPenalty is eq. 13: 0 up to limit-buffer tokens, then falling to -factor at limit, and -factor beyond.
func overlongPenalty(length, limit, buffer int, factor float64) float64 {
	share := float64(length-(limit-buffer)) / float64(buffer)
	return -factor * math.Min(1, math.Max(0, share))
}

// ---- Credit

func (c dapo) Credit(_ int, groups []Group) error {
	for _, g := range groups {
		correct, length := g.verdicts()
		rewards := c.rewards(correct, length)
		advantages := make([]float64, len(rewards))
		if c.keeps(g) {
			advantages = c.scale.advantages(rewards)
		}
		g.credit(rewards, advantages, advantages)
	}
	return nil
}

// ---- Loss: see lossConfig. Explain

func (c dapo) Explain(g Group, i int) Explanation {
	s := g.Samples[i]
	x := newExplanation(s)
	reward := Term{"r", "r = 1[correct]", s.Reward, ofDAPO}
	if c.buffer > 0 {
		reward.Form = "r = ±1 - min(1, max(0, (L - (L_max - L_cache)) / L_cache)) · factor"
	}
	x.Outcome = append([]Term{reward}, explainGroup(g, c.scale, s.Inputs.Advantage, ofGRPO)...)
	return x
}

// ---- State: nothing

func (dapo) State() (json.RawMessage, error) { return nil, nil }
