package model

import (
	"context"
	"errors"
	"os"
	"runtime"
	"slices"
	"strconv"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

// lessons are n different steps.
func lessons(c Config, n int) []MicroBatch {
	r := gputest.Rand(41)
	var parts []MicroBatch
	for range n {
		parts = append(parts, lesson(r, c, randomSequences(r, c, 3, 4, 20)...))
	}
	return parts
}

func take(t *testing.T, tr *Trainer, parts []MicroBatch) {
	t.Helper()
	for _, part := range parts {
		if err := tr.Step(1e-3, part); err != nil {
			t.Fatal(err)
		}
	}
}

// savedRun is what a run needs to resume.
type savedRun struct {
	Config  Config
	Weights []float32
	Train   *TrainState
}

// saved returns a checkpoint of the run.
func saved(t *testing.T, tr *Trainer) *savedRun {
	t.Helper()
	state, err := tr.State()
	if err != nil {
		t.Fatal(err)
	}
	return &savedRun{Config: tr.Config, Weights: weightsOf(t, tr.Model), Train: state}
}

// resumed returns a trainer on d that resumes from a checkpoint.
func resumed(t *testing.T, d *gpu.Device, c *savedRun) *Trainer {
	t.Helper()
	tr := newTrainer(t, newModel(t, d, c.Config, c.Weights), 64, testAdam)
	if err := tr.Restore(c.Train); err != nil {
		t.Fatal(err)
	}
	return tr
}

func TestResumingIsExact(t *testing.T) {
	eachModel(t, randomConfig(), func(t *testing.T, m *Model) {
		parts := lessons(m.Config, 8)
		start := weightsOf(t, m)
		tr := newTrainer(t, m, 64, testAdam)
		take(t, tr, parts)
		want, wantState := weightsOf(t, m), saved(t, tr).Train

		if err := m.SetWeights(start); err != nil {
			t.Fatal(err)
		}
		first := newTrainer(t, m, 64, testAdam)
		take(t, first, parts[:3])
		second := resumed(t, m.Device, saved(t, first))
		take(t, second, parts[3:])
		state := saved(t, second).Train
		if !slices.Equal(weightsOf(t, second.Model), want) || !slices.Equal(state.M, wantState.M) || !slices.Equal(state.V, wantState.V) {
			t.Error("a run that was saved and resumed differs from one that was not")
		}
		if second.Steps != len(parts) {
			t.Errorf("%d steps after resuming, want %d", second.Steps, len(parts))
		}
	})
}

func TestLosingTheDevice(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) *gpu.Device{
		"host": func(*testing.T) *gpu.Device { return gpu.OpenHost() },
		"webgpu": func(t *testing.T) *gpu.Device {
			gputest.Adapter(t)
			d, _, err := gpu.Open(gpu.WebGPU)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(d.Close)
			return d
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := randomConfig()
			parts := lessons(c, 7)
			whole := newTrainer(t, newModel(t, open(t), c, lively(c, 1)), 64, testAdam)
			take(t, whole, parts)

			d := open(t)
			tr := newTrainer(t, newModel(t, d, c, lively(c, 1)), 64, testAdam)
			dec := newDecoder(t, tr.Model, DecoderSize{Slots: 2, Rows: 64, Chunk: 4})
			sc := newScorer(t, tr.Model, 64)
			take(t, tr, parts[:3])
			last := saved(t, tr)
			take(t, tr, parts[3:5])
			d.Lose()
			_, metricsErr := tr.Metrics()
			_, keepErr := tr.State()
			_, generateErr := dec.Generate(context.Background(), []Request{{Tokens: []int{1, 2}, Max: 3}}, Sampling{}, nil)
			_, scoreErr := sc.Score([]ScoreRequest{{Tokens: []int{1, 2}}})
			_, logitsErr := tr.Logits([]int{1, 2})
			_, newErr := New(d, c, last.Weights)
			for i, err := range []error{tr.Step(1e-3, parts[5]), metricsErr, keepErr, generateErr, scoreErr, logitsErr, newErr} {
				if lost := (*gpu.LostError)(nil); !errors.As(err, &lost) {
					t.Errorf("call %d on a lost device gives %v", i, err)
				}
			}
			again := resumed(t, open(t), last)
			take(t, again, parts[3:])
			if !slices.Equal(weightsOf(t, again.Model), weightsOf(t, whole.Model)) {
				t.Error("a run that lost its device differs from one that did not")
			}
		})
	}
}

// TestSoak trains, samples and scores for ATTNLAB_SOAK steps and checks that memory does
// not grow.
func TestSoak(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: trains for many steps")
	}
	steps := 200
	if s := os.Getenv("ATTNLAB_SOAK"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 20 {
			t.Fatalf("ATTNLAB_SOAK=%s: want a number of steps, at least 20", s)
		}
		steps = n
	}
	c := preset(t, "tiny", 58)
	gputest.Each(t, func(t *testing.T, d *gpu.Device) {
		tr := newTrainer(t, newModel(t, d, c, c.Init(1)), 128, DefaultAdam)
		dec := newDecoder(t, tr.Model, DecoderSize{Slots: 4, Rows: 200, Chunk: 16})
		sc := newScorer(t, tr.Model, 128)
		r := gputest.Rand(42)
		var warm gpu.Counters
		var warmHeap uint64
		for step := range steps {
			sequences := randomSequences(r, c, 3, 4, 12)
			take(t, tr, []MicroBatch{lesson(r, c, sequences...)})
			if step%10 == 0 {
				if _, err := tr.Metrics(); err != nil {
					t.Fatal(err)
				}
				generate(t, dec, requests(sequences, 16), Sampling{Temperature: 1, Step: uint32(step)})
				if _, err := sc.Score([]ScoreRequest{{Tokens: sequences[0], Steps: []Range{{0, 2}, {2, 4}}}}); err != nil {
					t.Fatal(err)
				}
			}
			if step == steps/4 {
				warm, warmHeap = d.Counters, heap()
			}
		}
		for i, w := range weightsOf(t, tr.Model) {
			if w != w {
				t.Fatalf("weight %d is not a number", i)
			}
		}
		if now := d.Counters; now.Buffers != warm.Buffers || now.Bytes != warm.Bytes {
			t.Errorf("buffers went from %d with %d bytes to %d with %d", warm.Buffers, warm.Bytes, now.Buffers, now.Bytes)
		}
		if now := heap(); now > warmHeap+2<<20 {
			t.Errorf("the heap grew from %d to %d bytes", warmHeap, now)
		}
	})
}

// heap returns the size of Go's live heap.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
