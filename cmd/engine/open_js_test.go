package main

import (
	"context"
	"io/fs"
	"strings"
	"syscall/js"
	"testing"
	"time"

	"attnlab/app/engine"
	"attnlab/app/session"
	"attnlab/gpu"
	"attnlab/gpu/gputest"
	"attnlab/rl/runs"
	"attnlab/web"
)

// A GPU that opens and then has no memory for the model: the engine continues on the host and reports the reason.
func TestOpenFallsBackWithoutMemory(t *testing.T) {
	gputest.Adapter(t)
	undo := js.Global().Get("Function").New(`
		const create = GPUDevice.prototype.createBuffer;
		GPUDevice.prototype.createBuffer = function (d) {
			if (d.size > 1e5) throw new RangeError("out of memory");
			return create.call(this, d);
		};
		const info = Object.getOwnPropertyDescriptor(GPUAdapter.prototype, "info"); // no software adapter, which is not opened at once
		Object.defineProperty(GPUAdapter.prototype, "info", { configurable: true, get: () => ({ vendor: "test", architecture: "card" }) });
		return () => {
			GPUDevice.prototype.createBuffer = create;
			Object.defineProperty(GPUAdapter.prototype, "info", info);
		};`).Invoke()
	defer undo.Invoke()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var hub session.Hub
	port := hub.Join()
	go engine.Run(ctx, hub.Join(), engine.Library{
		List: func(context.Context) ([]string, error) { return web.Models(), nil },
		Fetch: func(_ context.Context, name string, _ func(done, total int)) (map[string][]byte, error) {
			folder, err := web.Model(name)
			files := map[string][]byte{}
			for _, file := range runs.ModelFiles {
				if err == nil {
					files[file], err = fs.ReadFile(folder, file)
				}
			}
			return files, err
		},
	}, session.Open{Backend: gpu.Auto})
	late := time.After(2 * time.Minute)
	for {
		select {
		case <-late:
			t.Fatal("no model after two minutes")
		case message := <-port.In:
			switch m := message.(type) {
			case session.Failure:
				t.Fatalf("%s: %s", m.Command, m.Text)
			case session.Capabilities:
				if m.Model.Name == "" {
					continue
				}
				if m.Backend != gpu.Host || !strings.Contains(m.Why, "No GPU can be used here") || !strings.Contains(m.Why, "out of memory") {
					t.Errorf("the engine uses %s: %q", m.Backend, m.Why)
				}
				return
			}
		}
	}
}
