package model

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
	"attnlab/shaders/nn"
)

// A device that takes subgroups decodes by their kernels, with the same tokens and nearly the same numbers.
func TestSubgroups(t *testing.T) {
	c := randomConfig()
	c.Layers, c.VocabSize = 1, 1100 // beyond what one invocation takes
	prompts := requests(randomSequences(rand.New(rand.NewPCG(41, 1)), c, 4, 3, 9), 8)
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		if !d.CanRun(nn.MatmulNT(nn.Subgroups)) {
			t.Skipf("%s offers no subgroups, so that no model decodes by them", d.Info)
		}
		defer func() { d.Subgroups = false }()
		var rollouts []Rollout
		for _, d.Subgroups = range []bool{false, true} {
			dec := newDecoder(t, newModel(t, d, c, c.Init(1)), DecoderSize{Slots: 4, Rows: 128, Chunk: 8, Path: PathKernels})
			drawn := generate(t, dec, prompts, Sampling{Temperature: 1, TopP: .9, Seed: 3})
			if rollouts == nil {
				rollouts = drawn
			}
			for i, want := range rollouts {
				if !slices.Equal(drawn[i].Tokens, want.Tokens) {
					t.Errorf("sequence %d is %v, want %v", i, drawn[i].Tokens, want.Tokens)
				}
				within(t, "log-probabilities", drawn[i].LogProbs, want.LogProbs, 1e-4)
			}
			decoding, err := dec.Profile(prompts)
			if err != nil {
				t.Fatal(err)
			}
			names := fmt.Sprint(decoding)
			for _, k := range []string{"matmul_nt_", "matmul_nt_add_", "qkv_rope_fwd_", "gate_up_fwd_", "sample_row_"} {
				if strings.Contains(names, k+"subgroups") != d.Subgroups {
					t.Errorf("with subgroups %v the kernels are %s", d.Subgroups, names)
				}
			}
			gputest.Count(d)
		}
	})
}
