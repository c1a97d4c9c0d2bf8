package model

import (
	"slices"

	"attnlab/gpu"
	"attnlab/shaders/attn"
	"attnlab/shaders/nn"
)

// group is a range of the arena whose gradient is summed from its parts in one dispatch.
type group struct{ start, end int }

func (g group) size() int { return g.end - g.start }

// groupOf is the group of the parameters from first to last of the table.
func (c Config) groupOf(first, last string) group {
	a, b := c.Param(first), c.Param(last)
	return group{a.Offset, b.Offset + (b.Size()+Align-1)/Align*Align}
}

// matrices are those of a layer, norms all norms.
func (c Config) matrices(l int) group { return c.groupOf(layer(l, "qkv"), layer(l, "down")) }
func (c Config) norms() group         { return group{c.DecayEnd(), c.ArenaSize()} }

// A matrix's gradient is the sum of up to maxParts parts, of partRows tokens or more. The
// parts of a group take no more than maxPartWords, which a binding holds on every adapter.
const (
	maxParts     = 16
	partRows     = 256
	maxPartWords = 128 << 20 / 4
)

// gradients are the buffers that the backward pass writes, for up to N tokens and the logits of some of them at a time.
type gradients struct {
	weights *gpu.Buffer // an arena; the pass adds to it
	dlogits *gpu.Buffer // [rows, V↑4], from the loss, of some of the tokens at a time
	dx      *gpu.Buffer // [N,D] along the residual stream
	dh      *gpu.Buffer // [N,D]
	dqkv    *gpu.Buffer // [N,(H+2K)·C]
	datt    *gpu.Buffer // [N,H·C]
	delta   *gpu.Buffer // [N,H]
	dgu     *gpu.Buffer // [N,2F]
	parts   int         // most parts of a matrix
	layer   *gpu.Buffer // [parts, matrices of a layer]
	head    *gpu.Buffer // [parts, head]
	gain    *gpu.Buffer // [⌈N/nn.NormRows⌉, norms]
}

func (m *Model) newGradients(N, logits int) *gradients {
	d, g := m.Device, m.newGradientsOf(N, logits)
	layer, head := m.matrices(0).size(), m.groupOf(m.head(), m.head()).size()
	g.parts = m.partsOf(N, max(layer, head))
	g.weights, g.layer, g.head = d.Floats("gradients", m.ArenaSize()), d.Floats("layer parts", g.parts*layer), d.Floats("head parts", g.parts*head)
	return g
}

// partsOf returns how many parts, of so many words each, the gradient of a matrix has for N tokens.
func (m *Model) partsOf(N, words int) int {
	if m.Device.Info.Backend == gpu.Host {
		return 1 // a processor has few cores, and waits for memory
	}
	return gpuParts(N, words)
}

// gpuParts is partsOf on a GPU.
func gpuParts(N, words int) int { return max(1, min(N/partRows, maxParts, maxPartWords/words)) }

// newGradientsOf allocates what does not belong to weights.
func (m *Model) newGradientsOf(N, logits int) *gradients {
	d, D, F := m.Device, m.HiddenSize, m.IntermediateSize
	return &gradients{
		dlogits: d.Floats("dlogits", logits*up4(m.VocabSize)),
		dx:      d.Floats("dx", N*D), dh: d.Floats("dh", N*D), dqkv: d.Floats("dqkv", N*m.qkvWidth()),
		datt: d.Floats("datt", N*m.Heads*m.HeadDim), delta: d.Floats("delta", N*m.Heads), dgu: d.Floats("dgu", 2*N*F),
		gain: d.Floats("gain parts", (N+nn.NormRows-1)/nn.NormRows*m.norms().size()),
	}
}

func (g *gradients) release() {
	for _, b := range []*gpu.Buffer{g.weights, g.dlogits, g.dx, g.dh, g.dqkv, g.datt, g.delta, g.dgu, g.layer, g.head, g.gain} {
		b.Release()
	}
}

func up4(n int) int { return (n + 3) / 4 * 4 }

// linearBackward records k, the backward pass of a product with the weight called name, whose parts are among those of a group.
func (m *Model) linearBackward(p *gpu.Program, s shape, g *gradients, k *gpu.Kernel, name string, of group, parts *gpu.Buffer, buffers ...*gpu.Buffer) {
	w, size := m.Param(name), of.size()
	part := parts.Part(w.Offset-of.start, (g.parts-1)*size+w.Size())
	buffers = slices.Insert(append(buffers, part), 1, region(m.weights, w))
	p.Add(k, func() any {
		return nn.LinearGrad{N: uint32(s.n()), O: uint32(w.Rows), I: uint32(w.Cols), Z: s.parts(g), Stride: uint32(size)}
	}, buffers...)
}

// headBackward records the gradients of the head and of its input for a chunk of tokens, whose dlogits the loss has written:
//
//	logits = h·headᵀ
func (m *Model) headBackward(p *gpu.Program, c chunk, in *inputs, a *acts, g *gradients) {
	D, head := m.HiddenSize, m.groupOf(m.head(), m.head())
	s := shape{m.Config, nn.TileNamed(m.Device.Products), func() int { return c.now(in.n) }}
	m.linearBackward(p, s, g, nn.LinearBwd(s.tile), m.head(), head, g.head, g.dlogits, c.part(a.h, D), c.part(g.dh, D))
	m.addParts(p, g, head, g.head, s)
}

// backward records the mirror of forward after the head, from dh to the gradient of every
// weight. The comment above each part is its line of forward.
func (m *Model) backward(p *gpu.Program, in *inputs, a *acts, g *gradients) {
	s := shape{m.Config, nn.TileNamed(m.Device.Products), func() int { return in.n }}
	linear := func(k *gpu.Kernel, name string, of group, buffers ...*gpu.Buffer) {
		m.linearBackward(p, s, g, k, name, of, g.layer, buffers...)
	}

	// h = norm(x)
	m.normBackward(p, s, g, a.x, a.rstd, "norm", 0)
	for l := m.Layers - 1; l >= 0; l-- {
		b, of := a.layers[l], m.matrices(l)
		// x' = mid + swiglu(gu)·downᵀ
		linear(nn.DownBwd(s.tile.Saving(b.saved)), layer(l, "down"), of, g.dx, b.s, b.gu, g.dgu)
		// gu = h2·gate_upᵀ
		linear(nn.LinearBwd(s.tile), layer(l, "gate_up"), of, g.dgu, b.h2, g.dh)
		// h2 = norm2(mid)
		m.normBackward(p, s, g, b.mid, b.rstd2, layer(l, "norm2"), 1)
		// mid = x + att·oᵀ
		linear(nn.LinearBwd(s.tile), layer(l, "o"), of, g.dx, b.att, g.datt)
		// att, lse = attention(qkv)
		p.Add(attn.BwdQ(m.HeadDim), s.heads, b.qkv, in.span, b.att, b.lse, g.datt, g.dqkv, g.delta)
		p.Add(attn.BwdKV(m.HeadDim), s.heads, b.qkv, in.span, b.lse, g.delta, g.datt, g.dqkv)
		// qkv = rope(h1·qkvᵀ)
		p.Add(nn.RopeBwd, s.qkv, in.pos, m.rope, g.dqkv)
		linear(nn.LinearBwd(s.tile), layer(l, "qkv"), of, g.dqkv, b.h1, g.dh)
		m.addParts(p, g, of, g.layer, s)
		// h1 = norm1(x)
		m.normBackward(p, s, g, b.x, b.rstd1, layer(l, "norm1"), 1)
	}
	m.addNumber(p, g, m.norms(), g.gain, func() uint32 { return uint32(nn.RMSNormGrad{N: uint32(s.n())}.Parts()) })
	// x = embed[token]
	p.Add(nn.EmbedBwd, func() any {
		return nn.EmbedGrad{N: uint32(s.n()), D: uint32(m.HiddenSize), V: uint32(m.VocabSize)}
	}, in.order, in.first, g.dx, region(g.weights, m.Param("embed")))
}

// parts returns the number of parts in which this run sums its tokens.
func (s shape) parts(g *gradients) uint32 { return uint32(min(max(s.n()/partRows, 1), g.parts)) }

// addParts records the sum of a group's parts, as many as a pass of shape s has, onto its gradient.
func (m *Model) addParts(p *gpu.Program, g *gradients, of group, parts *gpu.Buffer, s shape) {
	m.addNumber(p, g, of, parts, func() uint32 {
		if s.n() == 0 {
			return 0 // a chunk without tokens has no parts
		}
		return s.parts(g)
	})
}

// addNumber records the sum of a group's parts, [number, group], onto its gradient.
func (m *Model) addNumber(p *gpu.Program, g *gradients, of group, parts *gpu.Buffer, number func() uint32) {
	p.Add(nn.SumParts, func() any {
		z, size := number(), uint32(of.size())
		return nn.Parts{M: size * min(z, 1), Z: z} // a dispatch of nothing is left out
	}, parts, g.weights.Part(of.start, of.size()))
}

// normBackward records the gradients of a norm: its input's, which it adds to the residual
// stream's where keep is 1, and the parts of its gain's.
func (m *Model) normBackward(p *gpu.Program, s shape, g *gradients, x, rstd *gpu.Buffer, name string, keep uint32) {
	all := m.norms()
	first := m.Param(name).Offset - all.start
	p.Add(nn.RMSNormBwd, func() any {
		return nn.RMSNormGrad{N: uint32(s.n()), D: uint32(m.HiddenSize), Keep: keep, Stride: uint32(all.size()), First: uint32(first)}
	}, g.dh, x, m.weight(name), rstd, g.dx, g.gain)
}
