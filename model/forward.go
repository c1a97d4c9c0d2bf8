package model

import (
	"attnlab/gpu"
	"attnlab/shaders/attn"
	"attnlab/shaders/nn"
)

// layerActs are the buffers that one layer computes from its input x and that its
// backward pass reads, [N, …] each.
type layerActs struct {
	x     *gpu.Buffer // [N,D] residual stream at the layer's input
	h1    *gpu.Buffer // [N,D] normed
	rstd1 *gpu.Buffer // [N]
	qkv   *gpu.Buffer // [N,(H+2K)·C] after RoPE
	att   *gpu.Buffer // [N,H·C]
	lse   *gpu.Buffer // [N,H]
	mid   *gpu.Buffer // [N,D] residual stream after attention
	h2    *gpu.Buffer // [N,D] normed
	rstd2 *gpu.Buffer // [N]
	gu    *gpu.Buffer // [N,2F], in storage saved
	s     *gpu.Buffer // [N,F]

	saved Storage // F32, or F16: gates and ups are rounded for the backward pass
}

// acts are the buffers of a forward pass, for up to N tokens.
type acts struct {
	layers []layerActs
	x      *gpu.Buffer // [N,D] residual stream after the last layer
	h      *gpu.Buffer // [N,D] normed: what the head reads
	rstd   *gpu.Buffer // [N]
}

// kept is what a forward pass leaves of each layer.
type kept int

const (
	keepNothing kept = iota // all layers share one set of buffers
	keepInputs              // the input of each layer: a backward pass computes the rest again
	keepAll
)

// newActs allocates for N tokens.
func (m *Model) newActs(N int, keep kept) *acts { return m.newActsIn(F32, N, keep) }

// newActsIn is newActs with gates and ups in a storage.
func (m *Model) newActsIn(saved Storage, N int, keep kept) *acts {
	d, D, F := m.Device, m.HiddenSize, m.IntermediateSize
	gu := func() *gpu.Buffer {
		if saved == F16 {
			return d.Uints("gu", saved.Words(2*N*F))
		}
		return d.Floats("gu", 2*N*F)
	}
	one := func() layerActs {
		return layerActs{
			x: d.Floats("x", N*D), h1: d.Floats("h1", N*D), rstd1: d.Floats("rstd1", N),
			qkv: d.Floats("qkv", N*m.qkvWidth()), att: d.Floats("att", N*m.Heads*m.HeadDim), lse: d.Floats("lse", N*m.Heads),
			mid: d.Floats("mid", N*D), h2: d.Floats("h2", N*D), rstd2: d.Floats("rstd2", N),
			gu: gu(), s: d.Floats("s", N*F), saved: saved,
		}
	}
	a := &acts{h: d.Floats("h", N*D), rstd: d.Floats("rstd", N)}
	shared := layerActs{}
	for l := range m.Layers {
		if keep == keepAll || l == 0 {
			shared = one()
		} else if keep == keepInputs {
			shared.x = d.Floats("x", N*D)
		}
		a.layers = append(a.layers, shared)
	}
	if keep != keepNothing {
		a.x = d.Floats("x", N*D)
	} else {
		a.x = shared.x
	}
	return a
}

// output is the residual stream at layer l's output: layer l+1's input.
func (a *acts) output(l int) *gpu.Buffer {
	if l+1 < len(a.layers) {
		return a.layers[l+1].x
	}
	return a.x
}

func (a *acts) release() {
	for _, l := range a.layers {
		for _, b := range []*gpu.Buffer{l.x, l.h1, l.rstd1, l.qkv, l.att, l.lse, l.mid, l.h2, l.rstd2, l.gu, l.s} {
			b.Release()
		}
	}
	for _, b := range []*gpu.Buffer{a.x, a.h, a.rstd} {
		b.Release()
	}
}

// shape computes the kernels' parameters from n, the number of tokens of this run.
type shape struct {
	Config
	tile nn.Tile // of the matrix products
	n    func() int
}

func (s shape) linear(O, I int) func() any {
	return func() any { return nn.Matmul{N: uint32(s.n()), O: uint32(O), I: uint32(I)} }
}

func (s shape) norm() any {
	return nn.RMSNorm{N: uint32(s.n()), D: uint32(s.HiddenSize), Eps: float32(s.RMSNormEps)}
}

func (s shape) qkv() any { return s.qkvAt(nn.QKV{}) }

// qkvAt is qkv with positions where at says that they stand.
func (s shape) qkvAt(at nn.QKV) nn.QKV {
	return nn.QKV{N: uint32(s.n()), D: uint32(s.HiddenSize), H: uint32(s.Heads), K: uint32(s.KVHeads), C: uint32(s.HeadDim), Stride: at.Stride, First: at.First}
}

func (s shape) heads() any {
	return attn.Shape{N: uint32(s.n()), H: uint32(s.Heads), K: uint32(s.KVHeads)}
}

func (s shape) gateUp() any {
	return nn.GateUp{N: uint32(s.n()), D: uint32(s.HiddenSize), F: uint32(s.IntermediateSize)}
}

// forward records the pass from tokens to the normed last state. afterAttention, if not
// nil, records more dispatches at each layer.
//
//	x = embed[token]
//	x = x + o·attention(rope(qkv·norm1(x)))
//	x = x + down·swiglu(gate_up·norm2(x))     for every layer
//	h = norm(x)
func (m *Model) forward(p *gpu.Program, in *inputs, a *acts, afterAttention func(l int, a layerActs)) {
	s := shape{m.Config, nn.TileNamed(m.Device.Products), func() int { return in.n }}
	m.embed(p, s, in.token, a.layers[0].x)
	for l, b := range a.layers {
		m.attention(p, s, in, l, b)
		if afterAttention != nil {
			afterAttention(l, b)
		}
		m.afterAttention(p, s, l, b, a.output(l))
	}
	p.Add(nn.RMSNormFwd, s.norm, a.x, m.weight("norm"), a.h, a.rstd)
}

// attention records a layer up to its attention.
func (m *Model) attention(p *gpu.Program, s shape, in *inputs, l int, b layerActs) {
	p.Add(nn.RMSNormFwd, s.norm, b.x, m.weight(layer(l, "norm1")), b.h1, b.rstd1)
	m.project(p, s, l, b, nn.QKV{}, in.pos)
	p.Add(attn.Fwd(m.HeadDim), s.heads, b.qkv, in.span, b.att, b.lse)
}

// embed records x = embed[token], a part of the embedding at a time.
func (m *Model) embed(p *gpu.Program, s shape, token, x *gpu.Buffer) {
	for i, part := range m.parts("embed") {
		p.Add(nn.EmbedFwdOf(part.storage), func() any {
			return nn.Embed{N: uint32(s.n()), D: uint32(m.HiddenSize), V: uint32(part.n), First: uint32(part.first), Keep: uint32(min(i, 1))}
		}, token, part.words, x)
	}
}

// logits records logits = h·headᵀ, [N, V↑4], a part of the output matrix at a time.
func (m *Model) logits(p *gpu.Program, s shape, h, logits *gpu.Buffer) {
	name := m.head()
	parts := m.parts(name)
	if len(parts) == 1 {
		p.Add(nn.MatmulNT(m.tile(s.tile, name)), s.linear(m.VocabSize, m.HiddenSize), h, m.weight(name), logits)
		return
	}
	for _, part := range parts {
		p.Add(nn.MatmulNTPart(s.tile.Of(part.storage)), func() any {
			return nn.MatmulPart{N: uint32(s.n()), O: uint32(part.n), I: uint32(m.HiddenSize), Row: uint32(up4(m.VocabSize)), First: uint32(part.first)}
		}, h, part.words, logits)
	}
}

// project records qkv = rope(h1·qkvᵀ), with the biases and the norms that the model has. at says where in pos positions stand.
func (m *Model) project(p *gpu.Program, s shape, l int, b layerActs, at nn.QKV, pos *gpu.Buffer) {
	name := layer(l, "qkv")
	tile, w := m.tile(s.tile, name), m.weight(name)
	if !m.QKVBias && !m.QKNorm && m.HasRope(l) {
		p.Add(nn.QKVRopeFwd(tile), func() any { return s.qkvAt(at) }, b.h1, w, pos, m.rope, b.qkv)
		return
	}
	p.Add(nn.MatmulNT(tile), s.linear(m.qkvWidth(), m.HiddenSize), b.h1, w, b.qkv)
	end := nn.QKVEnd{H: uint32(m.Heads), K: uint32(m.KVHeads), C: uint32(m.HeadDim), Stride: at.Stride, First: at.First, Eps: float32(m.RMSNormEps)}
	bias, gain := m.rope, m.rope // not read
	if m.QKVBias {
		bias, end.Bias = m.weight(layer(l, "qkv_bias")), 1
	}
	if m.QKNorm {
		gain, end.Norm = m.weight(layer(l, "qk_norm")), 1
	}
	if m.HasRope(l) {
		end.Turn = 1
	}
	if end.Bias+end.Norm+end.Turn == 0 {
		return
	}
	p.Add(nn.QKVFinish, func() any {
		end.N = uint32(s.n())
		return end
	}, pos, m.rope, bias, gain, b.qkv)
}

// afterAttention records the rest of a layer: it is the same whether attention
// read its keys from the batch or from the cache.
func (m *Model) afterAttention(p *gpu.Program, s shape, l int, b layerActs, out *gpu.Buffer) {
	D, F := m.HiddenSize, m.IntermediateSize
	o, gateUp, down := layer(l, "o"), layer(l, "gate_up"), layer(l, "down")
	p.Add(nn.MatmulNTAdd(m.tile(s.tile, o)), s.linear(D, m.Heads*m.HeadDim), b.att, m.weight(o), b.x, b.mid)
	p.Add(nn.RMSNormFwd, s.norm, b.mid, m.weight(layer(l, "norm2")), b.h2, b.rstd2)
	p.Add(nn.GateUpFwd(m.tile(s.tile, gateUp).Saving(b.saved)), s.gateUp, b.h2, m.weight(gateUp), b.gu, b.s)
	p.Add(nn.MatmulNTAdd(m.tile(s.tile, down)), s.linear(D, F), b.s, m.weight(down), b.mid, out)
}
