package gpu

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// Device is an opened backend. Use it from one goroutine.
type Device struct {
	Info     Info
	Limits   Limits
	Features []string // optional features of the adapter, by WebGPU's names; the standard kernels need none
	Counters Counters
	// Yield, if set, returns how long to pause before a submit. A device calls it where a browser computes kernels on
	// the processors that also draw its pages.
	Yield func() time.Duration
	// Products names the variant of matrix products for training that was found fastest here, "" for the standard one.
	Products string
	// HasSubgroups tells that the device was opened with WebGPU's feature subgroups. Subgroups tells that kernels which use them were
	// found faster here for decoding steps of few rows and for reductions over a row.
	HasSubgroups, Subgroups bool

	impl   backend
	err    error
	onHost []string // kernels to run as their twins, from ATTNLAB_HOST
}

// Info describes the adapter and backend that run the kernels.
type Info struct {
	Name     string `json:"name"`     // "Apple M2", "llvmpipe (LLVM 15.0.6, 256 bits)", "CPU, avx2"
	Backend  string `json:"backend"`  // "vulkan", "metal", "webgpu", "host", ...
	Vendor   string `json:"vendor"`   // as the driver reports it
	Software bool   `json:"software"` // the adapter is a program on the CPU
}

func (i Info) String() string { return fmt.Sprintf("%s (%s)", i.Name, i.Backend) }

// Limits decide what fits, in WebGPU's names and units (bytes, invocations).
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
	Peak                           int64 // the most bytes that were allocated at once
}

// backend is what WebGPU and the host each do in their own way.
type backend interface {
	alloc(*store) error
	free(*store)
	write(s *store, off int, words []uint32) error
	read([]Transfer) error
	newProgram() backendProgram
	compile(*Kernel) error
	wait() error
	lose()
	close()
}

// handle is a backend's own reference to an allocation.
type handle any

// Backends that [Open] takes.
const (
	Auto   = "auto"   // WebGPU where there is an adapter, else the host
	WebGPU = "webgpu" // an adapter or an error
	Host   = "host"   // Go on the processor
)

// ErrNoAdapter is wrapped by the error of Open where there is no GPU to use.
var ErrNoAdapter = errors.New("no WebGPU adapter")

// onHost names the kernels that run as twins on the host, whatever the backend.
func onHost() []string {
	return strings.FieldsFunc(os.Getenv("ATTNLAB_HOST"), func(r rune) bool { return r == ',' })
}

// Open opens a backend: Auto, WebGPU, Host, or the ID of one of [Adapters]. With Auto and no adapter it opens the
// host, and why is a sentence about what was missing.
func Open(backend string) (d *Device, why string, err error) {
	switch backend {
	case Host:
		return OpenHost(), "the host backend was asked for", nil
	case WebGPU, Auto:
		d, err = openWebGPU("")
		if err == nil {
			d.onHost = onHost()
			return d, "an adapter was found", nil
		}
		if backend == WebGPU {
			return nil, "", err
		}
		return OpenHost(), "no GPU can be used here: " + err.Error(), nil
	}
	if IsAdapter(backend) {
		if d, err = openWebGPU(backend); err == nil {
			d.onHost = onHost()
		}
		return d, "this adapter was asked for", err
	}
	return nil, "", fmt.Errorf("gpu: backend %q is unknown; use %s, %s or %s", backend, Auto, WebGPU, Host)
}

// Err is the first error since the device was opened, or nil.
func (d *Device) Err() error { return d.err }

// Lost reports whether the device is lost.
func (d *Device) Lost() bool {
	_, lost := errors.AsType[*LostError](d.err)
	return lost
}

// Wait returns when all submitted work is done.
func (d *Device) Wait() error {
	if d.ready() {
		d.fail(d.impl.wait())
	}
	return d.err
}

// Compile compiles k, once. An error does not stop the device, unless the device is lost: it returns a kernel that an adapter refuses,
// so that the caller can use others.
func (d *Device) Compile(k *Kernel) error {
	if !d.ready() {
		return d.err
	}
	err := d.impl.compile(k)
	if err == nil {
		return nil
	}
	if err = wrapError(err); isLost(err) {
		d.fail(err)
	}
	return err
}

// Lose simulates the loss of the device, as by a driver reset: its contents are lost
// and every later call returns a [LostError].
func (d *Device) Lose() {
	if d.ready() {
		d.impl.lose()
		d.fail(&LostError{Reason: "provoked"})
	}
}

// Close releases the device with its buffers and programs.
func (d *Device) Close() { d.impl.close() }

// CanRun reports whether the device runs k: every kernel, but for those of subgroups where it has none. The host runs any twin.
func (d *Device) CanRun(k *Kernel) bool {
	return d.Info.Backend == Host || d.HasSubgroups || !k.Subgroups
}

// MayUse reports whether a program may use k here: what it can run, but for kernels of subgroups on software, which gains nothing by them.
func (d *Device) MayUse(k *Kernel) bool {
	return d.CanRun(k) && !(d.Info.Software && k.Subgroups)
}

func (d *Device) ready() bool { return d.err == nil }

func (d *Device) fail(err error) {
	if err != nil && d.err == nil {
		d.err = wrapError(err)
	}
}

func (d *Device) runsOnHost(k *Kernel) bool {
	return slices.Contains(d.onHost, k.Name) || slices.Contains(d.onHost, "all")
}
