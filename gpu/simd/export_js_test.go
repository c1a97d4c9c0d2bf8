package simd

import "syscall/js"

// UseModule replaces the running module by one with or without fused instructions. It reports whether the browser knows them.
func UseModule(fused bool) bool {
	return start(js.Global().Get("wasm"), js.Global().Get("simd"), module(fused))
}
