// Package attn holds the kernels of causal grouped-query attention: forward,
// backward, attention to a cache while decoding, and three ways to read the
// weights: pooled by steps, summed by the token that receives them, or row by row.
// None stores a token-by-token matrix.
//
// N counts tokens of all sequences packed one after another, H query heads, K
// key/value heads (query head h reads key head g = h/(H/K)), C features of a head,
// a multiple of 4. The operands:
//
//	qkv  [N, (H+2K)·C]  query heads, key heads, value heads; RoPE is applied
//	span [N] × 4 words  (start, end, hideLo, hideHi): token n's sequence is the packed
//	                    tokens [start,end); n attends to start..n
//	o    [N, H·C]       weighted values
//	lse  [N, H]         log Σ exp of the scaled scores of all keys, hidden ones too
//
// The weight of a key in [hideLo,hideHi) (packed tokens; lo >= hi hides nothing) is
// set to zero after the softmax and the other weights stay as they are: an
// intervention, for scoring and decoding. The backward kernels ignore it, because
// no kernel trains on a hidden context.
//
// A kernel that holds heads in registers is built for one C: its constructor, such
// as [Fwd], takes C and returns the same kernel every time.
package attn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"

	"attnlab/gpu"
	"attnlab/shaders"
)

// Shape are the parameters of the forward and backward kernels: N tokens, H query
// heads, K key/value heads.
type Shape struct{ N, H, K uint32 }

// Cases are the conformance cases of the package's kernels, for heads of 16 as in every
// preset. Where a kernel writes only a part of an output, the output starts as random
// numbers and the rest must not change. The package's tests add other sizes and heads.
func Cases(r *rand.Rand) []gpu.Case {
	few := []packing{{6, 2, 16, []int{1}}, {6, 2, 16, []int{3, 17, 45}}, {4, 4, 16, []int{50, 1, 2, 30, 48}}}
	return slices.Concat(
		fwdCases(r, few), bwdQCases(r, few), bwdKVCases(r, few),
		cachedCases(r, 16)[2:], kvStoreCases(r)[2:],
		stepPoolCases(r, few), receivedCases(r, few), rowsCases(r, few),
	)
}

// registers is how many words an invocation may hold. Above it, GPUs run fewer
// threads at once.
const registers = 128

// tile is the number of rows an invocation computes where each row needs the given
// number of heads of C words.
func tile(heads, C int) int { return min(4, max(1, registers/(heads*C))) }

// perHead returns a constructor that builds one kernel for each head size, once.
func perHead(build func(C int) *gpu.Kernel) func(C int) *gpu.Kernel {
	var mu sync.Mutex
	kernels := map[int]*gpu.Kernel{}
	return func(C int) *gpu.Kernel {
		if C < 4 || C > 256 || C%4 != 0 {
			panic(fmt.Sprintf("attn: heads of %d features, want a multiple of 4 up to 256", C))
		}
		mu.Lock()
		defer mu.Unlock()
		if kernels[C] == nil {
			kernels[C] = build(C)
		}
		return kernels[C]
	}
}

// Positions returns how many positions of the cache shared/cached loads together, for heads of C features.
func Positions(C int) int { return tile(2, C) }

// named returns a kernel's name and WGSL for heads of C features, Q rows an invocation.
func named(name string, C, Q int) (string, gpu.Source) {
	source := shaders.Load("attn/"+name, shaders.Tune{"C4": uint32(C / 4), "Q": uint32(Q)})
	return fmt.Sprintf("%s_c%d", name, C), func() string { return shaders.Unroll(source(), map[string]int{"c": C / 4, "i": Q}) }
}

// column returns where the key and the value head of query head h begin in a row of qkv.
func column(h, H, K, C int) (key, value int) {
	key = (H + h/(H/K)) * C
	return key, key + K*C
}

func dot[X gpu.Float](a, b []X) (sum X) {
	for i, v := range b[:len(a)] {
		sum += a[i] * v
	}
	return sum
}

// add adds w·x to y.
func add[X gpu.Float](y []X, w X, x []X) {
	for i, v := range x[:len(y)] {
		y[i] += w * v
	}
}

func exp[X gpu.Float](x X) X { return X(math.Exp(float64(x))) }

// pairs returns how many pairs of a query and a key N tokens have in their sequences.
func pairs(span []uint32, N int) (n int) {
	for i := range N {
		n += i + 1 - int(span[4*i])
	}
	return n
}

func scaleOf[X gpu.Float](C int) X { return X(1 / math.Sqrt(float64(C))) }
