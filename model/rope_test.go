package model

import (
	"math"
	"testing"
)

var (
	llama3 = RopeScaling{Kind: RopeLlama3, Factor: 8, OriginalContext: 8192, LowFreqFactor: 1, HighFreqFactor: 4}
	yarn   = RopeScaling{Kind: RopeYarn, Factor: 4, OriginalContext: 32768, BetaFast: 32, BetaSlow: 1}
)

// The published numbers of Llama 3.1 and of Qwen's YaRN: fast pairs stay, slow ones are divided whole, and between them the
// frequencies fall.
func TestRopeScaling(t *testing.T) {
	const C = 128
	for name, test := range map[string]struct {
		rope        Rope
		stay, whole int // pairs before stay are unchanged, from whole on divided
		factor      float64
	}{
		"none":   {Rope{Theta: 10000}, C / 2, C / 2, 1},
		"linear": {Rope{10000, RopeScaling{Kind: RopeLinear, Factor: 8}}, 0, 0, 1},
		// Waves of 2048 and 8192 tokens: pairs j with 2π·5e5^(j/64) below and above.
		"llama3": {Rope{500000, llama3}, 29, 35, 1},
		// 32768 tokens make 32 turns at pair 23.6 and 1 at pair 39.6, of base 1e6.
		"yarn": {Rope{1e6, yarn}, 24, 40, 0.1*math.Log(4) + 1},
	} {
		plain, _ := Rope{Theta: test.rope.Theta}.Frequencies(C)
		got, factor := test.rope.Frequencies(C)
		if math.Abs(factor-test.factor) > 1e-12 {
			t.Errorf("%s: factor %g, want %g", name, factor, test.factor)
		}
		for j, f := range got {
			share := plain[j] / f
			switch {
			case j < test.stay && share != 1:
				t.Errorf("%s: pair %d is divided by %g, want it unchanged", name, j, share)
			case j >= test.whole && j >= test.stay && math.Abs(share-max(test.rope.Scaling.Factor, 1)) > 1e-9:
				t.Errorf("%s: pair %d is divided by %g, want %g", name, j, share, test.rope.Scaling.Factor)
			case j > 0 && f >= got[j-1]:
				t.Errorf("%s: pair %d is not slower than the one before", name, j)
			}
		}
	}
}

func TestRopeTableIsOfItsFrequencies(t *testing.T) {
	r := Rope{10000, RopeScaling{Kind: RopeYarn, Factor: 2, OriginalContext: 16, BetaFast: 32, BetaSlow: 1, AttentionFactor: 3}}
	turn, factor := r.Frequencies(8)
	if factor != 3 {
		t.Fatalf("factor %g, want the one that was given", factor)
	}
	table := r.Table(5, 8)
	for j, f := range turn {
		for at := range 5 {
			within(t, "cosine", table[at*8+j:][:1], []float32{float32(3 * math.Cos(float64(at)*f))}, 1e-6)
			within(t, "sine", table[at*8+4+j:][:1], []float32{float32(3 * math.Sin(float64(at)*f))}, 1e-6)
		}
	}
}

// What transformers 5 computes for heads of 16 (modeling_rope_utils.ROPE_INIT_FUNCTIONS), in float32.
func TestRopeIsThatOfTransformers(t *testing.T) {
	for _, test := range []struct {
		rope   Rope
		factor float64
		turn   []float64
	}{
		{Rope{500000, llama3}, 1, []float64{1, 0.193922758, 0.0376060307, 0.00729266508, 0.000524846022, 3.42810235e-05, 6.64786967e-06, 1.28917316e-06}},
		{Rope{1e6, yarn}, 1.138629436111989, []float64{1, 0.177827939, 0.0316227786, 0.00421755994, 0.000500000024, 4.44569851e-05, 7.90569356e-06, 1.40585337e-06}},
		{Rope{10000, RopeScaling{Kind: RopeLinear, Factor: 8}}, 1,
			[]float64{0.125, 0.0395284705, 0.0125000002, 0.00395284733, 0.00124999997, 0.000395284733, 0.000125000006, 3.95284733e-05}},
	} {
		got, factor := test.rope.Frequencies(16)
		if math.Abs(factor-test.factor) > 1e-12 {
			t.Errorf("%s: factor %g, want %g", test.rope.Scaling.Kind, factor, test.factor)
		}
		for j, want := range test.turn {
			if math.Abs(got[j]-want) > 1e-6*want {
				t.Errorf("%s: pair %d turns by %g, want %g", test.rope.Scaling.Kind, j, got[j], want)
			}
		}
	}
}
