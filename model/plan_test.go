package model

import (
	"math"
	"strings"
	"testing"

	"attnlab/gpu"
)

// published are the shapes of published models.
func published(t *testing.T) map[string]Config {
	llama := func(v, d, f, l, h, kv, context int) Config {
		return Config{VocabSize: v, HiddenSize: d, IntermediateSize: f, Layers: l, Heads: h, KVHeads: kv, HeadDim: d / h, MaxContext: context,
			RMSNormEps: 1e-6, Rope: Rope{Theta: 1e6}, TieEmbeddings: true, PadID: -1, BosID: -1, EosID: 2}
	}
	qwen2 := func(v, d, f, l, h, kv int) Config { c := llama(v, d, f, l, h, kv, 32768); c.QKVBias = true; return c }
	qwen3 := llama(151936, 1024, 3072, 28, 16, 8, 40960)
	qwen3.QKNorm, qwen3.HeadDim = true, 128
	r1 := qwen2(151936, 1536, 8960, 28, 12, 2)
	r1.TieEmbeddings, r1.MaxContext = false, 131072
	models := map[string]Config{
		"SmolLM2-135M": llama(49152, 576, 1536, 30, 9, 3, 8192), "SmolLM2-360M": llama(49152, 960, 2560, 32, 15, 5, 8192),
		"Qwen2.5-0.5B": qwen2(151936, 896, 4864, 24, 14, 2), "Qwen3-0.6B": qwen3,
		"Qwen2.5-1.5B": qwen2(151936, 1536, 8960, 28, 12, 2), "R1-Distill-Qwen-1.5B": r1,
	}
	for name, c := range models {
		if err := c.Validate(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return models
}

// WebGPU's default limits, and those of lavapipe and SwiftShader, in MB.
func limits(buffer, binding int64) gpu.Limits {
	return gpu.Limits{MaxBufferSize: buffer << 20, MaxStorageBufferBindingSize: binding << 20}
}

// The sizes were computed beforehand by hand: parameters in millions, MB (2²⁰ bytes) in F32 and BF16, MB of a Q8 with scales of 16 bits
// (34 bytes a block; ours has 36), of a Q4 with a scale alone (18 bytes; ours has a minimum too and 20) with these in Q8,
// of the embedding (and the output matrix) in Q8, and of keys and values of 2,048 tokens.
func TestPlanSizes(t *testing.T) {
	models := published(t)
	for name, want := range map[string]struct{ count, f32, bf16, q8, q4, embed, cache float64 }{
		"SmolLM2-135M":         {135, 513, 257, 136, 86, 28.7, 90},
		"SmolLM2-360M":         {362, 1380, 690, 367, 217, 47.8, 160},
		"Qwen2.5-0.5B":         {494, 1884, 942, 501, 330, 138, 48},
		"Qwen3-0.6B":           {596, 2274, 1137, 604, 394, 158, 448},
		"Qwen2.5-1.5B":         {1544, 5889, 2944, 1564, 939, 236, 112},
		"R1-Distill-Qwen-1.5B": {1777, 6779, 3389, 1801, 1176, 2 * 236.5, 112},
	} {
		p := models[name].Plan(limits(256, 128), Ask{Context: 2048})
		for _, n := range []struct {
			what      string
			got, want float64
		}{
			{"million parameters", float64(p.Count) / 1e6, want.count},
			{"MB in F32", float64(p.Needs[0].Weights) / (1 << 20), want.f32},
			{"MB in BF16", float64(p.Needs[1].Weights) / (1 << 20), want.bf16},
			{"MB in F16", float64(p.Needs[2].Weights) / (1 << 20), want.bf16},
			{"MB in Q8", float64(p.Needs[3].Weights) / (1 << 20), want.q8 * 36 / 34},
			{"MB in Q4", float64(p.Needs[4].Weights) / (1 << 20), want.embed*36/34 + (want.q4-want.embed)*20/18},
			{"MB of cache", float64(p.Cache) / (1 << 20), want.cache},
		} {
			if math.Abs(n.got-n.want) > 0.006*n.want+0.5 {
				t.Errorf("%s: %.1f %s, want %.1f", name, n.got, n.what, n.want)
			}
		}
	}
}

// What fits default limits and a large adapter, with the smallest loss of precision.
func TestPlanChoice(t *testing.T) {
	models := published(t)
	lavapipe, swift := limits(2047, 128), limits(1024, 1024)
	for _, test := range []struct {
		model  string
		limits gpu.Limits
		ask    Ask
		choice Storage
		parts  int
		no     string // why nothing fits
	}{
		{"SmolLM2-135M", limits(256, 128), Ask{Context: 2048, Stored: F32}, F32, 1, ""},
		{"SmolLM2-135M", limits(256, 128), Ask{Context: 2048, Stored: BF16}, BF16, 1, ""},
		{"SmolLM2-135M", limits(256, 128), Ask{Context: 2048, Stored: F16}, F16, 1, ""},
		{"SmolLM2-360M", limits(256, 128), Ask{Context: 2048, Stored: F32}, F32, 2, ""},
		{"Qwen2.5-0.5B", limits(256, 128), Ask{Context: 2048, Stored: BF16}, BF16, 3, ""},
		{"Qwen3-0.6B", lavapipe, Ask{Context: 8192, Stored: BF16}, BF16, 3, ""},
		{"Qwen3-0.6B", swift, Ask{Context: 8192, Stored: BF16}, BF16, 1, ""},
		// By memory.
		{"Qwen2.5-1.5B", swift, Ask{Context: 2048, Stored: BF16, Memory: 4 << 30}, BF16, 1, ""},
		{"Qwen2.5-1.5B", swift, Ask{Context: 2048, Stored: BF16, Memory: 2 << 30}, Q8, 1, ""},
		{"R1-Distill-Qwen-1.5B", swift, Ask{Context: 2048, Stored: BF16, Memory: 3 << 29}, Q4, 1, ""},
		{"R1-Distill-Qwen-1.5B", swift, Ask{Context: 2048, Stored: BF16, Memory: 1 << 30}, 0, 0, "of the device's 1024 MB"},
		// By a binding, and by the context.
		{"Qwen2.5-1.5B", limits(256, 64), Ask{Context: 2048, Stored: F32}, BF16, 7, ""},
		{"Qwen2.5-1.5B", limits(256, 8), Ask{Context: 2048, Stored: BF16}, 0, 0, "layers.0.gate_up takes 16 MB, and a binding has at most 8 MB"},
		{"R1-Distill-Qwen-1.5B", limits(256, 128), Ask{Stored: BF16}, 0, 0, "keys and values of 131072 tokens do not fit, those of 65536 do"},
	} {
		p := models[test.model].Plan(test.limits, test.ask)
		if test.no != "" {
			if p.Choice >= 0 || !strings.Contains(p.String(), test.no) {
				t.Errorf("%s %+v: %s; want that nothing fits because %s", test.model, test.ask, p, test.no)
			}
			continue
		}
		if p.Choice < 0 {
			t.Errorf("%s %+v: %s", test.model, test.ask, p)
			continue
		}
		n := p.Needs[p.Choice]
		if n.Storage != test.choice || n.Parts != test.parts {
			t.Errorf("%s %+v: %s in %d parts, want %s in %d", test.model, test.ask, n.Storage, n.Parts, test.choice, test.parts)
		}
		if limit := min(test.limits.MaxBufferSize, test.limits.MaxStorageBufferBindingSize); n.Largest > limit {
			t.Errorf("%s: a binding of %d bytes, at most %d", test.model, n.Largest, limit)
		}
	}
	got := models["SmolLM2-360M"].Plan(limits(256, 128), Ask{Context: 1024, Stored: F32}).String()
	want := "362 M parameters need 1380 MB in F32, 690 MB in BF16, 388 MB in Q8, 238 MB in Q4, and keys and values of 1024 tokens 80 MB; the adapter allows 128 MB a binding and 256 MB a buffer: F32 fits, with the embedding in 2 parts."
	if got != want {
		t.Errorf("the plan says\n%s\nwant\n%s", got, want)
	}
}
