package gpu_test

import (
	"slices"
	"strings"
	"syscall/js"
	"testing"

	"attnlab/gpu"
	"attnlab/gpu/gputest"
)

// change runs JavaScript that changes the browser's WebGPU and returns the function that
// undoes it. hide(object, name) removes a member; put(object, name, value) replaces it.
func change(t *testing.T, code string) {
	t.Helper()
	undo := js.Global().Get("Function").New(`
		const undo = [];
		const save = (object, name) => {
			while (!Object.hasOwn(object, name)) {
				object = Object.getPrototypeOf(object);
				if (!object) throw new Error("this browser has no " + name);
			}
			const before = Object.getOwnPropertyDescriptor(object, name);
			undo.unshift(() => Object.defineProperty(object, name, before));
			return object;
		};
		const hide = (object, name) => { delete save(object, name)[name]; };
		const put = (object, name, value) => Object.defineProperty(save(object, name), name, { configurable: true, value });
		` + code + `
		return () => undo.forEach((f) => f());`).Invoke()
	t.Cleanup(func() { undo.Invoke() })
}

// Parts of WebGPU that only inform may be missing, one by one or all at once: the GPU is used.
func TestOpenWithoutOptionalParts(t *testing.T) {
	gputest.Adapter(t)
	parts := map[string]string{
		"adapter.info":              `hide(GPUAdapter.prototype, "info");`,
		"adapter.features":          `hide(GPUAdapter.prototype, "features");`,
		"adapter.limits":            `hide(GPUAdapter.prototype, "limits");`,
		"a limit":                   `hide(GPUSupportedLimits.prototype, "maxComputeWorkgroupStorageSize");`,
		"device.lost":               `hide(GPUDevice.prototype, "lost");`,
		"error scopes":              `hide(GPUDevice.prototype, "pushErrorScope"); hide(GPUDevice.prototype, "popErrorScope");`,
		"module.getCompilationInfo": `hide(GPUShaderModule.prototype, "getCompilationInfo");`,
		"queue.onSubmittedWorkDone": `hide(GPUQueue.prototype, "onSubmittedWorkDone");`,
	}
	refused := `const at = save(GPUAdapter.prototype, "requestDevice"), ask = at.requestDevice;
		at.requestDevice = async function (want) { if (want.requiredFeatures.length) throw new TypeError("no"); return ask.call(this, want); };`
	all := ""
	for _, code := range parts {
		all += code
	}
	parts["all of them"] = all
	parts["a feature that is offered and refused"] = refused
	parts["info by the older method"] = `hide(GPUAdapter.prototype, "info");
		GPUAdapter.prototype.requestAdapterInfo = async () => ({ vendor: "acme", architecture: "one", description: "Acme One" });
		undo.push(() => { delete GPUAdapter.prototype.requestAdapterInfo; });`
	parts["info that throws"] = `const at = save(GPUAdapter.prototype, "info");
		Object.defineProperty(at, "info", { configurable: true, get() { throw new Error("not for you"); } });`
	for name, code := range parts {
		t.Run(name, func(t *testing.T) {
			change(t, code)
			d, why, err := gpu.Open(gpu.Auto)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			if d.Info.Backend != gpu.WebGPU || d.Info.Name == "" || d.Limits.MaxBufferSize < 1<<28 || d.Limits.MaxComputeWorkgroupStorageSize < 16<<10 {
				t.Fatalf("opened %+v, %+v: %s", d.Info, d.Limits, why)
			}
			if has := slices.Contains(d.Features, "subgroups") && parts[name] != refused; d.HasSubgroups != has {
				t.Errorf("an adapter with the features %q opens with subgroups: %v", d.Features, d.HasSubgroups)
			}
			if name == "info by the older method" && d.Info.Name != "Acme One" || strings.HasPrefix(name, "adapter.info") && d.Info.Name != "unnamed adapter" {
				t.Errorf("the adapter is called %q", d.Info.Name)
			}
			x, y := d.Floats("x", 64), d.Floats("y", 64)
			x.Write(0, ramp(64, 1))
			if err := d.Do(add, addParams{64, 3}, x, y); err != nil {
				t.Fatal(err)
			}
			if err := d.Wait(); err != nil {
				t.Fatal(err)
			}
			for i, v := range floats(t, y) {
				if v != 3*float32(i) {
					t.Fatalf("y[%d] = %g, want %d", i, v, 3*i)
				}
			}
			// A kernel that does not compile is an error of that kernel, at the latest when its result is read.
			z := d.Floats("z", 64)
			d.Do(broken("bad_kernel", strings.Replace(addSource, "p.scale * x[i]", "lost * x[i]", 1)), addParams{64, 1}, x, z)
			if err := z.Read(0, make([]float32, 64)); err == nil || !strings.HasPrefix(err.Error(), "gpu: ") {
				t.Errorf("a kernel that does not compile: %v", err)
			}
		})
	}
}

// Whatever else fails at opening: the host is opened instead, and a sentence says why.
func TestOpenFallsBack(t *testing.T) {
	gputest.Adapter(t)
	for name, code := range map[string]string{
		"no navigator.gpu":          `hide(navigator, "gpu");`,
		"navigator.gpu is null":     `put(navigator, "gpu", null);`,
		"no requestAdapter":         `hide(GPU.prototype, "requestAdapter");`,
		"requestAdapter throws":     `put(GPU.prototype, "requestAdapter", () => { throw new TypeError("unsupported"); });`,
		"requestAdapter rejects":    `put(GPU.prototype, "requestAdapter", () => Promise.reject());`,
		"requestAdapter has none":   `put(GPU.prototype, "requestAdapter", async () => undefined);`,
		"no requestDevice":          `hide(GPUAdapter.prototype, "requestDevice");`,
		"requestDevice rejects":     `put(GPUAdapter.prototype, "requestDevice", () => Promise.reject(new Error("no more devices")));`,
		"requestDevice has none":    `put(GPUAdapter.prototype, "requestDevice", async () => null);`,
		"no queue":                  `hide(GPUDevice.prototype, "queue");`,
		"createBuffer throws":       `put(GPUDevice.prototype, "createBuffer", () => { throw new RangeError("no memory"); });`,
		"no createComputePipeline":  `hide(GPUDevice.prototype, "createComputePipeline");`,
		"createShaderModule throws": `put(GPUDevice.prototype, "createShaderModule", () => { throw new Error("no compiler"); });`,
		"no submit":                 `hide(GPUQueue.prototype, "submit");`,
		"submit does nothing":       `put(GPUQueue.prototype, "submit", () => {});`,
		"no mapAsync":               `hide(GPUBuffer.prototype, "mapAsync");`,
		"mapAsync rejects":          `put(GPUBuffer.prototype, "mapAsync", () => Promise.reject(new Error("not mappable")));`,
		"no dispatchWorkgroups":     `hide(GPUComputePassEncoder.prototype, "dispatchWorkgroups");`,
		"the device is lost at once": `const request = GPUAdapter.prototype.requestDevice;
			put(GPUAdapter.prototype, "requestDevice", async function (d) { const device = await request.call(this, d); device.destroy(); return device; });`,
	} {
		t.Run(name, func(t *testing.T) {
			change(t, code)
			d, why, err := gpu.Open(gpu.Auto)
			if err != nil || d.Info.Backend != gpu.Host || !strings.HasPrefix(why, "no GPU can be used here: ") {
				t.Fatalf("Open(auto) = %+v, %q, %v", d, why, err)
			}
			t.Log(why)
			y := d.Floats("y", 64)
			if err := y.Read(0, make([]float32, 64)); err != nil {
				t.Error(err)
			}
			d.Close()
			if _, _, err := gpu.Open(gpu.WebGPU); err == nil || !strings.HasPrefix(err.Error(), "gpu: ") {
				t.Errorf("Open(webgpu) = %v", err)
			}
		})
	}
}
