package widen

import (
	"encoding/binary"
	"math"
	"testing"
)

// Every half-precision number against its definition (-1)^s 2^(e-15) (1 + f/1024), computed in float64.
func TestHalf(t *testing.T) {
	for bits := range 1 << 16 {
		s, e, f := bits>>15, bits>>10&31, bits&1023
		want := math.Ldexp(1+float64(f)/1024, e-15)
		switch {
		case e == 0:
			want = math.Ldexp(float64(f)/1024, -14)
		case e == 31 && f == 0:
			want = math.Inf(1)
		case e == 31:
			want = math.NaN()
		}
		if s == 1 {
			want = -want
		}
		raw := binary.LittleEndian.AppendUint16(nil, uint16(bits))
		got := float64(Half(raw))
		if got != want && !(math.IsNaN(got) && math.IsNaN(want)) || math.Signbit(got) != (s == 1) && !math.IsNaN(got) {
			t.Fatalf("half %#04x is %g, want %g", bits, got, want)
		}
	}
}

func TestWidths(t *testing.T) {
	want := []float32{1.5, -0.0078125, 3e38 /* BF16 below */}
	var b16, b32, b64 []byte
	for _, w := range want {
		bits := math.Float32bits(w)
		b16 = binary.LittleEndian.AppendUint16(b16, uint16(bits>>16))
		b32 = binary.LittleEndian.AppendUint32(b32, bits)
		b64 = binary.LittleEndian.AppendUint64(b64, math.Float64bits(float64(w)+1e-12*float64(w)))
	}
	got := make([]float32, len(want))
	check := func(kind string, want []float32) {
		t.Helper()
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s: value %d is %g, want %g", kind, i, got[i], want[i])
			}
		}
		clear(got)
	}
	F32(b32, got)
	check("F32", want)
	F64(b64, got)
	check("F64", want)
	BF16(b16, got)
	check("BF16", []float32{1.5, -0.0078125, math.Float32frombits(math.Float32bits(3e38) &^ 0xffff)})
	F16([]byte{0x00, 0x3e, 0x00, 0xa0, 0xff, 0x7b}, got)
	check("F16", []float32{1.5, -0.0078125, 65504})
	if i := FirstNotFinite([]float32{1, float32(math.Inf(-1))}); i != 1 || FirstNotFinite(want) != -1 {
		t.Errorf("the first infinity is at %d", i)
	}
}
