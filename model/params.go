package model

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Align is the alignment of arena offsets in float32s. A WebGPU binding may start only
// at a multiple of 256 bytes, so every parameter can be bound separately.
const Align = 64

// Param is one entry of the parameter table: a row-major matrix [Rows, Cols] in
// the arena, laid out [out, in] as Hugging Face stores it. A norm has one row; a vector
// that joins several tensors has one column.
type Param struct {
	Name   string // "embed", "layers.0.qkv", …, "norm", "lm_head"
	Rows   int
	Cols   int
	Offset int     // in float32s from the start of the arena, a multiple of Align
	Decay  bool    // AdamW's weight decay applies: true for matrices, false for norms and biases
	Std    float32 // the matrix starts as Normal(0, Std²)
	Start  float32 // what a norm (1) or a bias (0) starts as

	parts []part
}

// part is a Hugging Face tensor and its share of a fused parameter's rows.
type part struct {
	name string
	rows int
}

// Size is the number of values of p.
func (p Param) Size() int { return p.Rows * p.Cols }

// Tensor is one Hugging Face tensor and the place of its values in the arena.
type Tensor struct {
	Name   string // "model.layers.0.self_attn.q_proj.weight", …
	Shape  []int  // as stored: [Rows, Cols], or [Rows*Cols] for a norm or a bias
	Row0   int    // first row inside its Param
	Rows   int
	Cols   int
	Offset int // in float32s from the start of the arena
}

// Size is the number of values of t.
func (t Tensor) Size() int { return t.Rows * t.Cols }

// Tensors splits p by rows into the tensors of a checkpoint: q, k and v for
// qkv, gate and up for gate_up, one tensor for any other parameter.
func (p Param) Tensors() []Tensor {
	tensors := make([]Tensor, 0, len(p.parts))
	row := 0
	for _, part := range p.parts {
		shape := []int{part.rows, p.Cols}
		if !p.Decay {
			shape = []int{part.rows * p.Cols}
		}
		tensors = append(tensors, Tensor{
			Name: part.name, Shape: shape, Row0: row, Rows: part.rows, Cols: p.Cols,
			Offset: p.Offset + row*p.Cols,
		})
		row += part.rows
	}
	return tensors
}

// Params returns the table of all parameters in arena order: first the matrices, which
// AdamW decays, then the norms, which it does not. Offsets, checkpoint order, decay
// groups, initial values and the names on pages come from this table.
//
//	embed                 [V, D]
//	layers.i.qkv          [(H + 2 KVHeads) HeadDim, D]   rows of q, then k, then v
//	layers.i.o            [D, H HeadDim]
//	layers.i.gate_up      [2 F, D]                       rows of gate, then up
//	layers.i.down         [D, F]
//	lm_head               [V, D]                         only when embeddings are not tied
//	layers.i.norm1, norm2 [D]                            before attention, before the feed-forward part
//	layers.i.qkv_bias     [(H + 2 KVHeads) HeadDim]      of q, then k, then v; only with QKVBias
//	layers.i.qk_norm      [2 HeadDim]                    of q, then k; only with QKNorm
//	norm                  [D]                            after the last layer
//
// Matrices start with a standard deviation of 1/√(3D), as PyTorch's Linear does for a
// layer of D inputs; those that write into the residual stream with 1/√(2 Layers) of
// that (Radford et al. 2019, section 2.3). At D 64 the usual 0.02 of large models
// needs several times as many tokens to leave the first plateau.
func (c Config) Params() []Param {
	std := float32(1 / math.Sqrt(3*float64(c.HiddenSize)))
	residual := std / float32(math.Sqrt(2*float64(c.Layers)))
	var table []Param
	next := 0
	add := func(name string, cols int, decay bool, std float32, parts ...part) {
		p := Param{Name: name, Cols: cols, Offset: next, Decay: decay, Std: std, parts: parts}
		for _, part := range parts {
			p.Rows += part.rows
		}
		next += (p.Size() + Align - 1) / Align * Align
		table = append(table, p)
	}
	matrix := func(name string, cols int, std float32, parts ...part) { add(name, cols, true, std, parts...) }
	vector := func(name string, start float32, cols int, parts ...part) {
		add(name, cols, false, 0, parts...)
		table[len(table)-1].Start = start
	}
	norm := func(name, tensor string) { vector(name, 1, c.HiddenSize, part{tensor, 1}) }

	d, f := c.HiddenSize, c.IntermediateSize
	q, kv := c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	matrix("embed", d, std, part{"model.embed_tokens.weight", c.VocabSize})
	for i := range c.Layers {
		layer, tensor := fmt.Sprintf("layers.%d.", i), fmt.Sprintf("model.layers.%d.", i)
		matrix(layer+"qkv", d, std,
			part{tensor + "self_attn.q_proj.weight", q},
			part{tensor + "self_attn.k_proj.weight", kv},
			part{tensor + "self_attn.v_proj.weight", kv})
		matrix(layer+"o", q, residual, part{tensor + "self_attn.o_proj.weight", d})
		matrix(layer+"gate_up", d, std,
			part{tensor + "mlp.gate_proj.weight", f},
			part{tensor + "mlp.up_proj.weight", f})
		matrix(layer+"down", f, residual, part{tensor + "mlp.down_proj.weight", d})
	}
	if !c.TieEmbeddings {
		matrix("lm_head", d, std, part{"lm_head.weight", c.VocabSize})
	}
	for i := range c.Layers {
		layer, tensor := fmt.Sprintf("layers.%d.", i), fmt.Sprintf("model.layers.%d.", i)
		norm(layer+"norm1", tensor+"input_layernorm.weight")
		norm(layer+"norm2", tensor+"post_attention_layernorm.weight")
		if c.QKVBias {
			vector(layer+"qkv_bias", 0, 1,
				part{tensor + "self_attn.q_proj.bias", q}, part{tensor + "self_attn.k_proj.bias", kv}, part{tensor + "self_attn.v_proj.bias", kv})
		}
		if c.QKNorm {
			vector(layer+"qk_norm", 1, 1, part{tensor + "self_attn.q_norm.weight", c.HeadDim}, part{tensor + "self_attn.k_norm.weight", c.HeadDim})
		}
	}
	norm("norm", "model.norm.weight")
	return table
}

// Param returns the parameter called name and panics if c has none.
func (c Config) Param(name string) Param {
	for _, p := range c.Params() {
		if p.Name == name {
			return p
		}
	}
	panic(fmt.Sprintf("model: there is no parameter %q", name))
}

// ArenaSize is the length in float32s of a buffer that holds every parameter,
// padding included.
func (c Config) ArenaSize() int {
	table := c.Params()
	last := table[len(table)-1]
	return last.Offset + (last.Size()+Align-1)/Align*Align
}

// DecayEnd is the arena offset in float32s where the matrices end and the norms
// begin: AdamW decays [0, DecayEnd) and nothing after it.
func (c Config) DecayEnd() int {
	for _, p := range c.Params() {
		if !p.Decay {
			return p.Offset
		}
	}
	panic("model: a model without norms")
}

// Count is the number of parameters, padding not counted.
func (c Config) Count() int {
	count := 0
	for _, p := range c.Params() {
		count += p.Size()
	}
	return count
}

// Init returns an arena of fresh weights. The same seed gives the same weights;
// padding is zero.
func (c Config) Init(seed uint64) []float32 {
	normal := rand.New(rand.NewPCG(seed, 0))
	arena := make([]float32, c.ArenaSize())
	for _, p := range c.Params() {
		values := arena[p.Offset : p.Offset+p.Size()]
		for i := range values {
			if p.Decay {
				values[i] = p.Std * float32(normal.NormFloat64())
			} else {
				values[i] = p.Start
			}
		}
	}
	return arena
}
