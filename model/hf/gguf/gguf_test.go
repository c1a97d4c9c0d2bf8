package gguf

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"

	"attnlab/model/hf/safetensors"
	"attnlab/testdata"
)

func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := testdata.FS.ReadFile("models/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Every type against the values that the Python package gguf reads (testdata/models.py).
func TestBlocks(t *testing.T) {
	file := read(t, "quants.gguf")
	f, err := Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	golden, err := safetensors.Read(read(t, "quants.golden.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	types := 0
	for _, tensor := range f.Tensors {
		if tensor.Name != tensor.Type.String() {
			t.Errorf("tensor %s is of type %s", tensor.Name, tensor.Type)
		}
		want, ok := golden.Array(tensor.Name)
		if !ok {
			if err := tensor.Float(); err == nil || !strings.Contains(err.Error(), "tensor TQ1_0 is of type TQ1_0, which is not read") {
				t.Errorf("%s: %v", tensor.Name, err)
			}
			continue
		}
		types++
		if !slices.Equal(tensor.Shape, want.Shape) {
			t.Errorf("%s has shape %v, want %v", tensor.Name, tensor.Shape, want.Shape)
			continue
		}
		columns := want.Shape[1]
		got := make([]float32, len(want.Data))
		for row := range want.Shape[0] { // a row at a time
			if err := tensor.Read(row*columns, got[row*columns:][:columns]); err != nil {
				t.Fatal(err)
			}
		}
		for i := range got {
			if got[i] != want.Data[i] {
				t.Errorf("%s: value %d is %g, Python reads %g", tensor.Name, i, got[i], want.Data[i])
				break
			}
		}
	}
	if types != 11 {
		t.Errorf("%d types were compared", types)
	}
}

// made builds a file from parts of a header; strings get their length before them.
func made(parts ...any) []byte {
	b := []byte("GGUF")
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			b = binary.LittleEndian.AppendUint64(b, uint64(len(p)))
			b = append(b, p...)
		case []byte:
			b = append(b, p...)
		case int:
			b = binary.LittleEndian.AppendUint32(b, uint32(p))
		case uint64:
			b = binary.LittleEndian.AppendUint64(b, p)
		}
	}
	return b
}

const (
	one  = uint64(1)
	none = uint64(0)
)

// matrix is a file with one F32 tensor "w" of 2 rows of 4 values; edit changes it before its data are added.
func matrix(kind int, offset uint64, data int) []byte {
	b := made(3, one, one, "general.alignment", kindUint32, 32, "w", 2, uint64(4), uint64(2), kind, offset)
	for len(b)%32 != 0 {
		b = append(b, 0)
	}
	return append(b, make([]byte, data)...)
}

func TestOpen(t *testing.T) {
	b := made(3, one, uint64(9),
		"byte", kindInt8, []byte{0xff}, "bool", kindBool, []byte{1}, "text", kindString, "so", "big", kindUint64, uint64(1<<40),
		"float", kindFloat32, int(math.Float32bits(0.5)), "double", kindFloat64, math.Float64bits(-2),
		"words", kindArray, kindString, uint64(2), "a", "", "ints", kindArray, kindInt16, uint64(2), []byte{1, 0, 0xfe, 0xff},
		"none", kindArray, kindFloat32, none,
		"w", 2, uint64(4), uint64(2), 0, none)
	for len(b)%32 != 0 {
		b = append(b, 0)
	}
	for i := range 8 {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(i)))
	}
	f, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if n, ok := f.Int("byte"); n != -1 || !ok {
		t.Errorf("byte is %d, %v", n, ok)
	}
	if _, ok := f.Int("big"); ok || !f.Has("big") || f.Has("small") {
		t.Error("a number over 2³¹ came as a size")
	}
	if on, ok := f.Bool("bool"); !on || !ok {
		t.Errorf("bool is %v, %v", on, ok)
	}
	if s, ok := f.String("text"); s != "so" || !ok {
		t.Errorf("text is %q, %v", s, ok)
	}
	if x, ok := f.Float("float"); x != 0.5 || !ok {
		t.Errorf("float is %g, %v", x, ok)
	}
	if x, ok := f.Float("double"); x != -2 || !ok {
		t.Errorf("double is %g, %v", x, ok)
	}
	if x, ok := f.Float("byte"); x != -1 || !ok {
		t.Errorf("a whole number as a float is %g, %v", x, ok)
	}
	if s, ok := f.Strings("words"); !slices.Equal(s, []string{"a", ""}) || !ok {
		t.Errorf("words are %q, %v", s, ok)
	}
	if s, ok := f.Ints("ints"); !slices.Equal(s, []int64{1, -2}) || !ok {
		t.Errorf("ints are %d, %v", s, ok)
	}
	w, got := f.Tensors[0], make([]float32, 4)
	if err := w.Read(4, got); err != nil || !slices.Equal(got, []float32{4, 5, 6, 7}) || !slices.Equal(w.Dims(), []int{2, 4}) || w.Bytes() != 32 {
		t.Errorf("the second row of %v is %g, %v", w.Dims(), got, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	tensor := func(parts ...any) []byte {
		return append(made(append([]any{3, one, none}, parts...)...), make([]byte, 64)...)
	}
	for name, test := range map[string]struct {
		file []byte
		want string
	}{
		"empty":             {nil, "cut short"},
		"other magic":       {[]byte("PK\x03\x04........................"), `starts with "PK`},
		"version 1":         {made(1, one, one), "version 1"},
		"big-endian":        {made(0x03000000, one, one), "version 50331648"},
		"no counts":         {made(3, one), "cut short"},
		"many tensors":      {made(3, uint64(1)<<40, none), "claims 1099511627776 tensors"},
		"many entries":      {made(3, none, uint64(math.MaxUint64)), "metadata entries"},
		"long key":          {made(3, none, one, uint64(1)<<60), "bytes of a text"},
		"key past the end":  {made(3, none, one, uint64(1000)), "cut short"},
		"unknown kind":      {made(3, none, one, "a", 13, none), "unknown type 13"},
		"unknown in a list": {made(3, none, one, "a", kindArray, 13, one, none), "unknown type 13"},
		"list of lists":     {made(3, none, one, "a", kindArray, kindArray, one, none), "list of lists"},
		"endless list":      {made(3, none, one, "a", kindArray, kindUint8, uint64(1)<<24, none), "cut short"},
		"longer list":       {made(3, none, one, "a", kindArray, kindUint8, uint64(1)<<40), "entries of a list"},
		"too large":         {made(3, none, one, "a", kindUint64, uint64(math.MaxUint64)), "too large"},
		"key twice":         {made(3, none, uint64(2), "a", kindUint32, 1, "a", kindUint32, 2), `"a" twice`},
		"alignment 0":       {made(3, none, one, "general.alignment", kindUint32, 0), "alignment"},
		"alignment text":    {made(3, none, one, "general.alignment", kindString, "x"), "alignment"},
		"two lines":         {tensor("a\nb", 1, one, 0, none), `the name "a\nb" is no tensor's`},
		"no dimensions":     {tensor("w", 0, 0, none), "0 dimensions"},
		"many dimensions":   {tensor("w", 5, one, one, one, one, one, 0, none), "5 dimensions"},
		"dimension 0":       {tensor("w", 1, none, 0, none), "dimension of 0"},
		"dimension huge":    {tensor("w", 1, uint64(1)<<32, 0, none), "dimension of 4294967296"},
		"volume huge":       {tensor("w", 2, uint64(1)<<30, uint64(1)<<30, 0, none), "impossible shape"},
		"broken blocks":     {tensor("w", 1, uint64(33), 2, none), "no whole blocks of 32"},
		"cut data":          {matrix(0, 0, 28), "tensor \"w\" does not end in the file"},
		"far offset":        {matrix(0, 1<<62, 32), "does not end in the file"},
		"crooked offset":    {matrix(0, 4, 64), "no multiple of 32"},
		"tensor twice": {made(3, uint64(2), none, "w", 1, one, 0, none, "w", 1, one, 0, uint64(32)),
			`"w" is in the header twice`},
		"overlap": {append(made(3, uint64(2), none, "v", 1, uint64(16), 0, none, "w", 1, one, 0, uint64(32)), make([]byte, 128)...),
			`"w" starts at byte 32, inside another`},
	} {
		f, err := Open(bytes.NewReader(test.file), int64(len(test.file)))
		if err == nil || f != nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want one about %q", name, err, test.want)
		}
	}
	// A type that nobody knows is no reason to refuse the file, only that tensor.
	unknown := matrix(99, 0, 32)
	f, err := Open(bytes.NewReader(unknown), int64(len(unknown)))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Tensors[0].Read(0, make([]float32, 4)); err == nil || !strings.Contains(err.Error(), "type number 99") {
		t.Errorf("type 99: %v", err)
	}
	nan := matrix(0, 0, 32)
	copy(nan[len(nan)-4:], []byte{0, 0, 0xc0, 0x7f})
	if f, err = Open(bytes.NewReader(nan), int64(len(nan))); err != nil {
		t.Fatal(err)
	}
	if err := f.Tensors[0].Read(0, make([]float32, 8)); err == nil || !strings.Contains(err.Error(), "value 7 of tensor w is NaN") {
		t.Errorf("NaN: %v", err)
	}
}

// Whatever a header claims, the file is refused in one line or every tensor can be read or is refused.
func FuzzGGUF(f *testing.F) {
	f.Add(matrix(0, 0, 32))
	f.Add(matrix(1, 0, 16))
	f.Add(append(made(3, one, one, "a", kindArray, kindString, uint64(2), "x", "y", "w", 1, uint64(256), 12, none), make([]byte, 256)...))
	f.Add(append(made(2, one, none, "w", 1, uint64(32), 8, none), make([]byte, 96)...))
	f.Fuzz(func(t *testing.T, file []byte) {
		g, err := Open(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("an error of several lines: %q", err)
			}
			return
		}
		for _, tensor := range g.Tensors {
			if tensor.Float() == nil {
				if err := tensor.Read(0, make([]float32, tensor.volume())); err != nil && strings.Contains(err.Error(), "cut short") {
					t.Errorf("tensor %s does not end in the file: %v", tensor.Name, err)
				}
			}
		}
	})
}
