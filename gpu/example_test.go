// An example prints to a file, and a browser has none.

//go:build !js

package gpu_test

import (
	"fmt"
	"log"

	"attnlab/gpu"
)

// scaleParams has the fields of the WGSL's struct Params, in their order.
type scaleParams struct {
	N uint32
	A float32
}

// scaleTwin is the host twin: the simplest loop, in float32 and float64.
func scaleTwin[X gpu.Float](p scaleParams, a gpu.Args[X]) {
	x, y := a.F(0), a.F(1)
	for i := range int(p.N) {
		y[i] = X(p.A) * x[i]
	}
}

// A kernel is a value: WGSL, bindings in order, workgroups, and a host twin with the same bindings. On the host backend the
// twin runs; on a WebGPU device the WGSL does, and gpu.Case compares the two.
func Example() {
	const source = `
struct Params { N: u32, A: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u) {
    if (gid.x >= p.N) { return; }
    y[gid.x] = p.A * x[gid.x];
}`
	scale := gpu.New("scale", gpu.WGSL(source), []gpu.Binding{gpu.In("x"), gpu.Out("y")},
		func(p scaleParams) gpu.Groups { return gpu.Groups1D(int(p.N), 64) }, scaleTwin[float32], scaleTwin[float64])

	d := gpu.OpenHost()
	defer d.Close()
	x, y := d.Floats("x", 3), d.Floats("y", 3)
	x.Write(0, []float32{1, 2, 3})

	// A program is recorded once and replayed; its parameters are asked for at every run.
	factor := float32(10)
	p := d.NewProgram("scale")
	defer p.Release()
	p.Add(scale, func() any { return scaleParams{N: 3, A: factor} }, x, y)
	for _, factor = range []float32{10, -1} {
		if err := p.Run(1); err != nil {
			log.Fatal(err)
		}
		got := make([]float32, 3)
		if err := y.Read(0, got); err != nil {
			log.Fatal(err)
		}
		fmt.Println(got)
	}
	fmt.Println(d.Info.Backend, d.Counters.Dispatches, "dispatches in", d.Counters.Submits, "submits")
	// Output:
	// [10 20 30]
	// [-1 -2 -3]
	// host 2 dispatches in 2 submits
}

// A case compares a kernel with its float64 twin. Outputs are filled with NaN first, so that a word left out is seen.
func ExampleCase_Verify() {
	forgets := gpu.New("forgets", gpu.WGSL(""), []gpu.Binding{gpu.In("x"), gpu.Out("y")},
		func(p scaleParams) gpu.Groups { return gpu.Groups{1, 1, 1} },
		func(p scaleParams, a gpu.Args[float32]) { p.N--; scaleTwin(p, a) }, // leaves the last word out
		scaleTwin[float64])
	c := gpu.Case{Name: "three words", Kernel: forgets, Params: scaleParams{N: 3, A: 2},
		Buffers: []any{[]float32{1, 2, 3}, gpu.NaNs(3)}}
	d := gpu.OpenHost()
	d.Info.Name = "CPU" // without its vector instructions, so that the output is the same everywhere
	_, err := c.Verify(d)
	fmt.Println(err)
	// Output:
	// kernel forgets on CPU (host), case "three words": y[2] = NaN, want 6 (+Inf % of the tolerance)
}
