// Package optim holds the optimiser's kernels: filling with a constant, copying, the
// global gradient norm and AdamW.
//
// All parameters are in one arena of n words, n a multiple of 4; the gradients and
// AdamW's two moments are arenas with the same layout. So a step is three dispatches
// for any number of tensors: [GradSquare], [GradNorm], [AdamW].
package optim

import (
	"math/rand/v2"
	"slices"

	"attnlab/gpu"
)

// Cases are the conformance cases of the package's kernels: sizes 1, workgroup-1,
// workgroup, workgroup+1 and a prime, with outputs filled with NaN first.
func Cases(r *rand.Rand) []gpu.Case {
	return slices.Concat(
		fillCases(r),
		copyCases(r),
		gradSquareCases(r),
		gradNormCases(r),
		adamWCases(r),
	)
}

// chunk is the number of words that a twin gives to a processor at a time.
const chunk = 4096

// chunks calls f for the parts [from,to) of n words, spread over the processors.
func chunks(n int, f func(from, to int)) {
	gpu.Rows((n+chunk-1)/chunk, func(i int) { f(i*chunk, min(n, (i+1)*chunk)) })
}
