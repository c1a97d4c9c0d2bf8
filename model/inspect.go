package model

import (
	"fmt"

	"attnlab/gpu"
	"attnlab/shaders/nn"
)

// Inspector runs forward passes a layer at a time, so that what a layer computes can be read and changed on the way. A pass takes a readback for
// every state that it shows, so it is for experiments and not for sampling.
type Inspector struct {
	*Model
	capacity int
	in       *inputs
	a        *acts
	begin    *gpu.Program   // x = embed[token]
	attend   []*gpu.Program // of each layer, up to its attention
	rest     []*gpu.Program // of each layer, from the projection of its heads on
	end      *gpu.Program   // the last norm

	width     int // rows of products of states of the visitor's own
	rows, out *gpu.Buffer
	project   []*gpu.Program // out [n,D] = rows [n,H·C]·oᵀ of each layer
	unembed   *gpu.Program   // out [n,V↑4] = rows [n,D]·headᵀ
	n         int            // rows of the product that runs
}

// Hooks are called with the states of N packed tokens, row-major, as a pass computes them; nil is not called. One that returns true has changed its
// states, and the pass continues with those.
type Hooks struct {
	Residual func(l int, x []float32) bool     // [N,D] at the input of layer l, and for l = Layers after the last one
	QKV      func(l int, qkv []float32)        // [N,(H+2K)·C] after RoPE
	Heads    func(l int, heads []float32) bool // [N,H·C] what each head draws from values, before the projection
	Middle   func(l int, x []float32)          // [N,D] the residual stream between attention and the feed-forward part
}

// NewInspector allocates for passes of up to capacity tokens.
func NewInspector(m *Model, capacity int) (*Inspector, error) {
	d := m.Device
	i := &Inspector{Model: m, capacity: capacity, in: m.newInputs(capacity), a: m.newActs(capacity, keepNothing),
		begin: d.NewProgram("begin"), end: d.NewProgram("end"), width: m.chunks(capacity)[0].n}
	s := shape{m.Config, nn.TileNamed(d.Products), func() int { return i.in.n }}
	m.embed(i.begin, s, i.in.token, i.a.layers[0].x)
	for l, b := range i.a.layers {
		attend, rest := d.NewProgram("attend"), d.NewProgram("rest")
		m.attention(attend, s, i.in, l, b)
		m.afterAttention(rest, s, l, b, i.a.output(l))
		i.attend, i.rest = append(i.attend, attend), append(i.rest, rest)
	}
	i.end.Add(nn.RMSNormFwd, s.norm, i.a.x, m.weight("norm"), i.a.h, i.a.rstd)

	i.rows = d.Floats("rows", i.width*max(m.HiddenSize, m.Heads*m.HeadDim))
	i.out = d.Floats("out", i.width*max(m.HiddenSize, up4(m.VocabSize)))
	own := shape{m.Config, nn.Wide, func() int { return i.n }}
	for l := range m.Layers {
		p, o := d.NewProgram("project"), layer(l, "o")
		p.Add(nn.MatmulNT(m.tile(own.tile, o)), own.linear(m.HiddenSize, m.Heads*m.HeadDim), i.rows, m.weight(o), i.out)
		i.project = append(i.project, p)
	}
	i.unembed = d.NewProgram("unembed")
	m.logits(i.unembed, own, i.rows, i.out)
	return i, d.Err()
}

// Capacity is how many tokens a pass can have.
func (i *Inspector) Capacity() int { return i.capacity }

// Run runs a pass over packed sequences. It returns an error where the model cannot run them.
func (i *Inspector) Run(b *Batch, hooks Hooks) error {
	if err := i.check(b, i.capacity); err != nil {
		return err
	}
	i.in.write(b, i.VocabSize)
	N, x := b.N(), i.a.x
	if err := i.begin.Run(1); err != nil {
		return err
	}
	for l, a := range i.a.layers {
		if err := show(x, N*i.HiddenSize, l, hooks.Residual); err != nil {
			return err
		}
		if err := i.attend[l].Run(1); err != nil {
			return err
		}
		if err := show(a.qkv, N*i.qkvWidth(), l, unchanged(hooks.QKV)); err != nil {
			return err
		}
		if err := show(a.att, N*i.Heads*i.HeadDim, l, hooks.Heads); err != nil {
			return err
		}
		if err := i.rest[l].Run(1); err != nil {
			return err
		}
		if err := show(a.mid, N*i.HiddenSize, l, unchanged(hooks.Middle)); err != nil {
			return err
		}
	}
	if err := show(x, N*i.HiddenSize, i.Layers, hooks.Residual); err != nil {
		return err
	}
	return i.end.Run(1)
}

// unchanged is a hook that changes nothing.
func unchanged(hook func(l int, x []float32)) func(l int, x []float32) bool {
	if hook == nil {
		return nil
	}
	return func(l int, x []float32) bool {
		hook(l, x)
		return false
	}
}

// show reads a state of n words for a hook, and writes back what the hook changed.
func show(b *gpu.Buffer, n, l int, hook func(l int, x []float32) bool) error {
	if hook == nil {
		return nil
	}
	x := make([]float32, n)
	if err := b.Read(0, x); err != nil {
		return err
	}
	if hook(l, x) {
		b.Write(0, x)
	}
	return nil
}

// Logits are the logits that the last pass gives to the token after each of some packed positions, [positions][V].
func (i *Inspector) Logits(positions []int) ([][]float32, error) {
	h, D := make([]float32, i.in.n*i.HiddenSize), i.HiddenSize
	if err := i.a.h.Read(0, h); err != nil {
		return nil, err
	}
	rows := make([][]float32, len(positions))
	for n, at := range positions {
		if at < 0 || at >= i.in.n {
			return nil, fmt.Errorf("model: position %d lies outside a pass of %d tokens", at, i.in.n)
		}
		rows[n] = h[at*D:][:D]
	}
	return i.Unembed(rows)
}

// Unembed is the output matrix times states [n][D] that are normed already: [n][V].
func (i *Inspector) Unembed(states [][]float32) ([][]float32, error) {
	return i.product(i.unembed, states, up4(i.VocabSize), i.VocabSize)
}

// Project is what layer l adds to the residual stream for states of its heads, [n][H·C]: [n][D].
func (i *Inspector) Project(l int, heads [][]float32) ([][]float32, error) {
	return i.product(i.project[l], heads, i.HiddenSize, i.HiddenSize)
}

// product runs a program over rows, as many at a time as fit: n words of each row of stride words.
func (i *Inspector) product(p *gpu.Program, rows [][]float32, stride, n int) ([][]float32, error) {
	products := make([][]float32, 0, len(rows))
	for from := 0; from < len(rows); from += i.width {
		some := rows[from:min(from+i.width, len(rows))]
		i.n = len(some)
		for r, row := range some {
			i.rows.Write(r*len(row), row)
		}
		if err := p.Run(1); err != nil {
			return nil, err
		}
		out := make([]float32, i.n*stride)
		if err := i.out.Read(0, out); err != nil {
			return nil, err
		}
		for r := range some {
			products = append(products, out[r*stride:][:n:n])
		}
	}
	return products, nil
}

// Release frees the inspector's buffers, not the model.
func (i *Inspector) Release() {
	for _, p := range append(append(append([]*gpu.Program{i.begin, i.end, i.unembed}, i.attend...), i.rest...), i.project...) {
		p.Release()
	}
	i.in.release()
	i.a.release()
	i.rows.Release()
	i.out.Release()
}
