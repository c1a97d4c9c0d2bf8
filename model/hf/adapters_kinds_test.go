package hf

import (
	"io/fs"
	"slices"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
	"attnlab/model"
	"attnlab/model/hf/safetensors"
	"attnlab/testdata"
)

// adaptedKinds are the models of testdata/models that testdata/lora.py adapts.
var adaptedKinds = []string{"qwen2-mixed", "qwen3-bf16", "smollm3-bf16", "llama3-bf16-shards"}

// Adapters over a model of each kind, opened in the storage that holds its values, give PEFT's logits, loss and gradients.
func TestAdaptersOverEveryKind(t *testing.T) {
	for _, name := range adaptedKinds {
		t.Run(name, func(t *testing.T) {
			folder, err := fs.Sub(testdata.FS, "lora/"+name)
			if err != nil {
				t.Fatal(err)
			}
			files := map[string][]byte{}
			for _, file := range append([]string{"golden.safetensors"}, AdapterFiles...) {
				if files[file], err = fs.ReadFile(folder, file); err != nil {
					t.Fatal(err)
				}
			}
			golden, err := safetensors.Read(files["golden.safetensors"])
			if err != nil {
				t.Fatal(err)
			}
			gputest.Each(t, func(t *testing.T, d *gpu.Device) {
				s, _, _ := openGolden(t, name)
				adapters, err := LoadAdapters(s.Config, files)
				if err != nil {
					t.Fatal(err)
				}
				m, err := model.Open(t.Context(), d, s.Config, s, model.Options{Storage: s.Stored()})
				if err != nil {
					t.Fatal(err)
				}
				defer m.Release()
				adaptedAsPEFT(t, m, adapters, golden, 1e-4)
				gputest.Count(d)
			})
		})
	}
}

// adaptedAsPEFT compares logits, loss and gradients of adapters over a model with those that PEFT computed for one sequence. It returns the
// largest difference of each, relative to the largest of a tensor, and fails the test where that is above rel; and the bytes on the device.
func adaptedAsPEFT(t *testing.T, m *model.Model, adapters *Adapters, golden safetensors.File, rel float64) (logits, loss, gradient float64, bytes int64) {
	t.Helper()
	var tokens []int
	for _, v := range array(t, golden, "tokens") {
		tokens = append(tokens, int(v))
	}
	part := model.MicroBatch{Batch: model.Pack(tokens), Weight: make([]float32, len(tokens))}
	for n, v := range array(t, golden, "targets") {
		part.Targets, part.Weight[n] = append(part.Targets, uint32(v)), 1/float32(len(tokens))
	}
	tr, err := model.NewLoRATrainer(m, len(tokens), model.DefaultAdam, adapters.LoRA, adapters.Words)
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Release()
	rows, err := m.Logits(tokens)
	if err != nil {
		t.Fatal(err)
	}
	logits = nearly(t, "logits", slices.Concat(rows...), array(t, golden, "logits"), rel)
	if err := tr.Step(0, part); err != nil {
		t.Fatal(err)
	}
	metrics, err := tr.Metrics()
	if err != nil {
		t.Fatal(err)
	}
	loss = nearly(t, "loss", []float32{float32(metrics[0].Loss)}, array(t, golden, "loss"), rel)
	gradients, err := tr.Gradients()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range adapterArrays(m.Config, adapters.LoRA, "grad.", gradients) {
		gradient = max(gradient, nearly(t, a.Name, a.Data, array(t, golden, a.Name), rel))
	}
	return logits, loss, gradient, m.Device.Counters.Bytes
}
