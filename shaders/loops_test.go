package shaders_test

import (
	"slices"
	"testing"

	"attnlab/shaders/decode"
	"attnlab/shaders/loss"
	"attnlab/shaders/optim"
)

// llvmpipe ends an invocation silently after 65,535 loops in all. This table says how often an invocation of each kernel loops at most, so
// that a kernel whose count grows with a size is bounded before it gives wrong numbers.

// most is how often an invocation may loop.
const most = 60000

// sizes are those of a model and of what it runs: N tokens in a batch, T in a sequence.
type sizes struct {
	name                       string
	V, D, F, H, K, C, L, words int
	N, T                       int
}

// Published models, at their whole contexts, in batches of 16,384 tokens. Training takes sequences that fit a batch.
var published = []sizes{
	{"SmolLM2-135M", 49152, 576, 1536, 9, 3, 64, 30, 134_515_008, 16384, 8192},
	{"Qwen3-0.6B", 151936, 1024, 3072, 16, 8, 128, 28, 596_049_920, 16384, 40960},
}

// share is how many of n items one of so many invocations takes.
func share(n, invocations int) int { return (n + invocations - 1) / invocations }

// row is what the two reductions of shared/row loop, and a pass over a vocabulary by a workgroup of 256.
func (s sizes) row(passes, reductions int) int { return passes*share(s.V, 1024) + reductions*32 }

// trained is the longest sequence of a training step.
func (s sizes) trained() int { return min(s.N, s.T) }

// deepest is the longest row of a matrix product's operands: the inputs of the down projection, or of o.
func (s sizes) deepest() int { return max(s.D, s.F, s.H*s.C) }

// loops counts by kernel. Products loop over words of four of a row, their gradients over outputs and over the tokens of a part, or of a
// chunk of logits.
var loops = map[string]func(sizes) int{
	"embed_fwd": func(sizes) int { return 0 }, "rope_bwd": func(sizes) int { return 0 }, "kv_store": func(sizes) int { return 0 },
	"adamw": func(sizes) int { return 0 }, "copy": func(sizes) int { return 0 }, "fill": func(sizes) int { return 0 },
	"embed_bwd":      func(s sizes) int { return s.N }, // all tokens equal
	"rmsnorm_fwd":    func(s sizes) int { return 2 * s.D / 4 },
	"rmsnorm_bwd":    func(s sizes) int { return 2*s.D/4 + share(s.D/4, 64)*(1+64) },
	"matmul_nt":      func(s sizes) int { return s.deepest() / 4 },
	"matmul_nt_add":  func(s sizes) int { return s.deepest() / 4 },
	"matmul_nt_part": func(s sizes) int { return s.D / 4 },
	"qkv_rope_fwd":   func(s sizes) int { return s.D / 4 },
	"qkv_finish":     func(s sizes) int { return 3*s.C/4 + s.C/8 },
	"gate_up_fwd":    func(s sizes) int { return s.D / 4 },
	"linear_bwd":     func(s sizes) int { return max(s.V/4, 2*s.F/4, s.N) },
	"down_bwd":       func(s sizes) int { return max(s.D/4, s.N) },
	"linear_dx":      func(s sizes) int { return max(s.V/4, 2*s.F/4) },
	"down_dx":        func(s sizes) int { return s.D / 4 },
	"qk_norm_bwd":    func(s sizes) int { return 2 * s.C / 4 },
	"sum_parts":      func(s sizes) int { return max(16, share(s.N, 64)) }, // of a norm's gain: a part for 64 tokens
	"adapter_merge":  func(sizes) int { return 3 * 32 },                    // of rank 32, for q, k and v
	"adapter_grad":   func(sizes) int { return 16 },
	"attn_fwd":       func(s sizes) int { return s.T },
	"attn_bwd_q":     func(s sizes) int { return s.trained() },
	"attn_bwd_kv":    func(s sizes) int { return s.H / s.K * (s.trained() + 1) },
	"attn_cached":    func(s sizes) int { return s.T },
	"attn_rows":      func(s sizes) int { return s.C / 4 },
	"received":       func(s sizes) int { return s.T },
	"step_pool":      func(s sizes) int { return 32 + 128/4*(128+1) },               // pieces of 128 tokens, four queries at a time
	"xent":           func(s sizes) int { return min(loss.Loops(1024, s.D), most) }, // beyond either, model takes xent_row
	"policy":         func(s sizes) int { return min(loss.Loops(1024, s.D), most) },
	"xent_row":       func(s sizes) int { return s.row(3, 2) },
	"policy_row":     func(s sizes) int { return s.row(3, 2) },
	"logit_stat":     func(s sizes) int { return 2 * (share(s.V, 64) + 64) },
	"top_k":          func(s sizes) int { return 8 * (1 + share(s.V, 64) + 64) },
	"stat_sum":       func(s sizes) int { return share(s.N, 64) + 64 },
	"grad_square":    func(s sizes) int { return share(s.words/4, optim.Partials(s.words)) },
	"grad_norm":      func(s sizes) int { return share(optim.Partials(s.words), 64) + 64 },
	"sample":         func(s sizes) int { return decode.Loops(1024) },
	// 30 bits for top-k, 30 for top-p, and the block that holds the token.
	"sample_row": func(s sizes) int { return s.row(3+61, 4+61) + 60 + share(s.V, 1024) + 2*256 + 4*share(s.V, 1024) },
	// The fused kernels of decoding are chosen by decode.Sizes.Loops, which model compares with this bound.
	"attend": nil, "feed": nil, "next": nil, "tokens": nil,
}

func TestLoops(t *testing.T) {
	listed := map[string]bool{}
	for _, list := range kernels(t) {
		for _, k := range list {
			if _, ok := loops[stem(k)]; !ok {
				t.Errorf("kernel %s: the table does not say how often an invocation loops", k.Name)
			}
			listed[stem(k)] = true
		}
	}
	var names []string
	for name := range loops {
		if names = append(names, name); !listed[name] {
			t.Errorf("there is no kernel %s", name)
		}
	}
	slices.Sort(names)
	for _, s := range published {
		for _, name := range names {
			count := loops[name]
			if count == nil {
				continue
			}
			n := count(s)
			t.Logf("%-14s %-14s %6d", s.name, name, n)
			if n > most {
				t.Errorf("%s: an invocation of %s loops %d times, at most %d are safe", s.name, name, n, most)
			}
		}
	}
}
