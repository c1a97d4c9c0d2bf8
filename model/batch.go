package model

import (
	"fmt"

	"attnlab/gpu"
	"attnlab/shaders/nn"
)

// Batch holds sequences of different lengths packed one after another: N tokens
// without padding. A masked token is one of weight zero.
type Batch struct {
	Tokens []uint32 // [N]
	Starts []int    // first token of each sequence, and N at the end
	hide   []Hide   // of each sequence
	pos    []uint32 // [N], place in its sequence
	span   []uint32 // [N,4]: first and end of its sequence, hidden keys
}

// Hide is a range of tokens of a sequence, counted from its start, to which no later
// token may attend, and neither may they themselves: their attention weights are set
// to zero and the others are not scaled up. The zero value hides nothing.
type Hide struct{ Start, End int }

// Pack packs sequences.
func Pack(sequences ...[]int) *Batch {
	return PackHiding(sequences, make([]Hide, len(sequences)))
}

// PackHiding packs sequences, hide[i] hidden in sequence i.
func PackHiding(sequences [][]int, hide []Hide) *Batch {
	b := &Batch{}
	for i, s := range sequences {
		b.add(s, hide[i])
	}
	b.Starts = append(b.Starts, len(b.Tokens))
	return b
}

func (b *Batch) add(sequence []int, hide Hide) {
	start := len(b.Tokens)
	b.Starts, b.hide = append(b.Starts, start), append(b.hide, hide)
	for t, token := range sequence {
		b.Tokens = append(b.Tokens, uint32(token))
		b.pos = append(b.pos, uint32(t))
		b.span = append(b.span, uint32(start), uint32(start+len(sequence)), uint32(start+hide.Start), uint32(start+hide.End))
	}
}

// N is the number of tokens.
func (b *Batch) N() int { return len(b.Tokens) }

// Sequences is the number of sequences.
func (b *Batch) Sequences() int { return len(b.Starts) - 1 }

// check returns an error where the model cannot run the batch.
func (c Config) check(b *Batch, capacity int) error {
	for i := range b.Sequences() {
		if n := b.Starts[i+1] - b.Starts[i]; n < 1 || n > c.MaxContext {
			return fmt.Errorf("model: sequence %d has %d tokens, the context holds 1 to %d; shorten it or use a model with a longer context", i, n, c.MaxContext)
		}
		if h := b.hide[i]; h.Start < 0 || h.End < h.Start {
			return fmt.Errorf("model: the hidden range [%d,%d) of sequence %d is not valid; give a start below its end within the sequence", h.Start, h.End, i)
		}
	}
	if b.N() > capacity {
		return fmt.Errorf("model: a batch of %d tokens, made for at most %d", b.N(), capacity)
	}
	for n, token := range b.Tokens {
		if int(token) >= c.VocabSize {
			return fmt.Errorf("model: token %d at place %d is outside the vocabulary of %d", int32(token), n, c.VocabSize)
		}
	}
	return nil
}

// inputs hold a batch on the device, for up to N tokens.
type inputs struct {
	n     int // tokens of the batch in it
	token *gpu.Buffer
	pos   *gpu.Buffer
	span  *gpu.Buffer
	order *gpu.Buffer // positions sorted by token: the embedding's gradient
	first *gpu.Buffer
}

func (m *Model) newInputs(N int) *inputs {
	d := m.Device
	return &inputs{
		token: d.Uints("token", N), pos: d.Uints("pos", N), span: d.Uints("span", 4*N),
		order: d.Uints("order", N), first: d.Uints("first", m.VocabSize+1),
	}
}

func (in *inputs) write(b *Batch, V int) {
	in.n = b.N()
	in.token.WriteUints(0, b.Tokens)
	in.pos.WriteUints(0, b.pos)
	in.span.WriteUints(0, b.span)
	order, first := nn.SortTokens(b.Tokens, V)
	in.order.WriteUints(0, order)
	in.first.WriteUints(0, first)
}

func (in *inputs) release() {
	for _, b := range []*gpu.Buffer{in.token, in.pos, in.span, in.order, in.first} {
		b.Release()
	}
}
