package model

import (
	"math"
	"strings"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
	"attnlab/model/hf/safetensors"
)

func TestMain(m *testing.M) { gputest.Main(m) }

// reference is what PyTorch computed (testdata/golden.py) on two packed sequences.
type reference struct {
	Config
	results   safetensors.File
	weights   []float32 // an arena
	sequences [][]int
	targets   []uint32
}

func loadReference(t *testing.T, name string) reference {
	t.Helper()
	c, weights, results := golden(t, name)
	g := reference{Config: c, results: results, weights: make([]float32, c.ArenaSize())}
	for _, p := range c.Params() {
		for _, tensor := range p.Tensors() {
			a, ok := weights.Array(tensor.Name)
			if !ok {
				t.Fatalf("%s has no %s", name, tensor.Name)
			}
			copy(g.weights[tensor.Offset:], a.Data)
		}
	}
	at := 0
	for _, n := range g.array(t, "lengths") {
		s := []int{}
		for _, v := range g.array(t, "tokens")[at : at+int(n)] {
			s = append(s, int(v))
		}
		g.sequences = append(g.sequences, s)
		at += int(n)
	}
	for _, v := range g.array(t, "targets") {
		g.targets = append(g.targets, uint32(v))
	}
	return g
}

func (g reference) array(t *testing.T, name string) []float32 {
	t.Helper()
	a, ok := g.results.Array(name)
	if !ok {
		t.Fatalf("golden file has no %s", name)
	}
	return a.Data
}

// part is the batch with the loss of golden.py: the mean over all tokens.
func (g reference) part() MicroBatch {
	b := Pack(g.sequences...)
	p := MicroBatch{Batch: b, Targets: g.targets, Weight: make([]float32, b.N())}
	for i := range p.Weight {
		p.Weight[i] = 1 / float32(b.N())
	}
	return p
}

// near fails the test where got differs from want by more than rel of want's largest
// word: smaller differences in small words are rounding.
func near(t *testing.T, name string, got, want []float32, rel float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s has %d words, want %d", name, len(got), len(want))
	}
	scale := 0.0
	for _, w := range want {
		scale = max(scale, math.Abs(float64(w)))
	}
	for i := range got {
		if diff := math.Abs(float64(got[i]) - float64(want[i])); !(diff <= rel*scale) {
			t.Errorf("%s[%d] = %g, PyTorch %g (%.3g of the largest word, allowed %.0e)", name, i, got[i], want[i], diff/scale, rel)
			return
		}
	}
}

// eachGolden runs f for every golden model on every backend.
func eachGolden(t *testing.T, f func(t *testing.T, g reference, m *Model)) {
	for _, name := range goldenNames {
		t.Run(name, func(t *testing.T) {
			g := loadReference(t, name)
			gputest.Each(t, func(t *testing.T, d *gpu.Device) {
				m, err := New(d, g.Config, g.weights)
				if err != nil {
					t.Fatal(err)
				}
				defer m.Release()
				f(t, g, m)
				gputest.Count(d)
			})
		})
	}
}

func TestGoldenLogits(t *testing.T) {
	eachGolden(t, func(t *testing.T, g reference, m *Model) {
		want, at := g.array(t, "logits"), 0
		for _, s := range g.sequences {
			logits, err := m.Logits(s)
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range logits {
				near(t, "logits", row, want[at:at+m.VocabSize], 1e-4)
				at += m.VocabSize
			}
		}
	})
}

func TestGoldenAttention(t *testing.T) {
	eachGolden(t, func(t *testing.T, g reference, m *Model) {
		for i, s := range g.sequences {
			for l := range m.Layers {
				want := g.array(t, "attention."+string(rune('0'+l))+"."+string(rune('0'+i)))
				for h := range m.Heads {
					rows, err := m.Attention(s, l, h)
					if err != nil {
						t.Fatal(err)
					}
					for j, row := range rows {
						near(t, "attention", row, want[(h*len(s)+j)*len(s):][:len(s)], 1e-4)
					}
				}
			}
		}
	})
}

func TestGoldenGradients(t *testing.T) {
	eachGolden(t, func(t *testing.T, g reference, m *Model) {
		tr, err := NewTrainer(m, 64, Adam{Beta1: 0.9, Beta2: 0.98, Eps: 1e-8})
		if err != nil {
			t.Fatal(err)
		}
		defer tr.Release()
		if err := tr.Step(0, g.part()); err != nil {
			t.Fatal(err)
		}
		metrics, err := tr.Metrics()
		if err != nil {
			t.Fatal(err)
		}
		near(t, "loss", []float32{float32(metrics[0].Loss)}, g.array(t, "loss"), 1e-4)
		grads, err := tr.Gradients()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range m.Params() {
			for _, tensor := range p.Tensors() {
				near(t, "gradient of "+tensor.Name, grads[tensor.Offset:][:tensor.Size()], g.array(t, "grad."+tensor.Name), 1e-4)
			}
		}
	})
}

func TestGoldenTraining(t *testing.T) {
	eachGolden(t, func(t *testing.T, g reference, m *Model) {
		tr, err := NewTrainer(m, 64, Adam{Beta1: 0.9, Beta2: 0.98, Eps: 1e-8, WeightDecay: 0.01, MaxNorm: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer tr.Release()
		for range 10 {
			if err := tr.Step(1e-3, g.part()); err != nil {
				t.Fatal(err)
			}
		}
		metrics, err := tr.Metrics()
		if err != nil {
			t.Fatal(err)
		}
		losses, norms := g.array(t, "losses"), g.array(t, "grad_norms")
		for i, m := range metrics {
			near(t, "loss of a step", []float32{float32(m.Loss)}, losses[i:i+1], 1e-3)
			near(t, "gradient norm of a step", []float32{float32(m.GradNorm)}, norms[i:i+1], 1e-3)
		}
	})
}

func TestGoldenIsWhole(t *testing.T) {
	for _, name := range goldenNames {
		n := 0
		for _, a := range loadReference(t, name).results.Arrays {
			if strings.HasPrefix(a.Name, "grad.") {
				n++
			}
		}
		if n < 20 {
			t.Errorf("%s has the gradients of %d tensors", name, n)
		}
	}
}
