//go:build !js

package gputest

// WasmMemory is 0: there is none.
func WasmMemory() int { return 0 }
