//go:build js

package gpu

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"syscall/js"
	"unsafe"

	"github.com/cogentcore/webgpu/wgpu"
)

// platform holds the raw JavaScript device: the binding drops limits, events and
// messages, so this package reads those from the device itself.
type platform struct {
	adapter  js.Value
	raw      js.Value
	lost     string // why, once lost
	uncaught error
	onError  js.Func
	upload   js.Value // Uint8Array, grown as needed
}

// guaranteed are the limits that every WebGPU device has. They stand in for those that
// an adapter does not name.
var guaranteed = map[string]int64{
	"maxBufferSize":                     256 << 20,
	"maxStorageBufferBindingSize":       128 << 20,
	"maxComputeWorkgroupStorageSize":    16 << 10,
	"maxComputeInvocationsPerWorkgroup": 256,
}

// open opens the browser's adapter. Browsers differ in how much of WebGPU they have, so
// open checks for each part before it uses it. A missing part that is only informative
// does not stop it; any other missing part is an error.
func (e *webgpu) open(string) (info Info, limits Limits, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("gpu: this browser's WebGPU cannot be used: %w", thrown(r))
		}
	}()
	gpu := property(js.Global().Get("navigator"), "gpu")
	if !gpu.Truthy() {
		return info, limits, fmt.Errorf("gpu: %w: this browser does not offer WebGPU here", ErrNoAdapter)
	}
	adapter, err := await(gpu.Call("requestAdapter", map[string]any{"powerPreference": "high-performance"}))
	if err != nil || !adapter.Truthy() {
		return info, limits, fmt.Errorf("gpu: %w: the browser allows none of the adapters here", ErrNoAdapter)
	}
	have, want := property(adapter, "limits"), map[string]any{}
	limit := func(name string) int64 {
		v := property(have, name)
		if v.Type() != js.TypeNumber {
			return guaranteed[name]
		}
		want[name] = v
		return int64(v.Float())
	}
	limits = Limits{
		MaxBufferSize:                     limit("maxBufferSize"),
		MaxStorageBufferBindingSize:       limit("maxStorageBufferBindingSize"),
		MaxComputeWorkgroupStorageSize:    limit("maxComputeWorkgroupStorageSize"),
		MaxComputeInvocationsPerWorkgroup: limit("maxComputeInvocationsPerWorkgroup"),
	}
	request := func(features ...any) (js.Value, error) {
		return await(adapter.Call("requestDevice", map[string]any{"label": "attnlab", "requiredLimits": want, "requiredFeatures": features}))
	}
	if slices.Contains(featuresOf(adapter), subgroups) {
		e.raw, err = request(subgroups)
		e.subgroups = err == nil && e.raw.Truthy()
	}
	if !e.subgroups {
		e.raw, err = request()
	}
	if err == nil && !e.raw.Truthy() {
		err = errors.New("it returned none")
	}
	if err != nil {
		return info, limits, fmt.Errorf("gpu: the adapter returned no device: %w", err)
	}
	device := wgpu.NewDevice(e.raw)
	e.device = &device
	e.listen()
	e.adapter = adapter
	return adapterInfo(adapter), limits, nil
}

// subgroups is the optional feature that kernels may use.
const subgroups = "subgroups"

func (e *webgpu) features() []string { return featuresOf(e.adapter) }

func featuresOf(adapter js.Value) []string {
	names := []string{}
	if all := property(adapter, "features"); all.Truthy() {
		list := js.Global().Get("Array").Call("from", all)
		for i := range list.Length() {
			names = append(names, list.Index(i).String())
		}
	}
	return names
}

// adapterInfo describes an adapter. Some browsers have its description as a property,
// older ones by a method, some not at all.
func adapterInfo(adapter js.Value) Info {
	about := property(adapter, "info")
	if !about.Truthy() && property(adapter, "requestAdapterInfo").Type() == js.TypeFunction {
		about, _ = await(adapter.Call("requestAdapterInfo"))
	}
	text := func(name string) string {
		if v := property(about, name); v.Type() == js.TypeString {
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
	software := property(about, "isFallbackAdapter").Truthy() || property(adapter, "isFallbackAdapter").Truthy() ||
		strings.Contains(strings.ToLower(name+text("architecture")), "swiftshader")
	return Info{Name: name, Backend: WebGPU, Vendor: text("vendor"), Software: software}
}

// listen records what the device reports later: its loss, and errors that no call
// returned.
func (e *webgpu) listen() {
	if promise := property(e.raw, "lost"); promise.Truthy() {
		var lost js.Func
		lost = js.FuncOf(func(_ js.Value, args []js.Value) any {
			e.lost = args[0].Get("reason").String() + ": " + args[0].Get("message").String()
			lost.Release()
			return nil
		})
		promise.Call("then", lost)
	}
	e.onError = js.FuncOf(func(_ js.Value, args []js.Value) any {
		if e.uncaught == nil {
			e.uncaught = errors.New("gpu: " + args[0].Get("error").Get("message").String())
		}
		return nil
	})
	e.raw.Set("onuncapturederror", e.onError)
}

// property is a property of an object; undefined if the object is not there, lacks the
// property or refuses it.
func property(object js.Value, name string) (v js.Value) {
	defer func() {
		if r := recover(); r != nil {
			_ = thrown(r)
			v = js.Undefined()
		}
	}()
	return js.Global().Get("Reflect").Call("get", object, name)
}

// has reports whether an object has a method.
func has(object js.Value, method string) bool {
	return property(object, method).Type() == js.TypeFunction
}

// missingMethod is what package syscall/js panics with where an object lacks a method.
var missingMethod = regexp.MustCompile(`^syscall/js: Value\.Call: property (\S+) is not a function`)

// thrown converts what a recovered call of JavaScript threw to an error. A missing
// object or method throws in package syscall/js itself. Any other panic continues.
func thrown(r any) error {
	switch r := r.(type) {
	case js.Error:
		return errors.New(r.Get("message").String())
	case *js.ValueError:
		return errors.New("a part of it is missing")
	case string:
		if m := missingMethod.FindStringSubmatch(r); m != nil {
			return errors.New("it has no " + m[1])
		}
	}
	panic(r)
}

// guard runs f and turns a lost device, an uncaptured error and a JavaScript
// exception into errors.
func (e *webgpu) guard(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("gpu: %w", thrown(r))
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

// named is guard, and an error names what was being made. It does not wait for the
// browser's answer, which would cost a round trip for every buffer: a failure arrives
// as an uncaptured error, with the label in it, at the next call.
func (e *webgpu) named(what string, f func() error) error {
	err := e.guard(f)
	if err != nil && !isLost(err) {
		return fmt.Errorf("gpu: %s: %w", what, err)
	}
	return err
}

// scoped is guard inside validation and out-of-memory error scopes, and waits for
// what they caught. Without error scopes an error comes as an uncaptured one, at a
// later call.
func (e *webgpu) scoped(f func() error) error {
	if !has(e.raw, "pushErrorScope") || !has(e.raw, "popErrorScope") {
		return e.guard(f)
	}
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

// explain adds the compiler's messages about k to err, if the browser has any.
func (e *webgpu) explain(k *Kernel, err error) (text string) {
	text = err.Error()
	defer func() {
		if r := recover(); r != nil {
			_ = thrown(r)
		}
	}()
	e.raw.Call("pushErrorScope", "validation")
	module := e.raw.Call("createShaderModule", map[string]any{"label": k.Name, "code": k.Source()})
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
		queue := e.raw.Get("queue")
		if has(queue, "onSubmittedWorkDone") {
			_, err := await(queue.Call("onSubmittedWorkDone"))
			return err
		}
		// A buffer that is written after the submitted work can be mapped once both are done.
		const mapRead, copyDst = 1, 8
		b := e.raw.Call("createBuffer", map[string]any{"size": 4, "usage": mapRead | copyDst})
		defer b.Call("destroy")
		queue.Call("writeBuffer", b, 0, js.Global().Get("Uint8Array").New(4))
		_, err := await(b.Call("mapAsync", mapRead))
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

// endPass ends the pass; its errors arrive as uncaptured ones.
func endPass(pass *wgpu.ComputePassEncoder) error { pass.End(); return nil }

func (e *webgpu) tick() {}

// pace bounds the submits of a software adapter's programs.
func (e *webgpu) pace() pace {
	if e.dev.Info.Software {
		if e.idle == 0 {
			e.idle = idleWait(e.wait)
		}
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
		done <- outcome{err: errors.New(js.Global().Get("String").Invoke(args[0]).String())}
		return nil
	})
	defer reject.Release()
	js.Global().Get("Promise").Call("resolve", promise).Call("then", resolve, reject)
	o := <-done
	return o.value, o.err
}

// adapters lists none: a browser chooses for the page.
func adapters() []Info { return nil }
