package hf

import (
	"context"
	"io/fs"

	"attnlab/model"
)

// adapted are the tensors of a model with adapters merged in.
type adapted struct {
	model.Source
	*Adapters
	scale float32
	pairs map[string][2]model.AdapterTensor // A and B by the name of the tensor that they adapt
}

// Over gives the values of a model of config c with the adapters merged in: W + Alpha/Rank · B·A, a row at a time.
func (a *Adapters) Over(c model.Config, src model.Source) model.Source {
	m := adapted{src, a, float32(a.Alpha / float64(a.Rank)), map[string][2]model.AdapterTensor{}}
	for _, adapter := range c.Adapters(a.LoRA) {
		tensors := adapter.Tensors()
		for i := 0; i < len(tensors); i += 2 {
			m.pairs[tensors[i].Name] = [2]model.AdapterTensor{tensors[i], tensors[i+1]}
		}
	}
	return m
}

// ReadRows implements [model.Source].
func (m adapted) ReadRows(ctx context.Context, name string, row int, dst []float32) error {
	err := m.Source.ReadRows(ctx, name, row, dst)
	pair, ok := m.pairs[name]
	if err != nil || !ok {
		return err
	}
	A, B := pair[0], pair[1]
	sum := make([]float32, A.Cols)
	for ; len(dst) > 0; row, dst = row+1, dst[A.Cols:] {
		clear(sum)
		for k, b := range m.Words[B.Offset+row*B.Stride:][:B.Cols] {
			for i, v := range m.Words[A.Offset+k*A.Stride:][:A.Cols] {
				sum[i] += b * v
			}
		}
		for i, v := range sum {
			dst[i] += m.scale * v
		}
	}
	return nil
}

// OpenAdapters reads adapters of a model of config c from a folder of PEFT's form, see [LoadAdapters].
func OpenAdapters(c model.Config, fsys fs.FS) (*Adapters, error) {
	files := map[string][]byte{}
	for _, name := range AdapterFiles {
		data, err := readSmall(fsys, name, maxAdapter)
		if err != nil {
			return nil, err
		}
		if data != nil {
			files[name] = data
		}
	}
	return LoadAdapters(c, files)
}

// maxAdapter bounds the file of adapters, which is read whole: rank 32 of a model of 7 billion parameters has 320 MB in F32.
const maxAdapter = 1 << 30
