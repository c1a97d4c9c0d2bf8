package simd

import (
	"syscall/js"
	"unsafe"
)

const tileRows, tileCols = moduleRows, moduleCols

// init starts the module on Go's own memory and hands its functions to the loader, which imported names for them into this
// program before the module could exist. It stays out where the loader shows no memory as wasm.instance.exports.mem, or where
// the browser has no vectors: then plain Go computes.
func init() {
	wasm, loader := js.Global().Get("wasm"), js.Global().Get("simd")
	if !wasm.Truthy() || !wasm.Get("instance").Truthy() || !loader.Truthy() {
		return
	}
	code := module()
	bytes := js.Global().Get("Uint8Array").New(len(code))
	js.CopyBytesToJS(bytes, code)
	assembly := js.Global().Get("WebAssembly")
	if !assembly.Call("validate", bytes).Bool() {
		return
	}
	memory := map[string]any{"go": map[string]any{"mem": wasm.Get("instance").Get("exports").Get("mem")}}
	instance := assembly.Get("Instance").New(assembly.Get("Module").New(bytes), memory)
	loader.Set("functions", instance.Get("exports"))
	detected = "simd128"
	impl = detected
}

// The functions of the module, see module.go. A pointer that is passed to one escapes, so it is to the heap, which Go does not
// move.

//go:wasmimport simd tiles
func importTiles(rows, panels, k int32, a unsafe.Pointer, row, col int32, b, c unsafe.Pointer, ld, add int32)

//go:wasmimport simd transpose
func importTranspose(rows, panels int32, b unsafe.Pointer, ld int32, to unsafe.Pointer, panel int32)

//go:wasmimport simd copy
func importCopy(rows, panels int32, b unsafe.Pointer, ld int32, to unsafe.Pointer, panel int32)

//go:wasmimport simd expSum
func importExpSum(x unsafe.Pointer, n int32, shift float32) float32

//go:wasmimport simd swiglu
func importSwiGLU(gate, up, out unsafe.Pointer, n int32)

//go:wasmimport simd swigluGrad
func importSwiGLUGrad(gate, up, ds, dgate, dup unsafe.Pointer, n int32)

//go:wasmimport simd dotRows
func importDotRows(q unsafe.Pointer, c int32, base, rows unsafe.Pointer, n, stride int32, out unsafe.Pointer)

//go:wasmimport simd sumRows
func importSumRows(w, base, rows unsafe.Pointer, n, stride, c int32, out unsafe.Pointer)

//go:wasmimport simd maxOf
func importMaxOf(x unsafe.Pointer, n int32) float32

//go:wasmimport simd weigh
func importWeigh(d, w unsafe.Pointer, n int32, scale, shift float32)

func maxOf(x *float32, n int) float32 { return importMaxOf(unsafe.Pointer(x), int32(n/4)) }

func weigh(d, w *float32, n int, scale, shift float32) {
	importWeigh(unsafe.Pointer(d), unsafe.Pointer(w), int32(n/4), scale, shift)
}

func tiles(rows, panels, k int, a *float32, row, col int, b, c *float32, ld int, add bool) {
	sum := int32(0)
	if add {
		sum = 1
	}
	importTiles(int32(rows), int32(panels), int32(k), unsafe.Pointer(a), int32(row), int32(col), unsafe.Pointer(b), unsafe.Pointer(c), int32(ld), sum)
}

// packWhole copies rows by cols elements of a block, both multiples of 8, into its panels.
func packWhole(to []float32, b View, rows, cols int) {
	from, panel := unsafe.Pointer(&b.Data[0]), int32(4*b.Rows*tileCols)
	if b.Row == 1 {
		importTranspose(int32(rows/4), int32(cols/tileCols), from, int32(4*b.Col), unsafe.Pointer(&to[0]), panel)
	} else {
		importCopy(int32(rows), int32(cols/tileCols), from, int32(4*b.Row), unsafe.Pointer(&to[0]), panel)
	}
}

func expSum(x *float32, n int, shift float32) float32 {
	return importExpSum(unsafe.Pointer(x), int32(n/4), shift)
}

func swiglu(gate, up, out *float32, n int) {
	importSwiGLU(unsafe.Pointer(gate), unsafe.Pointer(up), unsafe.Pointer(out), int32(n/4))
}

func swigluGrad(gate, up, ds, dgate, dup *float32, n int) {
	importSwiGLUGrad(unsafe.Pointer(gate), unsafe.Pointer(up), unsafe.Pointer(ds), unsafe.Pointer(dgate), unsafe.Pointer(dup), int32(n/4))
}

func dotRows(q *float32, c int, base *float32, rows *uint32, n, stride int, out *float32) {
	importDotRows(unsafe.Pointer(q), int32(c/4), unsafe.Pointer(base), unsafe.Pointer(rows), int32(n), int32(stride), unsafe.Pointer(out))
}

func sumRows(w *float32, base *float32, rows *uint32, n, stride int, c int, out *float32) {
	importSumRows(unsafe.Pointer(w), unsafe.Pointer(base), unsafe.Pointer(rows), int32(n), int32(stride), int32(c/4), unsafe.Pointer(out))
}
