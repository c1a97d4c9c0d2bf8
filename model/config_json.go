package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// kind is what the code of a model_type in transformers does without being told by config.json, and what it takes for a
// key that is absent. Everything else of a model stands in its config.
type kind struct {
	architecture string // its class there, without "ForCausalLM"
	qkvBias      bool
	qkNorm       bool
	noRope       bool    // some layers have no rotary positions
	biasKeys     bool    // attention_bias is obeyed; others ignore it
	mlpKey       bool    // mlp_bias is obeyed
	window       window  // how sliding windows are asked for
	kvHeads      int     // where absent; 0 for as many as query heads
	headDim      int     // where absent; 0 for hidden_size / num_attention_heads
	theta        float64 // where absent
	tied         bool    // where absent
	context      int     // where absent
	bos, eos     int     // where absent; 0 for none
}

type window int

const (
	noWindow    window = iota // sliding_window and layer_types are ignored
	everyLayer                // sliding_window, 4096 where absent
	chosenLayer               // use_sliding_window, max_window_layers, layer_types
)

// kinds are those that the forward pass computes, by model_type. They follow transformers 5.24, models/*/configuration_*.py.
var kinds = map[string]kind{
	"llama":   {architecture: "Llama", biasKeys: true, mlpKey: true, theta: 1e4, context: 2048, bos: 1, eos: 2},
	"mistral": {architecture: "Mistral", window: everyLayer, kvHeads: 8, theta: 1e4, context: 131072, bos: 1, eos: 2},
	"qwen2":   {architecture: "Qwen2", qkvBias: true, window: chosenLayer, kvHeads: 32, theta: 1e4, context: 32768},
	"qwen3":   {architecture: "Qwen3", qkNorm: true, biasKeys: true, window: chosenLayer, kvHeads: 32, headDim: 128, theta: 1e4, context: 32768},
	"smollm3": {architecture: "SmolLM3", noRope: true, biasKeys: true, mlpKey: true, window: chosenLayer, kvHeads: 4, theta: 2e6, tied: true, context: 32768, bos: 128000, eos: 128001},
}

// Kind returns the parts of a [Config] that follow from a model_type alone.
func Kind(modelType string) Config {
	k := kinds[modelType]
	return Config{QKVBias: k.qkvBias, QKNorm: k.qkNorm}
}

// hfConfig is config.json as transformers writes and reads it. Pointers are keys that may be absent or null.
type hfConfig struct {
	Architectures    []string        `json:"architectures"`
	ModelType        string          `json:"model_type"`
	VocabSize        int             `json:"vocab_size"`
	HiddenSize       int             `json:"hidden_size"`
	IntermediateSize int             `json:"intermediate_size"`
	Layers           int             `json:"num_hidden_layers"`
	Heads            int             `json:"num_attention_heads"`
	KVHeads          *int            `json:"num_key_value_heads"`
	HeadDim          *int            `json:"head_dim,omitempty"`
	MaxContext       int             `json:"max_position_embeddings"`
	RMSNormEps       *float64        `json:"rms_norm_eps"`
	RopeTheta        *float64        `json:"rope_theta"`
	RopeScaling      *ropeParameters `json:"rope_scaling"`
	RopeParameters   *ropeParameters `json:"rope_parameters,omitempty"`
	PartialRotary    *float64        `json:"partial_rotary_factor,omitempty"`
	OriginalContext  *int            `json:"original_max_position_embeddings,omitempty"`
	HiddenAct        string          `json:"hidden_act"`
	AttentionBias    bool            `json:"attention_bias"`
	MLPBias          bool            `json:"mlp_bias"`
	TieEmbeddings    *bool           `json:"tie_word_embeddings"`
	NoRope           []int           `json:"no_rope_layers,omitempty"` // 1 for a layer with rotary positions
	NoRopeInterval   *int            `json:"no_rope_layer_interval,omitempty"`
	SlidingWindow    *int            `json:"sliding_window"`
	UseWindow        bool            `json:"use_sliding_window,omitempty"`
	WindowLayers     *int            `json:"max_window_layers,omitempty"`
	LayerTypes       []string        `json:"layer_types,omitempty"`
	PadID            *int            `json:"pad_token_id"`
	BosID            *int            `json:"bos_token_id"`
	EosID            tokenIDs        `json:"eos_token_id"`
	Quantization     json.RawMessage `json:"quantization_config,omitempty"`
	TorchDtype       string          `json:"torch_dtype,omitempty"`
}

// ropeParameters is rope_parameters of transformers 5, and rope_scaling of version 4, which had no rope_theta.
type ropeParameters struct {
	Theta           *float64  `json:"rope_theta,omitempty"`
	Type            *string   `json:"rope_type,omitempty"`
	Old             *string   `json:"type,omitempty"`
	Factor          *float64  `json:"factor,omitempty"`
	OriginalContext *int      `json:"original_max_position_embeddings,omitempty"`
	LowFreqFactor   float64   `json:"low_freq_factor,omitempty"`
	HighFreqFactor  float64   `json:"high_freq_factor,omitempty"`
	BetaFast        float64   `json:"beta_fast,omitempty"`
	BetaSlow        float64   `json:"beta_slow,omitempty"`
	AttentionFactor *float64  `json:"attention_factor,omitempty"`
	MScale          float64   `json:"mscale,omitempty"`
	MScaleAll       float64   `json:"mscale_all_dim,omitempty"`
	Truncate        *bool     `json:"truncate,omitempty"`
	PartialRotary   *float64  `json:"partial_rotary_factor,omitempty"`
	FullAttention   *struct{} `json:"full_attention,omitempty"` // parameters by kind of layer
}

// tokenIDs are the ids of a key that holds a number, a list of numbers, or null.
type tokenIDs []int

func (t *tokenIDs) UnmarshalJSON(data []byte) error {
	var one *int
	if json.Unmarshal(data, &one) == nil {
		*t = nil
		if one != nil && *one != -1 {
			*t = tokenIDs{*one}
		}
		return nil
	}
	var list []int
	if err := json.Unmarshal(data, &list); err != nil {
		return fmt.Errorf("model: a token id is %.40s, it must be a number or a list of numbers", data)
	}
	*t = list
	return nil
}

func (t tokenIDs) MarshalJSON() ([]byte, error) {
	switch len(t) {
	case 0:
		return []byte("null"), nil
	case 1:
		return json.Marshal(t[0])
	}
	return json.Marshal([]int(t))
}

// UnmarshalJSON reads a Hugging Face config.json as transformers does, with its defaults for absent keys. It refuses, by name,
// everything that has no kernel.
func (c *Config) UnmarshalJSON(data []byte) error {
	var f hfConfig
	if err := json.Unmarshal(data, &f); err != nil {
		return err
	}
	var keys map[string]json.RawMessage // to tell null from absent
	if err := json.Unmarshal(data, &keys); err != nil {
		return err
	}
	has := func(key string) bool { _, ok := keys[key]; return ok }
	k, ok := kinds[f.ModelType]
	switch {
	case !ok && f.ModelType == "":
		return errors.New("model: model_type is missing, so this may be no model of Hugging Face's form")
	case !ok:
		return fmt.Errorf("model: model_type %q is not supported; %s are", f.ModelType, strings.Join(slices.Sorted(maps.Keys(kinds)), ", "))
	case len(f.Architectures) > 0 && f.Architectures[0] != k.architecture+"ForCausalLM" && f.Architectures[0] != k.architecture+"Model":
		return fmt.Errorf("model: architecture %q is not supported, only %sForCausalLM is", f.Architectures[0], k.architecture)
	case len(f.Quantization) > 0 && string(f.Quantization) != "null":
		return errors.New("model: quantization_config is not supported; take the model in BF16 or F16, or as a GGUF file")
	case f.HiddenAct != "" && f.HiddenAct != "silu" && f.HiddenAct != "swish": // two names of one function
		return fmt.Errorf("model: hidden_act %q is not supported, only silu is", f.HiddenAct)
	case k.biasKeys && f.AttentionBias:
		return errors.New("model: attention_bias is not supported, it must be false")
	case k.mlpKey && f.MLPBias:
		return errors.New("model: mlp_bias is not supported, it must be false")
	}
	if !has("max_position_embeddings") {
		f.MaxContext = k.context
	}
	// Token ids that are absent are those of the kind, where the vocabulary has them.
	if !has("bos_token_id") && k.bos > 0 && k.bos < f.VocabSize {
		f.BosID = &k.bos
	}
	if !has("eos_token_id") && k.eos > 0 && k.eos < f.VocabSize {
		f.EosID = tokenIDs{k.eos}
	}
	kv, head := k.kvHeads, k.headDim
	if kv == 0 || has("num_key_value_heads") {
		kv = f.Heads
	}
	if head == 0 && f.Heads > 0 {
		head = f.HiddenSize / f.Heads
	}
	read := Config{
		VocabSize: f.VocabSize, HiddenSize: f.HiddenSize, IntermediateSize: f.IntermediateSize,
		Layers: f.Layers, Heads: f.Heads, KVHeads: or(f.KVHeads, kv), HeadDim: or(f.HeadDim, head),
		MaxContext: f.MaxContext, RMSNormEps: or(f.RMSNormEps, 1e-6), TieEmbeddings: or(f.TieEmbeddings, k.tied),
		QKVBias: k.qkvBias, QKNorm: k.qkNorm,
		PadID: or(f.PadID, -1), BosID: or(f.BosID, -1),
	}
	read.setEnds(f.EosID)
	var err error
	if read.Rope, err = f.rope(k); err != nil {
		return err
	}
	if k.noRope {
		if read.NoRope, err = f.noRope(); err != nil {
			return err
		}
	}
	if err := f.windows(k, has("sliding_window")); err != nil {
		return err
	}
	if err := read.Validate(); err != nil {
		return err
	}
	*c = read
	return nil
}

// setEnds stores the tokens that end a response. A single one needs no list.
func (c *Config) setEnds(ids []int) {
	c.EosID, c.Stop = -1, nil
	if len(ids) > 0 {
		c.EosID = ids[0]
	}
	if len(ids) > 1 {
		c.Stop = slices.Clone(ids)
	}
}

// ReadGeneration takes the end tokens of a generation_config.json in the place of the config's own, as transformers does.
func (c *Config) ReadGeneration(data []byte) error {
	var f struct {
		EosID tokenIDs `json:"eos_token_id"`
	}
	if err := json.Unmarshal(data, &f); err != nil {
		return err
	}
	read := *c
	if len(f.EosID) > 0 {
		read.setEnds(f.EosID)
	}
	if err := read.Validate(); err != nil {
		return err
	}
	*c = read
	return nil
}

// rope reads the rotary positions. As in transformers 5, rope_scaling, where it holds anything, takes the place of rope_parameters, and
// the rope_theta in it is taken before the one beside it.
func (f *hfConfig) rope(k kind) (Rope, error) {
	p := f.RopeParameters
	if f.RopeScaling != nil && *f.RopeScaling != (ropeParameters{}) {
		p = f.RopeScaling
	}
	if p == nil {
		p = &ropeParameters{}
	}
	if p.FullAttention != nil {
		return Rope{}, errors.New("model: rope_parameters that differ between layers are not supported")
	}
	r := Rope{Theta: or(p.Theta, or(f.RopeTheta, k.theta))}
	name := or(p.Type, or(p.Old, "default"))
	if name == "default" || name == "" {
		return r, nil
	}
	if part := or(p.PartialRotary, or(f.PartialRotary, 1)); part != 1 {
		return r, fmt.Errorf("model: partial_rotary_factor %g with rope scaling %q is not supported", part, name)
	}
	original := or(f.OriginalContext, or(p.OriginalContext, f.MaxContext))
	s := RopeScaling{Kind: name, Factor: or(p.Factor, 0)}
	switch name {
	case RopeLinear:
	case RopeLlama3:
		s.OriginalContext, s.LowFreqFactor, s.HighFreqFactor = original, p.LowFreqFactor, p.HighFreqFactor
	case RopeYarn:
		s.OriginalContext, s.BetaFast, s.BetaSlow = original, 32, 1
		if p.BetaFast != 0 {
			s.BetaFast = p.BetaFast
		}
		if p.BetaSlow != 0 {
			s.BetaSlow = p.BetaSlow
		}
		if !or(p.Truncate, true) {
			return r, errors.New("model: rope scaling \"yarn\" with truncate false is not supported")
		}
		if p.Factor == nil && original > 0 {
			s.Factor = float64(f.MaxContext) / float64(original)
		}
		s.AttentionFactor = or(p.AttentionFactor, 0)
		if p.AttentionFactor == nil && p.MScale != 0 && p.MScaleAll != 0 {
			s.AttentionFactor = mscale(s.Factor, p.MScale) / mscale(s.Factor, p.MScaleAll)
		}
	default:
		return r, fmt.Errorf("model: rope scaling %q is not supported; linear, llama3 and yarn are", name)
	}
	r.Scaling = s
	return r, nil
}

// mscale is yarn's factor on attention as DeepSeek-V2 writes it.
func mscale(factor, m float64) float64 {
	if factor <= 1 {
		return 1
	}
	return 0.1*m*math.Log(factor) + 1
}

// noRope reads which layers have no rotary positions: those that no_rope_layers gives a 0, or every no_rope_layer_interval-th.
func (f *hfConfig) noRope() ([]bool, error) {
	interval := or(f.NoRopeInterval, 4)
	if f.Layers < 1 || f.Layers > maxLayers || f.NoRope == nil && interval < 1 {
		return nil, fmt.Errorf("model: num_hidden_layers is %d and no_rope_layer_interval %d, both must be positive", f.Layers, interval)
	}
	none := make([]bool, f.Layers)
	for i := range none {
		none[i] = (i+1)%max(interval, 1) == 0
	}
	if f.NoRope != nil {
		if len(f.NoRope) != f.Layers {
			return nil, fmt.Errorf("model: no_rope_layers has %d entries, num_hidden_layers is %d", len(f.NoRope), f.Layers)
		}
		for i, rotary := range f.NoRope {
			none[i] = rotary == 0
		}
	}
	if !slices.Contains(none, true) {
		return nil, nil
	}
	return none, nil
}

// windows returns an error if a layer attends within a window that is shorter than the context.
func (f *hfConfig) windows(k kind, given bool) error {
	size, layers := or(f.SlidingWindow, 0), false
	switch k.window {
	case noWindow:
		return nil
	case everyLayer:
		layers = true
		if !given {
			size = 4096
		}
	case chosenLayer:
		if !given && k.architecture != "SmolLM3" {
			size = 4096
		}
		if f.LayerTypes != nil {
			for _, t := range f.LayerTypes {
				if t != "full_attention" && t != "sliding_attention" {
					return fmt.Errorf("model: layer_types %q is not supported, only full_attention is", t)
				}
				layers = layers || t == "sliding_attention"
			}
		} else if f.UseWindow {
			layers = k.noRope || or(f.WindowLayers, 28) < f.Layers
		}
	}
	if layers && size > 0 && size < f.MaxContext {
		return fmt.Errorf("model: sliding_window %d is not supported: attention must reach over the whole context of %d", size, f.MaxContext)
	}
	return nil
}

// MarshalJSON writes c as a Hugging Face config.json of the kind that computes the same.
func (c Config) MarshalJSON() ([]byte, error) {
	id := func(i int) *int {
		if i < 0 {
			return nil
		}
		return &i
	}
	name := "llama"
	switch {
	case c.QKVBias && !c.QKNorm && c.NoRope == nil:
		name = "qwen2"
	case c.QKNorm && !c.QKVBias && c.NoRope == nil:
		name = "qwen3"
	case c.NoRope != nil && !c.QKVBias && !c.QKNorm:
		name = "smollm3"
	case c.QKVBias || c.QKNorm || c.NoRope != nil:
		return nil, errors.New("model: no kind of transformers has this combination of biases, normed heads and layers without RoPE")
	}
	f := hfConfig{
		Architectures: []string{kinds[name].architecture + "ForCausalLM"}, ModelType: name,
		VocabSize: c.VocabSize, HiddenSize: c.HiddenSize, IntermediateSize: c.IntermediateSize,
		Layers: c.Layers, Heads: c.Heads, KVHeads: &c.KVHeads, HeadDim: &c.HeadDim,
		MaxContext: c.MaxContext, RMSNormEps: &c.RMSNormEps, RopeTheta: &c.Rope.Theta,
		HiddenAct: "silu", TieEmbeddings: &c.TieEmbeddings,
		PadID: id(c.PadID), BosID: id(c.BosID), EosID: c.EndTokens(),
		TorchDtype: "float32",
	}
	if s := c.Rope.Scaling; s.Kind != RopeUnscaled {
		p := &ropeParameters{Theta: &c.Rope.Theta, Type: &s.Kind, Factor: &s.Factor}
		if s.Kind != RopeLinear {
			p.OriginalContext = &s.OriginalContext
		}
		p.LowFreqFactor, p.HighFreqFactor, p.BetaFast, p.BetaSlow = s.LowFreqFactor, s.HighFreqFactor, s.BetaFast, s.BetaSlow
		if s.AttentionFactor != 0 {
			p.AttentionFactor = &s.AttentionFactor
		}
		f.RopeParameters = p
	}
	for _, none := range c.NoRope {
		f.NoRope = append(f.NoRope, map[bool]int{true: 0, false: 1}[none])
	}
	return json.Marshal(f)
}

func or[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}
