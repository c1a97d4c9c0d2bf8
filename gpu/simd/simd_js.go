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
	switch {
	case start(wasm, loader, module(true)):
		detected = "simd128"
	case start(wasm, loader, module(false)):
		detected = "simd128, not fused" // rounds otherwise
	}
	impl = detected
}

// start instantiates the module's code, unless the browser does not know its instructions.
func start(wasm, loader js.Value, code []byte) bool {
	bytes := js.Global().Get("Uint8Array").New(len(code))
	js.CopyBytesToJS(bytes, code)
	assembly := js.Global().Get("WebAssembly")
	if !assembly.Call("validate", bytes).Bool() {
		return false
	}
	memory := map[string]any{"go": map[string]any{"mem": wasm.Get("instance").Get("exports").Get("mem")}}
	instance := assembly.Get("Instance").New(assembly.Get("Module").New(bytes), memory)
	loader.Set("functions", instance.Get("exports"))
	return true
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
func importExpSum(x unsafe.Pointer, n int32, scale, shift float32) float32

//go:wasmimport simd softmax
func importSoftmax(s unsafe.Pointer, rows, ld, words, cols, seen int32, scale float32, top, sum unsafe.Pointer)

//go:wasmimport simd softmaxGrad
func importSoftmaxGrad(s, d unsafe.Pointer, rows, ld, words, cols, seen int32, scale float32, lse, delta unsafe.Pointer, stride int32)

//go:wasmimport simd logitStat
func importLogitStat(x unsafe.Pointer, n int32, scale float32, out unsafe.Pointer)

//go:wasmimport simd logitGrad
func importLogitGrad(x unsafe.Pointer, n int32, scale, lse, a, b float32)

//go:wasmimport simd norm
func importNorm(x, w, y, rstd unsafe.Pointer, rows, c int32, eps, share float32)

//go:wasmimport simd normGrad
func importNormGrad(dy, x, w, rstd, dx unsafe.Pointer, rows, c int32, share float32)

//go:wasmimport simd normGain
func importNormGain(dy, x, rstd, sum unsafe.Pointer, rows, c int32)

//go:wasmimport simd addTo
func importAddTo(y, x unsafe.Pointer, n int32)

//go:wasmimport simd rotate
func importRotate(row unsafe.Pointer, heads, half int32, cosine, sine unsafe.Pointer, sign float32)

//go:wasmimport simd adamW
func importAdamW(g, w, m, v unsafe.Pointer, n int32, clip, beta1, beta2, rate, share, eps, keep float32)

//go:wasmimport simd swiglu
func importSwiGLU(gate, up, out unsafe.Pointer, n int32)

//go:wasmimport simd swigluGrad
func importSwiGLUGrad(gate, up, ds, dgate, dup unsafe.Pointer, n int32)

//go:wasmimport simd dotHeads
func importDotHeads(q unsafe.Pointer, step, heads, c int32, base, rows unsafe.Pointer, n, stride int32, out unsafe.Pointer, ld int32)

//go:wasmimport simd sumHeads
func importSumHeads(w unsafe.Pointer, ld, heads, c int32, base, rows unsafe.Pointer, n, stride int32, out unsafe.Pointer, step int32)

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

func expSum(x *float32, n int, scale, shift float32) float32 {
	return importExpSum(unsafe.Pointer(x), int32(n/4), scale, shift)
}

func softmax(s View, seen int, scale float32, top, sum []float32) {
	importSoftmax(first(s.Data), int32(s.Rows), int32(4*s.Row), int32(s.Row), int32(s.Cols), int32(seen), scale, first(top), first(sum))
}

func softmaxGrad(s, d View, seen int, scale float32, lse, delta []float32, stride int) {
	importSoftmaxGrad(first(s.Data), first(d.Data), int32(s.Rows), int32(4*s.Row), int32(s.Row), int32(s.Cols), int32(seen),
		scale, first(lse), first(delta), int32(4*stride))
}

// stat receives the results of logitStat: the program has one thread.
var stat = make([]float32, 3)

func logitStat(x []float32, scale float32) (top, sum, moment float32) {
	importLogitStat(first(x), int32(len(x)), scale, first(stat))
	return stat[0], stat[1], stat[2]
}

func logitGrad(x *float32, n int, scale, lse, a, b float32) {
	importLogitGrad(unsafe.Pointer(x), int32(n/4), scale, lse, a, b)
}

func norm(y, rstd, x, w []float32, eps float32) {
	importNorm(first(x), first(w), first(y), first(rstd), int32(len(rstd)), int32(len(w)/4), eps, 1/float32(len(w)))
}

func normGrad(dx, dy, x, w, rstd []float32) {
	importNormGrad(first(dy), first(x), first(w), first(rstd), first(dx), int32(len(rstd)), int32(len(w)/4), 1/float32(len(w)))
}

func normGain(sum, dy, x, rstd []float32) {
	importNormGain(first(dy), first(x), first(rstd), first(sum), int32(len(rstd)), int32(len(sum)/4))
}

func addTo(y, x *float32, n int) { importAddTo(unsafe.Pointer(y), unsafe.Pointer(x), int32(n/4)) }

func rotate(row []float32, heads int, cosine, sine []float32, sign float32) {
	importRotate(first(row), int32(heads), int32(len(cosine)/4), first(cosine), first(sine), sign)
}

func adam(g, w, m, v []float32, a AdamW) {
	importAdamW(first(g), first(w), first(m), first(v), int32(len(g)/4), a.Clip, a.Beta1, a.Beta2, a.Rate, a.Share, a.Eps, a.Keep)
}

func first(x []float32) unsafe.Pointer { return unsafe.Pointer(&x[0]) }

func swiglu(gate, up, out *float32, n int) {
	importSwiGLU(unsafe.Pointer(gate), unsafe.Pointer(up), unsafe.Pointer(out), int32(n/4))
}

func swigluGrad(gate, up, ds, dgate, dup *float32, n int) {
	importSwiGLUGrad(unsafe.Pointer(gate), unsafe.Pointer(up), unsafe.Pointer(ds), unsafe.Pointer(dgate), unsafe.Pointer(dup), int32(n/4))
}

func dotHeads(q *float32, step, heads, c int, base *float32, rows *uint32, n, stride int, out *float32, ld int) {
	importDotHeads(unsafe.Pointer(q), int32(step), int32(heads), int32(c/4), unsafe.Pointer(base), unsafe.Pointer(rows), int32(n), int32(stride), unsafe.Pointer(out), int32(ld))
}

func sumHeads(w *float32, ld, heads, c int, base *float32, rows *uint32, n, stride int, out *float32, step int) {
	importSumHeads(unsafe.Pointer(w), int32(ld), int32(heads), int32(c/4), unsafe.Pointer(base), unsafe.Pointer(rows), int32(n), int32(stride), unsafe.Pointer(out), int32(step))
}
