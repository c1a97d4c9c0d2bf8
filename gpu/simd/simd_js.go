package simd

import (
	"runtime"
	"syscall/js"
	"unsafe"
)

const tileRows, tileCols = moduleRows, moduleCols

// functions are the exports of the module, on Go's own memory.
var functions struct{ tiles, transpose, copy, expSum, swiglu, swigluGrad, dotRows, sumRows js.Value }

// init starts the module. It stays out where the loader does not show Go's memory as wasm.instance.exports.mem, or where the
// browser has no vectors: then plain Go computes.
func init() {
	wasm := js.Global().Get("wasm")
	if !wasm.Truthy() || !wasm.Get("instance").Truthy() {
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
	exports := assembly.Get("Instance").New(assembly.Get("Module").New(bytes), memory).Get("exports")
	for name, f := range map[string]*js.Value{"tiles": &functions.tiles, "transpose": &functions.transpose, "copy": &functions.copy,
		"expSum": &functions.expSum, "swiglu": &functions.swiglu, "swigluGrad": &functions.swigluGrad,
		"dotRows": &functions.dotRows, "sumRows": &functions.sumRows} {
		*f = exports.Get(name)
	}
	detected = "simd128"
	impl = detected
}

// address is where a word lies in Go's memory. Go moves nothing in its heap, but it moves stacks: what is held is not on one.
func address(p *float32) int {
	held = p
	return int(uintptr(unsafe.Pointer(p)))
}

var held *float32

func tiles(rows, panels, k int, a *float32, row, col int, b, c *float32, ld int, add bool) {
	functions.tiles.Invoke(rows, panels, k, address(a), row, col, address(b), address(c), ld, add)
	runtime.KeepAlive(a)
	runtime.KeepAlive(b)
	runtime.KeepAlive(c)
}

// packWhole copies rows by cols elements of a block, both multiples of 8, into its panels.
func packWhole(to []float32, b View, rows, cols int) {
	panel := 4 * b.Rows * tileCols
	if b.Row == 1 {
		functions.transpose.Invoke(rows/4, cols/tileCols, address(&b.Data[0]), 4*b.Col, address(&to[0]), panel)
	} else {
		functions.copy.Invoke(rows, cols/tileCols, address(&b.Data[0]), 4*b.Row, address(&to[0]), panel)
	}
	runtime.KeepAlive(b)
	runtime.KeepAlive(to)
}

func expSum(x *float32, n int, shift float32) float32 {
	sum := functions.expSum.Invoke(address(x), n/4, shift).Float()
	runtime.KeepAlive(x)
	return float32(sum)
}

func swiglu(gate, up, out *float32, n int) {
	functions.swiglu.Invoke(address(gate), address(up), address(out), n/4)
	runtime.KeepAlive(gate)
	runtime.KeepAlive(up)
	runtime.KeepAlive(out)
}

func swigluGrad(gate, up, ds, dgate, dup *float32, n int) {
	functions.swigluGrad.Invoke(address(gate), address(up), address(ds), address(dgate), address(dup), n/4)
	runtime.KeepAlive(gate)
	runtime.KeepAlive(up)
	runtime.KeepAlive(ds)
	runtime.KeepAlive(dgate)
	runtime.KeepAlive(dup)
}

func dotRows(q *float32, c int, base *float32, rows *uint32, n, stride int, out *float32) {
	functions.dotRows.Invoke(address(q), c/4, address(base), address((*float32)(unsafe.Pointer(rows))), n, stride, address(out))
	runtime.KeepAlive(q)
	runtime.KeepAlive(base)
	runtime.KeepAlive(rows)
	runtime.KeepAlive(out)
}

func sumRows(w *float32, base *float32, rows *uint32, n, stride int, c int, out *float32) {
	functions.sumRows.Invoke(address(w), address(base), address((*float32)(unsafe.Pointer(rows))), n, stride, c/4, address(out))
	runtime.KeepAlive(w)
	runtime.KeepAlive(base)
	runtime.KeepAlive(rows)
	runtime.KeepAlive(out)
}
