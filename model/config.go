// Package model is a compact Llama-style transformer: its shape, its parameters in one
// arena, forward and backward pass, training, decoding and scoring.
//
// Names, layouts and numbers are those of Hugging Face's LlamaForCausalLM, so a folder
// that package hf writes opens in transformers with equal logits, and the other way
// round. Sizes have single letters everywhere: V vocabulary, D hidden
// size, F feed-forward size, H query heads, T tokens.
package model

import (
	"fmt"
	"reflect"
	"slices"
)

// Config is the shape of a model. Its JSON form is a Hugging Face config.json;
// unmarshalling one also validates it.
type Config struct {
	VocabSize        int     // V, rows of the embedding
	HiddenSize       int     // D, width of the residual stream
	IntermediateSize int     // F, width of the SwiGLU feed-forward part
	Layers           int     // number of transformer blocks
	Heads            int     // H, query heads
	KVHeads          int     // key and value heads; H/KVHeads query heads share one
	HeadDim          int     // C, width of one head, a multiple of 8; Heads * HeadDim may differ from D
	MaxContext       int     // longest sequence in tokens
	RMSNormEps       float64 // added to the mean square before the root
	Rope             Rope    // rotary positions
	TieEmbeddings    bool    // the output matrix is the embedding itself

	// What only pretrained models have. Models with any of it run forward and are not trained.
	QKVBias bool   // queries, keys and values have a bias each (Qwen2)
	QKNorm  bool   // queries and keys are RMS-normed in each head before RoPE (Qwen3)
	NoRope  []bool // [Layers] layers without rotary positions (SmolLM3); nil where all layers have them

	// Token ids, or -1 for none.
	PadID, BosID, EosID int
	Stop                []int // every token that ends a response; nil stands for EosID alone
}

// Equal reports whether two configs describe the same model.
func (c Config) Equal(d Config) bool {
	a, b := c, d
	a.NoRope, b.NoRope, a.Stop, b.Stop = nil, nil, nil, nil
	return reflect.DeepEqual(a, b) && slices.Equal(c.NoRope, d.NoRope) && slices.Equal(c.Stop, d.Stop)
}

// Ends reports whether token ends a response.
func (c Config) Ends(token int) bool {
	if c.Stop == nil {
		return c.EosID >= 0 && token == c.EosID
	}
	return slices.Contains(c.Stop, token)
}

// EndTokens lists the tokens that end a response, EosID first where it is one of them.
func (c Config) EndTokens() (ids []int) {
	if c.Ends(c.EosID) {
		ids = append(ids, c.EosID)
	}
	for _, id := range c.Stop {
		if id != c.EosID {
			ids = append(ids, id)
		}
	}
	return ids
}

// HasRope reports whether layer l rotates queries and keys by their positions.
func (c Config) HasRope(l int) bool { return c.NoRope == nil || !c.NoRope[l] }

// Preset returns a named shape for a vocabulary of vocab tokens:
//
//	tiny   2 layers, D  48, 3 heads, F 128, context 256: a processor or a software adapter
//	small  3 layers, D  64, 4 heads, F 160, context 256: the default, 145,472 parameters at V = 58
//	base   4 layers, D 128, 8 heads, F 352, context 512: a real GPU
//
// All have heads of 16 and tied embeddings, and expect pad, bos and eos to be
// tokens 0, 1 and 2. An unknown name is an error.
func Preset(name string, vocab int) (Config, error) {
	c := Config{
		VocabSize: vocab, HeadDim: 16, MaxContext: 256,
		RMSNormEps: 1e-5, Rope: Rope{Theta: 10000}, TieEmbeddings: true,
		PadID: 0, BosID: 1, EosID: 2,
	}
	switch name {
	case "tiny":
		c.Layers, c.HiddenSize, c.Heads, c.IntermediateSize = 2, 48, 3, 128
	case "small":
		c.Layers, c.HiddenSize, c.Heads, c.IntermediateSize = 3, 64, 4, 160
	case "base":
		c.Layers, c.HiddenSize, c.Heads, c.IntermediateSize = 4, 128, 8, 352
		c.MaxContext = 512
	default:
		return Config{}, fmt.Errorf("model: there is no preset %q; choose tiny, small or base", name)
	}
	c.KVHeads = c.Heads
	return c, c.Validate()
}

// Upper bounds keep every product of sizes far from overflow, for any file. Memory for
// keys and values is taken for the context in use, see [Options].
const (
	maxVocab   = 1 << 20
	maxSize    = 1 << 16
	maxLayers  = 256
	maxContext = 1 << 17
	maxHeadDim = 256
)

// Validate returns an error for the first property of c that the kernels do not support.
func (c Config) Validate() error {
	for _, s := range []struct {
		key       string
		got, most int
	}{
		{"vocab_size", c.VocabSize, maxVocab},
		{"hidden_size", c.HiddenSize, maxSize},
		{"intermediate_size", c.IntermediateSize, maxSize},
		{"num_hidden_layers", c.Layers, maxLayers},
		{"num_attention_heads", c.Heads, maxSize},
		{"num_key_value_heads", c.KVHeads, maxSize},
		{"head_dim", c.HeadDim, maxSize},
		{"max_position_embeddings", c.MaxContext, maxContext},
	} {
		if s.got < 1 || s.got > s.most {
			return fmt.Errorf("model: %s is %d, it must lie between 1 and %d", s.key, s.got, s.most)
		}
	}
	switch {
	case c.HeadDim%8 != 0 || c.HeadDim > maxHeadDim:
		return fmt.Errorf("model: head_dim is %d, it must be a multiple of 8 up to %d", c.HeadDim, maxHeadDim)
	case c.HiddenSize%4 != 0:
		return fmt.Errorf("model: hidden_size is %d, it must be a multiple of 4", c.HiddenSize)
	case c.IntermediateSize%4 != 0:
		return fmt.Errorf("model: intermediate_size is %d, it must be a multiple of 4", c.IntermediateSize)
	case c.Heads%c.KVHeads != 0:
		return fmt.Errorf("model: num_key_value_heads is %d, it must divide num_attention_heads, which is %d", c.KVHeads, c.Heads)
	case !(c.RMSNormEps > 0 && c.RMSNormEps < 1):
		return fmt.Errorf("model: rms_norm_eps is %g, it must lie between 0 and 1", c.RMSNormEps)
	case c.NoRope != nil && len(c.NoRope) != c.Layers:
		return fmt.Errorf("model: %d layers say whether they have rotary positions, num_hidden_layers is %d", len(c.NoRope), c.Layers)
	}
	if err := c.Rope.validate(); err != nil {
		return err
	}
	for _, t := range []struct {
		key string
		id  int
	}{{"pad_token_id", c.PadID}, {"bos_token_id", c.BosID}, {"eos_token_id", c.EosID}} {
		if t.id < -1 || t.id >= c.VocabSize {
			return fmt.Errorf("model: %s is %d, the vocabulary has the tokens 0 to %d", t.key, t.id, c.VocabSize-1)
		}
	}
	for _, id := range c.Stop {
		if id < 0 || id >= c.VocabSize {
			return fmt.Errorf("model: the end token %d is outside the vocabulary, which has the tokens 0 to %d", id, c.VocabSize-1)
		}
	}
	return nil
}
