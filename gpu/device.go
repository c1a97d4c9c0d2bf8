package gpu

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// Device is an opened engine. It is used from one goroutine.
type Device struct {
	Info     Info
	Limits   Limits
	Features []string // optional ones that the adapter offers, by WebGPU's names; no kernel needs any
	Counters Counters
	// Yield may be set to say how long to leave the processors to others. It is asked before each submit that a browser
	// computes on them.
	Yield  func() time.Duration
	eng    engine
	err    error
	onHost []string // kernels to run as their twins, from ATTNLAB_HOST
}

// Info says what runs the kernels.
type Info struct {
	Name     string `json:"name"`     // "Apple M2", "llvmpipe (LLVM 15.0.6, 256 bits)", "host"
	Backend  string `json:"backend"`  // "vulkan", "metal", "webgpu", "host", ...
	Vendor   string `json:"vendor"`   // as the driver says it
	Software bool   `json:"software"` // the adapter is a program on the CPU
}

func (i Info) String() string { return fmt.Sprintf("%s (%s)", i.Name, i.Backend) }

// Limits are the ones that decide what fits, in WebGPU's names and units (bytes,
// invocations).
type Limits struct {
	MaxBufferSize                     int64 `json:"maxBufferSize"`
	MaxStorageBufferBindingSize       int64 `json:"maxStorageBufferBindingSize"`
	MaxComputeWorkgroupStorageSize    int64 `json:"maxComputeWorkgroupStorageSize"`
	MaxComputeInvocationsPerWorkgroup int64 `json:"maxComputeInvocationsPerWorkgroup"`
}

// Counters are what the device has done since it was opened, and what it holds now.
type Counters struct {
	Dispatches, Submits, Readbacks int64
	ReadBytes                      int64 // copied from the device by all readbacks
	Buffers, Bytes                 int64 // allocated now
}

// engine is what WebGPU and the host each do in their own way.
type engine interface {
	alloc(*store) error
	free(*store)
	write(s *store, off int, words []uint32) error
	read([]Transfer) error
	newProgram() programEngine
	wait() error
	lose()
	close()
}

// handle is an engine's own reference to an allocation.
type handle any

// Backends that [Open] takes.
const (
	Auto   = "auto"   // WebGPU where there is an adapter, else the host
	WebGPU = "webgpu" // an adapter or an error
	Host   = "host"   // plain Go
)

// ErrNoAdapter is wrapped by the error of Open where there is no GPU to use.
var ErrNoAdapter = errors.New("no WebGPU adapter")

// Open opens an engine: Auto, WebGPU or Host. With Auto and no adapter the host
// is opened, and why says in a sentence what was missing.
func Open(backend string) (d *Device, why string, err error) {
	switch backend {
	case Host:
		return OpenHost(), "the host engine was asked for", nil
	case WebGPU, Auto:
		d, err = openWebGPU()
		if err == nil {
			d.onHost = strings.FieldsFunc(os.Getenv("ATTNLAB_HOST"), func(r rune) bool { return r == ',' })
			return d, "an adapter was found", nil
		}
		if backend == WebGPU {
			return nil, "", err
		}
		return OpenHost(), "no GPU can be used here: " + err.Error(), nil
	}
	return nil, "", fmt.Errorf("gpu: backend %q is unknown; use %s, %s or %s", backend, Auto, WebGPU, Host)
}

// Err is the first error since the device was opened, or nil.
func (d *Device) Err() error { return d.err }

// Lost says whether the device is gone.
func (d *Device) Lost() bool {
	_, lost := errors.AsType[*LostError](d.err)
	return lost
}

// Wait returns when all submitted work is done.
func (d *Device) Wait() error {
	if d.ready() {
		d.fail(d.eng.wait())
	}
	return d.err
}

// Lose provokes the loss of the device, as a driver reset would: everything on
// it is gone and every later call returns a [LostError].
func (d *Device) Lose() {
	if d.ready() {
		d.eng.lose()
		d.fail(&LostError{Reason: "provoked"})
	}
}

// Close gives the device back. Buffers and programs on it are gone.
func (d *Device) Close() { d.eng.close() }

func (d *Device) ready() bool { return d.err == nil }

func (d *Device) fail(err error) {
	if err != nil && d.err == nil {
		d.err = own(err)
	}
}

func (d *Device) runsOnHost(k *Kernel) bool {
	return slices.Contains(d.onHost, k.Name) || slices.Contains(d.onHost, "all")
}
