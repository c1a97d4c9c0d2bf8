//go:build !js && cgo

package gpu

import (
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/cogentcore/webgpu/wgpu"
)

// platform is the part of the backend for wgpu-native.
type platform struct {
	instance *wgpu.Instance
	adapter  *wgpu.Adapter
	gone     bool
}

func init() { wgpu.SetLogLevel(wgpu.LogLevelOff) }

// newInstance is the library's. Without a descriptor: the binding would pass one with words it never set.
func newInstance() *wgpu.Instance {
	if os.Getenv("XDG_RUNTIME_DIR") == "" {
		os.Setenv("XDG_RUNTIME_DIR", os.TempDir()) // otherwise the Vulkan loader complains on stderr
	}
	return wgpu.CreateInstance(nil)
}

// infoOf describes an adapter.
func infoOf(adapter *wgpu.Adapter) Info {
	a := adapter.GetInfo()
	if strings.HasPrefix(a.Name, "0x") && a.DriverDescription != "" {
		a.Name = a.DriverDescription
	}
	return Info{Name: a.Name, Backend: strings.ToLower(a.BackendType.String()), Vendor: vendorName(a), Software: a.AdapterType == wgpu.AdapterTypeCPU}
}

func adapters() (infos []Info) {
	instance := newInstance()
	defer instance.Release()
	for _, a := range instance.EnumerateAdapters(nil) {
		infos = append(infos, infoOf(a))
		a.Release()
	}
	return infos
}

// find returns the adapter of an ID, see [Adapters].
func find(instance *wgpu.Instance, id string) (found *wgpu.Adapter, err error) {
	all := instance.EnumerateAdapters(nil)
	var infos []Info
	for _, a := range all {
		infos = append(infos, infoOf(a))
	}
	list := numbered(infos)
	for i, a := range all {
		if found == nil && list[i].ID == id {
			found = a
		} else {
			a.Release()
		}
	}
	if found == nil {
		return nil, noSuch(id, list)
	}
	return found, nil
}

func (e *webgpu) open(id string) (Info, Limits, error) {
	e.instance = newInstance()
	var err error
	if id != "" {
		if e.adapter, err = find(e.instance, id); err != nil {
			return Info{}, Limits{}, err
		}
	} else if e.adapter, err = e.instance.RequestAdapter(&wgpu.RequestAdapterOptions{PowerPreference: wgpu.PowerPreferenceHighPerformance}); err != nil || e.adapter == nil {
		return Info{}, Limits{}, fmt.Errorf("gpu: %w: install a Vulkan driver (on Debian: apt-get install mesa-vulkan-drivers libvulkan1)", ErrNoAdapter)
	}
	info := infoOf(e.adapter)
	limits := e.adapter.GetLimits().Limits
	limits.MaxPushConstantSize = 0 // above zero it needs a feature that we do not request
	e.device, err = e.adapter.RequestDevice(&wgpu.DeviceDescriptor{
		Label:          "attnlab",
		RequiredLimits: &wgpu.RequiredLimits{Limits: limits},
	})
	if err != nil {
		return Info{}, Limits{}, fmt.Errorf("gpu: adapter %s returned no device: %w", info.Name, err)
	}
	return info, Limits{
		MaxBufferSize:                     int64(limits.MaxBufferSize),
		MaxStorageBufferBindingSize:       int64(limits.MaxStorageBufferBindingSize),
		MaxComputeWorkgroupStorageSize:    int64(limits.MaxComputeWorkgroupStorageSize),
		MaxComputeInvocationsPerWorkgroup: int64(limits.MaxComputeInvocationsPerWorkgroup),
	}, nil
}

// features are WebGPU's and, after them, wgpu's own.
func (e *webgpu) features() []string {
	names := []string{}
	for _, f := range e.adapter.EnumerateFeatures() {
		if name := strings.TrimPrefix(f.String(), "native-feature-"); name != "" { // the binding does not know them all
			names = append(names, name)
		}
	}
	return names
}

// vendorName returns the driver's name for the vendor, or the PCI number.
func vendorName(a wgpu.AdapterInfo) string {
	if a.VendorName != "" {
		return a.VendorName
	}
	return fmt.Sprintf("%#x", a.VendorId)
}

// guard runs f unless the device is lost. The binding reports validation errors as Go
// errors itself.
func (e *webgpu) guard(f func() error) error {
	if e.gone {
		return &LostError{Reason: "device destroyed"}
	}
	return f()
}

// named is guard, and an error names what was being made.
func (e *webgpu) named(what string, f func() error) error {
	err := e.guard(f)
	if err != nil && !isLost(err) {
		return fmt.Errorf("gpu: %s: %w", what, err)
	}
	return err
}

// scoped is guard: the binding has scopes of its own around every call.
func (e *webgpu) scoped(f func() error) error { return e.guard(f) }

// explain returns wgpu-native's message, which includes the compiler's.
func (e *webgpu) explain(_ *Kernel, err error) string { return err.Error() }

func (e *webgpu) wait() error {
	return e.guard(func() error { e.drain(); return nil })
}

// drain returns when the queue is empty. It asks again and again, with pauses of about a sixteenth of the time so far: wgpu-native's own
// wait ends after 5 seconds, takes the work for finished and frees what a driver still uses, which then crashes.
func (e *webgpu) drain() {
	for begun := time.Now(); !e.device.Poll(false, nil); {
		time.Sleep(min(max(time.Since(begun)/16, 10*time.Microsecond), 5*time.Millisecond))
	}
}

func (e *webgpu) writeBuffer(b *wgpu.Buffer, off int, data []byte) error {
	return e.queue.WriteBuffer(b, uint64(off), data)
}

// endPass returns the error of a dispatch of the pass.
func endPass(pass *wgpu.ComputePassEncoder) error { return pass.End() }

// tick lets wgpu-native free what finished submissions held.
func (e *webgpu) tick() { e.device.Poll(false, nil) }

// pace bounds no submit here.
func (e *webgpu) pace() pace { return 0 }

// mapRead maps the first n bytes of b for take. The binding passes C the address of a Go handle that nothing keeps alive until the callback, so
// mapRead drains the queue first and holds off garbage collection meanwhile.
func (e *webgpu) mapRead(b *wgpu.Buffer, n int, take func(mapped []byte)) error {
	return e.guard(func() error {
		e.drain()
		defer debug.SetGCPercent(debug.SetGCPercent(-1))
		status := wgpu.BufferMapAsyncStatusUnknown
		if err := b.MapAsync(wgpu.MapModeRead, 0, uint64(n), func(s wgpu.BufferMapAsyncStatus) { status = s }); err != nil {
			return fmt.Errorf("gpu: read back %d bytes: %w", n, err)
		}
		e.drain()
		if status != wgpu.BufferMapAsyncStatusSuccess {
			return fmt.Errorf("gpu: read back %d bytes: %s", n, status)
		}
		take(b.GetMappedRange(0, uint(n)))
		return b.Unmap()
	})
}

func (e *webgpu) destroy() {
	if e.gone {
		return
	}
	e.gone = true
	e.drain()
	for _, p := range e.pipelines {
		p.compute.Release()
		p.layout.Release()
	}
	if e.staging != nil {
		e.staging.Release()
	}
	e.queue.Release()
	e.device.Release()
	e.adapter.Release()
	e.instance.Release()
}
