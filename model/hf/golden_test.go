package hf

import (
	"context"
	"io/fs"
	"math"
	"slices"
	"strings"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
	"attnlab/model"
	"attnlab/model/hf/safetensors"
	"attnlab/testdata"
)

func TestMain(m *testing.M) { gputest.Main(m) }

// goldenModels are the models of testdata/models.py; those of noKernel can be read and not yet run.
var (
	goldenModels = []string{"llama-linear-f16", "llama3-bf16-shards", "mistral-f64", "llama-q4_1.gguf", "llama3-q8_0.gguf"}
	noKernel     = []string{"qwen2-yarn-bf16", "qwen2-mixed", "qwen3-bf16", "smollm3-bf16", "qwen2-q4_0.gguf", "qwen3-q5_0.gguf"}
)

func TestGoldenModelsAreRead(t *testing.T) {
	for _, name := range slices.Concat(goldenModels, noKernel) {
		s, _, _ := openGolden(t, name)
		if weights, err := s.Weights(context.Background(), nil); err != nil || len(weights) != s.Config.ArenaSize() || len(s.Ignored) != 0 {
			t.Errorf("%s: %d weights, %v, ignored %q", name, len(weights), err, s.Ignored)
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

// Every kind of model gives the logits of transformers on every backend.
func TestGoldenLogits(t *testing.T) {
	for _, name := range goldenModels {
		t.Run(name, func(t *testing.T) {
			s, tokens, want := openGolden(t, name)
			weights, err := s.Weights(context.Background(), nil)
			if err != nil {
				t.Fatal(err)
			}
			gputest.Each(t, func(t *testing.T, d *gpu.Device) {
				c := s.Config
				c.MaxContext = 64
				m, err := model.New(d, c, weights)
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
