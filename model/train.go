package model

import (
	"fmt"
	"math"
	"slices"

	"attnlab/gpu"
	"attnlab/shaders/loss"
	"attnlab/shaders/optim"
)

// Adam are the constants of AdamW (Loshchilov & Hutter 2019) with clipping by
// global norm.
type Adam struct {
	Beta1, Beta2, Eps float32
	WeightDecay       float32 // of matrices; norms do not decay
	MaxNorm           float32 // of the whole gradient; 0 does not clip
}

// DefaultAdam are the constants with which the shipped bases were pretrained.
var DefaultAdam = Adam{Beta1: 0.9, Beta2: 0.98, Eps: 1e-8, WeightDecay: 0.01, MaxNorm: 1}

// MicroBatch is as much of a step as the trainer can run at once, as packed
// sequences with a target for each token. A token with weight 0, or with a target
// outside the vocabulary, is only context.
type MicroBatch struct {
	*Batch
	Targets     []uint32  // [N] the token that should follow
	Weight      []float32 // [N] of its cross-entropy; nil for the policy loss
	PolicyTerms []float32 // [N,4] old log-prob, reference log-prob, advantage, weight
}

// PolicyLoss are the coefficients of the policy loss: for every token with ratio
// ρ = π/π_old and advantage A, −min(ρA, clip(ρ, 1−Low, 1+High)·A), not above
// −Dual·A where A < 0, plus KL·k3 to the reference, less Entropy times entropy.
type PolicyLoss struct {
	Low, High   float32
	Dual        float32 // 0 is off
	KL, Entropy float32
	Temperature float32 // of the rollouts; 0 means 1
}

// Metrics are the sums of one training step.
type Metrics struct {
	Step         int
	Loss         float64 // the sum that was differentiated
	Tokens       float64 // tokens with weight
	LogProb      float64 // mean over these tokens, as are the next fields
	Entropy      float64
	Correct      float64 // share whose target was the likeliest token; cross-entropy only
	Ratio        float64 // policy loss only, as the next two
	KL           float64 // k3 estimate to the reference
	ClipFraction float64
	GradNorm     float64 // before clipping
}

// Places in a row of the ring of metrics.
const (
	ringRows  = 64
	ringWidth = 16
	ringNorm  = 14
)

// Trainer trains a model. A step is one submit where its batch fits in one part. The
// metrics stay in a ring on the device until [Trainer.Metrics] reads them.
type Trainer struct {
	*Model
	Adam
	Policy PolicyLoss
	Steps  int // updates so far: AdamW's t

	capacity    int
	chunks      []chunk // of tokens whose logits exist at once
	in          *inputs
	a           *acts
	g           *gradients
	trained     *gpu.Buffer // the words that a step changes: the model's arena, or that of its adapters
	decayed     int         // how many of them, from the first on, decay
	lora        *adapters   // nil where the model itself is trained
	m, v        *gpu.Buffer // AdamW's moments of the words
	targets     *gpu.Buffer // [N]
	weight      *gpu.Buffer // [N]
	policyTerms *gpu.Buffer // [N,4]
	stat        *gpu.Buffer // [N,4] cross-entropy, [N,8] policy
	record      *gpu.Buffer // [recorded, 8] stat of the policy losses since Record; nil before the first
	squares     *gpu.Buffer // partial sums of the gradient's square
	norm        *gpu.Buffer // [4]
	ring        *gpu.Buffer // [ringRows, ringWidth]
	programs    map[phase]*gpu.Program
	rate        float32
	slot        int     // row of the ring for this run
	taken       []taken // runs whose metrics are in the ring
	sum         Metrics // of the step's parts that were already read from the ring
	finished    []Metrics
	recording   bool // parts are recorded
	recorded    int  // tokens of the record
}

// phase is what a program of the trainer does besides computing its part of the gradient.
type phase struct{ policy, first, last bool }

// taken records one run of a part.
type taken struct {
	step, slot   int
	policy, last bool
}

// NewTrainer allocates for parts of up to capacity tokens. It returns an error for a model that can only run forward.
func NewTrainer(m *Model, capacity int, adam Adam) (*Trainer, error) {
	return NewTrainerSaving(m, capacity, adam, F32)
}

// NewTrainerSaving is NewTrainer that saves the gates and ups of a forward pass for its backward pass in a storage: F32, or F16, which takes
// less memory and rounds the gradients through them. It returns an error for another storage.
func NewTrainerSaving(m *Model, capacity int, adam Adam, saved Storage) (*Trainer, error) {
	if saved != F32 && saved != F16 {
		return nil, fmt.Errorf("model: activations cannot be saved in %s; choose f32 or f16", saved)
	}
	return newTrainerBy(m, capacity, adam, m.Config.chunks(capacity), saved)
}

// newTrainerBy is NewTrainerSaving with given chunks of logits.
func newTrainerBy(m *Model, capacity int, adam Adam, chunks []chunk, saved Storage) (*Trainer, error) {
	if err := m.frozen(); err != nil {
		return nil, err
	}
	if err := m.trainable(); err != nil {
		return nil, err
	}
	if err := m.loops(capacity); err != nil {
		return nil, err
	}
	g := m.newGradients(capacity, chunks[0].n)
	return newTrainerOf(m, capacity, adam, chunks, m.newActsIn(saved, capacity, keepAll), g, m.weights, m.DecayEnd()), m.Device.Err()
}

// newTrainerOf makes a trainer of the words in trained, of which the first decayed decay.
func newTrainerOf(m *Model, capacity int, adam Adam, chunks []chunk, a *acts, g *gradients, trained *gpu.Buffer, decayed int) *Trainer {
	d, n := m.Device, trained.Len()
	return &Trainer{Model: m, Adam: adam, capacity: capacity, chunks: chunks, trained: trained, decayed: decayed,
		in: m.newInputs(capacity), a: a, g: g, m: d.Floats("m", n), v: d.Floats("v", n),
		targets: d.Uints("targets", capacity), weight: d.Floats("weight", capacity), policyTerms: d.Floats("policy terms", 4*capacity),
		stat: d.Floats("stat", 8*capacity), squares: d.Floats("squares", optim.Partials(n)), norm: d.Floats("norm", 4),
		ring: d.Floats("ring", ringRows*ringWidth), programs: map[phase]*gpu.Program{}}
}

// adaptable returns an error for a model whose adapters have no backward kernel.
func (c Config) adaptable() error {
	if c.HeadDim > 128 {
		return fmt.Errorf("model: a model with heads of more than 128 features runs forward only, its training has no kernel; choose another model to train")
	}
	return nil
}

// trainable returns an error for a model of which some weights have no backward kernel.
func (c Config) trainable() error {
	if err := c.adaptable(); err != nil {
		return err
	}
	for _, has := range []struct {
		has  bool
		what string
	}{
		{c.QKVBias, "biases of queries, keys and values"}, {c.QKNorm, "normed query and key heads"},
		{c.NoRope != nil, "layers without rotary positions"},
	} {
		if has.has {
			return fmt.Errorf("model: the weights of a model with %s have no backward kernel; train low-rank adapters over them, or choose another model", has.what)
		}
	}
	return nil
}

// Restore sets the moments and the number of steps from a checkpoint's state.
func (t *Trainer) Restore(s *TrainState) error {
	if n := t.trained.Len(); len(s.M) != n || len(s.V) != n {
		panic(fmt.Sprintf("model: moments of %d and %d words, want arenas of %d", len(s.M), len(s.V), n))
	}
	t.Steps = s.Step
	t.m.Write(0, s.M)
	t.v.Write(0, s.V)
	return t.Device.Err()
}

// State reads the moments and the number of steps back, for a checkpoint.
func (t *Trainer) State() (*TrainState, error) {
	n := t.trained.Len()
	s := &TrainState{Step: t.Steps, M: make([]float32, n), V: make([]float32, n)}
	transfers := []gpu.Transfer{t.m.Into(0, s.M), t.v.Into(0, s.V)}
	if t.lora != nil {
		s.LoRA, s.Adapters = &t.lora.LoRA, make([]float32, n)
		transfers = append(transfers, t.trained.Into(0, s.Adapters))
	}
	return s, t.Device.Read(transfers...)
}

// Step takes one step of AdamW at the learning rate on the sum of the losses of
// parts. It returns once the work is submitted, before it is done.
func (t *Trainer) Step(rate float32, parts ...MicroBatch) error {
	for i, part := range parts {
		if err := t.check(part); err != nil {
			return fmt.Errorf("part %d: %w", i, err)
		}
	}
	for i, part := range parts {
		if len(t.taken) == ringRows {
			if err := t.flush(); err != nil {
				return err
			}
		}
		f := phase{policy: part.PolicyTerms != nil, first: i == 0, last: i == len(parts)-1}
		t.write(part)
		t.rate = rate
		t.slot = len(t.taken)
		if f.last {
			t.Steps++
			t.version++
		}
		if err := t.program(f).Run(1); err != nil {
			return err
		}
		t.taken = append(t.taken, taken{t.Steps, t.slot, f.policy, f.last})
		if f.policy && t.records(part.N()) {
			t.recorded += part.N()
		} else {
			t.recording = false // the places of later parts would be wrong
		}
	}
	return nil
}

// check returns an error for a bad part, before the step changes anything.
func (t *Trainer) check(part MicroBatch) error {
	if len(part.Targets) != part.N() || part.PolicyTerms == nil && len(part.Weight) != part.N() || part.PolicyTerms != nil && len(part.PolicyTerms) != 4*part.N() {
		panic(fmt.Sprintf("model: a part of %d tokens with %d targets, %d weights, %d policy terms", part.N(), len(part.Targets), len(part.Weight), len(part.PolicyTerms)))
	}
	for i, h := range part.hide {
		if h.Start < h.End {
			return fmt.Errorf("model: sequence %d hides tokens; only whole contexts are trained on", i)
		}
	}
	return t.Config.check(part.Batch, t.capacity)
}

func (t *Trainer) write(part MicroBatch) {
	t.in.write(part.Batch, t.VocabSize)
	t.targets.WriteUints(0, part.Targets)
	if part.PolicyTerms != nil {
		t.policyTerms.Write(0, t.onlyTargets(part, part.PolicyTerms, 4, 3))
	} else {
		t.weight.Write(0, t.onlyTargets(part, part.Weight, 1, 0))
	}
}

// onlyTargets returns a copy of words, of which each token has stride with its weight at
// word at. It sets the weight to 0 where the target is outside the vocabulary: such a
// token counts nowhere.
func (t *Trainer) onlyTargets(part MicroBatch, words []float32, stride, at int) []float32 {
	words = slices.Clone(words)
	for n, target := range part.Targets {
		if int(target) >= t.VocabSize {
			words[n*stride+at] = 0
		}
	}
	return words
}

// program records the dispatches of a part of a step, once for each phase.
func (t *Trainer) program(f phase) *gpu.Program {
	if p := t.programs[f]; p != nil {
		return p
	}
	p := t.Device.NewProgram("train")
	t.programs[f] = p
	if f.first {
		p.Add(optim.Fill, func() any { return optim.FillParams{N: uint32(t.trained.Len())} }, t.g.weights)
	}
	t.forward(p, t.in, t.a, nil)
	for _, c := range t.chunks {
		t.loss(p, f, c)
		t.headGradient(p, c)
	}
	columns, weight, stride, at := uint32(4), t.weight, uint32(1), uint32(0)
	if f.policy {
		columns, weight, stride, at = 8, t.policyTerms, 4, 3
	}
	p.Add(loss.StatSum, func() any {
		return loss.StatSumParams{N: uint32(t.in.n), S: columns, Stride: stride, At: at, Slot: uint32(t.slot), M: ringWidth}
	}, t.stat, weight, t.ring)
	if f.policy && t.record != nil {
		t.copyToRecord(p)
	}
	if t.lora != nil {
		t.adapterBackward(p)
	} else {
		t.backward(p, t.in, t.a, t.g)
	}
	if f.last {
		t.update(p)
	}
	return p
}

// update records the gradient's norm and AdamW.
func (t *Trainer) update(p *gpu.Program) {
	n, partials := uint32(t.trained.Len()), uint32(t.squares.Len())
	p.Add(optim.GradSquare, func() any { return optim.Norm{N: n, P: partials} }, t.g.weights, t.squares)
	p.Add(optim.GradNorm, func() any { return optim.Norm{P: partials} }, t.squares, t.norm)
	p.Add(loss.StatSum, func() any {
		return loss.StatSumParams{N: 1, S: 1, Slot: uint32(t.slot), M: ringWidth, First: ringNorm}
	}, t.norm, t.weight, t.ring)
	p.Add(optim.AdamW, func() any {
		return optim.AdamWParams{N: n, DecayEnd: uint32(t.decayed), Lr: t.rate,
			Beta1: t.Beta1, Beta2: t.Beta2, Eps: t.Eps, Decay: t.WeightDecay, MaxNorm: t.MaxNorm,
			C1: correction(t.Beta1, t.Steps), C2: correction(t.Beta2, t.Steps)}
	}, t.g.weights, t.norm, t.trained, t.m, t.v)
	if t.lora != nil {
		t.lora.merge(p, t.Model)
	}
}

// correction is AdamW's 1 − β^t.
func correction(beta float32, t int) float32 {
	return float32(1 - math.Pow(float64(beta), float64(t)))
}

// Metrics waits for the steps so far and returns the metrics of those it has not returned yet.
func (t *Trainer) Metrics() ([]Metrics, error) {
	err := t.flush()
	done := t.finished
	t.finished = nil
	return done, err
}

// flush reads the ring.
func (t *Trainer) flush() error {
	if len(t.taken) == 0 {
		return t.Device.Err()
	}
	rows := make([]float32, len(t.taken)*ringWidth)
	if err := t.ring.Read(0, rows); err != nil {
		return err
	}
	for _, k := range t.taken {
		row := rows[k.slot*ringWidth:][:ringWidth]
		t.sum.add(row, k.policy)
		if k.last {
			t.sum.Step, t.sum.GradNorm = k.step, float64(row[ringNorm])
			t.finished = append(t.finished, t.sum.means())
			t.sum = Metrics{}
		}
	}
	t.taken = t.taken[:0]
	return nil
}

// add adds one row of the ring: sums of the columns of stat, then a count.
func (m *Metrics) add(row []float32, policy bool) {
	m.LogProb += float64(row[0])
	m.Entropy += float64(row[1])
	if !policy {
		m.Loss += float64(row[2])
		m.Correct += float64(row[3])
		m.Tokens += float64(row[4])
		return
	}
	m.Ratio += float64(row[2])
	m.KL += float64(row[3])
	m.ClipFraction += float64(row[4])
	m.Loss += float64(row[5])
	m.Tokens += float64(row[8])
}

func (m Metrics) means() Metrics {
	n := max(m.Tokens, 1)
	m.LogProb, m.Entropy, m.Correct = m.LogProb/n, m.Entropy/n, m.Correct/n
	m.Ratio, m.KL, m.ClipFraction = m.Ratio/n, m.KL/n, m.ClipFraction/n
	return m
}

// Profile takes one step at rate 0, waits after every dispatch, and returns the time of
// each kernel.
func (t *Trainer) Profile(part MicroBatch) ([]gpu.Timing, error) {
	t.write(part)
	t.rate, t.slot = 0, 0
	return t.program(phase{policy: part.PolicyTerms != nil, first: true, last: true}).Profile()
}

// Gradient is the gradient of the sum of the losses of parts at the present weights, which it does not change: [the trained words]. It waits for the
// device. The step that follows computes its own; the record and the metrics stay as they were.
func (t *Trainer) Gradient(parts ...MicroBatch) ([]float32, error) {
	if err := t.flush(); err != nil { // the row of the ring that it writes is read by nobody
		return nil, err
	}
	for i, part := range parts {
		if err := t.check(part); err != nil {
			return nil, fmt.Errorf("part %d: %w", i, err)
		}
		t.write(part)
		t.slot = 0
		if err := t.program(phase{policy: part.PolicyTerms != nil, first: i == 0}).Run(1); err != nil {
			return nil, err
		}
	}
	return t.Gradients()
}

// Gradients reads the gradient arena of the last step, that of the adapters where they are trained.
func (t *Trainer) Gradients() ([]float32, error) {
	arena := make([]float32, t.trained.Len())
	return arena, t.g.weights.Read(0, arena)
}

// Release frees the trainer's buffers and programs, not the model.
func (t *Trainer) Release() {
	for _, p := range t.programs {
		p.Release()
	}
	t.in.release()
	t.a.release()
	t.g.release()
	if t.lora != nil {
		t.lora.release(t.Model)
	}
	if t.record != nil {
		t.record.Release()
	}
	for _, b := range []*gpu.Buffer{t.m, t.v, t.targets, t.weight, t.policyTerms, t.stat, t.squares, t.norm, t.ring} {
		b.Release()
	}
}
