package gpu

import (
	"runtime"
	"testing"
	"time"
)

var garbage []byte

// The larger the buffers of the host backend, the smaller the share by which the heap grows. In WebAssembly 1 GB of garbage then takes little memory
// beside 192 MB of buffers; without that it would take as much as they do.
func TestGarbageIsBounded(t *testing.T) {
	for bytes, want := range map[int64]int{0: 100, -5: 100, spare: 50, 3 * spare: 25, 1 << 40: 5} {
		if got := growth(bytes); got != want {
			t.Errorf("a heap with %d MB of buffers may grow by %d %%, want %d", bytes>>20, got, want)
		}
	}
	if runtime.GOARCH != "wasm" {
		return
	}
	d := OpenHost()
	var buffers []*Buffer
	for range 3 {
		buffers = append(buffers, d.Floats("large", spare/4))
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range 1024 {
		garbage = make([]byte, 1<<20)
	}
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapSys-after.HeapReleased) - int64(before.HeapAlloc); grown > spare*3/2 {
		t.Errorf("garbage has taken %d MB beside %d MB", grown>>20, before.HeapAlloc>>20)
	}
	buffers[0].Release()
	buffers = nil // the others are collected
	for end := time.Now().Add(10 * time.Second); hosted.percent < 90; time.Sleep(time.Millisecond) {
		if runtime.GC(); time.Now().After(end) {
			t.Fatalf("without these buffers the heap may grow by %d %%", hosted.percent)
		}
	}
}
