// Package decode holds the kernels of decoding: Sample draws tokens on the device, so that a program of many decoding steps runs
// without the host; SampleRow does so for large vocabularies. Attend, Feed and Next are a step in two dispatches a layer and one; Tokens is many steps in one dispatch. The
// fused kernels compute what the kernels of nn and attn do, one after another, in the same order.
//
// N counts rows; each row is a sequence that grows by one token a step. V counts
// tokens of the vocabulary, V4 the same rounded up to a multiple of 4.
package decode

import (
	"math/rand/v2"
	"slices"

	"attnlab/gpu"
)

// Cases are the conformance cases of Sample and SampleRow: sizes 1, workgroup-1, workgroup, workgroup+1 and a prime.
func Cases(r *rand.Rand) []gpu.Case {
	return slices.Concat(sampleCases(r), sampleRowCases(r, SampleRow), SubgroupCases(r))
}

// SubgroupCases are those of the draw that reduces a row by subgroups.
func SubgroupCases(r *rand.Rand) []gpu.Case { return sampleRowCases(r, SampleRowSubgroups) }

// FusedCases are the conformance cases of the fused kernels. They take seconds to compile, so the page's self-test leaves them out: a
// decoder compares them with the other kernels before it uses them.
func FusedCases(r *rand.Rand) []gpu.Case {
	return slices.Concat(attendCases(r), feedCases(r), nextCases(r), tokensCases(r))
}

// Uniform returns a random number in [0,1) with 24 bits that depends only on its key:
// the run's seed, its step, the sequence and the position of the token to draw. It is
// PCG4D (Jarzynski & Olano, Hash Functions for GPU Rendering,
// JCGT 2020), the same as shared/random.wgsl bit for bit.
func Uniform(seed, step, sequence, position uint32) float32 {
	h := [4]uint32{seed, step, sequence, position}
	for i := range h {
		h[i] = h[i]*1664525 + 1013904223
	}
	mix(&h)
	for i := range h {
		h[i] ^= h[i] >> 16
	}
	mix(&h)
	return float32(h[0]>>8) / (1 << 24)
}

func mix(h *[4]uint32) {
	h[0] += h[1] * h[3]
	h[1] += h[2] * h[0]
	h[2] += h[0] * h[1]
	h[3] += h[1] * h[2]
}
