// Package safetensors reads and writes files of named tensors in the safetensors format: a JSON header, then the values. It reads a
// file by ranges and widens every value to float32; it writes float32.
package safetensors

import (
	"bytes"
	"fmt"
	"io"
	"math"

	"attnlab/model/hf/widen"
)

// Array is one named tensor of float32s, row-major.
type Array struct {
	Name  string
	Shape []int // sizes from the outermost; empty for a single number
	Data  []float32
}

// File is the content of a .safetensors file: eight bytes with the length of
// a JSON header, the header, and the values one tensor after another.
// See https://github.com/huggingface/safetensors#format.
type File struct {
	Metadata map[string]string // "__metadata__" of the header, or nil
	Arrays   []Array           // in the order of their values in the file
}

// Array returns the tensor called name, and whether there is one.
func (s File) Array(name string) (Array, bool) {
	for _, a := range s.Arrays {
		if a.Name == name {
			return a, true
		}
	}
	return Array{}, false
}

const (
	metadataKey = "__metadata__"
	maxHeader   = 100_000_000 // bytes, the limit of the format; metadata may hold much text
	maxRank     = 8
	maxName     = 1024 // bytes
)

// WriteTo writes s to w. It returns an error for values that are not finite, a name given
// twice and a shape that does not fit its data, before it writes anything.
func (s File) WriteTo(w io.Writer) (int64, error) {
	if _, _, err := streamHeader(s.Metadata, s.Arrays); err != nil {
		return 0, err
	}
	for _, a := range s.Arrays {
		if size, _ := volume(a.Shape); size != len(a.Data) {
			return 0, fmt.Errorf("safetensors: tensor %s of shape %v has %d values", a.Name, a.Shape, len(a.Data))
		}
		if i := widen.FirstNotFinite(a.Data); i >= 0 {
			return 0, fmt.Errorf("safetensors: value %d of tensor %s is %g; the training has diverged, so it is not saved", i, a.Name, a.Data[i])
		}
	}
	c := &counter{Writer: w}
	err := Stream(c, s.Metadata, s.Arrays, func(a Array, put func([]float32) error) error { return put(a.Data) })
	return c.n, err
}

// counter counts what is written.
type counter struct {
	io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.n += int64(n)
	return n, err
}

// Read reads a whole file, widened to float32. It allocates at most a small multiple of
// len(file). What [Open] and [Tensor.Read] refuse, it refuses.
func Read(file []byte) (File, error) {
	opened, err := Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return File{}, err
	}
	s := File{Metadata: opened.Metadata, Arrays: make([]Array, 0, len(opened.Tensors))}
	for _, t := range opened.Tensors {
		a := Array{Name: t.Name, Shape: t.Shape, Data: make([]float32, t.Size())}
		if err := t.Read(0, a.Data); err != nil {
			return File{}, err
		}
		s.Arrays = append(s.Arrays, a)
	}
	return s, nil
}

// volume returns the product of the sizes, and whether they can be a tensor's.
func volume(shape []int) (int, bool) {
	if len(shape) > maxRank {
		return 0, false
	}
	size := 1
	for _, n := range shape {
		if n < 0 || n > math.MaxInt32 || size*n > math.MaxInt32 {
			return 0, false
		}
		size *= n
	}
	return size, true
}
