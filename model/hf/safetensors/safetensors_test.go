package safetensors

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
)

// safe puts a file together from a header and n float32s 1, 2, …
func safe(header string, n int) []byte {
	file := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	file = append(file, header...)
	for i := range n {
		file = binary.LittleEndian.AppendUint32(file, math.Float32bits(float32(i+1)))
	}
	return file
}

func TestReadSafeTensors(t *testing.T) {
	// By hand from the format's description: b stands first in the header, last in the data.
	file := safe(`{"b":{"dtype":"F32","shape":[2],"data_offsets":[16,24]},
		"__metadata__":{"format":"pt"},
		"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},
		"one":{"dtype":"F32","shape":[],"data_offsets":[24,28]},
		"none":{"dtype":"F32","shape":[0,3],"data_offsets":[28,28]}}   `, 7)
	want := File{map[string]string{"format": "pt"}, []Array{
		{"a", []int{2, 2}, []float32{1, 2, 3, 4}},
		{"b", []int{2}, []float32{5, 6}},
		{"one", []int{}, []float32{7}},
		{"none", []int{0, 3}, []float32{}},
	}}
	got, err := Read(file)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("read %+v, %v; want %+v", got, err, want)
	}

	var b bytes.Buffer
	n, err := want.WriteTo(&b)
	if err != nil || n != int64(b.Len()) {
		t.Fatalf("WriteTo = %d, %v; wrote %d bytes", n, err, b.Len())
	}
	if length := binary.LittleEndian.Uint64(b.Bytes()); length%8 != 0 {
		t.Errorf("the header has %d bytes, so the values are not aligned", length)
	}
	if again, err := Read(b.Bytes()); err != nil || !reflect.DeepEqual(again, want) {
		t.Errorf("written and read %+v, %v; want %+v", again, err, want)
	}
}

func TestReadSafeTensorsRefuses(t *testing.T) {
	one := func(info string) string { return `{"w":{` + info + `}}` }
	f32 := func(shape, offsets string) string {
		return `{"dtype":"F32","shape":` + shape + `,"data_offsets":` + offsets + `}`
	}
	lying := func(length uint64) []byte {
		return append(binary.LittleEndian.AppendUint64(nil, length), "{}"...)
	}
	nan := safe(`{"w":`+f32("[2]", "[0,8]")+`}`, 2)
	binary.LittleEndian.PutUint32(nan[len(nan)-4:], math.Float32bits(float32(math.NaN())))
	inf := safe(`{"w":`+f32("[2]", "[0,8]")+`}`, 2)
	binary.LittleEndian.PutUint32(inf[len(inf)-8:], math.Float32bits(float32(math.Inf(-1))))

	for name, test := range map[string]struct {
		file []byte
		want string
	}{
		"empty":              {nil, "0 bytes"},
		"seven bytes":        {make([]byte, 7), "7 bytes"},
		"header too long":    {lying(100), "only 2 follow"},
		"header huge":        {lying(math.MaxUint64), "claims 18446744073709551615 bytes"},
		"no header":          {lying(0), "unexpected EOF"},
		"text":               {safe("\"a\\nb\"", 0), `starts with "a\nb"`},
		"name of two lines":  {safe(`{"a\nb":`+f32("[1]", "[0,4]")+`}`, 1), `the name "a\nb" is no tensor's`},
		"long name":          {safe(`{"`+strings.Repeat("a", 2000)+`":`+f32("[1]", "[0,4]")+`}`, 1), "is no tensor's"},
		"array":              {safe(`[]`, 0), `starts with "["`},
		"cut JSON":           {safe(`{"w":`, 0), "JSON"},
		"two headers":        {safe(`{}{}`, 0), "follows"},
		"unknown field":      {safe(`{"w":{"dtype":"F32","shape":[],"data_offsets":[0,4],"x":1}}`, 1), `"x"`},
		"bad metadata":       {safe(`{"__metadata__":{"a":1}}`, 0), "JSON"},
		"whole numbers":      {safe(one(`"dtype":"I32","shape":[1],"data_offsets":[0,4]`), 1), "tensor w is of type I32; only F32, BF16, F16 and F64 are read"},
		"eight bits":         {safe(one(`"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]`), 1), "tensor w is of type F8_E4M3;"},
		"four bits":          {safe(one(`"dtype":"F4","shape":[8],"data_offsets":[0,4]`), 1), `type "F4", which this reader does not know`},
		"width of the type":  {safe(one(`"dtype":"BF16","shape":[2],"data_offsets":[0,8]`), 2), "shape [2] and type BF16 needs 4 bytes"},
		"no shape":           {safe(one(`"dtype":"F32","data_offsets":[0,4]`), 1), "impossible shape"},
		"negative size":      {safe(`{"w":`+f32("[-1]", "[0,4]")+`}`, 1), "impossible shape [-1]"},
		"overflowing shape":  {safe(`{"w":`+f32("[4294967296,4294967296]", "[0,4]")+`}`, 1), "impossible shape"},
		"too many sizes":     {safe(`{"w":`+f32("[1,1,1,1,1,1,1,1,1]", "[0,4]")+`}`, 1), "impossible shape"},
		"fractional size":    {safe(`{"w":`+f32("[1.5]", "[0,4]")+`}`, 1), "JSON"},
		"one offset":         {safe(`{"w":`+f32("[1]", "[4]")+`}`, 1), "impossible data_offsets"},
		"backward offsets":   {safe(`{"w":`+f32("[1]", "[4,0]")+`}`, 1), "impossible data_offsets"},
		"negative offset":    {safe(`{"w":`+f32("[1]", "[-4,0]")+`}`, 1), "impossible data_offsets"},
		"shape and offsets":  {safe(`{"w":`+f32("[3]", "[0,8]")+`}`, 2), "needs 12 bytes"},
		"twice":              {safe(`{"w":`+f32("[1]", "[0,4]")+`,"w":`+f32("[1]", "[4,8]")+`}`, 2), "w is in the header twice"},
		"overlap":            {safe(`{"a":`+f32("[2]", "[0,8]")+`,"b":`+f32("[2]", "[4,12]")+`}`, 3), "b starts at byte 4"},
		"same place":         {safe(`{"a":`+f32("[1]", "[0,4]")+`,"b":`+f32("[1]", "[0,4]")+`}`, 1), "inside another"},
		"hole":               {safe(`{"a":`+f32("[1]", "[0,4]")+`,"b":`+f32("[1]", "[8,12]")+`}`, 3), "bytes 4 to 8"},
		"cut data":           {safe(`{"w":`+f32("[3]", "[0,12]")+`}`, 2), "cut short"},
		"far beyond the end": {safe(`{"w":`+f32("[500000000]", "[0,2000000000]")+`}`, 2), "cut short"},
		"trailing bytes":     {append(safe(`{"w":`+f32("[1]", "[0,4]")+`}`, 1), 0), "1 bytes after"},
		"NaN":                {nan, "value 1 of tensor w is NaN"},
		"infinity":           {inf, "value 0 of tensor w is -Inf"},
	} {
		s, err := Read(test.file)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want one about %q", name, err, test.want)
		}
		if s.Arrays != nil {
			t.Errorf("%s: tensors came with the error", name)
		}
	}
}

// Values of each type, and a range of them that is longer than a chunk.
func TestRead(t *testing.T) {
	file := safe(`{"h":{"dtype":"F16","shape":[3],"data_offsets":[0,6]},"b":{"dtype":"BF16","shape":[1],"data_offsets":[6,8]},
		"d":{"dtype":"F64","shape":[1],"data_offsets":[8,16]},"i":{"dtype":"I64","shape":[1],"data_offsets":[16,24]}}`, 0)
	file = append(file, 0x00, 0x3c, 0x01, 0x00, 0xff, 0xfb, 0x80, 0xbf, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0)
	opened, err := Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]float32{{1, 1.0 / (1 << 24), -65504}, {-1}, {1.5}} {
		tensor := opened.Tensors[i]
		for first := range want {
			got := make([]float32, len(want)-first)
			if err := tensor.Read(first, got); err != nil || !reflect.DeepEqual(got, want[first:]) {
				t.Errorf("%s from %d: %g, %v; want %g", tensor.Name, first, got, err, want[first:])
			}
		}
	}
	if i := opened.Tensors[3]; i.Float() == nil || i.Read(0, make([]float32, 1)) == nil {
		t.Error("whole numbers were read as weights")
	}

	long := Array{Name: "w", Shape: []int{chunk/4 + 5}, Data: make([]float32, chunk/4+5)}
	for i := range long.Data {
		long.Data[i] = float32(i)
	}
	var b bytes.Buffer
	if _, err := (File{Arrays: []Array{long}}).WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	whole := b.Bytes()
	if opened, err = Open(bytes.NewReader(whole), int64(len(whole))); err != nil {
		t.Fatal(err)
	}
	got := make([]float32, chunk/4+2)
	if err := opened.Tensors[0].Read(3, got); err != nil || got[0] != 3 || got[len(got)-1] != float32(chunk/4+4) {
		t.Errorf("a range over two chunks ends in %g, %v", got[len(got)-1], err)
	}
	// The size says more than the file has: a server whose file was replaced.
	if opened, err = Open(bytes.NewReader(whole[:len(whole)-4]), int64(len(whole))); err != nil {
		t.Fatal(err)
	}
	if err := opened.Tensors[0].Read(0, make([]float32, opened.Tensors[0].Size())); err == nil || !strings.Contains(err.Error(), "cut short") {
		t.Errorf("a cut file: %v", err)
	}
}

type brokenWriter struct{ after int }

func (w *brokenWriter) Write(p []byte) (int, error) {
	if w.after -= len(p); w.after < 0 {
		return 0, errors.New("no space left")
	}
	return len(p), nil
}

func TestWriteSafeTensorsRefuses(t *testing.T) {
	for want, arrays := range map[string][]Array{
		"two tensors":   {{"a", []int{1}, []float32{1}}, {"a", []int{1}, []float32{1}}},
		"__metadata__":  {{"__metadata__", []int{1}, []float32{1}}},
		"has 2 values":  {{"a", []int{3}, []float32{1, 2}}},
		"value 1 of":    {{"a", []int{2}, []float32{1, float32(math.Inf(1))}}},
		"shape [-1 -1]": {{"a", []int{-1, -1}, []float32{1}}},
		"diverged":      {{"ok", []int{1}, []float32{1}}, {"a", []int{1}, []float32{float32(math.NaN())}}},
	} {
		var b bytes.Buffer
		if _, err := (File{Arrays: arrays}).WriteTo(&b); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one about %q", err, want)
		}
		if b.Len() != 0 {
			t.Errorf("%d bytes were written before the error about %q", b.Len(), want)
		}
	}
	if _, err := (File{}).WriteTo(&brokenWriter{9}); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("a full disk: %v", err)
	}
}

// A file is either refused or says the same after being written again.
func FuzzSafetensors(f *testing.F) {
	f.Add(safe(`{"w":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"__metadata__":{"a":"b"}}`, 2))
	f.Add(safe(`{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"b":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 1))
	f.Add(safe(`{"w":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`, 0))
	f.Add(safe(`{"w":null}`, 0))
	f.Add(safe(`{"h":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"BF16","shape":[2],"data_offsets":[4,8]}}`, 2))
	f.Add(safe(`{"d":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}`, 2))
	f.Add([]byte{255, 255, 255, 255, 255, 255, 255, 255, '{', '}'})
	f.Fuzz(func(t *testing.T, file []byte) {
		s, err := Read(file)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("an error of several lines: %q", err)
			}
			return
		}
		var b bytes.Buffer
		if _, err := s.WriteTo(&b); err != nil {
			t.Fatalf("read but cannot be written: %v", err)
		}
		again, err := Read(b.Bytes())
		if err != nil || !reflect.DeepEqual(again, s) {
			t.Fatalf("%+v became %+v, %v", s, again, err)
		}
	})
}
