package engine

import (
	"bytes"
	"testing"

	"attnlab/model/hf"
)

// FuzzModelFolder opens any three files as a model: it loads, or is refused in a sentence.
func FuzzModelFolder(f *testing.F) {
	for _, files := range parrots(f) {
		config, weights, tokenizer := files["config.json"], files["model.safetensors"], files["tokenizer.json"]
		f.Add(config, weights, tokenizer)
		f.Add(config, weights[:len(weights)/2], tokenizer)
		f.Add(config, weights, tokenizer[:len(tokenizer)/2])
		for _, key := range []string{"num_hidden_layers", "num_attention_heads", "num_key_value_heads", "hidden_size", "vocab_size", "intermediate_size", "max_position_embeddings", "head_dim"} {
			for _, value := range []string{"-1", "0", "1e30", "1099511627776", "null", `"x"`, "[]"} {
				at := bytes.Index(config, []byte(`"`+key+`":`))
				if at < 0 {
					continue
				}
				begin := at + len(key) + 3
				end := begin + bytes.IndexAny(config[begin:], ",}\n")
				f.Add(append(append(bytes.Clone(config[:begin]), value...), config[end:]...), weights, tokenizer)
			}
		}
	}
	f.Add([]byte("{}"), []byte{}, []byte("{}"))
	f.Add([]byte("null"), []byte("\xff\xff\xff\xff\xff\xff\xff\x7f{}"), []byte(`{"model":{"vocab":{"a":-1}}}`))
	f.Fuzz(func(t *testing.T, config, weights, tokenizer []byte) {
		c, err := hf.LoadFiles(map[string][]byte{"config.json": config, "model.safetensors": weights, "tokenizer.json": tokenizer})
		if err == nil && (c == nil || c.Config.Layers < 1) {
			t.Error("it loads without a layer")
		}
		if err != nil && sentence(err) == "" {
			t.Error("it is refused without a word")
		}
	})
}
