package hf

import (
	"testing"

	"attnlab/model"
)

// typed is a tensor of which only shape and type matter.
type typed struct {
	tensor
	kind string
	dims []int
}

func (t typed) Kind() string { return t.kind }
func (t typed) Dims() []int  { return t.dims }

// The storage that is proposed is the smallest that holds the numbers of the matrices; vectors do not count.
func TestStored(t *testing.T) {
	for _, c := range []struct {
		embedding, other string
		want             model.Storage
	}{
		{"BF16", "BF16", model.BF16}, {"F16", "F16", model.F16}, {"F64", "F32", model.F32}, {"BF16", "F16", model.F32}, {"BF16", "Q8_0", model.F32},
		{"Q8_0", "Q8_0", model.Q8}, {"Q8_0", "Q4_1", model.Q4}, {"Q6_K", "Q4_K", model.Q4}, {"Q4_0", "Q4_0", model.Q4}, {"F16", "Q4_0", model.F16},
		{"Q4_0", "Q5_K", model.Q8}, {"Q4_K", "Q6_K", model.Q8}, {"Q4_K", "IQ2_S", model.F32},
	} {
		s := &Source{tensors: map[string]tensor{"model.embed_tokens.weight": typed{kind: c.embedding, dims: []int{9, 64}},
			"model.layers.0.mlp.up_proj.weight": typed{kind: c.other, dims: []int{64, 64}}, "model.norm.weight": typed{kind: "F32", dims: []int{64}}}}
		if got := s.Stored(); got != c.want {
			t.Errorf("an embedding of %s and matrices of %s: %s, want %s", c.embedding, c.other, got, c.want)
		}
	}
}
