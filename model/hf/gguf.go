package hf

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"attnlab/model"
	"attnlab/model/hf/bpe"
	"attnlab/model/hf/gguf"
	"attnlab/model/hf/tokenizer"
)

// architectures are those of llama.cpp that are read, named as [model.Kind] names them. Where the value is true, rows of q and k are
// interleaved, so that RoPE turns neighbours instead of the two halves of a head.
var architectures = map[string]bool{"llama": true, "qwen2": false, "qwen3": false}

// ggufNames are the tensors of a layer by their names in Hugging Face's files.
var ggufNames = strings.NewReplacer(
	"model.embed_tokens.", "token_embd.", "model.norm.", "output_norm.", "lm_head.", "output.",
	"model.layers.", "blk.", "input_layernorm.", "attn_norm.", "post_attention_layernorm.", "ffn_norm.",
	"self_attn.q_proj.", "attn_q.", "self_attn.k_proj.", "attn_k.", "self_attn.v_proj.", "attn_v.", "self_attn.o_proj.", "attn_output.",
	"self_attn.q_norm.", "attn_q_norm.", "self_attn.k_norm.", "attn_k_norm.",
	"mlp.gate_proj.", "ffn_gate.", "mlp.up_proj.", "ffn_up.", "mlp.down_proj.", "ffn_down.")

const ropeFactors = "rope_freqs.weight" // what the frequencies of Llama 3 are divided by

// OpenGGUF opens a model in llama.cpp's form: a file of size bytes. Its header is read, its tensors are found and checked, as
// [Open] does for a folder. Close does not close file.
func OpenGGUF(file io.ReaderAt, size int64) (*Source, error) {
	f, err := gguf.Open(file, size)
	if err != nil {
		return nil, err
	}
	m := ggufModel{File: f, tensors: map[string]gguf.Tensor{}}
	for _, t := range f.Tensors {
		m.tensors[t.Name] = t
	}
	s := &Source{tensors: map[string]tensor{}}
	if s.Config, err = m.config(); err != nil {
		return nil, err
	}
	s.Kind = m.architecture
	if s.Tokenizer, err = m.tokenizer(s.Config); err != nil {
		return nil, err
	}
	used := map[string]bool{ropeFactors: true}
	for _, p := range s.Config.Params() {
		for _, want := range p.Tensors() {
			name := ggufNames.Replace(want.Name)
			t, ok := m.tensors[name]
			if !ok {
				return nil, fmt.Errorf("hf: the file has no tensor %s", name)
			}
			used[name] = true
			s.tensors[want.Name] = t
			if m.interleaved && (strings.HasSuffix(name, "attn_q.weight") || strings.HasSuffix(name, "attn_k.weight")) {
				s.tensors[want.Name] = halves{t, s.Config.HeadDim}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.tensors)) {
		switch {
		case used[name]:
		case strings.HasSuffix(name, ".bias"), strings.HasPrefix(name, "blk."):
			return nil, fmt.Errorf("hf: tensor %s is not part of a model of this architecture, %s", name, m.architecture)
		default:
			s.Ignored = append(s.Ignored, fmt.Sprintf("Tensor %s is not read: a model of architecture %s has none of that name.", name, m.architecture))
		}
	}
	if err := s.match(); err != nil {
		return nil, err
	}
	return s, nil
}

// ggufModel is an open file with what its architecture says.
type ggufModel struct {
	*gguf.File
	architecture string
	interleaved  bool
	tensors      map[string]gguf.Tensor
}

// config reads the metadata. It refuses, by name, everything that has no kernel.
func (m *ggufModel) config() (c model.Config, err error) {
	var ok bool
	if m.architecture, ok = m.String("general.architecture"); !ok {
		return c, errors.New("hf: the file does not say of which architecture its model is")
	}
	if m.interleaved, ok = architectures[m.architecture]; !ok {
		return c, fmt.Errorf("hf: architecture %.40q is not supported; %s are", m.architecture, strings.Join(slices.Sorted(maps.Keys(architectures)), ", "))
	}
	if n, _ := m.Int("split.count"); n > 1 {
		return c, fmt.Errorf("hf: this is one of %d parts of a model; merge them with llama-gguf-split first", n)
	}
	embedding, ok := m.tensors["token_embd.weight"]
	if !ok || len(embedding.Shape) != 2 {
		return c, errors.New("hf: the file has no embedding token_embd.weight")
	}
	c = model.Kind(m.architecture)
	c.VocabSize = embedding.Shape[0]
	_, untied := m.tensors["output.weight"]
	c.TieEmbeddings = !untied

	// Sizes. A key that holds a list gives a number to each layer, which no kernel does.
	size := func(key string, otherwise int) int {
		n, ok := m.Int(m.architecture + "." + key)
		if !ok {
			if m.Has(m.architecture + "." + key) {
				err = fmt.Errorf("hf: %s.%s is no single number, so the layers of this model differ, which is not supported", m.architecture, key)
			}
			return otherwise
		}
		return n
	}
	c.HiddenSize, c.IntermediateSize, c.Layers = size("embedding_length", 0), size("feed_forward_length", 0), size("block_count", 0)
	c.Heads, c.MaxContext = size("attention.head_count", 0), size("context_length", 0)
	c.KVHeads = size("attention.head_count_kv", c.Heads)
	head := 0
	if c.Heads > 0 {
		head = c.HiddenSize / c.Heads
	}
	c.HeadDim = size("attention.key_length", head)
	value, rotary := size("attention.value_length", c.HeadDim), size("rope.dimension_count", c.HeadDim)
	window, experts := size("attention.sliding_window", 0), size("expert_count", 0)
	switch {
	case err != nil:
		return c, err
	case value != c.HeadDim:
		return c, fmt.Errorf("hf: values of %d features beside keys of %d are not supported", value, c.HeadDim)
	case rotary != c.HeadDim:
		return c, fmt.Errorf("hf: rotary positions in %d of %d features are not supported", rotary, c.HeadDim)
	case window > 0 && window < c.MaxContext:
		return c, fmt.Errorf("hf: attention within a window of %d tokens is not supported", window)
	case experts > 0:
		return c, fmt.Errorf("hf: a mixture of %d experts is not supported", experts)
	}
	eps, ok := m.Float(m.architecture + ".attention.layer_norm_rms_epsilon")
	if !ok {
		return c, fmt.Errorf("hf: %s.attention.layer_norm_rms_epsilon is missing", m.architecture)
	}
	// The file has float32, config.json the decimal number that was meant.
	c.RMSNormEps = decimal(eps)
	id := func(key string) int {
		if n, ok := m.Int("tokenizer.ggml." + key); ok {
			return n
		}
		return -1
	}
	c.BosID, c.EosID, c.PadID = id("bos_token_id"), id("eos_token_id"), id("padding_token_id")
	for _, key := range []string{"eot_token_id", "eom_token_id"} { // other ends of a turn
		if n := id(key); n >= 0 && n != c.EosID && c.EosID >= 0 {
			if c.Stop == nil {
				c.Stop = []int{c.EosID}
			}
			if !slices.Contains(c.Stop, n) {
				c.Stop = append(c.Stop, n)
			}
		}
	}
	if c.Rope, err = m.rope(c); err != nil {
		return c, err
	}
	return c, c.Validate()
}

// tokenizer makes the tokenizer of the metadata, nil where there is none.
func (m *ggufModel) tokenizer(c model.Config) (tokenizer.Tokenizer, error) {
	kind, ok := m.String("tokenizer.ggml.model")
	if !ok {
		return nil, nil
	}
	if kind != "gpt2" {
		return nil, fmt.Errorf("hf: the file's tokenizer is of type %.40q, only gpt2 (byte-level BPE) is supported", kind)
	}
	g := bpe.GGUF{BOS: c.BosID}
	g.Pre, _ = m.String("tokenizer.ggml.pre")
	g.Tokens, _ = m.Strings("tokenizer.ggml.tokens")
	g.Merges, _ = m.Strings("tokenizer.ggml.merges")
	types, _ := m.Ints("tokenizer.ggml.token_type")
	for _, t := range types {
		g.Types = append(g.Types, int32(t))
	}
	if add, ok := m.Bool("tokenizer.ggml.add_bos_token"); ok {
		g.AddBOS = &add
	}
	t, err := bpe.FromGGUF(g)
	if err != nil {
		return nil, err
	}
	if t.Len() > c.VocabSize {
		return nil, vocabularyError(t, c)
	}
	return t, nil
}

// decimal is the shortest decimal number that rounds to the float32 x.
func decimal(x float64) float64 {
	d, _ := strconv.ParseFloat(strconv.FormatFloat(x, 'g', -1, 32), 64) // what was written can be read
	return d
}

// rope reads the rotary positions.
func (m *ggufModel) rope(c model.Config) (model.Rope, error) {
	key := func(name string) string { return m.architecture + ".rope." + name }
	number := func(name string, otherwise float64) float64 {
		if x, ok := m.Float(key(name)); ok {
			return decimal(x)
		}
		return otherwise
	}
	r := model.Rope{Theta: number("freq_base", 10000)}
	kind, _ := m.String(key("scaling.type"))
	factor := number("scaling.factor", number("scale_linear", 1))
	if factor == 0 {
		factor = 1
	}
	factors, listed := m.tensors[ropeFactors]
	switch {
	case listed && (kind == "" || kind == "none"):
		return m.llama3(r, c.HeadDim, factors)
	case listed:
		return r, fmt.Errorf("hf: %s with rope scaling %q is not supported", ropeFactors, kind)
	case kind == "" || kind == "none":
		if m.Has(key("scale_linear")) && factor != 1 {
			r.Scaling = model.RopeScaling{Kind: model.RopeLinear, Factor: factor}
		}
	case kind == "linear":
		if factor != 1 {
			r.Scaling = model.RopeScaling{Kind: model.RopeLinear, Factor: factor}
		}
	case kind == "yarn":
		original, ok := m.Int(key("scaling.original_context_length"))
		if !ok {
			original = c.MaxContext
		}
		r.Scaling = model.RopeScaling{Kind: model.RopeYarn, Factor: factor, OriginalContext: original,
			BetaFast: number("scaling.yarn_beta_fast", 32), BetaSlow: number("scaling.yarn_beta_slow", 1)}
		if m.Has(key("scaling.attn_factor")) || m.Has(key("scaling.yarn_log_multiplier")) || number("scaling.yarn_ext_factor", 1) != 1 {
			return r, errors.New("hf: rope scaling \"yarn\" with an attention factor of its own is not supported in a GGUF file")
		}
	default:
		return r, fmt.Errorf("hf: rope scaling %.40q is not supported; linear, yarn and that of Llama 3 are", kind)
	}
	return r, nil
}

// llama3 finds the scaling of Llama 3 behind the divisors of its frequencies, which are all that a file has of it. All published models
// have the bands 1 and 4 over an original context of 8,192; the largest divisor is the factor. If these do not give the
// divisors, it refuses them.
func (m *ggufModel) llama3(r model.Rope, head int, factors gguf.Tensor) (model.Rope, error) {
	if len(factors.Shape) != 1 || factors.Shape[0] != head/2 {
		return r, fmt.Errorf("hf: %s has shape %v for heads of %d", ropeFactors, factors.Shape, head)
	}
	given := make([]float32, head/2)
	if err := factors.Read(0, given); err != nil {
		return r, err
	}
	plain, _ := r.Frequencies(head)
	largest := float64(slices.Max(given))
	r.Scaling = model.RopeScaling{Kind: model.RopeLlama3, Factor: math.Round(largest*1e4) / 1e4, LowFreqFactor: 1, HighFreqFactor: 4, OriginalContext: 8192}
	scaled, _ := r.Frequencies(head)
	for i, d := range given {
		if want := plain[i] / scaled[i]; math.Abs(float64(d)-want) > 1e-4*want {
			return r, fmt.Errorf("hf: %s divides frequency %d by %g, which is not the scaling of Llama 3, the only one that is read", ropeFactors, i, d)
		}
	}
	return r, nil
}

// halves are the rows of q or k with the pairs of RoPE as the two halves of a head. llama.cpp stores pair j of a head in its rows 2j
// and 2j+1; here they are rows j and j + C/2.
type halves struct {
	gguf.Tensor
	head int // C
}

// Read reads whole rows. It takes the heads that they lie in, one at a time, in one piece of the file each.
func (h halves) Read(first int, dst []float32) error {
	columns := h.Shape[1]
	block := make([]float32, h.head*columns)
	loaded := -1
	for at := 0; at < len(dst); at += columns {
		row := (first + at) / columns
		head, j := row/h.head, row%h.head
		if head != loaded {
			if err := h.Tensor.Read(head*h.head*columns, block); err != nil {
				return err
			}
			loaded = head
		}
		half := h.head / 2
		copy(dst[at:at+columns], block[(2*(j%half)+j/half)*columns:])
	}
	return nil
}
