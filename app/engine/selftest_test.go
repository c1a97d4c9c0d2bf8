package engine

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"attnlab/app/session"
	"attnlab/gpu"
	"attnlab/shaders/nn"
)

// wrong computes something else than its twin in float64 does.
func wrong() gpu.Case {
	type params struct{ N uint32 }
	kernel := gpu.New("wrong", gpu.WGSL(""), []gpu.Binding{gpu.Out("y")}, func(params) gpu.Groups { return gpu.Groups{1, 1, 1} },
		func(_ params, a gpu.Args[float32]) { a.F(0)[0] = 1 },
		func(_ params, a gpu.Args[float64]) { a.F(0)[0] = 2 })
	return gpu.Case{Name: "one word", Kernel: kernel, Params: params{1}, Buffers: []any{gpu.NaNs(1)}}
}

// A kernel that gives wrong numbers is found between other work. Where the lab chose the adapter itself it leaves it for
// the processor; if the visitor chose that device, it warns.
func TestWrongKernelsAreFound(t *testing.T) {
	for _, asked := range []string{gpu.Auto, gpu.Host} {
		var hub session.Hub
		screen := hub.Join()
		e := &Engine{port: hub.Join(), snapshots: map[string]session.Event{}, backend: asked}
		e.rig.device = gpu.OpenHost()
		e.rig.device.Info.Name, e.rig.device.Info.Backend = "a wrong adapter", gpu.WebGPU
		e.choice.why = "It is the only one here."
		e.describe()
		for len(e.test.making) > 0 {
			e.makeNext()
		}
		if n := e.capabilities.Untested; n < 20 {
			t.Fatalf("%d kernels are to be tested", n)
		}
		e.test.left = []gpu.Case{nn.Cases(rand.New(rand.NewPCG(1, 0)), nn.Tiles)[0], wrong()}
		e.capabilities.Untested = 2
		for range 2 {
			e.testNext(context.Background())
		}
		var able session.Capabilities
		var status session.Status
		for status.Text == "" {
			switch m := (<-screen.In).(type) {
			case session.Capabilities:
				able = m
			case session.Status:
				status = m
			}
		}
		checkSentence(t, status.Text)
		switch asked {
		case gpu.Auto:
			if able.Backend != gpu.Host || able.Untested != session.NotCounted || len(able.Kernels) != 0 || !strings.Contains(able.Why, "1 of 2 kernels gave wrong numbers") {
				t.Errorf("the engine now has %+v", able)
			}
		default:
			if able.Backend != gpu.WebGPU || able.Untested != 0 || len(able.Kernels) != 2 || !able.Kernels[0].OK || able.Kernels[1].OK || !strings.Contains(able.Kernels[1].Error, "want 2") {
				t.Errorf("it stays with %+v", able)
			}
			if !strings.Contains(status.Text, "1 of 2 kernels give wrong numbers here") {
				t.Errorf("it says %q", status.Text)
			}
		}
	}
}
