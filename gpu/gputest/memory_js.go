package gputest

import "syscall/js"

// WasmMemory is the size of this program's WebAssembly memory, in bytes. It never shrinks, so this is its peak.
func WasmMemory() int {
	return js.Global().Get("wasm").Get("instance").Get("exports").Get("mem").Get("buffer").Get("byteLength").Int()
}
