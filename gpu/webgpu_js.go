//go:build js

package gpu

import (
	"errors"
	"fmt"
	"strings"
	"syscall/js"
	"unsafe"

	"github.com/cogentcore/webgpu/wgpu"
)

// platform holds the raw JavaScript device: the binding drops limits, events and
// messages, so those go through it.
type platform struct {
	adapter  js.Value
	raw      js.Value
	lost     string // why, once lost
	uncaught error
	onError  js.Func
	upload   js.Value // Uint8Array, grown as needed
}

func (e *webgpu) open() (Info, Limits, error) {
	gpu := js.Global().Get("navigator").Get("gpu")
	if gpu.IsUndefined() {
		return Info{}, Limits{}, fmt.Errorf("gpu: %w: this browser does not offer WebGPU here", ErrNoAdapter)
	}
	adapter, err := await(gpu.Call("requestAdapter", map[string]any{"powerPreference": "high-performance"}))
	if err != nil || adapter.IsNull() {
		return Info{}, Limits{}, fmt.Errorf("gpu: %w: the browser found none that it allows", ErrNoAdapter)
	}
	have := adapter.Get("limits")
	want := map[string]any{}
	limit := func(name string) int64 {
		v := have.Get(name).Float()
		want[name] = v
		return int64(v)
	}
	limits := Limits{
		MaxBufferSize:                     limit("maxBufferSize"),
		MaxStorageBufferBindingSize:       limit("maxStorageBufferBindingSize"),
		MaxComputeWorkgroupStorageSize:    limit("maxComputeWorkgroupStorageSize"),
		MaxComputeInvocationsPerWorkgroup: limit("maxComputeInvocationsPerWorkgroup"),
	}
	e.raw, err = await(adapter.Call("requestDevice", map[string]any{"label": "attnlab", "requiredLimits": want}))
	if err != nil {
		return Info{}, Limits{}, fmt.Errorf("gpu: the adapter gave no device: %w", err)
	}
	device := wgpu.NewDevice(e.raw)
	e.device = &device
	e.listen()
	e.adapter = adapter
	return adapterInfo(adapter), limits, nil
}

func (e *webgpu) features() []string {
	names := []string{}
	all := js.Global().Get("Array").Call("from", e.adapter.Get("features"))
	for i := range all.Length() {
		names = append(names, all.Index(i).String())
	}
	return names
}

func adapterInfo(adapter js.Value) Info {
	text := func(name string) string {
		if v := adapter.Get("info").Get(name); v.Type() == js.TypeString {
			return v.String()
		}
		return ""
	}
	name := text("description")
	if name == "" {
		name = strings.TrimSpace(text("vendor") + " " + text("architecture"))
	}
	if name == "" {
		name = "unnamed adapter"
	}
	software := adapter.Get("info").Get("isFallbackAdapter").Truthy() || strings.Contains(strings.ToLower(name+text("architecture")), "swiftshader")
	return Info{Name: name, Backend: WebGPU, Vendor: text("vendor"), Software: software}
}

// listen takes what the device says by itself: loss and uncaptured errors.
func (e *webgpu) listen() {
	var lost js.Func
	lost = js.FuncOf(func(_ js.Value, args []js.Value) any {
		e.lost = args[0].Get("reason").String() + ": " + args[0].Get("message").String()
		lost.Release()
		return nil
	})
	e.raw.Get("lost").Call("then", lost)
	e.onError = js.FuncOf(func(_ js.Value, args []js.Value) any {
		if e.uncaught == nil {
			e.uncaught = errors.New("gpu: " + args[0].Get("error").Get("message").String())
		}
		return nil
	})
	e.raw.Set("onuncapturederror", e.onError)
}

// guard runs f and turns a lost device, an uncaptured error and a JavaScript
// exception into errors.
func (e *webgpu) guard(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			jsErr, ok := r.(js.Error)
			if !ok {
				panic(r)
			}
			err = fmt.Errorf("gpu: %s", jsErr.Get("message").String())
		}
		if e.lost != "" {
			err = &LostError{Reason: e.lost}
		} else if err == nil {
			err, e.uncaught = e.uncaught, nil
		}
	}()
	if e.lost != "" {
		return &LostError{Reason: e.lost}
	}
	return f()
}

// named is guard with what was being made in the error. It does not wait for the
// engine's word, which would cost a round trip for every buffer: that comes as an
// uncaptured error, with the label in it, at the next call.
func (e *webgpu) named(what string, f func() error) error {
	err := e.guard(f)
	if err != nil && !isLost(err) {
		return fmt.Errorf("gpu: %s: %w", what, err)
	}
	return err
}

// scoped is guard inside validation and out-of-memory error scopes, and waits for
// what they caught.
func (e *webgpu) scoped(f func() error) error {
	return e.guard(func() error {
		e.raw.Call("pushErrorScope", "out-of-memory")
		e.raw.Call("pushErrorScope", "validation")
		err := f()
		for range 2 {
			caught, popErr := await(e.raw.Call("popErrorScope"))
			if err == nil && popErr != nil {
				err = popErr
			}
			if err == nil && caught.Truthy() {
				err = errors.New(caught.Get("message").String())
			}
		}
		return err
	})
}

// explain adds the compiler's messages about k to err.
func (e *webgpu) explain(k *Kernel, err error) string {
	text := err.Error()
	e.raw.Call("pushErrorScope", "validation")
	module := e.raw.Call("createShaderModule", map[string]any{"label": k.Name, "code": k.Source})
	await(e.raw.Call("popErrorScope"))
	if info, infoErr := await(module.Call("getCompilationInfo")); infoErr == nil {
		messages := info.Get("messages")
		for i := range messages.Length() {
			m := messages.Index(i)
			text += fmt.Sprintf("\n  line %d:%d %s: %s", m.Get("lineNum").Int(), m.Get("linePos").Int(), m.Get("type").String(), m.Get("message").String())
		}
	}
	return text
}

func (e *webgpu) wait() error {
	return e.guard(func() error {
		_, err := await(e.raw.Get("queue").Call("onSubmittedWorkDone"))
		return err
	})
}

// writeBuffer copies data to JavaScript and writes it from there. The binding's own
// WriteBuffer hands out a view of Go's memory, which throws when that memory grows
// on the way.
func (e *webgpu) writeBuffer(b *wgpu.Buffer, off int, data []byte) error {
	if e.upload.IsUndefined() || e.upload.Length() < len(data) {
		e.upload = js.Global().Get("Uint8Array").New(max(len(data), 1<<16))
	}
	js.CopyBytesToJS(e.upload, data)
	e.raw.Get("queue").Call("writeBuffer", rawBuffer(b), off, e.upload, 0, len(data))
	return nil
}

// rawBuffer is the JavaScript buffer, the one field of the binding's, which has no
// way to ask for it.
func rawBuffer(b *wgpu.Buffer) js.Value { return *(*js.Value)(unsafe.Pointer(b)) }

// The conversion above holds as long as these are of one size.
var _ = [1]struct{}{}[unsafe.Sizeof(wgpu.Buffer{})-unsafe.Sizeof(js.Value{})]

// endPass ends the pass; what was wrong with it comes as an uncaptured error.
func endPass(pass *wgpu.ComputePassEncoder) error { pass.End(); return nil }

func (e *webgpu) tick() {}

// pace bounds the submits of a software adapter's programs.
func (e *webgpu) pace() pace {
	if e.dev.Info.Software {
		return firstPace
	}
	return 0
}

// mapRead maps the first n bytes of b for take.
func (e *webgpu) mapRead(b *wgpu.Buffer, n int, take func(mapped []byte)) error {
	return e.guard(func() error {
		if err := b.MapAsync(wgpu.MapModeRead, 0, uint64(n), func(wgpu.BufferMapAsyncStatus) {}); err != nil {
			return err
		}
		if e.lost != "" {
			return &LostError{Reason: e.lost}
		}
		take(b.GetMappedRange(0, uint(n))) // throws if the map was refused: guard
		return b.Unmap()
	})
}

func (e *webgpu) destroy() {
	if e.lost == "" {
		e.raw.Call("destroy")
		e.lost = "destroyed"
	}
	if e.onError.Truthy() {
		e.raw.Set("onuncapturederror", js.Null())
		e.onError.Release()
		e.onError = js.Func{}
	}
}

// await blocks the goroutine, not the thread, until promise settles.
func await(promise js.Value) (js.Value, error) {
	type outcome struct {
		value js.Value
		err   error
	}
	done := make(chan outcome, 1)
	resolve := js.FuncOf(func(_ js.Value, args []js.Value) any {
		var v js.Value
		if len(args) > 0 {
			v = args[0]
		}
		done <- outcome{value: v}
		return nil
	})
	defer resolve.Release()
	reject := js.FuncOf(func(_ js.Value, args []js.Value) any {
		done <- outcome{err: errors.New(args[0].Call("toString").String())}
		return nil
	})
	defer reject.Release()
	promise.Call("then", resolve, reject)
	o := <-done
	return o.value, o.err
}
