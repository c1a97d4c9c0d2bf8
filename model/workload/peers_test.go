package workload

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"runtime"
	"slices"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
	"attnlab/gpu/simd"
	"attnlab/model"
)

// losses are those of another implementation on nano and pico. Its field "made" says how they were computed.
//
//go:embed testdata/losses.json
var losses []byte

// mulberry returns the random generator mulberry32, which is easily written in any language: numbers in [0, 1).
func mulberry(state uint32) func() float64 {
	return func() float64 {
		state += 0x6D2B79F5
		t := (state ^ state>>15) * (state | 1)
		t = (t + (t^t>>7)*(t|61)) ^ t
		return float64(t^t>>14) / (1 << 32)
	}
}

// peerWeights are the initial weights of the measured workloads: uniform with a standard deviation of 0.02, drawn in the order
// embedding, then for each layer q, k, v, o, gate, up, down, each as [in, out]. Norms are ones.
func peerWeights(c model.Config) []float32 {
	arena := make([]float32, c.ArenaSize())
	for _, p := range c.Params() {
		if !p.Decay {
			for i := range p.Cols {
				arena[p.Offset+i] = 1
			}
		}
	}
	next := mulberry(1337)
	// draw fills rows [row, row+out) of a parameter [out, in], column by column unless it is the embedding.
	draw := func(name string, row, rows int, transposed bool) {
		p := c.Param(name)
		n, m := rows, p.Cols
		if transposed {
			n, m = m, n
		}
		for i := range n {
			for j := range m {
				at := i*p.Cols + j
				if transposed {
					at = j*p.Cols + i
				}
				arena[p.Offset+row*p.Cols+at] = float32((2*next() - 1) * 0.02 * math.Sqrt(3))
			}
		}
	}
	draw("embed", 0, c.VocabSize, false)
	for l := range c.Layers {
		name := func(s string) string { return fmt.Sprintf("layers.%d.%s", l, s) }
		D, F := c.HiddenSize, c.IntermediateSize
		for i := range 3 {
			draw(name("qkv"), i*D, D, true)
		}
		draw(name("o"), 0, D, true)
		draw(name("gate_up"), 0, F, true)
		draw(name("gate_up"), F, F, true)
		draw(name("down"), 0, D, true)
	}
	return arena
}

// peerBatch is the fixed batch of the measured workloads.
func (w Workload) peerBatch() model.MicroBatch {
	next := mulberry(42)
	var inputs [][]int
	var targets []uint32
	for range w.batch {
		s := make([]int, w.length+1)
		for i := range s {
			s[i] = int(next() * float64(w.config.VocabSize))
		}
		inputs = append(inputs, s[:w.length])
		for _, t := range s[1:] {
			targets = append(targets, uint32(t))
		}
	}
	b := model.MicroBatch{Batch: model.Pack(inputs...), Targets: targets, Weight: make([]float32, len(targets))}
	for i := range b.Weight {
		b.Weight[i] = 1 / float32(len(targets))
	}
	return b
}

func named(t testing.TB, name string) Workload {
	t.Helper()
	for _, w := range All(false) {
		if w.Name == name {
			return w
		}
	}
	t.Fatalf("no workload %s", name)
	return Workload{}
}

// train takes steps on batches and returns the loss of each.
func train(t testing.TB, d *gpu.Device, w Workload, weights []float32, steps int, batch func(step int) model.MicroBatch) (all []float64, last []float32) {
	t.Helper()
	m, err := model.New(d, w.config, weights)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Release()
	tr, err := model.NewTrainerSaving(m, w.batch*w.length, w.adam, w.saved)
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Release()
	for step := range steps {
		if err := tr.Step(1e-3, batch(step)); err != nil {
			t.Fatal(err)
		}
		metrics, err := tr.Metrics()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, metrics[0].Loss)
	}
	last, err = m.Weights()
	if err != nil {
		t.Fatal(err)
	}
	return all, last
}

// TestLossesFollowPeers trains the workloads that other libraries were measured on, from the same weights on the same batch, and
// compares each step's loss. Where a step takes seconds it takes fewer steps.
func TestLossesFollowPeers(t *testing.T) {
	var want struct{ Nano, Pico []float64 }
	if err := json.Unmarshal(losses, &want); err != nil {
		t.Fatal(err)
	}
	follow := func(t *testing.T, d *gpu.Device, name string, want []float64) {
		t.Helper()
		w := named(t, name)
		batch := w.peerBatch()
		got, _ := train(t, d, w, peerWeights(w.config), len(want), func(int) model.MicroBatch { return batch })
		worst := 0.0
		for i, loss := range got {
			worst = max(worst, math.Abs(loss-want[i]))
			if !(math.Abs(loss-want[i]) <= 1e-4) {
				t.Errorf("%s on %s: step %d has loss %.6f, want %.6f", name, d.Info, i, loss, want[i])
			}
		}
		t.Logf("%s on %s: %d steps, largest difference %.1e", name, d.Info, len(got), worst)
		gputest.Count(d)
	}
	t.Run("host", func(t *testing.T) {
		follow(t, gpu.OpenHost(), "pico", want.Pico)
		follow(t, gpu.OpenHost(), "nano", want.Nano)
	})
	t.Run("plain Go", func(t *testing.T) {
		defer simd.Use(simd.Use(false))
		follow(t, gpu.OpenHost(), "pico", want.Pico[:10])
	})
	t.Run("webgpu", func(t *testing.T) {
		follow(t, gputest.Adapter(t), "pico", want.Pico)
		follow(t, gputest.Adapter(t), "nano", want.Nano[:2])
	})
}

// TestSameBits trains twice and compares every bit of losses and weights: on each backend, and on the host backend for every
// number of processors.
func TestSameBits(t *testing.T) {
	w := named(t, "pico")
	batch := w.peerBatch()
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		processors := []int{runtime.GOMAXPROCS(0)}
		if d.Info.Backend == gpu.Host && runtime.GOOS != "js" {
			processors = []int{1, 2, 3}
		}
		var losses []float64
		var weights []float32
		for run := range max(2, len(processors)) {
			before := runtime.GOMAXPROCS(processors[run%len(processors)])
			l, last := train(t, d, w, peerWeights(w.config), 3, func(int) model.MicroBatch { return batch })
			runtime.GOMAXPROCS(before)
			if run == 0 {
				losses, weights = l, last
			} else if !slices.Equal(l, losses) || !slices.Equal(last, weights) {
				t.Errorf("%s: run %d has losses %v, the first run %v", d.Info, run, l, losses)
			}
		}
		gputest.Count(d)
	})
}
