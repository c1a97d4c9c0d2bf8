package model

import (
	"encoding/json"
	"io/fs"
	"math"
	"slices"
	"strings"
	"testing"

	"attnlab/model/hf/safetensors"
	"attnlab/testdata"
)

// golden returns a golden folder's config and its two tensor files.
func golden(t testing.TB, name string) (c Config, weights, results safetensors.File) {
	t.Helper()
	read := func(file string) []byte {
		data, err := testdata.FS.ReadFile("golden/" + name + "/" + file)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	if err := json.Unmarshal(read("config.json"), &c); err != nil {
		t.Fatal(err)
	}
	var err error
	if weights, err = safetensors.Read(read("model.safetensors")); err != nil {
		t.Fatal(err)
	}
	if results, err = safetensors.Read(read("golden.safetensors")); err != nil {
		t.Fatal(err)
	}
	return c, weights, results
}

var goldenNames = []string{"llama-gqa", "llama-tied"}

func testConfigs(t testing.TB) map[string]Config {
	configs := map[string]Config{}
	for _, name := range goldenNames {
		configs[name], _, _ = golden(t, name)
	}
	for _, name := range []string{"tiny", "small", "base"} {
		configs[name] = preset(t, name, 58)
	}
	return configs
}

func TestTableCoversTheArenaOnce(t *testing.T) {
	for name, c := range testConfigs(t) {
		end, count := 0, 0
		names := map[string]bool{}
		for _, p := range c.Params() {
			if p.Offset%Align != 0 || p.Offset < end || p.Offset >= end+Align {
				t.Errorf("%s: %s starts at %d, the parameter before it ends at %d", name, p.Name, p.Offset, end)
			}
			if p.Decay != (p.Offset < c.DecayEnd()) {
				t.Errorf("%s: %s at %d is on the wrong side of DecayEnd %d", name, p.Name, p.Offset, c.DecayEnd())
			}
			if isNorm := strings.Contains(p.Name, "norm"); p.Decay == isNorm {
				t.Errorf("%s: %s decays: %v", name, p.Name, p.Decay)
			}
			if names[p.Name] || c.Param(p.Name).Offset != p.Offset {
				t.Errorf("%s: %s does not name one parameter", name, p.Name)
			}
			names[p.Name] = true

			row := 0
			for _, tensor := range p.Tensors() {
				if tensor.Row0 != row || tensor.Offset != p.Offset+row*p.Cols || tensor.Cols != p.Cols {
					t.Errorf("%s: %s is at row %d offset %d of %s", name, tensor.Name, tensor.Row0, tensor.Offset, p.Name)
				}
				row += tensor.Rows
			}
			if row != p.Rows {
				t.Errorf("%s: the tensors of %s have %d rows, it has %d", name, p.Name, row, p.Rows)
			}
			end, count = p.Offset+p.Size(), count+p.Size()
		}
		if c.Count() != count || c.ArenaSize() < end || c.ArenaSize() >= end+Align || c.ArenaSize()%Align != 0 {
			t.Errorf("%s: Count %d, ArenaSize %d; counted %d, last ends at %d", name, c.Count(), c.ArenaSize(), count, end)
		}
	}
}

func TestTensorsAreThoseOfTheGoldenFiles(t *testing.T) {
	for _, name := range goldenNames {
		c, weights, results := golden(t, name)
		total := 0
		for _, p := range c.Params() {
			for _, tensor := range p.Tensors() {
				for prefix, file := range map[string]safetensors.File{"": weights, "grad.": results} {
					a, ok := file.Array(prefix + tensor.Name)
					if !ok || !slices.Equal(a.Shape, tensor.Shape) {
						t.Errorf("%s: %s has shape %v, want %v", name, prefix+tensor.Name, a.Shape, tensor.Shape)
					}
				}
				total++
			}
		}
		if total != len(weights.Arrays) {
			t.Errorf("%s: the table has %d tensors, the file %d", name, total, len(weights.Arrays))
		}
	}
}

func TestInit(t *testing.T) {
	c := preset(t, "base", 58)
	a, b, other := c.Init(7), c.Init(7), c.Init(8)
	if !slices.Equal(a, b) {
		t.Error("one seed gave two models")
	}
	if slices.Equal(a, other) {
		t.Error("two seeds gave one model")
	}
	padding := slices.Clone(a)
	for _, p := range c.Params() {
		values := a[p.Offset : p.Offset+p.Size()]
		clear(padding[p.Offset : p.Offset+p.Size()])
		if !p.Decay {
			if slices.Min(values) != 1 || slices.Max(values) != 1 {
				t.Errorf("%s does not start as ones", p.Name)
			}
			continue
		}
		want := 1 / math.Sqrt(3*float64(c.HiddenSize))
		if strings.HasSuffix(p.Name, ".o") || strings.HasSuffix(p.Name, ".down") {
			want /= math.Sqrt(8) // two writes a layer, four layers
		}
		mean, square := 0.0, 0.0
		for _, v := range values {
			mean += float64(v)
			square += float64(v) * float64(v)
		}
		n := float64(len(values))
		mean, std := mean/n, math.Sqrt(square/n)
		// Five standard errors of a normal sample of n.
		if math.Abs(mean) > 5*want/math.Sqrt(n) || math.Abs(std-want) > 5*want/math.Sqrt(2*n) {
			t.Errorf("%s has mean %.5f and deviation %.5f, want 0 and %.5f", p.Name, mean, std, want)
		}
	}
	if i := slices.IndexFunc(padding, func(v float32) bool { return v != 0 }); i >= 0 {
		t.Errorf("padding at %d is %g", i, padding[i])
	}
}

// The golden tensors must agree among themselves before other tests compare with them.
func TestGoldenTensorsAgree(t *testing.T) {
	for _, name := range goldenNames {
		c, weights, g := golden(t, name)
		if g.Metadata["format"] != "attnlab-golden" || g.Metadata["version"] != "1" {
			t.Fatalf("%s: metadata %v", name, g.Metadata)
		}
		data := func(key string) []float32 {
			a, ok := g.Array(key)
			if !ok {
				t.Fatalf("%s: no %s", name, key)
			}
			return a.Data
		}
		near := func(what string, got, want, tolerance float64) {
			if !(math.Abs(got-want) <= tolerance) {
				t.Errorf("%s: %s is %.8f, want %.8f", name, what, got, want)
			}
		}
		v, targets, logits := c.VocabSize, data("targets"), data("logits")
		mean := 0.0
		for n, target := range targets {
			row, sum := logits[n*v:(n+1)*v], 0.0
			for _, x := range row {
				sum += math.Exp(float64(x))
			}
			logprob := float64(row[int(target)]) - math.Log(sum)
			near("a log-probability", float64(data("logprobs")[n]), logprob, 2e-6)
			mean -= logprob / float64(len(targets))
		}
		near("loss", float64(data("loss")[0]), mean, 1e-6)
		near("losses[0]", float64(data("losses")[0]), mean, 1e-6)

		square := 0.0
		for _, a := range weights.Arrays {
			for _, x := range data("grad." + a.Name) {
				square += float64(x) * float64(x)
			}
		}
		near("gradient norm", float64(data("grad_norms")[0]), math.Sqrt(square), 1e-5)

		lengths := data("lengths")
		if lengths[0]+lengths[1] != float32(len(targets)) || data("positions")[int(lengths[0])] != 0 {
			t.Errorf("%s: the lengths %v do not match the positions", name, lengths)
		}
		for _, a := range g.Arrays {
			if !strings.HasPrefix(a.Name, "attention.") {
				continue
			}
			size := a.Shape[2]
			for row := 0; row*size < len(a.Data); row++ {
				sum := 0.0
				for column, p := range a.Data[row*size : (row+1)*size] {
					sum += float64(p)
					if column > row%size && p != 0 {
						t.Fatalf("%s: %s looks ahead in row %d", name, a.Name, row)
					}
				}
				near(a.Name+" row sum", sum, 1, 1e-5)
			}
		}
	}
	entries, err := fs.ReadDir(testdata.FS, "golden")
	if err != nil || len(entries) != len(goldenNames) {
		t.Errorf("golden holds %v (%v), the tests know %v", entries, err, goldenNames)
	}
}
