package model

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"attnlab/gpu"
	"attnlab/shaders/nn"
	"attnlab/shaders/optim"
)

// LoRA says which low-rank adapters are trained in place of the weights (Hu et al. 2021): a frozen matrix W [O,I] becomes
// W + Alpha/Rank · B·A with A [Rank,I] and B [O,Rank].
type LoRA struct {
	Rank  int     `json:"rank"` // 4 to 32, a multiple of 4
	Alpha float64 `json:"alpha"`
	All   bool    `json:"all,omitempty"` // adapt every matrix of a layer, not only those of attention
}

// Validate returns an error that says what is wrong with l.
func (l LoRA) Validate() error {
	switch {
	case l.Rank < 4 || l.Rank > 32 || l.Rank%4 != 0:
		return fmt.Errorf("model: adapters of rank %d are not possible; choose 4, 8, 12, 16, 20, 24, 28 or 32", l.Rank)
	case !(l.Alpha > 0) || math.IsInf(l.Alpha, 0):
		return fmt.Errorf("model: an alpha of %g is not possible; give a positive number, such as twice the rank", l.Alpha)
	}
	return nil
}

// scale is what the product of an adapter is multiplied by.
func (l LoRA) scale() float32 { return float32(l.Alpha / float64(l.Rank)) }

// Adapter is the pair of matrices that is added to one parameter. A parameter that joins several tensors of a checkpoint has an adapter
// for each: their A lie one after another, and B has zeros outside its diagonal blocks, which training does not change.
type Adapter struct {
	Param
	Inner int // of A, and columns of B: Rank for each tensor
	A, B  int // offsets of A [Inner,Cols] and B [Rows,Inner] in the adapters' arena, multiples of Align
}

// Adapters returns the table of all adapters, in arena order.
func (c Config) Adapters(l LoRA) (table []Adapter) {
	names := []string{"qkv", "o"}
	if l.All {
		names = append(names, "gate_up", "down")
	}
	next := 0
	place := func(n int) int {
		at := next
		next += (n + Align - 1) / Align * Align
		return at
	}
	for i := range c.Layers {
		for _, name := range names {
			p := c.Param(layer(i, name))
			a := Adapter{Param: p, Inner: l.Rank * len(p.parts)}
			a.A, a.B = place(a.Inner*p.Cols), place(p.Rows*a.Inner)
			table = append(table, a)
		}
	}
	return table
}

// AdapterArena is the length in float32s of a buffer that holds every adapter, padding included.
func (c Config) AdapterArena(l LoRA) int {
	table := c.Adapters(l)
	last := table[len(table)-1]
	return last.B + (last.Rows*last.Inner+Align-1)/Align*Align
}

// InitAdapters returns an arena of fresh adapters, as PEFT starts them: A uniform within ±1/√I, B zero, so that the model is unchanged.
func (c Config) InitAdapters(l LoRA, seed uint64) []float32 {
	random := rand.New(rand.NewPCG(seed, 1))
	arena := make([]float32, c.AdapterArena(l))
	for _, a := range c.Adapters(l) {
		bound := 1 / math.Sqrt(float64(a.Cols))
		for i := range a.Inner * a.Cols {
			arena[a.A+i] = float32(bound * (2*random.Float64() - 1))
		}
	}
	return arena
}

// AdapterTensor is one tensor of an adapter, [Rows,Cols], and the place of its values in the arena: rows of Cols words, Stride apart.
type AdapterTensor struct {
	Name               string // of the adapted tensor: "model.layers.0.self_attn.q_proj.weight"
	B                  bool   // B or A
	Rows, Cols, Stride int
	Offset             int
}

// Tensors returns A and B of each tensor of a checkpoint that the adapter adapts.
func (a Adapter) Tensors() (tensors []AdapterTensor) {
	rank := a.Inner / len(a.parts)
	for i, t := range a.Param.Tensors() {
		tensors = append(tensors,
			AdapterTensor{t.Name, false, rank, a.Cols, a.Cols, a.A + i*rank*a.Cols},
			AdapterTensor{t.Name, true, t.Rows, rank, a.Inner, a.B + t.Row0*a.Inner + i*rank})
	}
	return tensors
}

// blocks are the rows at which the second and the third block of B begin.
func (a Adapter) blocks() (first, second int) {
	first, second = a.Rows, a.Rows
	if len(a.parts) > 1 {
		first = a.parts[0].rows
	}
	if len(a.parts) > 2 {
		second = first + a.parts[1].rows
	}
	return first, second
}

// adapters are the adapters of a model on its device.
type adapters struct {
	LoRA
	table []Adapter
	words *gpu.Buffer // the arena
	base  []rows      // the frozen matrices, in their storage; the model has the merged ones, in F32
	u, du *gpu.Buffer // [N, Inner] of one adapter at a time
	part  *gpu.Buffer // of the gradient of A or B
	off   bool        // the adapters are left out of the merged matrices
}

// NewLoRATrainer makes a trainer of adapters, from an arena of them ([Config.InitAdapters]), for parts of up to capacity tokens. It has
// neither a gradient nor moments of the model's weights, and stores of each layer only its input, from which the backward pass computes the
// rest again. The model may be one from [Open], in any storage: its adapted matrices are then merged in F32, beside the frozen ones, and
// [Trainer.Release] gives the model the frozen ones back. The model's weights are the merged ones from now on, so that decoders and
// scorers that are made of the model after this call use its adapters.
func NewLoRATrainer(m *Model, capacity int, adam Adam, l LoRA, arena []float32) (*Trainer, error) {
	if err := l.Validate(); err != nil {
		return nil, err
	}
	if err := m.adaptable(); err != nil {
		return nil, err
	}
	if err := m.loops(capacity); err != nil {
		return nil, err
	}
	if n := m.AdapterArena(l); len(arena) != n {
		panic(fmt.Sprintf("model: adapters of %d words, want an arena of %d", len(arena), n))
	}
	chunks := m.Config.chunks(capacity)
	ad := m.newAdapters(l, capacity)
	t := newTrainerOf(m, capacity, adam, chunks, m.newActs(capacity, keepInputs), m.newInputGradients(capacity, chunks[0].n, ad), ad.words, ad.words.Len())
	t.lora = ad
	ad.words.Write(0, arena)
	p := m.Device.NewProgram("merge")
	defer p.Release()
	if m.opened == nil {
		for i, a := range ad.table {
			p.Add(optim.Copy, func() any { return optim.CopyParams{N: uint32(a.Size())} }, m.weight(a.Name), ad.base[i].words)
		}
	}
	ad.merge(p, m)
	m.version++
	err := p.Run(1)
	if err != nil {
		t.Release()
		return nil, err
	}
	return t, nil
}

// WithoutAdapters runs f while the model is the frozen one: a reference policy that takes no memory. It returns f's error, or the device's.
func (t *Trainer) WithoutAdapters(f func() error) error {
	merge := func(off bool) error {
		p := t.Device.NewProgram("merge")
		defer p.Release()
		t.lora.off = off
		t.lora.merge(p, t.Model)
		t.version++
		return p.Run(1)
	}
	if err := merge(true); err != nil {
		return err
	}
	return errors.Join(f(), merge(false))
}

func (m *Model) newAdapters(l LoRA, N int) *adapters {
	d := m.Device
	ad := &adapters{LoRA: l, table: m.Adapters(l), words: d.Floats("adapters", m.AdapterArena(l))}
	wide, part := 0, ad.partWords()
	for _, a := range ad.table {
		wide = max(wide, a.Inner)
		own := rows{n: a.Rows, words: d.Floats(a.Name, a.Size())}
		if m.opened == nil {
			ad.base = append(ad.base, own) // a copy: the arena gets the merged ones
			continue
		}
		ad.base = append(ad.base, m.whole(a.Name))
		m.opened[a.Name] = []rows{own}
	}
	ad.u, ad.du = d.Floats("u", N*wide), d.Floats("du", N*wide)
	ad.part = d.Floats("adapter parts", m.partsOf(N, part)*part)
	return ad
}

// partWords is the size of the largest matrix of an adapter.
func (ad *adapters) partWords() (n int) {
	for _, a := range ad.table {
		n = max(n, a.Inner*max(a.Rows, a.Cols))
	}
	return n
}

// newInputGradients are gradients without those of the weights, whose place the adapters' take.
func (m *Model) newInputGradients(N, logits int, ad *adapters) *gradients {
	d := m.Device
	g := m.newGradientsOf(N, logits)
	g.weights, g.layer, g.head = d.Floats("gradients", ad.words.Len()), d.Floats("none", 4), d.Floats("none", 4)
	g.parts = ad.part.Len() / ad.partWords()
	return g
}

// release frees the adapters. A model from Open has its frozen matrices back.
func (ad *adapters) release(m *Model) {
	for i, a := range ad.table {
		if m.opened == nil {
			ad.base[i].words.Release()
			continue
		}
		m.weight(a.Name).Release()
		m.opened[a.Name] = []rows{ad.base[i]}
	}
	m.version++
	for _, b := range []*gpu.Buffer{ad.words, ad.u, ad.du, ad.part} {
		b.Release()
	}
}

// merge records W = base + scale·B·A for every adapted matrix of the model, or W = base where the adapters are off.
func (ad *adapters) merge(p *gpu.Program, m *Model) {
	for i, a := range ad.table {
		p.Add(nn.AdapterMerge(ad.base[i].storage), func() any {
			merge := nn.Adapter{O: uint32(a.Rows), I: uint32(a.Cols), R: uint32(a.Inner), Scale: ad.scale()}
			if ad.off {
				merge.Scale = 0
			}
			return merge
		}, ad.words.Part(a.A, a.Inner*a.Cols), ad.base[i].words, ad.words.Part(a.B, a.Rows*a.Inner), m.weight(a.Name))
	}
}
