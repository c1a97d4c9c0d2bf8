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
// workgroup, workgroup+1 and a prime, with outputs filled with NaN first. Products are in the
// given tiles: [Tiles], or [TilesFor] an adapter, as a software adapter takes a second to compile
// each product that stages. Those of [Subgroups] are among them, see [gpu.Device.MayUse].
func Cases(r *rand.Rand, tiles []Tile) []gpu.Case {
	return slices.Concat(
		embedFwdCases(r), embedBwdCases(r),
		rmsnormFwdCases(r), rmsnormBwdCases(r),
		tileCases(r, tiles, products...), SubgroupCases(r),
		sumPartsCases(r), ropeBwdCases(r), qkvFinishCases(r), qkNormBwdCases(r),
		adapterMergeCases(r), adapterGradCases(r),
		storedEmbedCases(r), storageCases(r), savedCases(r, Wide), matmulNTPartCases(r, Narrow), linearDxCases(r, Narrow), downDxCases(r, Narrow),
	)
}

// SubgroupCases are those of the tile Subgroups.
func SubgroupCases(r *rand.Rand) []gpu.Case {
	return append(tileCases(r, []Tile{Subgroups}, forwardProducts...), matmulNTPartCases(r, Subgroups)...)
}

// savedCases are those of the kernels that save gates and ups in half precision.
func savedCases(r *rand.Rand, t Tile) []gpu.Case {
	return append(gateUpFwdCases(r, t.Saving(F16)), downBwdCases(r, t.Saving(F16))...)
}

// storageCases are cases of one product for every storage: the other products read their weights by the same function.
func storageCases(r *rand.Rand) (cases []gpu.Case) {
	for _, s := range Storages[1:] {
		cases = append(cases, storedCases(r, Narrow.Of(s))[0:3:3]...)
	}
	return cases
}

// Products are the matrix products of training in a tile.
func Products(t Tile) []*gpu.Kernel {
	return []*gpu.Kernel{MatmulNT(t), MatmulNTAdd(t), QKVRopeFwd(t), GateUpFwd(t), LinearBwd(t), DownBwd(t)}
}

// forwardProducts are the cases of the matrix products of a forward pass, products those of all.
var (
	forwardProducts = []func(*rand.Rand, Tile) []gpu.Case{matmulNTCases, matmulNTAddCases, qkvRopeFwdCases, gateUpFwdCases}
	products        = append(forwardProducts[:4:4], linearBwdCases, downBwdCases)
)
