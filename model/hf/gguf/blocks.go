package gguf

import (
	"encoding/binary"
	"fmt"

	"attnlab/model/hf/widen"
)

// Type is how a tensor's values are stored, with ggml's number.
type Type uint32

// layout is one block of a type.
type layout struct {
	name   string
	values int // in a block; 0 for a type that is only known by name
	bytes  int // of a block
	widen  func(raw []byte, dst []float32)
}

// layouts are the types by number. The formulas follow the comments of ggml-common.h: d is the scale of a block, m its
// minimum, q a value's bits.
var layouts = map[Type]layout{
	0:  {"F32", 1, 4, widen.F32},
	1:  {"F16", 1, 2, widen.F16},
	2:  {"Q4_0", 32, 18, q4_0},
	3:  {"Q4_1", 32, 20, q4_1},
	6:  {"Q5_0", 32, 22, q5_0},
	7:  {"Q5_1", 32, 24, q5_1},
	8:  {"Q8_0", 32, 34, q8_0},
	9:  {name: "Q8_1"},
	10: {name: "Q2_K"},
	11: {name: "Q3_K"},
	12: {"Q4_K", 256, 144, q4_K},
	13: {"Q5_K", 256, 176, q5_K},
	14: {"Q6_K", 256, 210, q6_K},
	15: {name: "Q8_K"},
	16: {name: "IQ2_XXS"}, 17: {name: "IQ2_XS"}, 18: {name: "IQ3_XXS"}, 19: {name: "IQ1_S"}, 20: {name: "IQ4_NL"},
	21: {name: "IQ3_S"}, 22: {name: "IQ2_S"}, 23: {name: "IQ4_XS"}, 29: {name: "IQ1_M"},
	24: {name: "I8"}, 25: {name: "I16"}, 26: {name: "I32"}, 27: {name: "I64"}, 28: {name: "F64"},
	30: {"BF16", 1, 2, widen.BF16},
	34: {name: "TQ1_0"}, 35: {name: "TQ2_0"}, 39: {name: "MXFP4"},
}

func (t Type) layout() layout { return layouts[t] }

// String is ggml's name of t.
func (t Type) String() string {
	if name := layouts[t].name; name != "" {
		return name
	}
	return fmt.Sprintf("number %d", uint32(t))
}

// q4_0 is x = d (q - 8): d, then 16 bytes with values 0 to 15 in the low halves and 16 to 31 in the high ones.
func q4_0(raw []byte, dst []float32) {
	d, q := widen.Half(raw), raw[2:]
	for j := range 16 {
		dst[j] = d * float32(int(q[j]&15)-8)
		dst[j+16] = d * float32(int(q[j]>>4)-8)
	}
}

// q4_1 is x = d q + m.
func q4_1(raw []byte, dst []float32) {
	d, m, q := widen.Half(raw), widen.Half(raw[2:]), raw[4:]
	for j := range 16 {
		dst[j] = float32(d*float32(q[j]&15)) + m
		dst[j+16] = float32(d*float32(q[j]>>4)) + m
	}
}

// q5_0 is x = d (q - 16): d, then the fifth bits of all 32 values, then the other four as in q4_0.
func q5_0(raw []byte, dst []float32) {
	d, high, q := widen.Half(raw), binary.LittleEndian.Uint32(raw[2:]), raw[6:]
	for j := range 16 {
		dst[j] = d * float32(int(q[j]&15|fifth(high, j))-16)
		dst[j+16] = d * float32(int(q[j]>>4|fifth(high, j+16))-16)
	}
}

// q5_1 is x = d q + m.
func q5_1(raw []byte, dst []float32) {
	d, m, high, q := widen.Half(raw), widen.Half(raw[2:]), binary.LittleEndian.Uint32(raw[4:]), raw[8:]
	for j := range 16 {
		dst[j] = float32(d*float32(q[j]&15|fifth(high, j))) + m
		dst[j+16] = float32(d*float32(q[j]>>4|fifth(high, j+16))) + m
	}
}

func fifth(high uint32, j int) byte { return byte(high>>j&1) << 4 }

// q8_0 is x = d q with q from -128 to 127.
func q8_0(raw []byte, dst []float32) {
	d := widen.Half(raw)
	for j := range 32 {
		dst[j] = d * float32(int8(raw[2+j]))
	}
}

// scales unpacks scale and minimum, six bits each, of the j-th of eight runs of 32 values from 12 bytes.
func scales(s []byte, j int) (scale, minimum float32) {
	if j < 4 {
		return float32(s[j] & 63), float32(s[j+4] & 63)
	}
	return float32(s[j+4]&15 | s[j-4]>>6<<4), float32(s[j+4]>>4 | s[j]>>6<<4)
}

// q4_K is x = d·scale q - dmin·minimum: d and dmin of 256 values, scales of eight runs of 32, then two runs in each 32 bytes, the
// low halves first.
func q4_K(raw []byte, dst []float32) {
	d, dmin, s, q := widen.Half(raw), widen.Half(raw[2:]), raw[4:16], raw[16:]
	for run := range 8 {
		scale, minimum := scales(s, run)
		scale, minimum = d*scale, dmin*minimum
		for l := range 32 {
			bits := q[run/2*32+l] >> (run % 2 * 4) & 15
			dst[run*32+l] = float32(scale*float32(bits)) - minimum
		}
	}
}

// q5_K is q4_K with a fifth bit: bit r of the l-th of 32 bytes belongs to value l of run r.
func q5_K(raw []byte, dst []float32) {
	d, dmin, s, high, q := widen.Half(raw), widen.Half(raw[2:]), raw[4:16], raw[16:48], raw[48:]
	for run := range 8 {
		scale, minimum := scales(s, run)
		scale, minimum = d*scale, dmin*minimum
		for l := range 32 {
			bits := q[run/2*32+l]>>(run%2*4)&15 | high[l]>>run&1<<4
			dst[run*32+l] = float32(scale*float32(bits)) - minimum
		}
	}
}

// q6_K is x = d·scale (q - 32) with a scale from -128 to 127 for each run of 16: four low bits of 256 values, two high bits, 16
// scales, d. Each half of 128 values takes 64 bytes of low bits and 32 of high ones.
func q6_K(raw []byte, dst []float32) {
	low, high, s, d := raw[:128], raw[128:192], raw[192:208], widen.Half(raw[208:])
	for i := range 256 {
		half, run, l := i/128, i%128/32, i%32 // four runs of 32 in a half
		bits := low[half*64+run%2*32+l]>>(run/2*4)&15 | high[half*32+l]>>(2*run)&3<<4
		scale := d * float32(int8(s[i/16]))
		dst[i] = scale * float32(int(bits)-32)
	}
}
