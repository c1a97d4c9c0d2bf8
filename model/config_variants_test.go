package model

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"attnlab/testdata"
)

// variant is one form of config.json, and what transformers makes of it (testdata/variants.py).
type variant struct {
	Name   string
	Config json.RawMessage
	Error  string           // why transformers refuses it
	Shapes map[string][]int // nil where it was not tried
	Turn   []float64        `json:"inv_freq"`
	Factor float64
	Ends   []int
	NoRope []int `json:"no_rope"`
	Window []int
}

// refused are the variants that have no kernel or make no sense, and a word of the reason.
var refused = map[string]string{
	"eps integer": "rms_norm_eps", "linear without factor": "factor", "linear, part": "partial_rotary_factor",
	"llama3 without bands": "low_freq_factor", "yarn, not truncated": "truncate", "dynamic": "dynamic", "longrope": "longrope", "mrope": "mrope",
	"kv heads 3": "num_key_value_heads", "head_dim 6": "head_dim", "head_dim 12": "head_dim", "head_dim 7": "head_dim",
	"F 50": "intermediate_size", "eos text": "token id", "eos outside": "eos_token_id", "bos list": "bos_token_id", "pad outside": "pad_token_id",
	"gelu": "gelu", "relu": "relu", "attention_bias": "attention_bias", "mlp_bias": "mlp_bias", "architectures classifier": "LlamaForSequenceClassification",
	"quantization gptq": "quantization_config", "mistral, window": "sliding_window", "mistral, window absent and reached": "sliding_window",
	"qwen2, window": "sliding_window", "qwen2, layer_types sliding": "sliding_window", "qwen3, attention_bias": "attention_bias", "qwen3, window": "sliding_window",
	"smollm3, window": "sliding_window", "smollm3, attention_bias": "attention_bias",
	"gemma": "gemma", "gemma2": "gemma2", "gemma3_text": "gemma3_text", "gpt2": "gpt2", "phi3": "phi3", "granite": "granite", "olmo2": "olmo2", "cohere": "cohere",
}

// harmless are refused by transformers alone: null for a number, where the default is taken, and a width that heads do not divide.
var harmless = []string{"tie null", "eps null", "theta null", "heads do not divide"}

// Every variant is read as transformers reads it, or refused by name in one sentence.
func TestConfigVariants(t *testing.T) {
	data, err := testdata.FS.ReadFile("variants.json")
	if err != nil {
		t.Fatal(err)
	}
	var variants []variant
	if err := json.Unmarshal(data, &variants); err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, v := range variants {
		var c Config
		err := json.Unmarshal(v.Config, &c)
		reason, wanted := refused[v.Name]
		switch {
		case wanted:
			if err == nil || !strings.Contains(err.Error(), reason) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: error %v, want one about %q", v.Name, err, reason)
			}
			continue
		case err != nil:
			t.Errorf("%s: refused by %v, and transformers says %q", v.Name, err, v.Error)
			continue
		case slices.Contains(harmless, v.Name):
			continue
		case v.Error != "" || v.Shapes == nil:
			t.Errorf("%s: was read, and transformers says %q", v.Name, v.Error)
			continue
		}
		read++
		v.compare(t, c)
	}
	if read < 80 {
		t.Errorf("only %d variants were compared", read)
	}
}

func (v variant) compare(t *testing.T, c Config) {
	count := 0
	for _, p := range c.Params() {
		for _, tensor := range p.Tensors() {
			if strings.Contains(tensor.Name, ".layers.") && !strings.Contains(tensor.Name, ".layers.0.") {
				continue
			}
			count++
			if !slices.Equal(tensor.Shape, v.Shapes[tensor.Name]) {
				t.Errorf("%s: tensor %s has shape %v, transformers %v", v.Name, tensor.Name, tensor.Shape, v.Shapes[tensor.Name])
			}
		}
	}
	if count != len(v.Shapes) {
		t.Errorf("%s: %d tensors, transformers %d", v.Name, count, len(v.Shapes))
	}
	turn, factor := c.Rope.Frequencies(c.HeadDim)
	if len(turn) != len(v.Turn) || math.Abs(factor-v.Factor) > 1e-6 {
		t.Errorf("%s: %d pairs with factor %g, transformers %d with %g", v.Name, len(turn), factor, len(v.Turn), v.Factor)
		return
	}
	for i := range turn {
		if math.Abs(turn[i]-v.Turn[i]) > 2e-6*v.Turn[i] { // float32 there
			t.Errorf("%s: pair %d turns by %g a position, transformers %g", v.Name, i, turn[i], v.Turn[i])
		}
	}
	for i := range c.Layers {
		if c.HasRope(i) == slices.Contains(v.NoRope, i) {
			t.Errorf("%s: layer %d has rotary positions: %v, transformers leaves out %v", v.Name, i, c.HasRope(i), v.NoRope)
		}
	}
	for token := range c.VocabSize {
		if c.Ends(token) != slices.Contains(v.Ends, token) {
			t.Errorf("%s: token %d ends a response: %v, transformers stops at %v", v.Name, token, c.Ends(token), v.Ends)
		}
	}
	if len(v.Window) > 0 && !strings.HasPrefix(v.Name, "mistral, window a") { // as long as the context: it changes nothing
		t.Errorf("%s: was read, and transformers attends within a window in layers %v", v.Name, v.Window)
	}
}
