package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"time"

	"attnlab/gpu"
	"attnlab/model"
)

// workload is a model with random weights and what it is measured on.
type workload struct {
	name    string
	config  model.Config
	batch   int // sequences of a training step
	length  int // of each, in tokens
	adam    model.Adam
	prompt  int // tokens given to decoding
	sampled int // tokens sampled after them, for each sequence
	decode  []int
}

// benchVocab is task chain's.
const benchVocab = 58

// profiled is the workload whose kernels are measured.
const profiled = "small"

// workloads are the presets, and the two shapes that other libraries were measured on in the browser.
func workloads(full bool) []workload {
	batches := []int{1, 8, 64}
	if full {
		batches = append(batches, 256)
	}
	var all []workload
	for _, preset := range []string{"tiny", "small", "base"} {
		c, err := model.Preset(preset, benchVocab)
		if err != nil {
			panic(err) // the names are ours
		}
		all = append(all, workload{name: preset, config: c, batch: 32, length: 128, adam: model.DefaultAdam, prompt: 16, sampled: 32, decode: batches})
	}
	plain := model.Adam{Beta1: 0.9, Beta2: 0.95, Eps: 1e-8}
	shape := func(layers, hidden, feed, context int) model.Config {
		return model.Config{
			VocabSize: 64, HiddenSize: hidden, IntermediateSize: feed, Layers: layers, Heads: 4, KVHeads: 4, HeadDim: hidden / 4,
			MaxContext: context, RMSNormEps: 1e-5, RopeTheta: 10000, TieEmbeddings: true, PadID: -1, BosID: -1, EosID: -1,
		}
	}
	return append(all,
		workload{name: "nano", config: shape(4, 128, 352, 128), batch: 16, length: 128, adam: plain, prompt: 16, sampled: 64, decode: []int{16}},
		workload{name: "pico", config: shape(2, 64, 192, 64), batch: 8, length: 64, adam: plain, prompt: 16, sampled: 48, decode: []int{8}})
}

func benchmarks(full bool) (all []benchmark) {
	for _, w := range workloads(full) {
		all = append(all, benchmark{
			name: "train-" + w.name, shape: fmt.Sprintf("batch %d of %d tokens", w.batch, w.length),
			tokens: w.batch * w.length, units: 1, prepare: w.prepareTraining,
		})
		for _, sequences := range w.decode {
			name := "decode-" + w.name
			if len(w.decode) > 1 {
				name += fmt.Sprintf("-%d", sequences)
			}
			all = append(all, benchmark{
				name: name, shape: fmt.Sprintf("batch %d, %d tokens given, %d sampled", sequences, w.prompt, w.sampled),
				tokens: sequences * w.sampled, units: w.sampled,
				prepare: func(d *gpu.Device) (rig, error) {
					return w.prepareDecoding(d, sequences)
				},
			})
		}
	}
	return all
}

// sequences are n random ones of the given length.
func (w workload) sequences(n, length int) [][]int {
	r := rand.New(rand.NewPCG(uint64(n), uint64(length)))
	all := make([][]int, n)
	for i := range all {
		for range length {
			all[i] = append(all[i], r.IntN(w.config.VocabSize))
		}
	}
	return all
}

func (w workload) model(d *gpu.Device) (*model.Model, error) {
	c := w.config
	c.EosID = -1 // no sequence ends early
	return model.New(d, c, c.Init(1))
}

// part is a batch of next-token prediction.
func (w workload) part(sequences int) model.Part {
	b := model.Pack(w.sequences(sequences, w.length)...)
	p := model.Part{Batch: b, Targets: b.Next(w.config.VocabSize), Weight: make([]float32, b.N())}
	for i := range p.Weight {
		p.Weight[i] = 1 / float32(b.N())
	}
	return p
}

func (w workload) trainer(d *gpu.Device) (*model.Trainer, error) {
	m, err := w.model(d)
	if err != nil {
		return nil, err
	}
	return model.NewTrainer(m, w.batch*w.length, w.adam)
}

// prepareTraining measures a step as other libraries are measured: tokens in, loss out.
func (w workload) prepareTraining(d *gpu.Device) (rig, error) {
	t, err := w.trainer(d)
	if err != nil {
		return rig{}, err
	}
	step := func(part model.Part) func() error {
		return func() error {
			if err := t.Step(1e-3, part); err != nil {
				return err
			}
			_, err := t.Metrics()
			return err
		}
	}
	return rig{step(w.part(1)), nothing, step(w.part(w.batch)), func() { t.Release(); t.Model.Release() }}, nil
}

func nothing() error { return nil }

func (w workload) prepareDecoding(d *gpu.Device, sequences int) (rig, error) {
	m, err := w.model(d)
	if err != nil {
		return rig{}, err
	}
	dec, err := model.NewDecoder(m, model.DecoderSize{Slots: sequences, Rows: sequences * (w.prompt + w.sampled), Chunk: 16})
	if err != nil {
		return rig{}, err
	}
	requests := make([]model.Request, sequences)
	for i, tokens := range w.sequences(sequences, w.prompt) {
		requests[i] = model.Request{Tokens: tokens, Max: w.sampled, ID: uint32(i)}
	}
	sample := func(requests []model.Request) func() error {
		return func() error {
			_, err := dec.Generate(context.Background(), requests, model.Sampling{Temperature: 1}, nil)
			return err
		}
	}
	weights := m.Init(1)
	forget := func() error { return m.SetWeights(weights) } // empties the cache of keys and values
	return rig{sample(requests[:1]), forget, sample(requests), func() { dec.Release(); m.Release() }}, nil
}

// matchesKernel says whether a filter asks for kernels.
func matchesKernel(filter *regexp.Regexp) bool {
	for _, c := range kernelCases(0) {
		if filter.MatchString("kernel-" + c.Kernel.Name) {
			return true
		}
	}
	return false
}

// benchKernels profiles a training step of w.
func benchKernels(d *gpu.Device, w workload, filter *regexp.Regexp, full bool) ([]benchRow, error) {
	t, err := w.trainer(d)
	if err != nil {
		return nil, err
	}
	defer t.Model.Release()
	defer t.Release()
	if err := t.Step(0, w.part(1)); err != nil { // compiles
		return nil, err
	}
	part := w.part(w.batch)
	calls, took := map[string]int{}, map[string][]float64{}
	var names []string // the slowest first
	start := time.Now()
	for runs := 0; another(runs, time.Since(start), full); runs++ {
		timings, err := t.Profile(part)
		if err != nil {
			return nil, err
		}
		names = nil
		for _, one := range timings {
			names = append(names, one.Kernel)
			calls[one.Kernel] = one.Calls
			took[one.Kernel] = append(took[one.Kernel], ms(one.Took))
		}
	}
	var rows []benchRow
	for _, name := range names {
		if !filter.MatchString("kernel-" + name) {
			continue
		}
		row := timed(took[name])
		row.Name, row.Shape = "kernel-"+name, fmt.Sprintf("%d calls in train-%s, %d tokens", calls[name], w.name, part.N())
		row.TokensPerSecond = float64(part.N()) / row.MedianMs * 1e3
		row.Dispatches = float64(calls[name])
		rows = append(rows, row)
	}
	return rows, nil
}
