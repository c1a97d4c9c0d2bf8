// Package safetensors reads and writes files of named float32 tensors in the safetensors format: a JSON header, then the values.
package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
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
)

// header entry of one tensor.
type tensorInfo struct {
	Dtype   string `json:"dtype"`
	Shape   []int  `json:"shape"`
	Offsets []int  `json:"data_offsets"` // begin and end in bytes, from the end of the header
}

// WriteTo writes s to w. It returns an error for values that are not finite, a name given
// twice and a shape that does not fit its data, before it writes anything.
func (s File) WriteTo(w io.Writer) (int64, error) {
	header, values, err := s.encode()
	if err != nil {
		return 0, err
	}
	written := int64(0)
	for _, piece := range [][]byte{binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header, values} {
		n, err := w.Write(piece)
		written += int64(n)
		if err != nil {
			return written, fmt.Errorf("safetensors: write safetensors: %w", err)
		}
	}
	return written, nil
}

func (s File) encode() (header, values []byte, err error) {
	seen := map[string]bool{}
	header = append(header, '{')
	entry := func(key string, value any) {
		if len(header) > 1 {
			header = append(header, ',')
		}
		k, _ := json.Marshal(key) // strings, ints and slices of them always marshal
		v, _ := json.Marshal(value)
		header = append(append(append(header, k...), ':'), v...)
	}
	if s.Metadata != nil {
		entry(metadataKey, s.Metadata)
	}
	for _, a := range s.Arrays {
		if a.Name == metadataKey || seen[a.Name] {
			return nil, nil, fmt.Errorf("safetensors: two tensors are called %q", a.Name)
		}
		seen[a.Name] = true
		if size, ok := volume(a.Shape); !ok || size != len(a.Data) {
			return nil, nil, fmt.Errorf("safetensors: tensor %s of shape %v has %d values", a.Name, a.Shape, len(a.Data))
		}
		if i := firstNotFinite(a.Data); i >= 0 {
			return nil, nil, fmt.Errorf("safetensors: value %d of tensor %s is %g; the training has diverged, so it is not saved", i, a.Name, a.Data[i])
		}
		begin := len(values)
		for _, v := range a.Data {
			values = binary.LittleEndian.AppendUint32(values, math.Float32bits(v))
		}
		shape := append([]int{}, a.Shape...) // never null in JSON
		entry(a.Name, tensorInfo{Dtype: "F32", Shape: shape, Offsets: []int{begin, len(values)}})
	}
	header = append(header, '}')
	for len(header)%8 != 0 { // values start aligned
		header = append(header, ' ')
	}
	return header, values, nil
}

// Read reads a whole file. It does not trust the header: every byte of
// data must belong to exactly one tensor, be F32 and be finite. It allocates at most a
// small multiple of len(file).
func Read(file []byte) (File, error) {
	s, err := readSafeTensors(file)
	if err != nil {
		return File{}, fmt.Errorf("safetensors: this is not a valid safetensors file: %w", err)
	}
	return s, nil
}

func readSafeTensors(file []byte) (File, error) {
	if len(file) < 8 {
		return File{}, fmt.Errorf("it has %d bytes, too few for the header's length", len(file))
	}
	length, rest := binary.LittleEndian.Uint64(file), file[8:]
	if length > maxHeader {
		return File{}, fmt.Errorf("its header claims %d bytes, at most %d are read", length, maxHeader)
	}
	if length > uint64(len(rest)) {
		return File{}, fmt.Errorf("its header claims %d bytes, but only %d follow: the file is cut short", length, len(rest))
	}
	header, values := rest[:length], rest[length:]
	s, infos, err := readHeader(header)
	if err != nil {
		return File{}, err
	}

	order := make([]int, len(infos))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return slices.Compare(infos[a].Offsets, infos[b].Offsets) })
	arrays, end := make([]Array, 0, len(order)), 0
	for _, i := range order {
		a, info := s.Arrays[i], infos[i]
		from, to := info.Offsets[0], info.Offsets[1]
		switch {
		case from < end:
			return File{}, fmt.Errorf("the data of tensor %s starts at byte %d, inside another tensor which ends at %d", a.Name, from, end)
		case from > end:
			return File{}, fmt.Errorf("the bytes %d to %d before tensor %s belong to no tensor", end, from, a.Name)
		case to > len(values):
			return File{}, fmt.Errorf("tensor %s ends at byte %d, but there are %d bytes of data: the file is cut short", a.Name, to, len(values))
		}
		a.Data = make([]float32, (to-from)/4)
		for i := range a.Data {
			a.Data[i] = math.Float32frombits(binary.LittleEndian.Uint32(values[from+4*i:]))
		}
		if i := firstNotFinite(a.Data); i >= 0 {
			return File{}, fmt.Errorf("value %d of tensor %s is %g, not a finite number", i, a.Name, a.Data[i])
		}
		arrays, end = append(arrays, a), to
	}
	if end != len(values) {
		return File{}, fmt.Errorf("%d bytes after the last tensor belong to nothing", len(values)-end)
	}
	s.Arrays = arrays
	return s, nil
}

// readHeader reads the header token by token, because encoding/json does not report a
// key that occurs twice.
func readHeader(header []byte) (s File, infos []tensorInfo, err error) {
	broken := func(err error) error {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("its header is not the JSON it should be: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(header))
	d.DisallowUnknownFields()
	if open, err := d.Token(); err != nil {
		return s, nil, broken(err)
	} else if open != json.Delim('{') {
		return s, nil, broken(fmt.Errorf("it starts with %v", open))
	}
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return s, nil, broken(err)
		}
		name := token.(string) // a key of an object; the decoder has checked
		if seen[name] {
			return s, nil, fmt.Errorf("tensor %s is in the header twice", name)
		}
		seen[name] = true
		if name == metadataKey {
			if err := d.Decode(&s.Metadata); err != nil {
				return s, nil, broken(err)
			}
			continue
		}
		var info tensorInfo
		if err := d.Decode(&info); err != nil {
			return s, nil, broken(err)
		}
		if err := info.check(name); err != nil {
			return s, nil, err
		}
		s.Arrays = append(s.Arrays, Array{Name: name, Shape: info.Shape})
		infos = append(infos, info)
	}
	if _, err := d.Token(); err != nil { // the closing brace
		return s, nil, broken(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return s, nil, broken(errors.New("something follows the closing brace"))
	}
	return s, infos, nil
}

func (info tensorInfo) check(name string) error {
	if info.Dtype != "F32" {
		return fmt.Errorf("tensor %s is of type %q, only F32 is read; convert the model with .float() first", name, info.Dtype)
	}
	size, ok := volume(info.Shape)
	if info.Shape == nil || !ok {
		return fmt.Errorf("tensor %s has the impossible shape %v", name, info.Shape)
	}
	if len(info.Offsets) != 2 || info.Offsets[0] < 0 || info.Offsets[1] < info.Offsets[0] {
		return fmt.Errorf("tensor %s has the impossible data_offsets %v", name, info.Offsets)
	}
	if got := info.Offsets[1] - info.Offsets[0]; got != 4*size {
		return fmt.Errorf("tensor %s of shape %v needs %d bytes, its data_offsets %v span %d", name, info.Shape, 4*size, info.Offsets, got)
	}
	return nil
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

// firstNotFinite returns the index of the first NaN or infinity, or -1.
func firstNotFinite(values []float32) int {
	return slices.IndexFunc(values, func(v float32) bool { return v-v != 0 })
}
