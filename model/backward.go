package model

import (
	"attnlab/gpu"
	"attnlab/shaders/attn"
	"attnlab/shaders/nn"
	"attnlab/shaders/optim"
)

// maxParts is the largest number of parts of a weight's gradient.
const maxParts = 16

// gradients are the buffers that the backward pass writes, for up to N tokens.
type gradients struct {
	weights *gpu.Buffer // an arena; the pass adds to it
	dlogits *gpu.Buffer // [N, V↑4], from the loss
	dx      *gpu.Buffer // [N,D] along the residual stream
	dh      *gpu.Buffer // [N,D]
	dqkv    *gpu.Buffer // [N,(H+2K)·C]
	datt    *gpu.Buffer // [N,H·C]
	delta   *gpu.Buffer // [N,H]
	dgu     *gpu.Buffer // [N,2F]
	ds      *gpu.Buffer // [N,F]
	part    *gpu.Buffer // [maxParts, the largest matrix]
}

func (m *Model) newGradients(N int) *gradients {
	d, D, F := m.Device, m.HiddenSize, m.IntermediateSize
	largest := 0
	for _, p := range m.Params() {
		largest = max(largest, p.Size())
	}
	return &gradients{
		weights: d.Floats("gradients", m.ArenaSize()), dlogits: d.Floats("dlogits", N*up4(m.VocabSize)),
		dx: d.Floats("dx", N*D), dh: d.Floats("dh", N*D), dqkv: d.Floats("dqkv", N*m.qkvWidth()),
		datt: d.Floats("datt", N*m.Heads*m.HeadDim), delta: d.Floats("delta", N*m.Heads),
		dgu: d.Floats("dgu", 2*N*F), ds: d.Floats("ds", N*F), part: d.Floats("part", maxParts*largest),
	}
}

func (g *gradients) release() {
	for _, b := range []*gpu.Buffer{g.weights, g.dlogits, g.dx, g.dh, g.dqkv, g.datt, g.delta, g.dgu, g.ds, g.part} {
		b.Release()
	}
}

func up4(n int) int { return (n + 3) / 4 * 4 }

// backward records the mirror of forward, from dlogits to the gradient of every
// weight. The comment above each part is its line of forward.
func (m *Model) backward(p *gpu.Program, in *inputs, a *acts, g *gradients) {
	s := shape{m.Config, nn.Wide, func() int { return in.n }}
	D, F, V := m.HiddenSize, m.IntermediateSize, m.VocabSize
	grad := func(name string) *gpu.Buffer { return region(g.weights, m.Param(name)) }

	// logits = h·headᵀ
	p.Add(nn.MatmulNN(s.tile), s.linear(V, D), g.dlogits, m.weight(m.head()), g.dh)
	m.addWeightGradient(p, s, g, g.dlogits, a.h, V, D, grad(m.head()))
	// h = norm(x)
	p.Add(optim.Fill, func() any { return optim.FillParams{N: uint32(s.n() * D)} }, g.dx)
	m.normBackward(p, s, g, g.dh, a.x, a.rstd, "norm", grad("norm"))
	for l := m.Layers - 1; l >= 0; l-- {
		b := a.layers[l]
		// x' = mid + s·downᵀ
		p.Add(nn.MatmulNN(s.tile), s.linear(D, F), g.dx, m.weight(layer(l, "down")), g.ds)
		m.addWeightGradient(p, s, g, g.dx, b.s, D, F, grad(layer(l, "down")))
		// s = swiglu(gu)
		p.Add(nn.SwiGLUBwd, s.swiglu, b.gu, g.ds, g.dgu)
		// gu = h2·gate_upᵀ
		p.Add(nn.MatmulNN(s.tile), s.linear(2*F, D), g.dgu, m.weight(layer(l, "gate_up")), g.dh)
		m.addWeightGradient(p, s, g, g.dgu, b.h2, 2*F, D, grad(layer(l, "gate_up")))
		// h2 = norm2(mid)
		m.normBackward(p, s, g, g.dh, b.mid, b.rstd2, layer(l, "norm2"), grad(layer(l, "norm2")))
		// mid = x + att·oᵀ
		p.Add(nn.MatmulNN(s.tile), s.linear(D, m.Heads*m.HeadDim), g.dx, m.weight(layer(l, "o")), g.datt)
		m.addWeightGradient(p, s, g, g.dx, b.att, D, m.Heads*m.HeadDim, grad(layer(l, "o")))
		// att, lse = attention(qkv)
		p.Add(attn.BwdQ(m.HeadDim), s.heads, b.qkv, in.span, b.att, b.lse, g.datt, g.dqkv, g.delta)
		p.Add(attn.BwdKV(m.HeadDim), s.heads, b.qkv, in.span, b.lse, g.delta, g.datt, g.dqkv)
		// qkv = rope(h1·qkvᵀ)
		p.Add(nn.RopeBwd, s.qkv, in.pos, m.rope, g.dqkv)
		p.Add(nn.MatmulNN(s.tile), s.linear(m.qkvWidth(), D), g.dqkv, m.weight(layer(l, "qkv")), g.dh)
		m.addWeightGradient(p, s, g, g.dqkv, b.h1, m.qkvWidth(), D, grad(layer(l, "qkv")))
		// h1 = norm1(x)
		m.normBackward(p, s, g, g.dh, b.x, b.rstd1, layer(l, "norm1"), grad(layer(l, "norm1")))
	}
	// x = embed[token]
	p.Add(nn.EmbedBwd, s.embed, in.order, in.first, g.dx, grad("embed"))
}

// parts returns the number of parts in which this run sums its tokens.
func (s shape) parts() uint32 { return uint32(min(max(s.n()/256, 1), maxParts)) }

// addWeightGradient records dw += dyᵀ·x for a weight [O,I].
func (m *Model) addWeightGradient(p *gpu.Program, s shape, g *gradients, dy, x *gpu.Buffer, O, I int, dw *gpu.Buffer) {
	p.Add(nn.MatmulTN(s.tile), func() any { return nn.MatmulParts{N: uint32(s.n()), O: uint32(O), I: uint32(I), Z: s.parts()} }, dy, x, g.part)
	p.Add(nn.SumParts, func() any { return nn.Parts{M: uint32(O * I), Z: s.parts()} }, g.part, dw)
}

// normBackward records the gradients of a norm: its input's, added to the
// residual stream's, and its gain's.
func (m *Model) normBackward(p *gpu.Program, s shape, g *gradients, dy, x, rstd *gpu.Buffer, name string, dw *gpu.Buffer) {
	D := m.HiddenSize
	p.Add(nn.RMSNormDW, func() any { return nn.RMSNormParts{N: uint32(s.n()), D: uint32(D), Z: s.parts()} }, dy, x, rstd, g.part)
	p.Add(nn.SumParts, func() any { return nn.Parts{M: uint32(D), Z: s.parts()} }, g.part, dw)
	p.Add(nn.RMSNormBwd, s.norm, dy, x, m.weight(name), rstd, g.dx)
}
