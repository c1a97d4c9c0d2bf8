package hf

import (
	"encoding/json"
	"io/fs"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
	"attnlab/model"
	"attnlab/model/hf/safetensors"
	"attnlab/testdata"
)

// peft are adapters that PEFT saved, and what it computed with them (testdata/lora.py).
type peft struct {
	base     *Checkpoint
	files    map[string][]byte
	adapters *Adapters
	results  safetensors.File
	batch    safetensors.File
}

func loadPEFT(t *testing.T, name string) (p peft) {
	t.Helper()
	read := func(path string) []byte {
		data, err := fs.ReadFile(testdata.FS, path)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	var err error
	open := func(data []byte) safetensors.File {
		file, err := safetensors.Read(data)
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	p.files = map[string][]byte{adapterConfFile: read("lora/" + name + "/adapter_config.json"), adapterFile: read("lora/" + name + "/adapter_model.safetensors")}
	p.results, p.batch = open(read("lora/"+name+"/golden.safetensors")), open(read("golden/llama-gqa/golden.safetensors"))
	if p.base, err = LoadFiles(map[string][]byte{configFile: read("golden/llama-gqa/config.json"), weightsFile: read("golden/llama-gqa/model.safetensors")}); err != nil {
		t.Fatal(err)
	}
	if p.adapters, err = LoadAdapters(p.base.Config, p.files); err != nil {
		t.Fatal(err)
	}
	return p
}

func array(t *testing.T, file safetensors.File, name string) []float32 {
	t.Helper()
	a, ok := file.Array(name)
	if !ok {
		t.Fatalf("there is no %s", name)
	}
	return a.Data
}

// nearly fails the test where got differs from want by more than rel of want's largest word. It returns the largest difference, as a share of
// that word.
func nearly(t *testing.T, what string, got, want []float32, rel float64) (worst float64) {
	t.Helper()
	if len(got) != len(want) || len(got) == 0 {
		t.Fatalf("%s has %d words, want %d", what, len(got), len(want))
	}
	scale := 0.0
	for _, w := range want {
		scale = max(scale, math.Abs(float64(w)))
	}
	for i := range got {
		if !(math.Abs(float64(got[i])-float64(want[i])) <= rel*scale) {
			t.Fatalf("%s[%d] = %g, PEFT has %g (largest %g)", what, i, got[i], want[i], scale)
		}
		worst = max(worst, math.Abs(float64(got[i])-float64(want[i]))/scale)
	}
	return worst
}

// batchOf is the batch of the golden file.
func (p peft) batchOf(t *testing.T) (sequences [][]int, part model.MicroBatch) {
	tokens, at := array(t, p.batch, "tokens"), 0
	for _, n := range array(t, p.batch, "lengths") {
		var s []int
		for _, v := range tokens[at : at+int(n)] {
			s = append(s, int(v))
		}
		sequences, at = append(sequences, s), at+int(n)
	}
	part = model.MicroBatch{Batch: model.Pack(sequences...), Weight: make([]float32, at)}
	for n, v := range array(t, p.batch, "targets") {
		part.Targets = append(part.Targets, uint32(v))
		part.Weight[n] = 1 / float32(at)
	}
	return sequences, part
}

// merged returns the weights of a model with its adapters added in float64: W + Alpha/Rank·B·A.
func (a *Adapters) merged(c model.Config, weights []float32) []float32 {
	merged := slices.Clone(weights)
	scale := a.Alpha / float64(a.Rank)
	for _, adapter := range c.Adapters(a.LoRA) {
		tensors := adapter.Tensors()
		for i, w := range adapter.Param.Tensors() {
			A, B := tensors[2*i], tensors[2*i+1]
			for row := range w.Rows {
				out, sum := merged[w.Offset+row*w.Cols:][:w.Cols], make([]float64, w.Cols)
				for k, b := range a.Words[B.Offset+row*B.Stride:][:B.Cols] {
					for col, v := range a.Words[A.Offset+k*A.Stride:][:w.Cols] {
						sum[col] += float64(b) * float64(v)
					}
				}
				for col, v := range sum {
					out[col] = float32(float64(out[col]) + scale*v)
				}
			}
		}
	}
	return merged
}

// Adapters that PEFT saved give PEFT's logits, loss and gradients, and after ten steps PEFT's adapters; merged into the weights they give
// the same logits.
func TestAdaptersAreThoseOfPEFT(t *testing.T) {
	for _, name := range []string{"attention", "all"} {
		t.Run(name, func(t *testing.T) {
			p := loadPEFT(t, name)
			c := p.base.Config
			sequences, part := p.batchOf(t)
			gputest.Each(t, func(t *testing.T, d *gpu.Device) {
				m, err := model.New(d, c, p.base.Weights)
				if err != nil {
					t.Fatal(err)
				}
				defer m.Release()
				tr, err := model.NewLoRATrainer(m, 64, model.Adam{Beta1: 0.9, Beta2: 0.98, Eps: 1e-8, WeightDecay: 0.01, MaxNorm: 1}, p.adapters.LoRA, p.adapters.Words)
				if err != nil {
					t.Fatal(err)
				}
				defer tr.Release()
				merged, err := model.New(d, c, p.adapters.merged(c, p.base.Weights))
				if err != nil {
					t.Fatal(err)
				}
				defer merged.Release()
				for _, of := range []*model.Model{m, merged} {
					var logits []float32
					for _, s := range sequences {
						rows, err := of.Logits(s)
						if err != nil {
							t.Fatal(err)
						}
						logits = append(logits, slices.Concat(rows...)...)
					}
					nearly(t, "logits", logits, array(t, p.results, "logits"), 1e-5)
				}
				if err := tr.Step(0, part); err != nil {
					t.Fatal(err)
				}
				metrics, err := tr.Metrics()
				if err != nil {
					t.Fatal(err)
				}
				nearly(t, "loss", []float32{float32(metrics[0].Loss)}, array(t, p.results, "loss"), 1e-4)
				gradients, err := tr.Gradients()
				if err != nil {
					t.Fatal(err)
				}
				for _, a := range adapterArrays(c, p.adapters.LoRA, "grad.", gradients) {
					nearly(t, a.Name, a.Data, array(t, p.results, a.Name), 1e-4)
				}
				// Ten steps from the beginning: the step at rate 0 has left moments.
				if err := tr.Restore(&model.TrainState{M: make([]float32, len(gradients)), V: make([]float32, len(gradients))}); err != nil {
					t.Fatal(err)
				}
				for range 10 {
					if err := tr.Step(1e-2, part); err != nil {
						t.Fatal(err)
					}
				}
				if metrics, err = tr.Metrics(); err != nil {
					t.Fatal(err)
				}
				var losses, norms []float32
				for _, m := range metrics {
					losses, norms = append(losses, float32(m.Loss)), append(norms, float32(m.GradNorm))
				}
				nearly(t, "losses", losses, array(t, p.results, "losses"), 1e-3)
				nearly(t, "gradient norms", norms, array(t, p.results, "grad_norms"), 1e-3)
				state, err := tr.State()
				if err != nil {
					t.Fatal(err)
				}
				for _, a := range adapterArrays(c, p.adapters.LoRA, "trained.", state.Adapters) {
					nearly(t, a.Name, a.Data, array(t, p.results, a.Name), 1e-2)
				}
				gputest.Count(d)
			})
		})
	}
}

// What PEFT saved is written as it was, and read again.
func TestAdapterFiles(t *testing.T) {
	for _, name := range []string{"attention", "all"} {
		p := loadPEFT(t, name)
		if p.adapters.All != (name == "all") || p.adapters.Rank != map[string]int{"attention": 4, "all": 8}[name] {
			t.Errorf("%s: %+v", name, p.adapters.LoRA)
		}
		files, err := p.adapters.Files(p.base.Config)
		if err != nil {
			t.Fatal(err)
		}
		got, err := safetensors.Read(files[adapterFile])
		if err != nil {
			t.Fatal(err)
		}
		want, err := safetensors.Read(p.files[adapterFile])
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Arrays) != len(want.Arrays) {
			t.Errorf("%s: %d tensors were written, PEFT writes %d", name, len(got.Arrays), len(want.Arrays))
		}
		for _, a := range want.Arrays {
			if other, _ := got.Array(a.Name); !slices.Equal(other.Data, a.Data) || !slices.Equal(other.Shape, a.Shape) {
				t.Errorf("%s: %s was not written as PEFT did", name, a.Name)
			}
		}
		again, err := LoadAdapters(p.base.Config, files)
		if err != nil || !slices.Equal(again.Words, p.adapters.Words) || again.LoRA != p.adapters.LoRA {
			t.Errorf("%s: read again as %+v, %v", name, again, err)
		}
	}
}

// A config of a file that claims an enormous model costs no memory.
func TestAdaptersAreFoundFirst(t *testing.T) {
	c := loadPEFT(t, "attention").base.Config
	c.HiddenSize, c.Heads, c.KVHeads, c.HeadDim, c.Layers = 1<<16, 256, 256, 256, 256
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := adapterArena(c, model.LoRA{Rank: 32, Alpha: 1, All: true}, "", safetensors.File{})
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; err == nil || !strings.Contains(err.Error(), "is missing") || took > 1<<30 {
		t.Errorf("error %v after %d MB", err, took>>20)
	}
}

func TestAdaptersAreRefused(t *testing.T) {
	p := loadPEFT(t, "attention")
	for _, c := range []struct {
		key   string
		value any
		want  string
	}{
		{"peft_type", "IA3", `type "IA3"`}, {"use_dora", true, "DoRA"}, {"use_rslora", true, "rank-stabilised"}, {"bias", "all", "trained biases"},
		{"rank_pattern", map[string]int{"q_proj": 2}, "ranks that differ"}, {"modules_to_save", []string{"lm_head"}, "other trained parameters"},
		{"layers_to_transform", []int{1}, "a choice of layers"}, {"target_modules", []string{"q_proj", "v_proj"}, "target_modules are [q_proj v_proj]"},
		{"r", 3, "rank 3"}, {"lora_alpha", 0, "alpha of 0"}, {"r", 8, "has the shape [4 48], a model of this config needs [8 48]"},
		{"target_modules", "all-linear", "cannot unmarshal string"}, {"fan_in_fan_out", true, "transposed"}, {"lora_bias", true, "trained biases"},
		{"target_modules", layerModules, "is missing"},
	} {
		var conf map[string]any
		if err := json.Unmarshal(p.files[adapterConfFile], &conf); err != nil {
			t.Fatal(err)
		}
		conf[c.key] = c.value
		data, err := json.Marshal(conf)
		if err != nil {
			t.Fatal(err)
		}
		_, err = LoadAdapters(p.base.Config, map[string][]byte{adapterConfFile: data, adapterFile: p.files[adapterFile]})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %v: %v, want %q", c.key, c.value, err, c.want)
		}
	}
	if _, err := LoadAdapters(p.base.Config, map[string][]byte{adapterConfFile: p.files[adapterConfFile]}); err == nil || !strings.Contains(err.Error(), "is missing") {
		t.Errorf("without weights: %v", err)
	}
}
