package rl

import (
	"context"
	"slices"

	"attnlab/rl/hyper"
	"attnlab/rl/score"
)

// flowTracer is FlowTracer, How Does Reasoning Flow?, arXiv 2606.10646 (ICML 2026): tokens through which much flows from the prompt to the
// answer, along many hops of attention, get more of the advantage.
//
//	f_t   = flow through token t, see [score.FlowOf]
//	γ_t   = γ_amp for the share ρ of a response's tokens of highest f_t, else 1
//	A_i,t = γ_t A_i       A_i as GRPO, of either sign; the answer's tokens, where flow ends, have the score 0
//
// With γ_amp = 1 it is GRPO. The paper is known to us by its abstract and first pages: a graph of attention, capacities that can reach the
// answer, conserved at each token, tokens weighed by throughput, of which it takes 40 %. Departures: heads of all layers are averaged alike,
// the source pays each token of the prompt the same, and γ_amp is that of the same group's Attention Illuminates. Controls in place of f,
// see tokensParam.
var flowTracer = Method{
	Name:    "flowtracer",
	Title:   "FlowTracer",
	Summary: "GRPO, but the tokens through which most attention flows from prompt to answer, over many hops, get half as much credit again.",
	Source:  "arXiv 2606.10646",
	Steps:   40,
	Params: slices.Concat(hyper.Table{
		hyper.Problems.With(64, 16).From("unstated; as Attention Illuminates"),
		hyper.Group.With(8, 8).From("unstated"),
		hyper.Temperature.With(1, 1).From("unstated; as Attention Illuminates"),
		hyper.SamplingKey.With(0, 0),
		hyper.MaxLength.With(8192, hyper.LabMaxLength).From("unstated; as Attention Illuminates"),
		hyper.LearningRate.With(1e-6, 5e-4).From("unstated; as Attention Illuminates"),
		hyper.WarmUp.With(0, 0),
		hyper.MiniBatches.With(16, 2).From("unstated; as Attention Illuminates"),
		hyper.ClipLow.With(0.2, 0.2).From("PPO 3"),
		hyper.ClipHigh.With(0.2, 0.28).From("PPO 3"),
		hyper.DualClip.With(0, 0).From("not in the paper"),
		hyper.KL.With(0, 0).From("unstated; as Attention Illuminates"),
		hyper.Entropy.With(0, 0).From("unstated; as Attention Illuminates"),
		hyper.Aggregation.Choosing("sequence", "sequence").From("GRPO 4.1"),
		hyper.FlatGroups.Choosing("keep", "drop").From("GRPO 4.1 averages over all"),
		hyper.Std.Choosing("population", "population").From("GRPO 4.1"),
		hyper.StdEpsilon.With(1e-6, 1e-6).From("verl"),
		shareParam.With(0.4, 0.4).From("FlowTracer, abstract and summaries"),
		tokensParam,
		amplifyParam.From("unstated; as Attention Illuminates"),
	}, hyper.Optimiser("unstated; the defaults of PyTorch without decay", 0.9, 0.999, 0, 1)),
	Takes: Takes{Keys: []string{"token_scores"}},
	New:   func(h hyper.Values, _ Setup) (Trainer, error) { return flowing{newAmplified(h)}, nil },
}

const ofFlowTracer = "FlowTracer, arXiv 2606.10646"

type flowing struct{ amplified }

// ---- Sample

func (c flowing) Sample(ctx context.Context, r *Run) ([]Group, error) {
	groups, err := r.sampleGroups(ctx, c.problems, c.size)
	if err != nil || c.off() {
		return groups, err
	}
	err = r.lookAt(ctx, groups, func(s *Sample, a score.StepAttention) {
		if s.AnswerStart == s.AnswerEnd { // nothing flows
			return
		}
		answer := s.AnswerStart - s.PromptLength
		copy(s.TokenScores[:answer], score.FlowOf(a, s.PromptLength, s.AnswerStart)[s.PromptLength:])
	})
	r.arrangeTokens(c.tokens, groups)
	return groups, err
}

// ---- Credit: see amplified. Loss: see lossConfig. Explain

func (c flowing) Explain(g Group, i int) Explanation {
	return c.explain(g, i, "f", "flow through a token from the prompt to the answer", ofFlowTracer)
}

// ---- State: nothing
