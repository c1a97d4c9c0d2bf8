package safetensors

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"

	"attnlab/model/hf/widen"
)

// Stream writes the file that [File.WriteTo] writes of these tensors, whose Data it does not read: values is called with each tensor in
// order and gives its values to put, a few at a time. It returns an error of values, for one that is not finite, and for a number of values
// that does not fit the shape.
func Stream(w io.Writer, metadata map[string]string, tensors []Array, values func(tensor Array, put func([]float32) error) error) error {
	header, sizes, err := streamHeader(metadata, tensors)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 1<<20)
	if _, err := out.Write(append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...)); err != nil {
		return fmt.Errorf("safetensors: write safetensors: %w", err)
	}
	for i, t := range tensors {
		written := 0
		err := values(t, func(some []float32) error {
			if j := widen.FirstNotFinite(some); j >= 0 {
				return fmt.Errorf("safetensors: value %d of tensor %s is %g, so it is not saved", written+j, t.Name, some[j])
			}
			written += len(some)
			var word [4]byte
			for _, v := range some {
				binary.LittleEndian.PutUint32(word[:], math.Float32bits(v))
				if _, err := out.Write(word[:]); err != nil {
					return fmt.Errorf("safetensors: write safetensors: %w", err)
				}
			}
			return nil
		})
		if err == nil && written != sizes[i] {
			err = fmt.Errorf("safetensors: tensor %s of shape %v has %d values", t.Name, t.Shape, written)
		}
		if err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("safetensors: write safetensors: %w", err)
	}
	return nil
}

// streamHeader is the header of a file of these tensors in F32, and how many values each has.
func streamHeader(metadata map[string]string, tensors []Array) (header []byte, sizes []int, err error) {
	entries := headerWriter{data: []byte{'{'}}
	if metadata != nil {
		entries.add(metadataKey, metadata)
	}
	seen, at := map[string]bool{}, int64(0)
	for _, t := range tensors {
		if t.Name == metadataKey || seen[t.Name] {
			return nil, nil, fmt.Errorf("safetensors: two tensors are called %q", t.Name)
		}
		seen[t.Name] = true
		size, ok := volume(t.Shape)
		if !ok {
			return nil, nil, fmt.Errorf("safetensors: tensor %s of shape %v is too large", t.Name, t.Shape)
		}
		sizes = append(sizes, size)
		entries.add(t.Name, tensorInfo{Dtype: "F32", Shape: append([]int{}, t.Shape...), Offsets: []int64{at, at + 4*int64(size)}}) // never null in JSON
		at += 4 * int64(size)
	}
	return entries.end(), sizes, nil
}

// headerWriter makes a JSON object in the order of its entries.
type headerWriter struct{ data []byte }

func (h *headerWriter) add(key string, value any) {
	if len(h.data) > 1 {
		h.data = append(h.data, ',')
	}
	k, _ := json.Marshal(key) // strings, ints and slices of them always marshal
	v, _ := json.Marshal(value)
	h.data = append(append(append(h.data, k...), ':'), v...)
}

// end closes the object and pads it, so that values start aligned.
func (h *headerWriter) end() []byte {
	h.data = append(h.data, '}')
	for len(h.data)%8 != 0 {
		h.data = append(h.data, ' ')
	}
	return h.data
}
