package model

import (
	"fmt"

	"attnlab/shaders/nn"
	"attnlab/shaders/optim"
)

// Training is what adapters are trained with: parts of a step of up to Tokens tokens.
type Training struct {
	LoRA
	Tokens int
}

// adapterBytes returns the bytes that [NewLoRATrainer] takes on a device beside a model from [Open]: the merged matrices in F32, the
// adapters with gradient and moments, the inputs of all layers, the activations and gradients of one layer, and the logits of some tokens.
// The gradient of a matrix of an adapter is summed in as many parts as parts says.
func (c Config) adapterBytes(t Training, parts func(N, words int) int) int64 {
	N, D, F, V, heads := t.Tokens, c.HiddenSize, c.IntermediateSize, c.VocabSize, c.Heads*c.HeadDim
	total := int64(0)
	add := func(buffers ...int) { // words each
		for _, words := range buffers {
			total += 4 * int64((words+Align-1)/Align*Align)
		}
	}
	add(N, N, 4*N, N, V+1)                                                                     // tokens, positions, spans, order
	add(N*D, N*D, N, N*D, N, N*c.qkvWidth(), N*heads, N*c.Heads, N*D, N*D, N, 2*N*F, N*F, N*D) // activations of a layer, and of the end
	for range c.Layers - 1 {
		add(N * D) // its input
	}
	add(c.chunks(N)[0].n*up4(V), N*D, N*D, N*c.qkvWidth(), N*heads, N*c.Heads, 2*N*F) // gradients
	add((N+nn.NormRows-1)/nn.NormRows*c.norms().size(), 4, 4)
	n, wide, part := c.AdapterArena(t.LoRA), 0, 0
	for _, a := range c.Adapters(t.LoRA) {
		add(a.Size()) // merged
		wide, part = max(wide, a.Inner), max(part, a.Inner*max(a.Rows, a.Cols))
	}
	add(n, n, n, n, N*wide, N*wide, parts(N, part)*part)          // adapters, gradient, moments
	add(N, N, 4*N, 8*N, optim.Partials(n), 4, ringRows*ringWidth) // targets, weights, statistics
	return total
}

// String says what is trained.
func (t Training) String() string {
	return fmt.Sprintf("a training step of adapters of rank %d over %d tokens", t.Rank, t.Tokens)
}
