package model

import (
	"fmt"

	"attnlab/gpu"
	"attnlab/shaders/attn"
	"attnlab/shaders/nn"
)

// Logits computes the raw logits of a sequence, [T,V], and reads them all back, some
// rows at a time. Scoring needs none of them on the host: see [Scorer].
func (m *Model) Logits(tokens []int) ([][]float32, error) {
	return m.logitsBy(tokens, m.chunks(len(tokens)))
}

// logitsBy is Logits with given chunks.
func (m *Model) logitsBy(tokens []int, chunks []chunk) ([][]float32, error) {
	states, err := m.once(tokens, func(_ *gpu.Program, _ shape, _ *inputs, a *acts) *gpu.Buffer { return a.h }, nil)
	if err != nil {
		return nil, err
	}
	width, D, now := up4(m.VocabSize), m.HiddenSize, 0
	h, logits := m.Device.Floats("h", chunks[0].n*D), m.Device.Floats("logits", chunks[0].n*width)
	defer h.Release()
	defer logits.Release()
	p := m.Device.NewProgram("logits")
	defer p.Release()
	m.logits(p, shape{m.Config, nn.Wide, func() int { return now }}, h, logits)
	rows := make([][]float32, 0, len(tokens))
	for _, c := range chunks {
		now = c.n
		h.Write(0, states[c.first*D:][:c.n*D])
		if err := p.Run(1); err != nil {
			return nil, err
		}
		part := make([]float32, c.n*width)
		if err := logits.Read(0, part); err != nil {
			return nil, err
		}
		for t := range c.n {
			rows = append(rows, part[t*width:][:m.VocabSize:m.VocabSize])
		}
	}
	return rows, nil
}

// Attention computes the attention weights of one head over a sequence, [T,T]: row
// t is what token t draws from.
func (m *Model) Attention(tokens []int, l, h int) ([][]float32, error) {
	if l < 0 || l >= m.Layers || h < 0 || h >= m.Heads {
		return nil, fmt.Errorf("model: no head %d in layer %d; there are %d layers of %d heads", h, l, m.Layers, m.Heads)
	}
	T := len(tokens)
	var rows *gpu.Buffer
	flat, err := m.once(tokens, func(*gpu.Program, shape, *inputs, *acts) *gpu.Buffer { return rows },
		func(p *gpu.Program, in *inputs, at int, a layerActs) {
			if at != l {
				return
			}
			rows = m.Device.Floats("rows", T*T)
			p.Add(attn.Rows, func() any {
				return attn.RowsShape{H: uint32(m.Heads), K: uint32(m.KVHeads), C: uint32(m.HeadDim), Head: uint32(h), M: uint32(T), T: uint32(T)}
			}, a.qkv, in.span, a.lse, rows)
		})
	if err != nil {
		return nil, err
	}
	matrix := make([][]float32, T)
	for t := range matrix {
		matrix[t] = flat[t*T:][:T]
	}
	return matrix, nil
}

// once runs one forward pass over a sequence. eachLayer records more after a
// layer's attention, more after the last layer; once reads the buffer that more
// returns and releases it.
func (m *Model) once(tokens []int, more func(*gpu.Program, shape, *inputs, *acts) *gpu.Buffer,
	eachLayer func(p *gpu.Program, in *inputs, l int, a layerActs)) ([]float32, error) {
	b := Pack(tokens)
	if err := m.check(b, m.MaxContext); err != nil {
		return nil, err
	}
	in, a, p := m.newInputs(b.N()), m.newActs(b.N(), keepNothing), m.Device.NewProgram("view")
	defer in.release()
	defer a.release()
	defer p.Release()
	in.write(b, m.VocabSize)
	m.forward(p, in, a, func(l int, la layerActs) {
		if eachLayer != nil {
			eachLayer(p, in, l, la)
		}
	})
	out := more(p, shape{m.Config, nn.Wide, func() int { return in.n }}, in, a)
	defer out.Release()
	if err := p.Run(1); err != nil {
		return nil, err
	}
	flat := make([]float32, out.Len())
	return flat, out.Read(0, flat)
}
