// Package workload holds what speed is measured on: models with random weights, their training steps and their decoding.
//
// "attnlab bench" and Go's benchmarks share it, so that both measure the same. It is a package of its own because a command cannot
// be imported.
package workload

import (
	"context"
	"fmt"
	"math/rand/v2"

	"attnlab/gpu"
	"attnlab/model"
	"attnlab/model/speed"
)

// Workload is a model with random weights and what it is measured on.
type Workload struct {
	Name   string
	config model.Config
	batch  int // sequences of a training step
	length int // of each, in tokens
	adam   model.Adam
	saved  model.Storage // of activations
	prompt int           // tokens given to decoding
	drawn  int           // tokens sampled after them, for each sequence
	decode []int         // numbers of sequences
	paths  bool          // each path of decoding is measured too
}

// Job is one thing to measure.
type Job struct {
	Name, Shape string
	Parameters  int  // of the model
	Tokens      int  // of a run
	Units       int  // training steps or decoded tokens of a run, by which dispatches are counted
	Adapter     bool // not measured on the host
	Prepare     func(d *gpu.Device) (Rig, error)
}

// Rig is a job that is ready to run on a device.
type Rig struct {
	Warm    func() error // compiles, on a smaller problem
	Before  func() error // precedes each run and is not measured
	Run     func() error
	Release func()
}

// vocabulary is the size of task chain's.
const vocabulary = 58

// All returns the presets and two shapes that other libraries were measured on in the browser. full adds batches of 256 and the
// paths of decoding.
func All(full bool) []Workload {
	batches := []int{1, 8, 64}
	if full {
		batches = append(batches, 256)
	}
	var all []Workload
	for _, preset := range []string{"tiny", "small", "base"} {
		c, err := model.Preset(preset, vocabulary)
		if err != nil {
			panic(err) // the names are ours
		}
		all = append(all, Workload{Name: preset, config: c, batch: 32, length: 128, adam: model.DefaultAdam, prompt: 16, drawn: 32, decode: batches})
	}
	adam := model.Adam{Beta1: 0.9, Beta2: 0.95, Eps: 1e-8}
	shape := func(layers, hidden, feed, context int) model.Config {
		return model.Config{
			VocabSize: 64, HiddenSize: hidden, IntermediateSize: feed, Layers: layers, Heads: 4, KVHeads: 4, HeadDim: hidden / 4,
			MaxContext: context, RMSNormEps: 1e-5, Rope: model.Rope{Theta: 10000}, TieEmbeddings: true, PadID: -1, BosID: -1, EosID: -1,
		}
	}
	return append(all,
		Workload{Name: "nano", config: shape(4, 128, 352, 128), batch: 16, length: 128, adam: adam, prompt: 16, drawn: 64, decode: []int{16, 64}, paths: full},
		Workload{Name: "pico", config: shape(2, 64, 192, 64), batch: 8, length: 64, adam: adam, prompt: 16, drawn: 48, decode: []int{8}})
}

// Jobs returns the training step and the decoding of w.
func (w Workload) Jobs() []Job {
	jobs := []Job{{
		Name: speed.Train + w.Name, Shape: fmt.Sprintf("batch %d of %d tokens", w.batch, w.length), Parameters: w.parameters(),
		Tokens: w.batch * w.length, Units: 1, Prepare: w.training,
	}}
	for _, sequences := range w.decode {
		name := speed.Decode + w.Name
		if sequences != w.batch {
			name += fmt.Sprintf("-%d", sequences)
		}
		jobs = append(jobs, Job{
			Name: name, Shape: fmt.Sprintf("batch %d, %d tokens given, %d sampled", sequences, w.prompt, w.drawn), Parameters: w.parameters(),
			Tokens: sequences * w.drawn, Units: w.drawn,
			Prepare: func(d *gpu.Device) (Rig, error) { return w.Decoding(d, sequences, "") },
		})
	}
	if w.paths {
		for _, path := range model.Paths {
			sequences := w.decode[0]
			jobs = append(jobs, Job{
				Name: speed.Path + w.Name + "-" + string(path), Adapter: true,
				Shape: fmt.Sprintf("batch %d, %d tokens given, %d sampled", sequences, w.prompt, w.drawn), Parameters: w.parameters(),
				Tokens: sequences * w.drawn, Units: w.drawn,
				Prepare: func(d *gpu.Device) (Rig, error) { return w.Decoding(d, sequences, path) },
			})
		}
	}
	return jobs
}

// parameters returns the number of weights.
func (w Workload) parameters() (n int) {
	for _, p := range w.config.Params() {
		n += p.Size()
	}
	return n
}

// sequences returns n random sequences of the given length.
func (w Workload) sequences(n, length int) [][]int {
	r := rand.New(rand.NewPCG(uint64(n), uint64(length)))
	all := make([][]int, n)
	for i := range all {
		for range length {
			all[i] = append(all[i], r.IntN(w.config.VocabSize))
		}
	}
	return all
}

func (w Workload) model(d *gpu.Device) (*model.Model, error) {
	c := w.config
	c.EosID = -1 // no sequence ends early
	return model.New(d, c, c.Init(1))
}

// Trainer returns a trainer of w's model on d. Release it, then its model.
func (w Workload) Trainer(d *gpu.Device) (*model.Trainer, error) {
	m, err := w.model(d)
	if err != nil {
		return nil, err
	}
	return model.NewTrainerSaving(m, w.batch*w.length, w.adam, w.saved)
}

// Part returns a batch of next-token prediction: w's own number of sequences, or one.
func (w Workload) Part(whole bool) model.MicroBatch {
	n := 1
	if whole {
		n = w.batch
	}
	b := model.Pack(w.sequences(n, w.length)...)
	p := model.MicroBatch{Batch: b, Targets: b.Next(w.config.VocabSize), Weight: make([]float32, b.N())}
	for i := range p.Weight {
		p.Weight[i] = 1 / float32(b.N())
	}
	return p
}

// training measures a step as other libraries are measured: tokens in, loss out.
func (w Workload) training(d *gpu.Device) (Rig, error) {
	t, err := w.Trainer(d)
	if err != nil {
		return Rig{}, err
	}
	step := func(part model.MicroBatch) func() error {
		return func() error {
			if err := t.Step(1e-3, part); err != nil {
				return err
			}
			_, err := t.Metrics()
			return err
		}
	}
	return Rig{step(w.Part(false)), nothing, step(w.Part(true)), func() { t.Release(); t.Model.Release() }}, nil
}

func nothing() error { return nil }

// Decoding measures sampling on a path, "" for the fastest: tokens in, tokens out.
func (w Workload) Decoding(d *gpu.Device, sequences int, path model.Path) (Rig, error) {
	m, err := w.model(d)
	if err != nil {
		return Rig{}, err
	}
	dec, err := model.NewDecoder(m, model.DecoderSize{Slots: sequences, Rows: sequences * (w.prompt + w.drawn), Chunk: 16, Path: path})
	if err != nil {
		m.Release()
		return Rig{}, err
	}
	requests := make([]model.Request, sequences)
	for i, tokens := range w.sequences(sequences, w.prompt) {
		requests[i] = model.Request{Tokens: tokens, Max: w.drawn, ID: uint32(i)}
	}
	sample := func(requests []model.Request) func() error {
		return func() error {
			_, err := dec.Generate(context.Background(), requests, model.Sampling{Temperature: 1}, nil)
			return err
		}
	}
	weights := m.Init(1)
	forget := func() error { return m.SetWeights(weights) } // empties the cache of keys and values
	warm := func() error {
		if !d.Info.Software { // there the race takes longer than a row, and comes after as many tokens as everywhere
			if _, err := dec.Choose(); err != nil {
				return err
			}
		}
		return sample(requests[:1])()
	}
	return Rig{warm, forget, sample(requests), func() { dec.Release(); m.Release() }}, nil
}
