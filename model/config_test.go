package model

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
)

func preset(t testing.TB, name string, vocab int) Config {
	t.Helper()
	c, err := Preset(name, vocab)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestPresets(t *testing.T) {
	// Counts by hand: V·D + L(4D² + 3DF + 2D) + D.
	for name, want := range map[string]int{
		"tiny":  58*48 + 2*(4*48*48+3*48*128+2*48) + 48,
		"small": 145_472,
		"base":  58*128 + 4*(4*128*128+3*128*352+2*128) + 128,
	} {
		c := preset(t, name, 58)
		if got := c.Count(); got != want {
			t.Errorf("%s has %d parameters, want %d", name, got, want)
		}
	}
	if _, err := Preset("huge", 58); err == nil || !strings.Contains(err.Error(), "huge") {
		t.Errorf("Preset(huge) = %v", err)
	}
	if _, err := Preset("small", 2); err == nil {
		t.Error("a vocabulary of 2 has no token 2 for eos, but no error came")
	}
}

func TestEndTokens(t *testing.T) {
	for _, test := range []struct {
		eos        int
		stop, want []int
	}{{-1, nil, nil}, {2, nil, []int{2}}, {2, []int{2, 7}, []int{2, 7}}, {7, []int{2, 7}, []int{7, 2}}, {-1, []int{5}, []int{5}}, {3, []int{5}, []int{5}}} {
		c := Config{EosID: test.eos, Stop: test.stop}
		if got := c.EndTokens(); !slices.Equal(got, test.want) {
			t.Errorf("eos %d and stop %v: the end tokens are %v, want %v", test.eos, test.stop, got, test.want)
		}
		for token := -1; token < 9; token++ {
			if c.Ends(token) != slices.Contains(test.want, token) {
				t.Errorf("eos %d and stop %v: token %d ends a response: %v", test.eos, test.stop, token, c.Ends(token))
			}
		}
	}
}

func TestConfigJSONRoundTrip(t *testing.T) {
	c := preset(t, "small", 58)
	c.KVHeads, c.TieEmbeddings, c.Rope.Theta, c.EosID, c.PadID = 2, false, 5000, 0, -1
	data, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{
		`"architectures":["LlamaForCausalLM"]`, `"model_type":"llama"`, `"hidden_act":"silu"`,
		`"attention_bias":false`, `"pad_token_id":null`, `"eos_token_id":0`, `"torch_dtype":"float32"`,
	} {
		if !strings.Contains(string(data), key) {
			t.Errorf("no %s in %s", key, data)
		}
	}
	var back Config
	if err := json.Unmarshal(data, &back); err != nil || !back.Equal(c) {
		t.Errorf("read back %+v, %v; want %+v", back, err, c)
	}
}

// hf is a minimal config.json; edits replace or (with "") remove keys.
func hf(edits map[string]string) string {
	keys := map[string]string{
		"model_type": `"llama"`, "vocab_size": "58", "hidden_size": "64", "intermediate_size": "160",
		"num_hidden_layers": "3", "num_attention_heads": "4", "max_position_embeddings": "256",
	}
	for k, v := range edits {
		keys[k] = v
	}
	var list []string
	for k, v := range keys {
		if v != "" {
			list = append(list, `"`+k+`":`+v)
		}
	}
	return "{" + strings.Join(list, ",") + "}"
}

func TestConfigReadsWhatTransformersWrites(t *testing.T) {
	minimal := Config{
		VocabSize: 58, HiddenSize: 64, IntermediateSize: 160, Layers: 3, Heads: 4, KVHeads: 4, HeadDim: 16,
		MaxContext: 256, RMSNormEps: 1e-6, Rope: Rope{Theta: 10000}, PadID: -1, BosID: 1, EosID: 2,
	}
	theta := minimal
	theta.Rope.Theta = 500000
	for name, test := range map[string]struct {
		json string
		want Config
	}{
		"defaults":       {hf(nil), minimal},
		"transformers 4": {hf(map[string]string{"rope_theta": "500000.0", "rope_scaling": "null"}), theta},
		"transformers 5": {hf(map[string]string{"rope_parameters": `{"rope_theta":500000.0,"rope_type":"default"}`}), theta},
		"unknown key":    {hf(map[string]string{"use_cache": "true"}), minimal},
		"explicit head":  {hf(map[string]string{"head_dim": "16", "num_key_value_heads": "4"}), minimal},
		// Fault A11: transformers 5 takes the inner rope_theta, and rope_scaling in the place of rope_parameters.
		"both, the inner": {hf(map[string]string{"rope_theta": "10000.0", "rope_parameters": `{"rope_theta":500000.0,"rope_type":"default"}`}), theta},
		"both, scaling":   {hf(map[string]string{"rope_theta": "10000.0", "rope_scaling": `{"rope_theta":500000.0,"rope_type":"default"}`}), theta},
		"outer alone":     {hf(map[string]string{"rope_theta": "500000.0", "rope_parameters": `{"rope_type":"default"}`}), theta},
		"scaling first":   {hf(map[string]string{"rope_scaling": `{"rope_theta":500000.0,"rope_type":"default"}`, "rope_parameters": `{"rope_theta":10000.0}`}), theta},
		"empty scaling":   {hf(map[string]string{"rope_scaling": `{}`, "rope_parameters": `{"rope_theta":500000.0}`}), theta},
		"default scaling": {hf(map[string]string{"rope_scaling": `{"type":"default"}`}), minimal},
	} {
		var c Config
		if err := json.Unmarshal([]byte(test.json), &c); err != nil || !c.Equal(test.want) {
			t.Errorf("%s: %+v, %v; want %+v", name, c, err, test.want)
		}
	}
}

func TestConfigRefuses(t *testing.T) {
	for _, test := range []struct{ key, value, want string }{
		{"model_type", `"gpt2"`, "gpt2"},
		{"model_type", "", "model_type"},
		{"architectures", `["LlamaForSequenceClassification"]`, "LlamaForSequenceClassification"},
		{"hidden_act", `"gelu"`, "gelu"},
		{"attention_bias", "true", "attention_bias"},
		{"mlp_bias", "true", "mlp_bias"},
		{"rope_scaling", `{"type":"dynamic","factor":2}`, "dynamic"},
		{"rope_scaling", `{"type":"linear"}`, "factor of rope scaling"},
		{"rope_parameters", `{"rope_type":"longrope"}`, "longrope"},
		{"rope_parameters", `{"full_attention":{"rope_theta":10000.0}}`, "differ between layers"},
		{"vocab_size", "0", "vocab_size"},
		{"vocab_size", "-3", "vocab_size"},
		{"vocab_size", "1000000000000", "vocab_size"},
		{"vocab_size", "1048577", "vocab_size"},
		{"hidden_size", "66", "hidden_size"},
		{"hidden_size", "", "hidden_size"},
		{"num_attention_heads", "0", "num_attention_heads"},
		{"num_attention_heads", "3", "head_dim is 21"},
		{"num_attention_heads", "16", "head_dim is 4"},
		{"num_key_value_heads", "3", "divide"},
		{"num_key_value_heads", "8", "divide"},
		{"num_hidden_layers", "257", "num_hidden_layers"},
		{"head_dim", "12", "head_dim"},
		{"head_dim", "264", "head_dim"},
		{"max_position_embeddings", "0", "max_position_embeddings"},
		{"max_position_embeddings", "131073", "max_position_embeddings"},
		{"rms_norm_eps", "0", "rms_norm_eps"},
		{"rope_theta", "0.5", "rope_theta"},
		{"rope_theta", "1e300", "rope_theta"},
		{"eos_token_id", "58", "eos_token_id"},
		{"eos_token_id", "[1,58]", "end token 58"},
		{"eos_token_id", `"2"`, "number"},
		{"eos_token_id", "[[1]]", "number"},
		{"quantization_config", `{"quant_method":"gptq"}`, "quantization_config"},
		{"bos_token_id", "-2", "bos_token_id"},
		{"vocab_size", `"58"`, "vocab_size"},
	} {
		var c Config
		err := json.Unmarshal([]byte(hf(map[string]string{test.key: test.value})), &c)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s = %s: error %v, want one about %q", test.key, test.value, err, test.want)
		}
		if !c.Equal(Config{}) {
			t.Errorf("%s = %s: a refused config was stored", test.key, test.value)
		}
	}
	c := preset(t, "tiny", 58)
	c.RMSNormEps = math.NaN()
	if c.Validate() == nil {
		t.Error("a NaN rms_norm_eps passed")
	}
}

// What only other kinds of models have is checked, told apart, and written so that it is read back.
func TestConfigOfOtherKinds(t *testing.T) {
	plain := preset(t, "tiny", 58)
	for name, test := range map[string]struct {
		change func(c *Config)
		wrong  string // "" for a valid one
	}{
		"bias":             {func(c *Config) { c.QKVBias = true }, ""},
		"norm":             {func(c *Config) { c.QKNorm = true }, ""},
		"no rope":          {func(c *Config) { c.NoRope = []bool{true, false} }, ""},
		"no rope, short":   {func(c *Config) { c.NoRope = []bool{true} }, "num_hidden_layers is 2"},
		"stop":             {func(c *Config) { c.Stop = []int{2, 57} }, ""},
		"stop outside":     {func(c *Config) { c.Stop = []int{2, 58} }, "end token 58"},
		"stop negative":    {func(c *Config) { c.Stop = []int{-1} }, "end token -1"},
		"linear":           {func(c *Config) { c.Rope.Scaling = RopeScaling{Kind: RopeLinear, Factor: 2} }, ""},
		"linear, no more":  {func(c *Config) { c.Rope.Scaling = RopeScaling{Kind: RopeLinear, Factor: .5} }, "factor"},
		"linear, inf":      {func(c *Config) { c.Rope.Scaling = RopeScaling{Kind: RopeLinear, Factor: math.Inf(1)} }, "factor"},
		"numbers, no kind": {func(c *Config) { c.Rope.Scaling = RopeScaling{Factor: 2} }, "no kind"},
		"dynamic":          {func(c *Config) { c.Rope.Scaling = RopeScaling{Kind: "dynamic", Factor: 2} }, "dynamic"},
		"llama3":           {func(c *Config) { c.Rope.Scaling = llama3 }, ""},
		"llama3, bands":    {func(c *Config) { c.Rope.Scaling = llama3; c.Rope.Scaling.LowFreqFactor = 4 }, "low_freq_factor"},
		"llama3, context":  {func(c *Config) { c.Rope.Scaling = llama3; c.Rope.Scaling.OriginalContext = 0 }, "original_max_position_embeddings"},
		"yarn":             {func(c *Config) { c.Rope.Scaling = yarn }, ""},
		"yarn, betas":      {func(c *Config) { c.Rope.Scaling = yarn; c.Rope.Scaling.BetaFast = .5 }, "beta_fast"},
		"yarn, attention":  {func(c *Config) { c.Rope.Scaling = yarn; c.Rope.Scaling.AttentionFactor = -1 }, "attention_factor"},
	} {
		c := plain
		test.change(&c)
		if c.Equal(plain) || !c.Equal(c) {
			t.Errorf("%s: the config equals the plain one, or not itself", name)
		}
		err := c.Validate()
		if test.wrong == "" && err != nil || test.wrong != "" && (err == nil || !strings.Contains(err.Error(), test.wrong)) {
			t.Errorf("%s: error %v, want one about %q", name, err, test.wrong)
		}
		if test.wrong != "" {
			continue
		}
		data, err := json.Marshal(c)
		var back Config
		if err == nil {
			err = json.Unmarshal(data, &back)
		}
		if err != nil || !back.Equal(c) {
			t.Errorf("%s: %+v was written as %s and read back as %+v, %v", name, c, data, back, err)
		}
	}
}

// transformers has no kind for every combination.
func TestConfigOfNoKindIsNotWritten(t *testing.T) {
	c := preset(t, "tiny", 58)
	c.QKVBias, c.QKNorm = true, true
	if data, err := json.Marshal(c); err == nil {
		t.Errorf("biases with normed heads were written as %s", data)
	}
}

func TestReadGeneration(t *testing.T) {
	for name, test := range map[string]struct {
		json string
		eos  int
		stop []int
		bad  string
	}{
		"nothing":  {`{"temperature": 0.6}`, 2, nil, ""},
		"null":     {`{"eos_token_id": null}`, 2, nil, ""},
		"one":      {`{"eos_token_id": 5}`, 5, nil, ""},
		"list":     {`{"eos_token_id": [5, 2]}`, 5, []int{5, 2}, ""},
		"outside":  {`{"eos_token_id": [5, 58]}`, 2, nil, "end token 58"},
		"no JSON":  {`{`, 2, nil, "JSON"},
		"a text":   {`{"eos_token_id": "</s>"}`, 2, nil, "number"},
		"negative": {`{"eos_token_id": [-5]}`, 2, nil, "eos_token_id"},
	} {
		c := preset(t, "tiny", 58)
		err := c.ReadGeneration([]byte(test.json))
		if c.EosID != test.eos || !slices.Equal(c.Stop, test.stop) {
			t.Errorf("%s: ends are %d and %d, want %d and %d", name, c.EosID, c.Stop, test.eos, test.stop)
		}
		if test.bad == "" && err != nil || test.bad != "" && (err == nil || !strings.Contains(err.Error(), test.bad)) {
			t.Errorf("%s: error %v, want one about %q", name, err, test.bad)
		}
	}
}

func TestEnds(t *testing.T) {
	c := Config{EosID: 2}
	if !c.Ends(2) || c.Ends(3) || c.Ends(-1) {
		t.Error("without a list, only EosID ends a response")
	}
	c.EosID = -1
	if c.Ends(-1) || c.Ends(0) {
		t.Error("without EosID, nothing ends a response")
	}
	c.Stop = []int{5, 7}
	if !c.Ends(5) || !c.Ends(7) || c.Ends(2) {
		t.Error("with a list, its tokens end a response and no others do")
	}
}
