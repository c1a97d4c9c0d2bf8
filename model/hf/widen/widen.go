// Package widen converts numbers as files store them, little-endian, to float32.
package widen

import (
	"encoding/binary"
	"math"
	"slices"
)

// F32 copies len(dst) numbers from raw.
func F32(raw []byte, dst []float32) {
	for i := range dst {
		dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
}

// F64 rounds each of len(dst) double-precision numbers to the nearest float32.
func F64(raw []byte, dst []float32) {
	for i := range dst {
		dst[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(raw[8*i:])))
	}
}

// BF16 widens len(dst) numbers exactly: a bfloat16 is the upper half of a float32.
func BF16(raw []byte, dst []float32) {
	for i := range dst {
		dst[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(raw[2*i:])) << 16)
	}
}

// F16 widens len(dst) numbers exactly.
func F16(raw []byte, dst []float32) {
	for i := range dst {
		dst[i] = Half(raw[2*i:])
	}
}

// Half widens the half-precision number of IEEE 754 in the first two bytes of raw: 1 bit of sign, 5 of exponent with
// bias 15, 10 of fraction.
func Half(raw []byte) float32 {
	h := binary.LittleEndian.Uint16(raw)
	sign, exponent, fraction := uint32(h>>15)<<31, uint32(h>>10)&31, uint32(h)&1023
	switch exponent {
	case 0: // zero, or subnormal: fraction · 2⁻²⁴
		return math.Float32frombits(sign | math.Float32bits(float32(fraction)/(1<<24)))
	case 31: // infinity or NaN
		return math.Float32frombits(sign | 0xff<<23 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
}

// FirstNotFinite returns the index of the first NaN or infinity, or -1.
func FirstNotFinite(values []float32) int {
	return slices.IndexFunc(values, func(v float32) bool { return v-v != 0 })
}
