package model

import "context"

// Source gives the values of a model's tensors, a few rows at a time, from wherever
// they lie: files, a part of a file, an address. The names are those of [Tensor], as
// Hugging Face writes them. A tensor of one dimension is one row.
type Source interface {
	// ReadRows fills dst with whole rows of the tensor called name, from row on, in
	// float32; len(dst) is a multiple of the tensor's columns. It returns an error if the
	// tensor is missing, has another shape, ends before, or cannot be read, and ctx's
	// error once ctx is done.
	ReadRows(ctx context.Context, name string, row int, dst []float32) error
}
