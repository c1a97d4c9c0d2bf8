package hf

import (
	"bytes"
	"context"
	"encoding/binary"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"attnlab/model"
	"attnlab/model/hf/safetensors"
	"attnlab/testdata"
)

func testFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := fs.ReadFile(testdata.FS, "models/"+name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func openGGUF(data []byte) (*Source, error) { return OpenGGUF(bytes.NewReader(data), int64(len(data))) }

// The configs of the files that testdata/models.py makes.
func ggufConfigs() map[string]model.Config {
	base := model.Config{
		VocabSize: 288, HiddenSize: 32, IntermediateSize: 64, Layers: 2, Heads: 4, KVHeads: 2, HeadDim: 8, MaxContext: 256,
		RMSNormEps: 1e-5, Rope: model.Rope{Theta: 10000}, TieEmbeddings: true, PadID: 0, BosID: 1, EosID: 2,
	}
	llama3, qwen2, qwen3 := base, base, base
	llama3.HeadDim, llama3.MaxContext, llama3.TieEmbeddings = 16, 131072, false
	llama3.Rope = model.Rope{Theta: 500000, Scaling: model.RopeScaling{Kind: model.RopeLlama3, Factor: 8, LowFreqFactor: 1, HighFreqFactor: 4, OriginalContext: 8192}}
	qwen2.QKVBias = true
	qwen2.Rope = model.Rope{Theta: 1e6, Scaling: model.RopeScaling{Kind: model.RopeYarn, Factor: 4, OriginalContext: 64, BetaFast: 32, BetaSlow: 1}}
	qwen3.HeadDim, qwen3.QKNorm, qwen3.TieEmbeddings, qwen3.Rope.Theta = 16, true, false, 1e6
	return map[string]model.Config{"llama-q4_1": base, "llama3-q8_0": llama3, "qwen2-q4_0": qwen2, "qwen3-q5_0": qwen3}
}

func TestOpenGGUF(t *testing.T) {
	for name, want := range ggufConfigs() {
		s, err := openGGUF(testFile(t, name+".gguf"))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !s.Config.Equal(want) {
			t.Errorf("%s: config %+v, want %+v", name, s.Config, want)
		}
		if len(s.Ignored) != 0 {
			t.Errorf("%s: ignored %q", name, s.Ignored)
		}
		text := "so b = 4 ; naïve 数学"
		ids, err := s.Tokenizer.Encode(text)
		if err != nil || s.Tokenizer.Decode(ids) != text || s.Tokenizer.Len() != 288 || len(ids) >= len(text) {
			t.Errorf("%s: a tokenizer of %d tokens takes %q to %d, %v", name, s.Tokenizer.Len(), text, ids, err)
		}
		// The tensors of layer 1 as Python dequantises and arranges them, a row at a time and whole.
		golden, err := safetensors.Read(testFile(t, name+".golden.safetensors"))
		if err != nil {
			t.Fatal(err)
		}
		compared := 0
		for _, p := range s.Config.Params() {
			for _, tensor := range p.Tensors() {
				a, ok := golden.Array(tensor.Name)
				if !ok {
					continue
				}
				compared++
				whole, rows := make([]float32, tensor.Size()), make([]float32, tensor.Size())
				if err := s.ReadRows(context.Background(), tensor.Name, 0, whole); err != nil {
					t.Fatal(err)
				}
				columns := tensor.Shape[len(tensor.Shape)-1]
				for row := 0; row*columns < len(rows); row++ {
					if err := s.ReadRows(context.Background(), tensor.Name, row, rows[row*columns:][:columns]); err != nil {
						t.Fatal(err)
					}
				}
				if !slices.Equal(whole, a.Data) || !slices.Equal(rows, a.Data) {
					t.Errorf("%s: %s has other values than in Python", name, tensor.Name)
				}
			}
		}
		if compared < 9 {
			t.Errorf("%s: only %d tensors were compared", name, compared)
		}
	}
}

// edited replaces the first occurrence of a text in a file by one of the same length.
func edited(t *testing.T, data []byte, old, new string) []byte {
	t.Helper()
	if len(old) != len(new) || !bytes.Contains(data, []byte(old)) {
		t.Fatalf("%q cannot be replaced by %q", old, new)
	}
	return bytes.Replace(data, []byte(old), []byte(new), 1)
}

// number replaces the 32 bits of a metadata entry.
func number(t *testing.T, data []byte, key string, bits uint32) []byte {
	t.Helper()
	at := bytes.Index(data, []byte(key))
	if at < 0 {
		t.Fatalf("no entry %s", key)
	}
	data = slices.Clone(data)
	binary.LittleEndian.PutUint32(data[at+len(key)+4:], bits)
	return data
}

func TestOpenGGUFRefuses(t *testing.T) {
	llama, llama3, qwen2 := testFile(t, "llama-q4_1.gguf"), testFile(t, "llama3-q8_0.gguf"), testFile(t, "qwen2-q4_0.gguf")
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"no model":       {testFile(t, "quants.gguf"), "no embedding token_embd.weight"},
		"architecture":   {edited(t, llama, "\x05\x00\x00\x00\x00\x00\x00\x00llama", "\x05\x00\x00\x00\x00\x00\x00\x00gemma"), `architecture "gemma" is not supported; llama, qwen2, qwen3 are`},
		"unnamed":        {edited(t, llama, "general.architecture", "general.architecturf"), "of which architecture"},
		"no epsilon":     {edited(t, llama, "layer_norm_rms_epsilon", "layer_norm_rms_epsilom"), "layer_norm_rms_epsilon is missing"},
		"missing tensor": {edited(t, llama, "blk.1.ffn_up.weight", "blk.1.ffn_ux.weight"), "no tensor blk.1.ffn_up.weight"},
		"other width":    {number(t, llama, "llama.feed_forward_length", 32), "has shape [64 32], the config wants [32 32]"},
		"other layers":   {number(t, llama, "llama.block_count", 1), "tensor blk.1.attn_k.weight is not part of a model of this architecture"},
		"part rotary":    {number(t, llama, "llama.rope.dimension_count", 4), "rotary positions in 4 of 8 features"},
		"values":         {number(t, llama, "llama.attention.value_length", 16), "values of 16 features beside keys of 8"},
		"no heads":       {number(t, llama, "llama.attention.head_count", 0), "num_attention_heads is 0"},
		"yarn, unknown":  {edited(t, qwen2, "\x04\x00\x00\x00\x00\x00\x00\x00yarn", "\x04\x00\x00\x00\x00\x00\x00\x00yarm"), `rope scaling "yarm" is not supported`},
		"llama3, bands":  {number(t, llama3, "llama.rope.freq_base", 0x469c4000 /* 20000 */), "not the scaling of Llama 3"},
		"words":          {edited(t, llama, "\x04\x00\x00\x00\x00\x00\x00\x00gpt2", "\x04\x00\x00\x00\x00\x00\x00\x00bert"), `tokenizer is of type "bert", only gpt2`},
		"unknown cut":    {edited(t, llama, "gpt-2", "gpt-3"), `pre-tokenizer "gpt-3" is not supported`},
		"end outside":    {number(t, llama, "tokenizer.ggml.eos_token_id", 400), "eos_token_id is 400"},
		"cut":            {llama[:len(llama)-100], "cut short"},
	} {
		s, err := openGGUF(test.data)
		if err == nil || s != nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want one about %q", name, err, test.want)
		}
	}
}

// Whatever a GGUF file says, it is refused in one line, or all its tensors are those of its config.
func FuzzOpenGGUF(f *testing.F) {
	for name := range ggufConfigs() {
		f.Add(testFile(f, name+".gguf"))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := openGGUF(data)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("an error of several lines: %q", err)
			}
			return
		}
		if s.Config.Count() > 1<<22 {
			return
		}
		if _, err := s.Weights(context.Background(), nil); err != nil && strings.Contains(err.Error(), "cut short") {
			t.Error(err)
		}
	})
}
