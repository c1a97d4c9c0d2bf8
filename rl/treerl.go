package rl

import (
	"cmp"
	"fmt"
	"slices"

	"attnlab/rl/hyper"
)

// TreeRL is LLM Reinforcement Learning with On-Policy Tree Search, arXiv 2506.11902 (ACL 2025).
//
//	EPTree (M, N, 1, T): sample M responses; in each take the N tokens with the largest -log π(token),
//	called entropy there; at each sample T new continuations. M(1 + NT) leaves.
//	V(s) = mean reward of the leaves below s, GA = V(s) - V(root), LA = V(s) - V(parent)
//	A(s) = (GA + LA) / √|L(s)|
//
// The formula is the paper's, unchanged. Departures: the authors' code also subtracts means from leaf rewards and tokens, keeps 16 traces,
// fills a local advantage of zero from the node before, and counts only kept leaves below the root. One round of expansion (L =
// 1). Sampling takes all tokens where the paper has top-p 0.95.
//
// The training step is treeTrainer's, the tree's credit is [Tree.Credit].
var TreeRL = Method{
	Name:    "treerl",
	Title:   "TreeRL",
	Summary: "Branch responses at their most uncertain tokens. The credit of a piece of a response is what its leaves gained over the root and over its parent.",
	Source:  "arXiv 2506.11902",
	Steps:   40,
	Params: slices.Concat(hyper.Table{
		hyper.Problems.With(16, 10).From("TreeRL code"),
		hyper.Temperature.With(1.2, 1).From("TreeRL"),
		hyper.SamplingKey.With(0, 0),
		hyper.MaxLength.With(8192, hyper.LabMaxLength).From("TreeRL"),
		hyper.LearningRate.With(1.5e-6, 5e-4).From("TreeRL"),
		hyper.WarmUp.With(0, 0),
		hyper.MiniBatches.With(1, 2).From("TreeRL code: 256 traces of a batch of 256"),
		hyper.ClipLow.With(0.2, 0.2).From("PPO 3"),
		hyper.ClipHigh.With(0.2, 0.28).From("PPO 3"),
		hyper.DualClip.With(0, 0).From("not in the paper"),
		hyper.KL.With(0.0001, 0).From("TreeRL"),
		hyper.Entropy.With(0, 0).From("not in the paper"),
		hyper.Aggregation.Choosing("token", "token"),
		hyper.FlatGroups.Choosing("drop", "drop"),
		hyper.Initial.With(6, 6).From("TreeRL, EPTree"),
		hyper.Points.With(2, 2).From("TreeRL, EPTree"),
		hyper.Rollouts.With(2, 2).From("TreeRL, EPTree"),
		BranchParam.Choosing("entropy", "entropy").From("TreeRL, EPTree; random, earliest and late are controls, pivot is an oracle"),
		hyper.Unbranched.Choosing("drop", "drop").From("AttnRL code"),
		hyper.Pipeline.Choosing("off", "off").From("AttnRL, one-step off-policy"),
		hyper.Delta.With(4, 2).From("AttnRL, FCI"),
		hyper.Quantile.With(0.2, 0.2).From("AttnRL, ATB, eq. 7"),
		hyper.FCI.Choosing("sum", "sum").From("AttnRL, FCI; the others are controls"),
		hyper.Take.Choosing("earliest", "earliest").From("AttnRL, ATB; highest is a control"),
		hyper.Spacing.With(0, 0).From("only in AttnRL's code, where it is 512"),
	}, hyper.Optimiser("OpenRLHF, on which the code is built; decay of its scripts", 0.9, 0.95, 0.1, 1)),
	Takes: Takes{Tree: true},
	New: func(h hyper.Values, s Setup) (Trainer, error) {
		return newTreeTrainer(NewTreeRule(h), h, s)
	},
}

// ---- Sample

// uncertainPoints returns the positions of the n allowed tokens with the lowest log-probability, in order of position; of equal
// ones the earlier. A continuation is sampled from the token itself on. The first token of a response is never allowed: a branch
// there is another response.
func uncertainPoints(logprob []float64, allowed []bool, n int) []int {
	if len(logprob) != len(allowed) {
		panic(fmt.Sprintf("rl: uncertainPoints: %d log-probabilities, %d marks", len(logprob), len(allowed)))
	}
	var at []int
	for i := 1; i < len(logprob); i++ {
		if allowed[i] {
			at = append(at, i)
		}
	}
	slices.SortStableFunc(at, func(a, b int) int { return cmp.Compare(logprob[a], logprob[b]) })
	at = at[:min(n, len(at))]
	slices.Sort(at)
	return at
}
