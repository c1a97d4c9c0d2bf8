package hf

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"attnlab/model"
	"attnlab/model/hf/safetensors"
	"attnlab/model/hf/tokenizer"
	"attnlab/testdata"
)

// checkpoint is a small model with a tokenizer and a training state.
func checkpoint(t testing.TB) *Checkpoint {
	t.Helper()
	tok, err := tokenizer.NewWords([]string{"<pad>", "<bos>", "<eos>", "\n", ";", "<think>", "</think>", "wait", "a", "&a", "0", "+", "<"})
	if err != nil {
		t.Fatal(err)
	}
	c, err := model.Preset("tiny", tok.Len())
	if err != nil {
		t.Fatal(err)
	}
	c.HiddenSize, c.Heads, c.HeadDim, c.KVHeads, c.IntermediateSize = 16, 2, 8, 1, 4
	return &Checkpoint{Config: c, Tokenizer: tok, Weights: c.Init(1), Train: &model.TrainState{
		Step: 3, Tokens: 1 << 40, Seed: 1<<64 - 1, Problems: 24, Schedule: 3, ScheduleOf: 100,
		Method: json.RawMessage(`{"heads":[[1,3]]}`), M: c.Init(2), V: c.Init(3),
	}}
}

func equal(t *testing.T, got, want *Checkpoint) {
	t.Helper()
	if want.Train != nil && got.Train != nil { // indented on its way
		var a, b any
		if json.Unmarshal(got.Train.Method, &a) != nil || json.Unmarshal(want.Train.Method, &b) != nil || !reflect.DeepEqual(a, b) {
			t.Errorf("method state %s, want %s", got.Train.Method, want.Train.Method)
		}
		g, w := *got.Train, *want.Train
		g.Method, w.Method = nil, nil
		got, want = &Checkpoint{got.Config, got.Tokenizer, got.Weights, &g}, &Checkpoint{want.Config, want.Tokenizer, want.Weights, &w}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got config %+v, want %+v; the rest is not shown", got.Config, want.Config)
	}
}

func TestFilesNeedNoFileSystem(t *testing.T) {
	want := checkpoint(t)
	files, err := want.Files()
	if err != nil {
		t.Fatal(err)
	}
	got, err := LoadFiles(files)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, got, want)
	if s := string(files["tokenizer.json"]); !strings.Contains(s, `"<think>"`) {
		t.Errorf("the tokenizer is not for people to read:\n%s", s)
	}
}

func TestLoadGolden(t *testing.T) {
	for _, name := range []string{"llama-gqa", "llama-tied"} {
		sub, err := fs.Sub(testdata.FS, "golden/"+name)
		if err != nil {
			t.Fatal(err)
		}
		c, err := LoadFS(sub)
		if err != nil {
			t.Fatal(err)
		}
		data, err := fs.ReadFile(sub, "model.safetensors")
		if err != nil {
			t.Fatal(err)
		}
		file, err := safetensors.Read(data)
		if err != nil {
			t.Fatal(err)
		}
		d, h, kv, hd := c.Config.HiddenSize, c.Config.Heads, c.Config.KVHeads, c.Config.HeadDim
		f := c.Config.IntermediateSize
		// One row of a fused matrix, and the row of the file's tensor it must be.
		for _, row := range []struct {
			param  string
			row    int
			tensor string
			at     int
		}{
			{"layers.1.qkv", 0, "self_attn.q_proj", 0},
			{"layers.1.qkv", h*hd - 1, "self_attn.q_proj", h*hd - 1},
			{"layers.1.qkv", h * hd, "self_attn.k_proj", 0},
			{"layers.1.qkv", (h + kv) * hd, "self_attn.v_proj", 0},
			{"layers.1.qkv", (h+2*kv)*hd - 1, "self_attn.v_proj", kv*hd - 1},
			{"layers.1.gate_up", 1, "mlp.gate_proj", 1},
			{"layers.1.gate_up", f + 1, "mlp.up_proj", 1},
			{"layers.1.norm1", 0, "input_layernorm", 0},
			{"layers.1.norm2", 0, "post_attention_layernorm", 0},
		} {
			p := c.Config.Param(row.param)
			got := c.Weights[p.Offset+row.row*d:][:d]
			a, ok := file.Array("model.layers.1." + row.tensor + ".weight")
			if !ok || !slices.Equal(got, a.Data[row.at*d:][:d]) {
				t.Errorf("%s: row %d of %s is not row %d of %s", name, row.row, row.param, row.at, row.tensor)
			}
		}
		if c.Tokenizer != nil || c.Train != nil {
			t.Errorf("%s: a tokenizer or a training state came from nowhere", name)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	other := checkpoint(t)
	other.Config.IntermediateSize = 8
	other.Weights, other.Train = other.Config.Init(1), nil
	otherFiles, err := other.Files()
	if err != nil {
		t.Fatal(err)
	}
	untied := checkpoint(t)
	untied.Config.TieEmbeddings, untied.Train = false, nil
	untied.Weights = untied.Config.Init(1)
	untiedFiles, err := untied.Files()
	if err != nil {
		t.Fatal(err)
	}

	padded := checkpoint(t)
	padded.Config.VocabSize += 3
	padded.Weights, padded.Train = padded.Config.Init(1), nil
	paddedFiles, err := padded.Files()
	if err != nil {
		t.Fatal(err)
	}
	if c, err := LoadFiles(paddedFiles); err != nil || c.Tokenizer.Len() != 13 || c.Tokenizer.Token(15) != "" {
		t.Errorf("a vocabulary with three rows to spare: %v", err)
	}
	extra := arrays(untied.Config, "", untied.Weights)
	extraFile, err := pack(nil, append(extra, safetensors.Array{Name: "model.layers.0.self_attn.q_proj.bias", Shape: []int{16}, Data: make([]float32, 16)}))
	if err != nil {
		t.Fatal(err)
	}

	for name, test := range map[string]struct {
		edit func(files map[string][]byte)
		want string
	}{
		"no config":      {func(f map[string][]byte) { delete(f, "config.json") }, "config.json is missing"},
		"no weights":     {func(f map[string][]byte) { delete(f, "model.safetensors") }, "model.safetensors is missing"},
		"broken config":  {func(f map[string][]byte) { f["config.json"] = []byte("{") }, "config.json: unexpected end"},
		"null config":    {func(f map[string][]byte) { f["config.json"] = []byte("null") }, "config.json"},
		"null tokenizer": {func(f map[string][]byte) { f["tokenizer.json"] = []byte("null") }, "token"},
		"cut weights": {func(f map[string][]byte) {
			f["model.safetensors"] = f["model.safetensors"][:len(f["model.safetensors"])-4]
		}, "model.safetensors: safetensors: this is not a valid safetensors file"},
		"other shape": {func(f map[string][]byte) { f["config.json"] = otherFiles["config.json"] },
			"tensor model.layers.0.mlp.gate_proj.weight has shape [4 16], the config wants [8 16]"},
		"missing tensor": {func(f map[string][]byte) { f["config.json"] = untiedFiles["config.json"] },
			"tensor lm_head.weight is missing, the config wants it in shape [13 16]"},
		"tensor too many": {func(f map[string][]byte) { f["model.safetensors"] = extraFile },
			"tensor model.layers.0.self_attn.q_proj.bias is not part"},
		"not JSON": {func(f map[string][]byte) { f["config.json"] = append([]byte("\xef\xbb\xbf"), f["config.json"]...) },
			"config.json: hf: the file starts with a byte-order mark"},
		"pickle": {func(f map[string][]byte) {
			delete(f, "model.safetensors")
			f["pytorch_model.bin"] = nil
		}, "pytorch_model.bin is not read"},
		"adapter": {func(f map[string][]byte) {
			delete(f, "config.json")
			f["adapter_config.json"] = nil
		}, "an adapter and no model"},
		"huge config": {func(f map[string][]byte) {
			f["config.json"] = []byte(`{"model_type": "llama", "vocab_size": 65536, "hidden_size": 65536, "intermediate_size": 65536,
				"num_attention_heads": 1024, "num_hidden_layers": 256, "max_position_embeddings": 256}`)
			delete(f, "tokenizer.json")
		}, "the config wants [65536 65536]"},
		"other vocabulary": {func(f map[string][]byte) {
			f["tokenizer.json"] = bytes.Replace(f["tokenizer.json"], []byte(`"added_tokens": [`), []byte(`"added_tokens": [{"id": 13, "content": "<one>"},`), 1)
		}, "the tokenizer has 14 tokens, but vocab_size is only 13"},
	} {
		files, err := checkpoint(t).Files()
		if err != nil {
			t.Fatal(err)
		}
		test.edit(files)
		c, err := LoadFiles(files)
		if err == nil || !strings.Contains(err.Error(), test.want) || c != nil {
			t.Errorf("%s: error %v, want one about %q and no checkpoint", name, err, test.want)
		}
	}

	if _, err := LoadFS(fstest.MapFS{"config.json": {Mode: fs.ModeDir}}); err == nil {
		t.Error("a folder called config.json was read")
	}
}

func TestAnArenaOfTheWrongLengthPanics(t *testing.T) {
	defer func() {
		if r := fmt.Sprint(recover()); !strings.HasPrefix(r, "hf: an arena of 5 values for a model of ") {
			t.Errorf("a short arena: panic %v", r)
		}
	}()
	c := checkpoint(t)
	c.Weights = c.Weights[:5]
	c.Files()
}
