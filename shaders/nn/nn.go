// Package nn holds the kernels of the transformer's layers: embedding, RMSNorm,
// matrix products, the fused QKV projection with RoPE, and SwiGLU.
//
// Matrices are [out, in] row-major, as Hugging Face stores them, so a linear
// layer is y = x·Wᵀ. N counts tokens of all sequences packed one after another,
// D features, H query heads, K key/value heads, C features of a head, F features
// of the hidden layer, V tokens of the vocabulary. Feature counts are multiples
// of 4, because rows are read as vec4f.
package nn

import (
	"math/rand/v2"
	"slices"

	"attnlab/gpu"
)

// Cases are the conformance cases of the package's kernels: sizes 1, workgroup-1,
// workgroup, workgroup+1 and a prime, with outputs filled with NaN first. Those of products
// in tiles that stage their operands are [StagedCases].
func Cases(r *rand.Rand) []gpu.Case {
	return slices.Concat(
		embedFwdCases(r), embedBwdCases(r),
		rmsnormFwdCases(r), rmsnormBwdCases(r),
		tileCases(r, Wide, products...), tileCases(r, Narrow, products...),
		sumPartsCases(r), ropeBwdCases(r),
	)
}

// StagedCases are the conformance cases of products in the tile Staged, which software
// adapters need a second each to compile.
func StagedCases(r *rand.Rand) []gpu.Case { return tileCases(r, Staged, products...) }

// products are the cases of the matrix products.
var products = []func(*rand.Rand, Tile) []gpu.Case{matmulNTCases, matmulNTAddCases, qkvRopeFwdCases, gateUpFwdCases, linearBwdCases, downBwdCases}
