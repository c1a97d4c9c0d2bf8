package rl

import (
	"context"
	"math"
	"slices"

	"attnlab/rl/hyper"
	"attnlab/rl/score"
)

// anchorTokens is Attention Illuminates LLM Reasoning, arXiv 2510.13554 (ICML 2026): tokens that many later ones look at, or before which the
// model looks back far, get more of the advantage.
//
//	WAAD, FAI see [score.RhythmOf]; local and global heads are 30 % each, W = 10 tokens, influence is over the next 10 to 50
//	score_t = FAI_t               "global": anchor tokens
//	        = |WAAD_t - WAAD_t+1| "local": tokens before which the model plans, 0 for the last
//	γ_t     = γ_amp for the share ρ of a response's tokens of highest score, else 1
//	A_i,t   = γ_t A_i             A_i as GRPO, of either sign
//
// With γ_amp = 1 it is GRPO. Departures: heads of all layers, where the paper takes five layers of the middle third, and tokens of the
// response alone get a bonus. The paper's third rule, which moves a part of an anchor's bonus to the token that introduces it, is left
// out: two of its thresholds and its part are not known to us. Controls in place of the score, see tokensParam.
var anchorTokens = Method{
	Name:    "anchors",
	Title:   "Anchor tokens",
	Summary: "GRPO, but the tokens that later ones look at most get half as much credit again.",
	Source:  "Attention Illuminates, arXiv 2510.13554",
	Steps:   40,
	Params: slices.Concat(hyper.Table{
		hyper.Problems.With(64, 16).From("Attention Illuminates, a batch of 512 read as responses"),
		hyper.Group.With(8, 8).From("unstated"),
		hyper.Temperature.With(1, 1).From("Attention Illuminates, training set-up"),
		hyper.SamplingKey.With(0, 0),
		hyper.MaxLength.With(8192, hyper.LabMaxLength).From("Attention Illuminates, the longer of its set-ups"),
		hyper.LearningRate.With(1e-6, 5e-4).From("Attention Illuminates, training set-up"),
		hyper.WarmUp.With(0, 0),
		hyper.MiniBatches.With(16, 2).From("Attention Illuminates: parts of 32 of 512"),
		hyper.ClipLow.With(0.2, 0.2).From("PPO 3"),
		hyper.ClipHigh.With(0.2, 0.28).From("PPO 3"),
		hyper.DualClip.With(0, 0).From("not in the paper"),
		hyper.KL.With(0, 0).From("Attention Illuminates, training set-up"),
		hyper.Entropy.With(0, 0).From("Attention Illuminates, training set-up"),
		hyper.Aggregation.Choosing("sequence", "sequence").From("GRPO 4.1"),
		hyper.FlatGroups.Choosing("keep", "drop").From("GRPO 4.1 averages over all"),
		hyper.Std.Choosing("population", "population").From("GRPO 4.1"),
		hyper.StdEpsilon.With(1e-6, 1e-6).From("verl"),
		shareParam.With(0.4, 0.4).From("Attention Illuminates, advantage scaling"),
		tokensParam,
		{Name: "rhythm", Meaning: "which tokens of a response get a bonus: those that later ones look at, by global heads, or those around which local heads begin or stop looking back", Source: "Attention Illuminates, advantage scaling",
			Choices: []string{globalRhythm, localRhythm}, Max: 1, Step: 1, Paper: hyper.Choice(globalRhythm), Lab: hyper.Choice(globalRhythm)},
		amplifyParam.From("Attention Illuminates, advantage scaling"),
	}, hyper.Optimiser("unstated; the defaults of PyTorch without decay", 0.9, 0.999, 0, 1)),
	Takes: Takes{Keys: []string{"token_scores"}},
	New: func(h hyper.Values, _ Setup) (Trainer, error) {
		return anchors{newAmplified(h), h.Choice("rhythm")}, nil
	},
}

const (
	ofAnchors    = "Attention Illuminates, advantage scaling, arXiv 2510.13554"
	globalRhythm = "global"
	localRhythm  = "local"
)

// The paper's constants.
const (
	rhythmHeads  = 0.3 // share of heads that are local, and that are global
	rhythmWindow = 10  // W, tokens
	rhythmLow    = 10  // H, tokens
	rhythmHigh   = 50
)

type anchors struct {
	amplified
	rhythm string
}

// ---- Sample

func (c anchors) Sample(ctx context.Context, r *Run) ([]Group, error) {
	groups, err := r.sampleGroups(ctx, c.problems, c.size)
	if err != nil {
		return nil, err
	}
	if c.off() {
		return groups, nil
	}
	err = r.lookAt(ctx, groups, func(s *Sample, a score.StepAttention) {
		s.TokenScores = c.score(score.RhythmOf(a, rhythmHeads, rhythmWindow, rhythmLow, rhythmHigh))[s.PromptLength:]
	})
	r.arrangeTokens(c.tokens, groups)
	return groups, err
}

// ---- Score

// score is the score of each token of a sequence.
func (c anchors) score(r score.Rhythm) []float64 {
	if c.rhythm == globalRhythm {
		return r.Influence
	}
	jump := make([]float64, len(r.LookBack))
	for t := range len(jump) - 1 {
		jump[t] = math.Abs(r.LookBack[t] - r.LookBack[t+1])
	}
	return jump
}

// ---- Credit: see amplified. Loss: see lossConfig. Explain

func (c anchors) Explain(g Group, i int) Explanation {
	if c.rhythm == localRhythm {
		return c.explain(g, i, "|ΔWAAD|", "change of how far local heads look back, to the next token", ofAnchors)
	}
	return c.explain(g, i, "FAI", "what global heads of later tokens pay to a token", ofAnchors)
}

// ---- State: nothing
