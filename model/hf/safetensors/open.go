package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"attnlab/model/hf/widen"
)

// Opened is a file whose header has been read and whose values have not.
type Opened struct {
	Metadata map[string]string // "__metadata__" of the header, or nil
	Tensors  []Tensor          // in the order of their values in the file
}

// Tensor is the place of one tensor in a file.
type Tensor struct {
	Name  string
	Dtype string // of the file: "F32", "BF16", …
	Shape []int  // sizes from the outermost; empty for a single number
	file  io.ReaderAt
	at    int64 // of its first byte, from the start of the file
}

// tensorInfo is the header's entry of one tensor.
type tensorInfo struct {
	Dtype   string  `json:"dtype"`
	Shape   []int   `json:"shape"`
	Offsets []int64 `json:"data_offsets"` // begin and end in bytes, from the end of the header
}

// widths are the bytes a value of each type of the format. Types of less than a byte are not read.
var widths = map[string]int{
	"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1, "F8_E8M0": 1,
	"I64": 8, "I32": 4, "I16": 2, "I8": 1, "U64": 8, "U32": 4, "U16": 2, "U8": 1, "BOOL": 1,
}

// Open reads the header of a file of size bytes. It does not trust the header: every byte of data must belong to exactly one
// tensor. It reads no values.
func Open(file io.ReaderAt, size int64) (Opened, error) {
	o, err := open(file, size)
	if err != nil {
		return Opened{}, fmt.Errorf("safetensors: this is not a valid safetensors file: %w", err)
	}
	return o, nil
}

func open(file io.ReaderAt, size int64) (Opened, error) {
	if size < 8 {
		return Opened{}, fmt.Errorf("it has %d bytes, too few for the header's length", size)
	}
	var first [8]byte
	if err := readFull(file, first[:], 0); err != nil {
		return Opened{}, err
	}
	length := binary.LittleEndian.Uint64(first[:])
	if length > maxHeader {
		return Opened{}, fmt.Errorf("its header claims %d bytes, at most %d are read", length, maxHeader)
	}
	if length > uint64(size-8) {
		return Opened{}, fmt.Errorf("its header claims %d bytes, but only %d follow: the file is cut short", length, size-8)
	}
	header := make([]byte, length)
	if err := readFull(file, header, 8); err != nil {
		return Opened{}, err
	}
	o, infos, err := readHeader(header)
	if err != nil {
		return Opened{}, err
	}

	order := make([]int, len(infos))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return slices.Compare(infos[a].Offsets, infos[b].Offsets) })
	base := 8 + int64(length)
	tensors, end, values := make([]Tensor, 0, len(order)), int64(0), size-base
	for _, i := range order {
		t, info := o.Tensors[i], infos[i]
		from, to := info.Offsets[0], info.Offsets[1]
		switch {
		case from < end:
			return Opened{}, fmt.Errorf("the data of tensor %s starts at byte %d, inside another tensor which ends at %d", t.Name, from, end)
		case from > end:
			return Opened{}, fmt.Errorf("the bytes %d to %d before tensor %s belong to no tensor", end, from, t.Name)
		case to > values:
			return Opened{}, fmt.Errorf("tensor %s ends at byte %d, but there are %d bytes of data: the file is cut short", t.Name, to, values)
		}
		t.file, t.at = file, base+from
		tensors, end = append(tensors, t), to
	}
	if end != values {
		return Opened{}, fmt.Errorf("%d bytes after the last tensor belong to nothing", values-end)
	}
	o.Tensors = tensors
	return o, nil
}

// readFull reads len(b) bytes at an offset.
func readFull(file io.ReaderAt, b []byte, at int64) error {
	n, err := file.ReadAt(b, at)
	switch {
	case n == len(b):
		return nil
	case err == nil || errors.Is(err, io.EOF):
		return fmt.Errorf("the file ends at byte %d: it is cut short", at+int64(n))
	}
	return err
}

// Size is the number of values of t.
func (t Tensor) Size() int {
	size, _ := volume(t.Shape)
	return size
}

// Dims is the shape of t.
func (t Tensor) Dims() []int { return t.Shape }

// Kind is the name of t's type.
func (t Tensor) Kind() string { return t.Dtype }

// Bytes is the number of bytes of t in the file.
func (t Tensor) Bytes() int64 { return int64(t.Size()) * int64(widths[t.Dtype]) }

// Float returns an error that names the tensor if its type is not one that Read widens.
func (t Tensor) Float() error {
	if floats[t.Dtype] != nil {
		return nil
	}
	return fmt.Errorf("safetensors: tensor %s is of type %s; only F32, BF16, F16 and F64 are read, so convert the model to one of these first", t.Name, t.Dtype)
}

// chunk is how many bytes Read holds at a time.
const chunk = 1 << 20

// Read reads the values first, first+1, … into dst. BF16 and F16 are widened exactly, F64 is rounded to float32. It
// returns an error for another type and for a value that is not finite, and panics outside the tensor.
func (t Tensor) Read(first int, dst []float32) error {
	if first < 0 || first+len(dst) > t.Size() {
		panic(fmt.Sprintf("safetensors: values %d to %d of tensor %s, which has %d", first, first+len(dst), t.Name, t.Size()))
	}
	if err := t.Float(); err != nil {
		return err
	}
	width := widths[t.Dtype]
	buffer := make([]byte, min(chunk, len(dst)*width))
	for done := 0; done < len(dst); {
		part := dst[done:min(len(dst), done+len(buffer)/width)]
		raw := buffer[:len(part)*width]
		if err := readFull(t.file, raw, t.at+int64(first+done)*int64(width)); err != nil {
			return fmt.Errorf("safetensors: read tensor %s: %w", t.Name, err)
		}
		floats[t.Dtype](raw, part)
		if i := widen.FirstNotFinite(part); i >= 0 {
			return fmt.Errorf("safetensors: value %d of tensor %s is %g, not a finite number", first+done+i, t.Name, part[i])
		}
		done += len(part)
	}
	return nil
}

// floats are the types that Read widens.
var floats = map[string]func(raw []byte, dst []float32){"F64": widen.F64, "F32": widen.F32, "F16": widen.F16, "BF16": widen.BF16}

// readHeader reads the header token by token, because encoding/json does not report a
// key that occurs twice.
func readHeader(header []byte) (o Opened, infos []tensorInfo, err error) {
	broken := func(err error) error {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("its header is not the JSON it should be: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(header))
	d.DisallowUnknownFields()
	if open, err := d.Token(); err != nil {
		return o, nil, broken(err)
	} else if open != json.Delim('{') {
		return o, nil, broken(fmt.Errorf("it starts with %.40q", fmt.Sprint(open)))
	}
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return o, nil, broken(err)
		}
		name := token.(string)                                                    // a key of an object; the decoder has checked
		if len(name) > maxName || strings.ContainsFunc(name, unicode.IsControl) { // messages hold names
			return o, nil, fmt.Errorf("the name %.80q is no tensor's", name)
		}
		if seen[name] {
			return o, nil, fmt.Errorf("tensor %s is in the header twice", name)
		}
		seen[name] = true
		if name == metadataKey {
			if err := d.Decode(&o.Metadata); err != nil {
				return o, nil, broken(err)
			}
			continue
		}
		var info tensorInfo
		if err := d.Decode(&info); err != nil {
			return o, nil, broken(err)
		}
		if err := info.check(name); err != nil {
			return o, nil, err
		}
		o.Tensors = append(o.Tensors, Tensor{Name: name, Dtype: info.Dtype, Shape: info.Shape})
		infos = append(infos, info)
	}
	if _, err := d.Token(); err != nil { // the closing brace
		return o, nil, broken(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return o, nil, broken(errors.New("something follows the closing brace"))
	}
	return o, infos, nil
}

func (info tensorInfo) check(name string) error {
	width, known := widths[info.Dtype]
	if !known {
		return fmt.Errorf("tensor %s is of type %.20q, which this reader does not know", name, info.Dtype)
	}
	size, ok := volume(info.Shape)
	if info.Shape == nil || !ok {
		return fmt.Errorf("tensor %s has the impossible shape %v", name, info.Shape)
	}
	if len(info.Offsets) != 2 || info.Offsets[0] < 0 || info.Offsets[1] < info.Offsets[0] {
		return fmt.Errorf("tensor %s has the impossible data_offsets %v", name, info.Offsets)
	}
	if got, want := info.Offsets[1]-info.Offsets[0], int64(width)*int64(size); got != want {
		return fmt.Errorf("tensor %s of shape %v and type %s needs %d bytes, its data_offsets %v span %d", name, info.Shape, info.Dtype, want, info.Offsets, got)
	}
	return nil
}
