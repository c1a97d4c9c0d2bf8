package gpu

import (
	"runtime"
	"runtime/debug"
	"sync"
)

// spare is about how much garbage may gather before it is collected, where WebAssembly holds the buffers of the host backend, in bytes.
const spare = 24 << 20

// Shares reports whether the buffers of a device lie in this program's own WebAssembly memory, which never shrinks and of which a browser
// gives little: what can be computed in smaller parts then is.
func (d *Device) Shares() bool { return d.Info.Backend == Host && runtime.GOARCH == "wasm" }

// hosted are the buffers of the host backend.
var hosted struct {
	sync.Mutex
	bytes   int64
	percent int // of the collector, 0 before the first buffer
}

// count counts a buffer until it is given back, or collected without that.
func count(s *store, bytes int64) runtime.Cleanup {
	host(bytes)
	return runtime.AddCleanup(s, host, -bytes)
}

// host counts bytes of buffers that were made, or that are gone if there are fewer than 0. The collector starts when the heap has grown by a share of what
// is alive. Buffers count as alive and make no garbage, so that a model would let as much garbage gather as it is large; and WebAssembly
// memory never shrinks. So there the share is that of a heap without them.
func host(bytes int64) {
	if runtime.GOARCH != "wasm" {
		return
	}
	hosted.Lock()
	defer hosted.Unlock()
	hosted.bytes += bytes
	if p := growth(hosted.bytes); p != hosted.percent {
		hosted.percent = p
		debug.SetGCPercent(p)
	}
}

// growth is by how many percent a heap with so many bytes of buffers may grow.
func growth(bytes int64) int { return int(max(5, 100*spare/(spare+max(0, bytes)))) }
