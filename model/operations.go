package model

// Operations is the number of floating-point operations of one forward pass over sequences of these lengths, in tokens, with a product and a sum
// as two. It counts matrix products alone, as is usual:
//
//	2 N (weights of matrices) + 4 L H C Σ n (n+1) / 2     N = Σ n
//
// The second part is the scores and sums of causal attention. The output matrix counts, the embedding, which is looked up, does not; norms,
// activations and rotations are left out.
func (c Config) Operations(lengths ...int) float64 {
	heads, keys := c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	weights := c.Layers*(2*c.HiddenSize*heads+2*c.HiddenSize*keys+3*c.HiddenSize*c.IntermediateSize) + c.VocabSize*c.HiddenSize
	total := 0.0
	for _, n := range lengths {
		total += 2*float64(n)*float64(weights) + 2*float64(c.Layers*heads)*float64(n)*float64(n+1)
	}
	return total
}

// Operations is the number of floating-point operations of forward and backward pass over the parts of a step: three times those of
// [Config.Operations], of which one is for the gradients of weights. Over frozen weights with adapters it is twice, for the weights need no gradient;
// the adapters' own products and the optimiser are left out.
func (t *Trainer) Operations(parts ...MicroBatch) float64 {
	passes := 3.0
	if t.lora != nil {
		passes = 2
	}
	total := 0.0
	for _, part := range parts {
		for i := range part.Sequences() {
			total += passes * t.Config.Operations(part.Starts[i+1]-part.Starts[i])
		}
	}
	return total
}
