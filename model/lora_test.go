package model

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

// livelyAdapters have a B that is not zero inside its blocks.
func livelyAdapters(c Config, l LoRA) []float32 {
	arena := c.InitAdapters(l, 5)
	r := gputest.Rand(81)
	for _, a := range c.Adapters(l) {
		for _, t := range a.Tensors() {
			for row := range t.Rows {
				for k := range t.Cols {
					if t.B {
						arena[t.Offset+row*t.Stride+k] = 0.3 * float32(r.NormFloat64())
					}
				}
			}
		}
	}
	return arena
}

func newLoRATrainer(t *testing.T, m *Model, capacity int, l LoRA, arena []float32) *Trainer {
	t.Helper()
	tr, err := NewLoRATrainer(m, capacity, testAdam, l, arena)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tr.Release)
	return tr
}

// The gradients of adapters are the products of the merged weights' gradients with the other matrix, for cross-entropy and for the policy
// loss, in one part and in several, whatever is adapted; nothing but the layers' inputs is stored.
func TestAdapterGradients(t *testing.T) {
	for _, l := range []LoRA{{Rank: 4, Alpha: 8}, {Rank: 8, Alpha: 4, All: true}} {
		eachModel(t, randomConfig(), func(t *testing.T, m *Model) {
			r := gputest.Rand(82)
			arena := livelyAdapters(m.Config, l)
			for _, policy := range []bool{false, true} {
				m := newModel(t, m.Device, m.Config, lively(m.Config, 1))
				tr := newLoRATrainer(t, m, 600, l, arena)
				full := newTrainer(t, m, 600, testAdam) // of the merged weights
				tr.Policy, full.Policy = testPolicy, testPolicy
				sequences := randomSequences(r, m.Config, 16, 30, 40)
				part := lesson(r, m.Config, sequences...)
				if policy {
					part = experience(t, r, m, sequences...)
				}
				whole, sums := gradientsOf(t, full, part)
				got, metrics := gradientsOf(t, tr, part)
				metrics.GradNorm = sums.GradNorm // of other parameters
				near(t, "metrics", metrics.words(), sums.words(), 1e-5)
				near(t, fmt.Sprintf("gradients of %+v, policy %v", l, policy), got, project(m.Config, l, arena, whole), 1e-4)
			}
		})
	}
}

// project computes the gradients of adapters from those of the merged weights, in float64: dB = s·dW·Aᵀ and dA = s·Bᵀ·dW.
func project(c Config, l LoRA, arena, whole []float32) []float32 {
	out := make([]float32, len(arena))
	s := l.Alpha / float64(l.Rank)
	for _, a := range c.Adapters(l) {
		tensors := a.Tensors()
		for i, w := range a.Param.Tensors() {
			A, B := tensors[2*i], tensors[2*i+1]
			for k := range l.Rank {
				for row := range w.Rows {
					var sum float64
					for col := range w.Cols {
						sum += float64(whole[w.Offset+row*w.Cols+col]) * float64(arena[A.Offset+k*A.Stride+col])
					}
					out[B.Offset+row*B.Stride+k] = float32(s * sum)
				}
				for col := range w.Cols {
					var sum float64
					for row := range w.Rows {
						sum += float64(whole[w.Offset+row*w.Cols+col]) * float64(arena[B.Offset+row*B.Stride+k])
					}
					out[A.Offset+k*A.Stride+col] = float32(s * sum)
				}
			}
		}
	}
	return out
}

// The gradients of adapters are central differences of the loss, in float64, in every kind of model that opens.
func TestAdapterDifferences(t *testing.T) {
	plain := randomConfig()
	plain.VocabSize, plain.IntermediateSize, plain.Heads, plain.HiddenSize, plain.KVHeads = 23, 20, 4, 32, 2
	biases, norms, noRope := plain, plain, plain
	biases.QKVBias, norms.QKNorm, norms.HeadDim, noRope.NoRope = true, true, 16, []bool{true, false}
	both := norms
	both.QKVBias = true
	for name, c := range map[string]Config{"plain": plain, "biases": biases, "norms": norms, "norms and biases": both, "layers without RoPE": noRope} {
		t.Run(name, func(t *testing.T) { adapterDifferences(t, c) })
	}
}

func adapterDifferences(t *testing.T, c Config) {
	l := LoRA{Rank: 4, Alpha: 8, All: true}
	r := gputest.Rand(83)
	m := newModel(t, gpu.OpenReferee(), c, felt(c, c.Init(3)))
	arena := livelyAdapters(c, l)
	part := lesson(r, c, randomSequences(r, c, 2, 8, 12)...)
	tr := newLoRATrainer(t, m, part.N(), l, arena)
	gradients, words := make([]float64, len(arena)), make([]float64, len(arena))
	loss := func() (sum float64) {
		p := m.Device.NewProgram("merge")
		defer p.Release()
		tr.lora.merge(p, m)
		if err := p.Run(1); err != nil {
			t.Fatal(err)
		}
		if err := tr.Step(0, part); err != nil {
			t.Fatal(err)
		}
		stat := make([]float64, tr.stat.Len())
		tr.stat.Read64(stat)
		for n := range part.N() {
			if int(part.Targets[n]) < c.VocabSize {
				sum += stat[4*n+2]
			}
		}
		return sum
	}
	tr.lora.words.Read64(words)
	loss()
	tr.g.weights.Read64(gradients)
	for _, a := range c.Adapters(l) {
		for _, tensor := range a.Tensors() {
			for range 2 {
				const h = 1e-5
				i := tensor.Offset + r.IntN(tensor.Rows)*tensor.Stride + r.IntN(tensor.Cols)
				keep := words[i]
				side := func(at float64) float64 {
					words[i] = at
					tr.lora.words.Write64(words)
					return loss()
				}
				want := (side(keep+h) - side(keep-h)) / (2 * h)
				side(keep)
				if gradients[i] == 0 || !(math.Abs(gradients[i]-want) <= 1e-4*math.Abs(want)+1e-7) {
					t.Errorf("%s, B %v: gradient %g, central difference %g", tensor.Name, tensor.B, gradients[i], want)
				}
			}
		}
	}
}

// felt returns the arena with norms and biases that are felt.
func felt(c Config, arena []float32) []float32 {
	r := gputest.Rand(86)
	for _, p := range c.Params() {
		if !p.Decay {
			for i := range p.Size() {
				arena[p.Offset+i] += 0.3 * float32(r.NormFloat64())
			}
		}
	}
	return arena
}

// Adapters over a model from Open, in any storage and with the embedding in one part or in several, have the gradients, and train to the
// words, of adapters over the values that the storage holds, in one arena. The opened model has its own weights back afterwards.
func TestAdaptersOverAnOpenedModel(t *testing.T) {
	c := openable()
	c.VocabSize, c.QKVBias, c.QKNorm, c.NoRope, c.TieEmbeddings = 702, true, true, []bool{false, true}, true
	src := &arenaSource{Config: c, arena: felt(c, lively(c, 4))}
	l := LoRA{Rank: 4, Alpha: 8}
	arena := livelyAdapters(c, l)
	r := gputest.Rand(87)
	sequences := randomSequences(r, c, 5, 20, 40)
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		for i, s := range []Storage{F32, BF16, F16, Q8, Q4} {
			words := map[Storage]int{F32: 202 * c.HiddenSize, Q8: 5000}[s] // the embedding in four parts, or in three
			if words == 0 {
				words = 1 << 20
			}
			m, err := openBy(t.Context(), d, c, src, Options{Storage: s}, words)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Release()
			before, err := m.Logits(sequences[0])
			if err != nil {
				t.Fatal(err)
			}
			plain := newModel(t, d, c, stored(t, c, src.arena, s))
			l := l
			l.All = i%2 == 1
			arena := arena
			if l.All {
				arena = livelyAdapters(c, l)
			}
			var trainers []*Trainer
			for _, of := range []*Model{m, plain} {
				tr, err := NewLoRATrainer(of, 400, testAdam, l, arena)
				if err != nil {
					t.Fatal(err)
				}
				tr.Policy = testPolicy
				trainers = append(trainers, tr)
			}
			part := lesson(r, c, sequences...)
			if i > 2 {
				part = experienceOf(t, r, trainers[1], sequences...)
			}
			got, metrics := gradientsOf(t, trainers[0], part)
			want, sums := gradientsOf(t, trainers[1], part)
			near(t, "metrics in "+s.String(), metrics.words(), sums.words(), 1e-4)
			near(t, "gradients in "+s.String(), got, want, 2e-4)
			if err := trainers[0].WithoutAdapters(func() error {
				now, err := m.Logits(sequences[0])
				if err == nil && !slices.EqualFunc(now, before, slices.Equal) {
					t.Errorf("%s: without its adapters the model is not the frozen one", s)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
			again, _ := gradientsOf(t, trainers[0], part)
			if !slices.Equal(again, got) {
				t.Errorf("%s: the gradients differ after the adapters were off", s)
			}
			for _, tr := range trainers {
				tr.Release()
			}
			if now, err := m.Logits(sequences[0]); err != nil || !slices.EqualFunc(now, before, slices.Equal) {
				t.Errorf("%s: after training the model is not the frozen one, %v", s, err)
			}
		}
		gputest.Count(d)
	})
}

// Fresh adapters change no bit of the model. Training changes the adapters and the matrices that they adapt, inside the blocks and nothing
// else, and lowers the loss.
func TestAdaptersTrain(t *testing.T) {
	eachModel(t, randomConfig(), func(t *testing.T, m *Model) {
		l := LoRA{Rank: 4, Alpha: 8}
		r := gputest.Rand(84)
		base := weightsOf(t, m)
		tr := newLoRATrainer(t, m, 200, l, m.InitAdapters(l, 1))
		if !slices.Equal(weightsOf(t, m), base) {
			t.Fatal("fresh adapters changed the weights")
		}
		part := lesson(r, m.Config, randomSequences(r, m.Config, 4, 20, 40)...)
		version := m.version
		for range 12 {
			if err := tr.Step(0.02, part); err != nil {
				t.Fatal(err)
			}
		}
		metrics, err := tr.Metrics()
		if err != nil {
			t.Fatal(err)
		}
		if first, last := metrics[0].Loss, metrics[11].Loss; !(last < 0.9*first) {
			t.Errorf("the loss went from %g to %g", first, last)
		}
		if m.version == version {
			t.Error("caches of keys and values are still taken for valid")
		}
		now := weightsOf(t, m)
		for _, p := range m.Params() {
			same := slices.Equal(now[p.Offset:p.Offset+p.Size()], base[p.Offset:p.Offset+p.Size()])
			if adapted := strings.HasSuffix(p.Name, ".qkv") || strings.HasSuffix(p.Name, ".o"); same == adapted {
				t.Errorf("%s is the base's: %v", p.Name, same)
			}
		}
		state, err := tr.State()
		if err != nil {
			t.Fatal(err)
		}
		arena := state.Adapters
		zeros := slices.Clone(arena)
		for _, a := range m.Adapters(l) {
			for _, tensor := range a.Tensors() {
				for row := range tensor.Rows {
					clear(zeros[tensor.Offset+row*tensor.Stride:][:tensor.Cols])
				}
			}
		}
		if i := slices.IndexFunc(zeros, func(v float32) bool { return v != 0 }); i >= 0 {
			t.Errorf("word %d outside the adapters is %g", i, zeros[i])
		}

		// Resumed equals uninterrupted.
		other := newModel(t, m.Device, m.Config, base)
		again := newLoRATrainer(t, other, 200, l, arena)
		if err := again.Restore(state); err != nil {
			t.Fatal(err)
		}
		for _, x := range []*Trainer{tr, again} {
			if err := x.Step(0.02, part); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(weightsOf(t, m), weightsOf(t, other)) {
			t.Error("a resumed run has other weights than one that was not stopped")
		}
	})
}

// A trainer of adapters takes no gradient and no moments of the model, and few activations.
func TestAdaptersTakeLittleMemory(t *testing.T) {
	c := randomConfig()
	c.Layers = 12
	d := gpu.OpenHost()
	m := newModel(t, d, c, c.Init(1))
	bytes := func(make func()) int64 {
		was := d.Counters.Bytes
		make()
		return d.Counters.Bytes - was
	}
	l := LoRA{Rank: 4, Alpha: 8}
	full := bytes(func() { newTrainer(t, m, 512, testAdam) })
	adapted := bytes(func() { newLoRATrainer(t, m, 512, l, c.InitAdapters(l, 1)) })
	if adapted > full/2 {
		t.Errorf("training adapters takes %d bytes, all weights %d", adapted, full)
	}
}

func TestLoRAIsValid(t *testing.T) {
	for _, c := range []struct {
		l    LoRA
		want string
	}{
		{LoRA{Rank: 8, Alpha: 16}, ""}, {LoRA{Rank: 32, Alpha: 1}, ""},
		{LoRA{Rank: 0, Alpha: 16}, "rank 0"}, {LoRA{Rank: 6, Alpha: 16}, "rank 6"}, {LoRA{Rank: 36, Alpha: 16}, "rank 36"},
		{LoRA{Rank: 8}, "alpha of 0"}, {LoRA{Rank: 8, Alpha: math.NaN()}, "alpha of NaN"}, {LoRA{Rank: 8, Alpha: math.Inf(1)}, "alpha of +Inf"},
	} {
		if err := c.l.Validate(); (err != nil) != (c.want != "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.l, err, c.want)
		}
	}
}
