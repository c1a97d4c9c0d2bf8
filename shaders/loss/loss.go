// Package loss holds the kernels that turn the last norm's output into a loss
// and the gradient of its logits: cross-entropy, the clipped policy loss, and
// the sums of their statistics. For scoring without a gradient they compute the
// statistics of rows of logits and their likeliest tokens.
//
// Xent and Policy compute logits, loss and gradient in one dispatch, four rows an invocation. That suits small vocabularies. For large
// ones a matrix product computes the logits of some rows at a time, and a workgroup takes a row of them: XentRow, PolicyRow, LogitStat,
// TopK.
//
// N counts tokens of all sequences packed one after another, D features (a
// multiple of 4), V tokens of the vocabulary and V4 the same rounded up to a
// multiple of 4, so that a row of logits starts on a vec4f. targets[n] is the token
// that should follow row n; a target of V or more means that the next token is
// unknown, and the row gets no gradient. logp is the natural
// logarithm of the target's probability, entropy that of the whole
// distribution in nats.
package loss

import (
	"math/rand/v2"
	"slices"

	"attnlab/gpu"
)

// Cases are the conformance cases of the package's kernels: sizes 1, tile-1,
// tile, tile+1 and a prime, with outputs filled with NaN first.
func Cases(r *rand.Rand) []gpu.Case {
	return slices.Concat(
		xentCases(r),
		policyCases(r),
		xentRowCases(r, XentRow),
		policyRowCases(r, PolicyRow),
		SubgroupCases(r),
		statSumCases(r),
		logitStatCases(r),
		topKCases(r),
	)
}

// SubgroupCases are those of the kernels that reduce a row by subgroups.
func SubgroupCases(r *rand.Rand) []gpu.Case {
	return append(xentRowCases(r, XentRowSubgroups), policyRowCases(r, PolicyRowSubgroups)...)
}
