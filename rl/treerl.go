package rl

import (
	"cmp"
	"fmt"
	"slices"

	"attnlab/rl/hyper"
)

// TreeRL: LLM Reinforcement Learning with On-Policy Tree Search, arXiv
// 2506.11902 (ACL 2025).
//
//	EPTree (M, N, 1, T): sample M responses; in each take the N tokens with the largest -log π(token),
//	called entropy there; at each sample T continuations anew. M(1 + NT) leaves.
//	V(s) = mean reward of the leaves below s, GA = V(s) - V(root), LA = V(s) - V(parent)
//	A(s) = (GA + LA) / √|L(s)|
//
// Departures: the paper's formula as it stands. The authors' code also
// subtracts means from leaf rewards and tokens, keeps 16 traces, fills a local
// advantage of zero from the node before, and counts only kept leaves below the
// root. One round of expansion (L = 1). Sampling takes all tokens where the paper
// has top-p 0.95.

// TreeRL configures the method.
type TreeRL struct {
	Initial        int    // M
	Points         int    // N
	Rollouts       int    // T
	Branch         string // "fci", "entropy", "random" or "earliest"
	KeepUnbranched bool
	Loss           LossConfig
}

// NewTreeRL reads the hyper-parameters of "treerl" or "attnrl".
func NewTreeRL(h hyper.Values) TreeRL {
	return TreeRL{
		Initial:        h.Int("initial"),
		Points:         h.Int("points"),
		Rollouts:       h.Int("rollouts"),
		Branch:         h.Choice("branch"),
		KeepUnbranched: h.Choice("unbranched") == "keep",
		Loss:           newLoss(h),
	}
}

// Leaves is the number of leaves of a problem whose responses are all expanded.
func (c TreeRL) Leaves() int { return c.Initial * (1 + c.Points*c.Rollouts) }

// ---- Sample

// UncertainPoints returns the positions of the n allowed tokens with the lowest
// log probability, in order of position; of equal ones the earlier. A
// continuation is sampled from the token itself on. The first token of a
// response is never allowed: a branch there is another response.
func UncertainPoints(logprob []float64, allowed []bool, n int) []int {
	if len(logprob) != len(allowed) {
		panic(fmt.Sprintf("rl: UncertainPoints: %d log probabilities, %d marks", len(logprob), len(allowed)))
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

// ---- Credit

// Credit fills in the advantages of all nodes.
func (c TreeRL) Credit(t *Tree) error { return t.Credit(c.KeepUnbranched) }

// ---- Loss: see LossConfig. Step: treeTrainer
