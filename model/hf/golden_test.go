package hf

import (
	"context"
	"io/fs"
	"math"
	"strings"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
	"attnlab/model"
	"attnlab/model/hf/safetensors"
	"attnlab/testdata"
)

func TestMain(m *testing.M) { gputest.Main(m) }

// goldenModels are the models of testdata/models.py, with the storage that holds their values.
var goldenModels = map[string]model.Storage{
	"llama-linear-f16": model.F16, "llama3-bf16-shards": model.BF16, "mistral-f64": model.F32, "qwen2-yarn-bf16": model.BF16, "qwen2-mixed": model.F32,
	"qwen3-bf16": model.BF16, "smollm3-bf16": model.BF16,
	"llama-q4_1.gguf": model.Q8, "llama3-q8_0.gguf": model.Q8, "qwen2-q4_0.gguf": model.F16, "qwen3-q5_0.gguf": model.F32,
}

func TestGoldenModelsAreRead(t *testing.T) {
	for name, stored := range goldenModels {
		s, _, _ := openGolden(t, name)
		if weights, err := s.Weights(context.Background(), nil); err != nil || len(weights) != s.Config.ArenaSize() || len(s.Ignored) != 0 {
			t.Errorf("%s: %d weights, %v, ignored %q", name, len(weights), err, s.Ignored)
		}
		if got := s.Stored(); got != stored {
			t.Errorf("%s: its values are held by %s, want %s", name, got, stored)
		}
	}
}

// openGolden opens one of them, and the tokens and logits [N,V] that transformers computed.
func openGolden(t *testing.T, name string) (s *Source, tokens []int, logits []float32) {
	t.Helper()
	var err error
	golden := name + "/golden.safetensors"
	if file, isGGUF := strings.CutSuffix(name, ".gguf"); isGGUF {
		golden = file + ".golden.safetensors"
		s, err = openGGUF(testFile(t, name))
	} else if sub, subErr := fs.Sub(testdata.FS, "models/"+name); subErr == nil {
		s, err = Open(sub)
	}
	if err != nil {
		t.Fatal(err)
	}
	results, err := safetensors.Read(testFile(t, golden))
	if err != nil {
		t.Fatal(err)
	}
	ids, _ := results.Array("tokens")
	for _, id := range ids.Data {
		tokens = append(tokens, int(id))
	}
	want, _ := results.Array("logits")
	if len(tokens) == 0 || len(want.Data) != len(tokens)*s.Config.VocabSize {
		t.Fatalf("%s has %d tokens and %d logits", golden, len(tokens), len(want.Data))
	}
	return s, tokens, want.Data
}

// Every kind of model gives the logits of transformers on every backend: in F32, and in the storage of its files.
func TestGoldenLogits(t *testing.T) {
	for name, stored := range goldenModels {
		storages := []model.Storage{model.F32}
		if stored == model.BF16 {
			storages = append(storages, stored)
		}
		for _, storage := range storages {
			t.Run(name+"/"+storage.String(), func(t *testing.T) {
				s, tokens, want := openGolden(t, name)
				gputest.Each(t, func(t *testing.T, d *gpu.Device) {
					m, err := model.Open(context.Background(), d, s.Config, s, model.Options{Storage: storage, Context: 64})
					if err != nil {
						t.Fatal(err)
					}
					defer m.Release()
					rows, err := m.Logits(tokens)
					if err != nil {
						t.Fatal(err)
					}
					worst := 0.0
					for i, row := range rows {
						for v, got := range row {
							worst = max(worst, math.Abs(float64(got)-float64(want[i*len(row)+v])))
						}
					}
					if !(worst < 1e-3) || len(rows) != len(tokens) {
						t.Errorf("logits of %d tokens differ from transformers by %.2g", len(rows), worst)
					}
					gputest.Count(d)
				})
			})
		}
	}
}
