package decode

import (
	"fmt"
	"sync"

	"attnlab/gpu"
	"attnlab/shaders"
	"attnlab/shaders/attn"
)

// Sizes are what the fused kernels of decoding are built for: D features, F of the feed-forward part, H query heads and K
// key/value heads of C features, V tokens of the vocabulary, and the R rows that a workgroup of so many Lanes computes. D is H·C.
type Sizes struct{ D, F, H, K, C, V, R, Lanes int }

// wide is the width of the widest results that a row holds in workgroup memory: queries, gated activations or logits.
func (z Sizes) wide() int { return max(z.D, z.F, (z.V+3)/4*4) }

// Memory is the workgroup memory that the kernels need, in bytes.
func (z Sizes) Memory() int { return z.R*4*(2*z.D+z.wide()+1+4+4) + 4 }

// Loops returns how often an invocation loops at most for one token of a model of the given layers, at a context of T: llvmpipe
// ends an invocation silently after 65,535 loops in all.
func (z Sizes) Loops(layers, T int) int {
	share := func(items, inner int) int { return (items + z.Lanes - 1) / z.Lanes * (1 + inner) } // of an invocation
	D4, V4 := z.D/4, (z.V+3)/4
	norm := D4 + share(z.R*D4, 0)
	layer := 2*norm + share((z.H+2*z.K)*z.C/8, 2*D4) + share(z.R*z.H, T) +
		share(D4, D4) + share(z.F/4, 2*D4) + share(D4, z.F/4)
	return share(z.R*D4, 0) + layers*layer + norm + share(V4, D4) + Loops(z.V) + z.R
}

// bySizes returns a constructor that builds one kernel for each sizes, once. every gives the numbers of the tunable constants that
// the kernel uses.
func bySizes(build func(name string, source gpu.Source, z Sizes) *gpu.Kernel, stem string, tuned ...string) func(Sizes) *gpu.Kernel {
	var mu sync.Mutex
	kernels := map[Sizes]*gpu.Kernel{}
	return func(z Sizes) *gpu.Kernel {
		mu.Lock()
		defer mu.Unlock()
		if kernels[z] == nil {
			Q := attn.Positions(z.C)
			all := map[string]int{"D4": z.D / 4, "WORDS": z.R * (2*z.D + z.wide()) / 4, "R": z.R, "WG": z.Lanes,
				"F4": z.F / 4, "H": z.H, "K": z.K, "C4": z.C / 4, "Q": Q}
			tune := shaders.Tune{}
			for _, name := range append(tuned, "D4", "WORDS", "R", "WG") {
				tune[name] = uint32(all[name])
			}
			load := shaders.Load("decode/"+stem, tune)
			source := func() string { return shaders.Unroll(load(), map[string]int{"r": z.R, "q": 4, "c": z.C / 4, "i": Q}) }
			kernels[z] = build(fmt.Sprintf("%s_r%d", stem, z.R), source, z)
		}
		return kernels[z]
	}
}

// groups returns a workgroup for every R rows.
func (z Sizes) groups(N uint32) gpu.Groups { return gpu.Groups{(int(N) + z.R - 1) / z.R, 1, 1} }
