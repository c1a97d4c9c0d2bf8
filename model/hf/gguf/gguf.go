// Package gguf reads models in llama.cpp's file format GGUF, versions 2 and 3, by ranges: a header with metadata and a table of
// tensors, then the tensors, most of them quantised in blocks. See https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
package gguf

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unicode"

	"attnlab/model/hf/widen"
)

// File is a file whose header has been read and whose tensors have not.
type File struct {
	Tensors  []Tensor // in the order of the header
	metadata map[string]any
}

// Tensor is the place of one tensor in a file.
type Tensor struct {
	Name  string
	Shape []int // sizes from the outermost, as Hugging Face writes them; the file has them the other way round
	Type  Type
	file  io.ReaderAt
	at    int64 // of its first byte, from the start of the file
}

// Limits on what a header may claim. The largest vocabularies have 262,144 tokens and half a million merges.
const (
	maxHeader    = 256 << 20
	maxEntries   = 1 << 16
	maxString    = 16 << 20
	maxArray     = 1 << 24
	maxDims      = 4
	maxName      = 1024 // bytes
	maxAlignment = 1 << 16
)

// Open reads the header of a file of size bytes. It does not trust the header: every tensor must lie in the file, and no two may
// overlap. It reads no tensor.
func Open(file io.ReaderAt, size int64) (*File, error) {
	f, err := open(file, size)
	if err != nil {
		return nil, fmt.Errorf("gguf: this is not a valid GGUF file: %w", err)
	}
	return f, nil
}

func open(file io.ReaderAt, size int64) (*File, error) {
	h := newHeader(file, size)
	if magic := h.bytes(4); h.err == nil && string(magic) != "GGUF" {
		return nil, fmt.Errorf("it starts with %q", magic)
	}
	version := h.uint32()
	if h.err == nil && version != 2 && version != 3 {
		return nil, fmt.Errorf("it is of version %d, only 2 and 3 are read", version)
	}
	tensors, entries := h.count("tensors", maxEntries), h.count("metadata entries", maxEntries)
	f := &File{metadata: map[string]any{}}
	for range entries {
		key := h.string()
		if _, twice := f.metadata[key]; twice {
			return nil, fmt.Errorf("the metadata has %.80q twice", key)
		}
		value := h.value(key, h.uint32())
		if h.err != nil {
			return nil, h.err
		}
		f.metadata[key] = value
	}
	offsets := make([]uint64, 0, min(tensors, 1024))
	seen := map[string]bool{}
	for range tensors {
		t := Tensor{Name: h.string(), file: file}
		if len(t.Name) > maxName || strings.ContainsFunc(t.Name, unicode.IsControl) { // messages hold names
			return nil, fmt.Errorf("the name %.80q is no tensor's", t.Name)
		}
		dims := h.uint32()
		if h.err == nil && (dims < 1 || dims > maxDims) {
			return nil, fmt.Errorf("tensor %.80q has %d dimensions", t.Name, dims)
		}
		for range dims {
			n := h.uint64()
			if h.err == nil && (n < 1 || n > math.MaxInt32) {
				return nil, fmt.Errorf("tensor %.80q has a dimension of %d", t.Name, n)
			}
			t.Shape = append(t.Shape, int(n))
		}
		t.Type = Type(h.uint32())
		offset := h.uint64()
		if h.err != nil {
			return nil, h.err
		}
		slices.Reverse(t.Shape)
		if seen[t.Name] {
			return nil, fmt.Errorf("tensor %.80q is in the header twice", t.Name)
		}
		seen[t.Name] = true
		if t.volume() > math.MaxInt32 {
			return nil, fmt.Errorf("tensor %.80q has the impossible shape %v", t.Name, t.Shape)
		}
		if block := t.Type.layout().values; block > 0 && t.Shape[len(t.Shape)-1]%block != 0 {
			return nil, fmt.Errorf("tensor %.80q of type %s has rows of %d values, which are no whole blocks of %d", t.Name, t.Type, t.Shape[len(t.Shape)-1], block)
		}
		f.Tensors, offsets = append(f.Tensors, t), append(offsets, offset)
	}
	if h.err != nil {
		return nil, h.err
	}
	return f, f.place(h.at, size, offsets)
}

// place finds the tensors in the file, whose header ends at byte end.
func (f *File) place(end, size int64, offsets []uint64) error {
	alignment := 32
	if _, given := f.metadata["general.alignment"]; given {
		n, ok := f.Int("general.alignment")
		if !ok || n < 1 || n > maxAlignment {
			return errors.New("general.alignment is no alignment")
		}
		alignment = n
	}
	align := int64(alignment)
	base := (end + align - 1) / align * align
	order := make([]int, len(offsets))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(offsets[a], offsets[b]) })
	free := uint64(0) // the first byte after the tensors so far
	for _, i := range order {
		t := &f.Tensors[i]
		switch {
		case offsets[i]%uint64(align) != 0:
			return fmt.Errorf("tensor %.80q starts at byte %d, which is no multiple of %d", t.Name, offsets[i], align)
		case offsets[i] < free:
			return fmt.Errorf("tensor %.80q starts at byte %d, inside another tensor which ends at %d", t.Name, offsets[i], free)
		case offsets[i] > uint64(size) || base+int64(offsets[i])+max(t.Bytes(), 1) > size:
			return fmt.Errorf("tensor %.80q does not end in the file: the file is cut short", t.Name)
		}
		t.at, free = base+int64(offsets[i]), offsets[i]+uint64(t.Bytes())
	}
	return nil
}

// Int is a whole number of the metadata that fits an int32, and whether there is one under key.
func (f *File) Int(key string) (int, bool) {
	n, ok := f.metadata[key].(int64)
	return int(n), ok && n >= math.MinInt32 && n <= math.MaxInt32
}

// Float is a number of the metadata, and whether there is one under key.
func (f *File) Float(key string) (float64, bool) {
	if n, ok := f.metadata[key].(int64); ok {
		return float64(n), true
	}
	x, ok := f.metadata[key].(float64)
	return x, ok
}

// Bool is a yes or no of the metadata, and whether there is one under key.
func (f *File) Bool(key string) (value, ok bool) { value, ok = f.metadata[key].(bool); return }

// String is a text of the metadata, and whether there is one under key.
func (f *File) String(key string) (string, bool) { s, ok := f.metadata[key].(string); return s, ok }

// Strings is a list of texts of the metadata, and whether there is one under key.
func (f *File) Strings(key string) ([]string, bool) {
	s, ok := f.metadata[key].([]string)
	return s, ok
}

// Ints is a list of whole numbers of the metadata, and whether there is one under key.
func (f *File) Ints(key string) ([]int64, bool) { s, ok := f.metadata[key].([]int64); return s, ok }

// Has reports whether the metadata has key.
func (f *File) Has(key string) bool { _, ok := f.metadata[key]; return ok }

// volume is the number of values of t, as far as it can be a tensor's.
func (t Tensor) volume() int {
	size := 1
	for _, n := range t.Shape {
		if size *= n; size > math.MaxInt32 {
			return size
		}
	}
	return size
}

// Dims is the shape of t.
func (t Tensor) Dims() []int { return t.Shape }

// Kind is the name of t's type.
func (t Tensor) Kind() string { return t.Type.String() }

// Bytes is the number of bytes of t in the file; 0 for a type that this package does not know.
func (t Tensor) Bytes() int64 {
	l := t.Type.layout()
	if l.values == 0 {
		return 0
	}
	return int64(t.volume()/l.values) * int64(l.bytes)
}

// Float returns an error that names the tensor if its type is not one that Read widens.
func (t Tensor) Float() error {
	if t.Type.layout().widen != nil {
		return nil
	}
	return fmt.Errorf("gguf: tensor %s is of type %s, which is not read; take the model as Q8_0, Q4_0, Q4_1, Q4_K, Q5_K, Q6_K, F16, BF16 or F32", t.Name, t.Type)
}

// chunk is how many bytes Read holds at a time.
const chunk = 1 << 20

// Read reads the values first, first+1, … into dst, block by block. first and len(dst) must be whole blocks, as whole rows are. It
// returns an error for a type that is not read and for a value that is not finite, and panics outside the tensor.
func (t Tensor) Read(first int, dst []float32) error {
	if err := t.Float(); err != nil {
		return err
	}
	l := t.Type.layout()
	if first < 0 || first+len(dst) > t.volume() || first%l.values != 0 || len(dst)%l.values != 0 {
		panic(fmt.Sprintf("gguf: values %d to %d of tensor %s, which has %d in blocks of %d", first, first+len(dst), t.Name, t.volume(), l.values))
	}
	most := max(chunk/l.bytes, 1) // blocks at a time
	buffer := make([]byte, min(most, len(dst)/l.values)*l.bytes)
	for done := 0; done < len(dst); {
		part := dst[done:min(len(dst), done+most*l.values)]
		raw := buffer[:len(part)/l.values*l.bytes]
		if n, err := t.file.ReadAt(raw, t.at+int64((first+done)/l.values)*int64(l.bytes)); n < len(raw) {
			if err == nil || errors.Is(err, io.EOF) {
				err = errors.New("the file is cut short")
			}
			return fmt.Errorf("gguf: read tensor %s: %w", t.Name, err)
		}
		if l.values == 1 {
			l.widen(raw, part)
		} else {
			for b := range len(part) / l.values {
				l.widen(raw[b*l.bytes:][:l.bytes], part[b*l.values:][:l.values])
			}
		}
		if i := widen.FirstNotFinite(part); i >= 0 {
			return fmt.Errorf("gguf: value %d of tensor %s is %g, not a finite number", first+done+i, t.Name, part[i])
		}
		done += len(part)
	}
	return nil
}
