package model

import (
	"attnlab/gpu"
	"attnlab/shaders/attn"
	"attnlab/shaders/nn"
)

// headGradient records the gradient of the head's input for a chunk of tokens, and of the head where it is trained.
func (t *Trainer) headGradient(p *gpu.Program, c chunk) {
	if t.lora == nil {
		t.headBackward(p, c, t.in, t.a, t.g)
		return
	}
	D := t.HiddenSize
	s := shape{t.Config, nn.TileNamed(t.Device.Products), func() int { return c.now(t.in.n) }}
	t.inputs(p, s, t.head(), t.g.dlogits, c.part(t.g.dh, D))
}

// inputs records the backward pass of a product with the frozen weight called name: the gradient dx of its input alone, a part of the
// weight at a time.
func (m *Model) inputs(p *gpu.Program, s shape, name string, dy, dx *gpu.Buffer) {
	w := m.Param(name)
	for i, part := range m.parts(name) {
		p.Add(nn.LinearDx(s.tile.Of(part.storage)), func() any {
			return nn.InputGrad{N: uint32(s.n()), O: uint32(part.n), I: uint32(w.Cols), Row: uint32(up4(w.Rows)), First: uint32(part.first), Keep: uint32(min(i, 1))}
		}, dy, part.words, dx)
	}
}

// adapterBackward records the mirror of forward after the head, from dh to the gradients of the adapters. The pass computes each layer
// again from its input, but for the last one, which forward has left.
func (t *Trainer) adapterBackward(p *gpu.Program) {
	m, in, a, g := t.Model, t.in, t.a, t.g
	s := shape{m.Config, nn.TileNamed(m.Device.Products), func() int { return in.n }}
	// h = norm(x)
	m.normBackward(p, s, g, a.x, a.rstd, "norm", 0)
	for l := m.Layers - 1; l >= 0; l-- {
		b := a.layers[l]
		if l < m.Layers-1 {
			m.attention(p, s, in, l, b)
			m.afterAttention(p, s, l, b, a.output(l))
		}
		// x' = mid + swiglu(gu)·downᵀ
		t.adapter(p, s, layer(l, "down"), g.dx, b.s, g.dgu)
		down := layer(l, "down")
		p.Add(nn.DownDx(m.tile(s.tile, down)), s.linear(m.HiddenSize, m.IntermediateSize), g.dx, m.weight(down), b.gu, g.dgu)
		// gu = h2·gate_upᵀ
		t.adapter(p, s, layer(l, "gate_up"), g.dgu, b.h2, g.dh)
		m.inputs(p, s, layer(l, "gate_up"), g.dgu, g.dh)
		// h2 = norm2(mid)
		m.normBackward(p, s, g, b.mid, b.rstd2, layer(l, "norm2"), 1)
		// mid = x + att·oᵀ
		t.adapter(p, s, layer(l, "o"), g.dx, b.att, g.datt)
		m.inputs(p, s, layer(l, "o"), g.dx, g.datt)
		// att, lse = attention(qkv)
		p.Add(attn.BwdQ(m.HeadDim), s.heads, b.qkv, in.span, b.att, b.lse, g.datt, g.dqkv, g.delta)
		p.Add(attn.BwdKV(m.HeadDim), s.heads, b.qkv, in.span, b.lse, g.delta, g.datt, g.dqkv)
		// qkv = rope(h1·qkvᵀ)
		t.finishBackward(p, s, l, b)
		t.adapter(p, s, layer(l, "qkv"), g.dqkv, b.h1, g.dh)
		m.inputs(p, s, layer(l, "qkv"), g.dqkv, g.dh)
		// h1 = norm1(x)
		m.normBackward(p, s, g, b.x, b.rstd1, layer(l, "norm1"), 1)
	}
}

// finishBackward records, in place of dqkv, the gradient through what follows the projection: rotary positions and the norms of query and
// key heads, where the layer has them. A bias changes no gradient but its own. A norm needs the projection itself, which is computed again
// to where attention no longer needs its operands.
func (t *Trainer) finishBackward(p *gpu.Program, s shape, l int, b layerActs) {
	m, in, g := t.Model, t.in, t.g
	if m.HasRope(l) {
		p.Add(nn.RopeBwd, s.qkv, in.pos, m.rope, g.dqkv)
	}
	if !m.QKNorm {
		return
	}
	name := layer(l, "qkv")
	p.Add(nn.MatmulNT(m.tile(s.tile, name)), s.linear(m.qkvWidth(), m.HiddenSize), b.h1, m.weight(name), b.qkv)
	norm := nn.HeadNorm{H: uint32(m.Heads), K: uint32(m.KVHeads), C: uint32(m.HeadDim), Eps: float32(m.RMSNormEps)}
	bias := m.rope // not read
	if m.QKVBias {
		bias, norm.Bias = m.weight(layer(l, "qkv_bias")), 1
	}
	p.Add(nn.QKNormBwd, func() any {
		norm.N = uint32(s.n())
		return norm
	}, bias, m.weight(layer(l, "qk_norm")), b.qkv, g.dqkv)
}

// adapter records the gradients of the adapter of a parameter, if it has one, from the gradient dy [N,Rows] of its output and its input x
// [N,Cols]. It overwrites room [N,Cols].
//
//	y = x·Wᵀ + scale·u·Bᵀ with u = x·Aᵀ
//	dB = scale·dyᵀ·u,  du = dy·B,  dA = scale·duᵀ·x
func (t *Trainer) adapter(p *gpu.Program, s shape, name string, dy, x, room *gpu.Buffer) {
	ad := t.lora
	for _, a := range ad.table {
		if a.Name != name {
			continue
		}
		A, B := ad.words.Part(a.A, a.Inner*a.Cols), ad.words.Part(a.B, a.Rows*a.Inner)
		p.Add(nn.MatmulNT(s.tile), s.linear(a.Inner, a.Cols), x, A, ad.u)
		first, second := a.blocks()
		t.adapterGradient(p, s, dy, B, ad.u, ad.du, a.B, a.Rows, a.Inner, nn.AdapterParts{Rank: uint32(ad.Rank), First: uint32(first), Second: uint32(second)})
		t.adapterGradient(p, s, ad.du, A, x, room, a.A, a.Inner, a.Cols, nn.AdapterParts{Rank: uint32(a.Cols), First: uint32(a.Inner), Second: uint32(a.Inner)})
	}
}

// adapterGradient records the backward pass of a product with a matrix w [O,I] of an adapter, which lies at offset in the arena.
func (t *Trainer) adapterGradient(p *gpu.Program, s shape, dy, w, x, dx *gpu.Buffer, offset, O, I int, blocks nn.AdapterParts) {
	p.Add(nn.LinearBwd(s.tile), func() any {
		return nn.LinearGrad{N: uint32(s.n()), O: uint32(O), I: uint32(I), Z: s.parts(t.g), Stride: uint32(O * I)}
	}, dy, w, x, dx, t.lora.part)
	p.Add(nn.AdapterGrad, func() any {
		b := blocks
		b.O, b.R, b.Z, b.Stride, b.Scale = uint32(O), uint32(I), s.parts(t.g), uint32(O*I), t.lora.scale()
		return b
	}, t.lora.part, t.g.weights.Part(offset, O*I))
}
