package wasm_test

import (
	"bytes"
	"testing"

	"attnlab/gpu/simd/wasm"
)

// TestModule compares a small module with its bytes by hand: add1(x) = x + 1.
func TestModule(t *testing.T) {
	f := wasm.NewFunc("add1", wasm.I32)
	x := f.Param(wasm.I32)
	f.Body(wasm.AddInt(x.Get(), wasm.Int(1)))
	want := []byte{
		0, 'a', 's', 'm', 1, 0, 0, 0,
		1, 6, 1, 0x60, 1, 0x7f, 1, 0x7f, // types: (i32) -> i32
		2, 11, 1, 2, 'g', 'o', 3, 'm', 'e', 'm', 2, 0, 0, // imports: memory go.mem
		3, 2, 1, 0, // functions: one of type 0
		7, 8, 1, 4, 'a', 'd', 'd', '1', 0, 0, // exports
		10, 9, 1, 7, 0, 0x20, 0, 0x41, 1, 0x6a, 0x0b, // code: local.get 0, i32.const 1, i32.add, end
	}
	if got := wasm.Module(f); !bytes.Equal(got, want) {
		t.Errorf("got  % x\nwant % x", got, want)
	}
}

// TestInt holds signed numbers to LEB128 as the specification writes it.
func TestInt(t *testing.T) {
	for x, want := range map[int32][]byte{0: {0}, 63: {63}, 64: {0xc0, 0}, -1: {0x7f}, -64: {0x40}, -65: {0xbf, 0x7f}, 624485: {0xe5, 0x8e, 0x26}} {
		if got := wasm.Int(x)[1:]; !bytes.Equal(got, want) {
			t.Errorf("%d is % x, want % x", x, []byte(got), want)
		}
	}
}
