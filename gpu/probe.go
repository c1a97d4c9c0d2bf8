//go:build js || cgo

package gpu

import "fmt"

// probeParams are the parameters of probeKernel.
type probeParams struct{ N uint32 }

// probeKernel computes y[i] = 2·x[i] + 1 for i < N. x and y are [N].
var probeKernel = New("probe", WGSL(`
struct Params { n: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) gid: vec3u) {
    if (gid.x < p.n) { y[gid.x] = 2.0 * x[gid.x] + 1.0; }
}`), []Binding{In("x"), Out("y")}, func(p probeParams) Groups { return Groups1D(int(p.N), 64) }, probeTwin[float32], probeTwin[float64])

func probeTwin[X Float](p probeParams, a Args[X]) {
	for i := range int(p.N) {
		a.F(1)[i] = 2*a.F(0)[i] + 1
	}
}

// probe runs one small kernel on a device that was just opened. Some adapters open and
// then fail at the first buffer, kernel or readback; probe returns that error, so that
// Open can use the host instead. It leaves the counters at zero.
func probe(d *Device) error {
	const n = 64
	x, y := d.Floats("probe x", n), d.Floats("probe y", n)
	defer func() {
		x.Release()
		y.Release()
		d.Counters = Counters{}
	}()
	in, out := make([]float32, n), make([]float32, n)
	for i := range in {
		in[i] = float32(i)
	}
	x.Write(0, in)
	if err := d.Do(probeKernel, probeParams{n}, x, y); err != nil {
		return err
	}
	if err := y.Read(0, out); err != nil {
		return err
	}
	for i := range out {
		if want := 2*in[i] + 1; out[i] != want {
			return fmt.Errorf("a test kernel returned %g instead of %g", out[i], want)
		}
	}
	return nil
}
